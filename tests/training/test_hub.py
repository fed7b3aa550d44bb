"""``--push_to_hub``: what would be uploaded, with a recorder in the place of the Hub."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import HfApi
from parallel_words import parallel_examples

from hybrid_pyserini.cli import main
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.training.examples import build_store

PUSH = ("--push_to_hub", "true", "--hub_model_id", "someone/words")


@pytest.fixture
def workspace(tmp_path: Path, tiny_checkpoint: Path) -> Path:
    build_store(tmp_path / "examples" / "words", parallel_examples(24))
    shutil.copytree(tiny_checkpoint, tmp_path / "models" / "tiny")
    return tmp_path


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """The calls, in their order; an uploaded folder is copied to ``hub/``, as the Hub would have it."""
    calls: list[tuple[str, dict[str, Any]]] = []

    def create_repo(self: HfApi, repo_id: str, **options: Any) -> None:
        calls.append(("create", {"repo_id": repo_id, "models": models(tmp_path), **options}))

    def upload_folder(self: HfApi, *, folder_path: Path, **options: Any) -> None:
        calls.append(("upload", options))
        shutil.copytree(folder_path, tmp_path / "hub", dirs_exist_ok=True)

    monkeypatch.setattr(HfApi, "create_repo", create_repo)
    monkeypatch.setattr(HfApi, "upload_folder", upload_folder)
    return calls


def models(workspace: Path) -> list[str]:
    return sorted(path.name for path in (workspace / "models").iterdir())


def train(workspace: Path, *more: str) -> int:
    torch.set_num_threads(1)
    return main([
        "train", "--workspace", str(workspace), "--examples", "words", "--init", "tiny", "--output", "m",
        "--batch-size", "8", "--max_steps", "2", "--save_steps", "1", "--disable_tqdm", "true", "--use_cpu", "true",
        *more,
    ])


def test_the_finished_model_and_nothing_else_is_uploaded(workspace: Path, hub: list[tuple[str, Any]]) -> None:
    assert train(workspace, *PUSH, "--hub_private_repo", "true", "--hub_revision", "v1", "--hub_token", "t") == 0
    assert [call for call, _ in hub] == ["create", "upload"]
    assert hub[0][1] | {"models": None} == {
        "repo_id": "someone/words", "token": "t", "private": True, "exist_ok": True, "models": None
    }
    assert hub[0][1]["models"] == ["tiny"]  # before the training
    assert {name: hub[1][1][name] for name in ("repo_id", "token", "revision")} == {
        "repo_id": "someone/words", "token": "t", "revision": "v1"
    }
    uploaded = {path.relative_to(workspace / "hub").as_posix() for path in (workspace / "hub").rglob("*")}
    assert uploaded == {path.relative_to(workspace / "models/m").as_posix()
                        for path in (workspace / "models" / "m").rglob("*")}
    assert {"README.md", "model.safetensors", "modules.json", "1_Pooling/config.json", "tokenizer.json"} <= uploaded
    assert not any(part in name for name in uploaded for part in ("checkpoint-", "optimizer", "training_args", "rng"))
    Encoder.load(str(workspace / "hub"))
    card = (workspace / "hub" / "README.md").read_text()
    assert 'SentenceTransformer("someone/words")' in card
    assert "models/m" not in card


def test_a_model_that_was_kept_is_uploaded_with_what_its_card_says_by_then(
    workspace: Path, hub: list[tuple[str, Any]]
) -> None:
    assert train(workspace) == 0
    assert hub == []
    card = workspace / "models" / "m" / "README.md"
    card.write_text(card.read_text() + "\nmodels/m2 is better\n")
    assert train(workspace, *PUSH) == 0
    assert [call for call, _ in hub] == ["upload"]
    text = (workspace / "hub" / "README.md").read_text()
    assert 'SentenceTransformer("someone/words")' in text
    assert text.endswith("models/m2 is better\n")


def test_what_forbids_it_is_said_before_the_training(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The real client, which is offline."""
    assert train(workspace, *PUSH) == 2
    error = capsys.readouterr().err
    assert "someone/words cannot be put on the Hub (" in error
    assert "log in with 'hf auth login'" in error
    assert len(error.splitlines()) == 1
    assert models(workspace) == ["tiny"]


def test_after_a_failed_upload_the_same_command_uploads(
    workspace: Path, hub: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(self: HfApi, **options: Any) -> None:
        raise ConnectionError("cable\npulled")

    with monkeypatch.context() as broken:
        broken.setattr(HfApi, "upload_folder", fails)
        assert train(workspace, *PUSH) == 2
    error = capsys.readouterr().err
    assert "(ConnectionError: cable); the model is in " in error
    assert len(error.splitlines()) == 1
    made = (workspace / "models" / "m" / "model.safetensors").stat().st_mtime_ns
    assert train(workspace, *PUSH) == 0
    assert hub[-1][0] == "upload"
    assert (workspace / "models" / "m" / "model.safetensors").stat().st_mtime_ns == made


def test_the_card_here_keeps_its_name_here(
    workspace: Path, hub: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an upload, after one that fails, and so that the next may go elsewhere."""
    assert train(workspace) == 0
    card = (workspace / "models" / "m" / "README.md").read_text()
    assert 'SentenceTransformer("models/m")' in card
    with monkeypatch.context() as broken:
        broken.setattr(HfApi, "upload_folder", lambda *_, **__: 1 / 0)
        assert train(workspace, *PUSH) == 2
    assert (workspace / "models" / "m" / "README.md").read_text() == card
    assert train(workspace, *PUSH) == 0
    assert train(workspace, "--push_to_hub", "true", "--hub_model_id", "another/name") == 0
    assert (workspace / "models" / "m" / "README.md").read_text() == card
    assert 'SentenceTransformer("another/name")' in (workspace / "hub" / "README.md").read_text()


@pytest.mark.parametrize(("more", "says"), [
    (["--push_to_hub", "true"], "no whole name for the Hub (None); give --hub_model_id USER/NAME"),
    (["--push_to_hub", "true", "--hub_model_id", "words"], "no whole name for the Hub (words)"),
    ([*PUSH, "--hub_strategy", "every_save"], "--hub_strategy every_save is not for this training"),
])
def test_mistakes_are_one_line(
    workspace: Path, hub: list[tuple[str, Any]], capsys: pytest.CaptureFixture[str], more: list[str], says: str
) -> None:
    assert train(workspace, *more) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert hub == []
    assert models(workspace) == ["tiny"]
