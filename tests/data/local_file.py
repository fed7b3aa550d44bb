"""ir_datasets' loaders on local files, as oracles of our readers."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

import pytest


def ir_datasets_formats(home: Path) -> ModuleType:
    """``ir_datasets.formats``; a test without it is skipped, and says so. Nothing is downloaded."""
    os.environ.setdefault("IR_DATASETS_HOME", str(home))
    reason = "ir_datasets, the oracle, is not installed: pip install -e .[dev]"
    return pytest.importorskip("ir_datasets.formats", reason=reason, exc_type=ImportError)


class LocalFile:
    """What ir_datasets takes for a download."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def path(self, force: bool = True) -> str:
        return str(self._path)

    @contextmanager
    def stream(self) -> Iterator[BinaryIO]:
        with self._path.open("rb") as file:
            yield file
