"""What is said of fetched models and indexes, in folders as the hub's client and Pyserini lay them out."""

import json
import sys
from pathlib import Path

import pytest
from huggingface_hub import constants

from hybrid_pyserini.doctor.caches import examine_caches, examine_hub_cache, examine_pyserini_cache
from hybrid_pyserini.doctor.findings import Finding, Level

CONFIG = json.dumps({"model_type": "xlm-roberta"}).encode()


def cache(folder: Path, repository: str, files: dict[str, bytes], revision: str = "ab12") -> None:
    """A repository in the hub's cache: files are links into ``blobs``."""
    root = folder / repository
    (root / "blobs").mkdir(parents=True, exist_ok=True)
    (root / "snapshots" / revision).mkdir(parents=True)
    for name, content in files.items():
        blob = root / "blobs" / f"{revision}-{name.replace('/', '-')}"
        blob.write_bytes(content)
        link = root / "snapshots" / revision / name
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(blob)
    (root / "refs").mkdir(exist_ok=True)
    (root / "refs" / "main").write_text(revision)


def test_models_are_told_by_size_with_their_architecture(tmp_path: Path) -> None:
    cache(tmp_path, "models--xlm-roberta-base", {"config.json": CONFIG, "model.safetensors": bytes(2_000_000)})
    cache(tmp_path, "models--sentence-transformers--LaBSE",
          {"config.json": b'{"model_type": "bert"}', "pytorch_model.bin": bytes(3_000_000)})
    cache(tmp_path, "datasets--someone--else", {"config.json": CONFIG, "model.safetensors": bytes(10)})
    text = "with configuration and weights: sentence-transformers/LaBSE (bert, 3 MB), xlm-roberta-base " \
           "(xlm-roberta, 2 MB)"
    where = Finding(Level.OK, "hub", str(tmp_path))
    assert examine_hub_cache(tmp_path, offline=False) == [where, Finding(Level.OK, "models", text)]
    assert examine_hub_cache(tmp_path, offline=True) == [
        where, Finding(Level.OK, "models", f"{text}. HF_HUB_OFFLINE is set: no other can be fetched"),
    ]


def test_many_models_are_counted(tmp_path: Path) -> None:
    for number in range(12):
        cache(tmp_path, f"models--m{number}", {"config.json": CONFIG, "model.safetensors": bytes(1000 * (50 - number))})
    text = examine_hub_cache(tmp_path, offline=False)[1].text
    assert "m0 (" in text
    assert "m9 (xlm-roberta, 0 MB) and 2 more" in text
    assert "m10" not in text


@pytest.mark.parametrize("files", [
    {"config.json": CONFIG}, {"model.safetensors": b"0"}, {"config.json": CONFIG, "tf_model.h5": b"0"},
    {"unet/config.json": CONFIG, "unet/model.safetensors": b"0"},
    {"config.json": b"{}", "model.safetensors": b"0"}, {"config.json": b"{", "model.safetensors": b"0"},
    {"config.json": b"[]", "model.safetensors": b"0"},
], ids=lambda files: " ".join(files))
def test_without_configuration_or_weights_it_is_no_encoder(tmp_path: Path, files: dict[str, bytes]) -> None:
    cache(tmp_path, "models--a--b", files)
    _, none, others = examine_hub_cache(tmp_path, offline=False)
    assert none.text.startswith("none cached")
    assert (others.level, others.text) == (Level.NOTE, "without configuration or weights: a/b")
    assert "with a network" in others.remedy
    assert "without HF_HUB_OFFLINE" in examine_hub_cache(tmp_path, offline=True)[2].remedy


def test_both_must_be_of_one_revision(tmp_path: Path) -> None:
    cache(tmp_path, "models--a", {"config.json": CONFIG}, "00")
    cache(tmp_path, "models--a", {"model.safetensors": b"0"}, "11")
    assert examine_hub_cache(tmp_path, offline=False)[2].subject == "others"
    cache(tmp_path, "models--a", {"config.json": CONFIG, "model.safetensors": b"0"}, "22")
    assert examine_hub_cache(tmp_path, offline=False)[1].level is Level.OK


def test_a_broken_download_is_told_and_a_foreign_file_is_not(tmp_path: Path) -> None:
    (tmp_path / "version.txt").write_text("1")
    assert [each.subject for each in examine_hub_cache(tmp_path, offline=False)] == ["hub", "models"]
    (tmp_path / "models--broken" / "blobs").mkdir(parents=True)
    others = examine_hub_cache(tmp_path, offline=False)[2]
    assert others.level is Level.NOTE
    assert "models--broken" in others.text


@pytest.mark.parametrize("made", [True, False])
def test_no_model_is_a_note(tmp_path: Path, made: bool) -> None:
    folder = tmp_path / "hub"
    if made:
        folder.mkdir()
    where = Finding(Level.OK, "hub", str(folder))
    assert examine_hub_cache(folder, offline=False) == [where, Finding(
        Level.NOTE, "models", "none cached: xlm-roberta-base is fetched at its first use; 'demo' needs none",
    )]
    assert examine_hub_cache(folder, offline=True) == [where, Finding(
        Level.NOTE, "models", "none cached; HF_HUB_OFFLINE is set: no other can be fetched",
        remedy="unset HF_HUB_OFFLINE, or give --init a folder or what 'hybrid-pyserini init' makes",
    )]


def test_a_cache_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "hub").touch()
    (note,) = examine_hub_cache(tmp_path / "hub", offline=False)
    assert note.level is Level.NOTE
    assert "cannot be read" in note.text
    assert "HF_HOME" in note.remedy


def test_pyserinis_cache_is_where_pyserini_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / ".cache" / "pyserini"
    empty = Finding(Level.OK, "Pyserini", f"{folder}: empty; nothing here needs it")
    assert examine_pyserini_cache({}) == empty
    (folder / "indexes" / "one").mkdir(parents=True)
    assert examine_pyserini_cache({"PYSERINI_CACHE": ""}) == empty
    (folder / "indexes" / "one" / "index").write_bytes(bytes(5_000_000))
    (folder / "indexes" / "gone").symlink_to(tmp_path / "nowhere")
    assert examine_pyserini_cache({}).text == f"{folder}: 5 MB"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "topics").write_bytes(bytes(2_000_000))
    assert examine_pyserini_cache({"PYSERINI_CACHE": str(tmp_path / "other")}).text == f"{tmp_path / 'other'}: 2 MB"


def test_a_cache_of_pyserini_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rglob", refuse)
    note = examine_pyserini_cache({"PYSERINI_CACHE": str(tmp_path)})
    assert (note.level, note.text) == (Level.NOTE, f"{tmp_path} cannot be read (Permission denied)")
    assert "PYSERINI_CACHE" in note.remedy


def test_the_hubs_cache_is_the_one_of_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub, models, pyserini = examine_caches({"PYSERINI_CACHE": str(tmp_path)})
    assert (hub.text, pyserini.text.split(":")[0]) == (str(tmp_path / "hub"), str(tmp_path))
    assert "HF_HUB_OFFLINE is set" in models.text


def test_without_the_hubs_client_no_model_can_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    missing, _ = examine_caches({"PYSERINI_CACHE": str(tmp_path)})
    assert (missing.level, missing.subject) == (Level.MISSING, "hub")
    assert missing.remedy == f"{sys.executable} -m pip install huggingface-hub"
