"""Tiny translation models, made once."""

from pathlib import Path

import pytest
from tiny_translators import tiny_translator


@pytest.fixture(scope="session")
def m2m(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_translator("m2m", tmp_path_factory.mktemp("m2m") / "m2m")


@pytest.fixture(scope="session")
def nllb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_translator("nllb", tmp_path_factory.mktemp("nllb") / "nllb")
