"""A hand-made data set in XQuAD-R's layout, and where the real one is."""

import os
from pathlib import Path

import pytest

from hybrid_pyserini.data.readers import xquad_r

TINY = Path(__file__).parent / "readers" / "tiny-xquad-r"


@pytest.fixture
def tiny_xquad_r(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two articles, six questions, three languages; the reader takes its counts for the published ones."""
    monkeypatch.setattr(xquad_r, "QUESTIONS", 6)
    monkeypatch.setattr(xquad_r, "SENTENCES", {"de": 6, "en": 7, "zh": 6})
    monkeypatch.setattr(xquad_r, "TEST_ARTICLES", ("Tea",))
    monkeypatch.setattr(xquad_r, "VALIDATION_ARTICLES", ())
    return TINY


@pytest.fixture(scope="session")
def real_xquad_r() -> Path:
    """The official files; without them the test is skipped, and says so."""
    return _real("xquad-r", "XQuAD-R")


@pytest.fixture(scope="session")
def real_squadshifts() -> Path:
    """The official files, without New York Times; without them the test is skipped, and says so."""
    return _real("squadshifts", "SQuADShifts")


@pytest.fixture(scope="session")
def real_miracl() -> Path:
    """The official topics and qrels of five languages; without them the test is skipped, and says so."""
    return _real("miracl", "MIRACL topics")


@pytest.fixture(scope="session")
def real_tatoeba() -> Path:
    """The official files of some languages; without them the test is skipped, and says so."""
    return _real("tatoeba", "Tatoeba")


def _real(name: str, title: str) -> Path:
    default = Path(__file__).parents[2] / ".." / "shared" / "data"
    folder = Path(os.environ.get("HYBRID_PYSERINI_DATA", default)) / name
    if not folder.is_dir():
        pytest.skip(f"no {title} at {folder}: set HYBRID_PYSERINI_DATA to the folder that holds {name}/")
    return folder
