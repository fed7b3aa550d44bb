"""Nothing half-written: files and folders are made aside and take their name only when complete."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """Yield a path to write to; when the block ends well it becomes ``path``, otherwise it is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.partial")
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder to fill; when the block ends well it becomes ``path``, otherwise it is removed.

    An existing folder at ``path`` goes only once its successor is complete.
    """
    aside = path.with_name(f".{path.name}.partial")
    if aside.exists():  # left by a process that was killed
        shutil.rmtree(aside)
    aside.mkdir(parents=True)
    try:
        yield aside
        if path.exists():
            shutil.rmtree(path)
        aside.replace(path)
    finally:
        with suppress(FileNotFoundError):
            shutil.rmtree(aside)
