"""Importing Pyserini without a network and without an account."""

import os
from pathlib import Path

import pytest

from hybrid_pyserini.bridge.pyserini_import import import_index_lists, importable_pyserini


def write_module(folder: Path, name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> str:
    (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    return name


def test_index_lists_that_cannot_be_downloaded_are_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in Pyserini 2.4, whose module opens an address while it is imported."""
    name = write_module(tmp_path, "lists_offline", "from urllib.request import urlopen\n"
                        "TF_INDEX_INFO = urlopen('http://127.0.0.1:9/lists.json', timeout=1).read()\n", monkeypatch)
    with pytest.warns(UserWarning, match="prebuilt indexes are unknown"):
        import_index_lists(name)
    from lists_offline import FAISS_INDEX_INFO, TF_INDEX_INFO

    assert TF_INDEX_INFO == FAISS_INDEX_INFO == {}
    with pytest.raises(ImportError):
        from lists_offline import something_else  # noqa: F401


def test_index_lists_that_can_be_had_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = write_module(tmp_path, "lists_online", "TF_INDEX_INFO = {'robust04': 1}\n", monkeypatch)
    import_index_lists(name)
    from lists_online import TF_INDEX_INFO

    assert TF_INDEX_INFO == {"robust04": 1}


def test_a_broken_module_is_not_taken_for_a_missing_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = write_module(tmp_path, "lists_broken", "import no_such_module_at_all\n", monkeypatch)
    with pytest.raises(ModuleNotFoundError, match="no_such_module_at_all"):
        import_index_lists(name)


@pytest.mark.java
def test_a_key_stands_in_only_while_pyserini_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with importable_pyserini():
        assert os.environ["OPENAI_API_KEY"]
    assert "OPENAI_API_KEY" not in os.environ
    with pytest.raises(RuntimeError), importable_pyserini():
        raise RuntimeError
    assert "OPENAI_API_KEY" not in os.environ


@pytest.mark.java
def test_the_users_own_key_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "mine")
    with importable_pyserini():
        assert os.environ["OPENAI_API_KEY"] == "mine"
    assert os.environ["OPENAI_API_KEY"] == "mine"
