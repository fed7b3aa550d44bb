"""What a training reports while it runs, and what its record says in the end."""

import importlib.metadata
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from tensorboardX.proto.event_pb2 import Event
from word_training import training_workspace

from hybrid_pyserini.cli import main
from hybrid_pyserini.jsonl import read_json


@pytest.fixture
def workspace(tmp_path: Path, tiny_checkpoint: Path) -> Path:
    return training_workspace(tmp_path, tiny_checkpoint, 24, 8)


def train(workspace: Path, *more: str) -> int:
    return main([
        "train", "--workspace", str(workspace), "--examples", "words", "--init", "tiny", "--output", "m",
        "--batch-size", "8", "--max_steps", "4", "--logging_steps", "2", "--use_cpu", "true", *more,
    ])


def events(folder: Path) -> Iterator[Event]:
    """The records of TensorBoard's files: length, its checksum, an event, its checksum."""
    for path in folder.rglob("events.out.tfevents.*"):
        data, place = path.read_bytes(), 0
        while place < len(data):
            (length,) = struct.unpack_from("<Q", data, place)
            yield Event.FromString(data[place + 12 : place + 12 + length])
            place += 12 + length + 4


def test_tensorboard_gets_what_the_record_has(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(workspace / "board"))
    assert train(workspace, "--report_to", "tensorboard", "--validation", "held-out", "--eval_steps", "2") == 0
    reported = {
        (value.tag, event.step): value.simple_value
        for event in events(workspace / "board") for value in event.summary.value if value.HasField("simple_value")
    }
    log = read_json(workspace / "models" / "m" / "training.json")["log"]
    told = {("train/loss", e["step"]): e["loss"] for e in log if "loss" in e}
    told |= {("eval/loss", e["step"]): e["eval_loss"] for e in log if "eval_loss" in e}
    assert len(told) == 4
    assert {key: reported[key] for key in told} == pytest.approx(told, rel=1e-6)


def test_tensorboard_files_lie_in_the_trainings_folder(workspace: Path) -> None:
    assert train(workspace, "--report_to", "tensorboard", "--disable_tqdm", "true") == 0
    assert any(events(workspace / "models" / "m.training" / "runs"))
    assert not any(events(workspace / "models" / "m"))


@pytest.mark.parametrize(("name", "says"), [
    ("clearml", "--report_to clearml: "), ("nothing", "--report_to nothing is not known; choose among: none "),
])
def test_what_cannot_be_reported_to_is_one_line(
    workspace: Path, capsys: pytest.CaptureFixture[str], name: str, says: str
) -> None:
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.version(name)
    assert train(workspace, "--report_to", name) == 2
    error = capsys.readouterr().err
    assert says in error
    assert len(error.splitlines()) == 1
    assert not (workspace / "models" / "m.training").exists()


def test_a_run_has_the_models_name_unless_it_is_given_one(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers.integrations import INTEGRATION_TO_CALLBACK, TensorBoardCallback

    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(workspace / "board"))
    names = []

    class Reporter(TensorBoardCallback):
        def on_train_begin(self, args, state, control, **_):
            names.append(args.run_name)

    monkeypatch.setitem(INTEGRATION_TO_CALLBACK, "tensorboard", Reporter)
    assert train(workspace, "--report_to", "tensorboard") == 0
    assert train(workspace, "--report_to", "tensorboard", "--run_name", "first", "--overwrite") == 0
    assert names == ["m", "first"]


def test_the_record_says_what_with_and_what_on(workspace: Path) -> None:
    torch.set_num_threads(1)
    assert train(workspace, "--seed", "5", "--bf16", "true") == 0
    record = read_json(workspace / "models" / "m" / "training.json")
    assert record["hardware"] == {"device": "cpu", "processes": 1, "threads": 1, "dtype": "bf16"}
    assert record["sources"][0]["name"] == "words"
    assert record["sources"][0]["examples"] == 24
    assert {(b["source"], b["kind"]) for b in record["batches"]} <= {
        ("words", "monolingual"), ("words", "cross-lingual")
    }
    assert sum(b["batches"] for b in record["batches"]) == record["steps"] == 4
    assert record["training_arguments"]["seed"] == 5
    assert record["settings"]["alpha"] == 0.5
    for package in ("torch", "transformers", "accelerate", "tokenizers"):
        assert record["made_by"]["versions"][package] == importlib.metadata.version(package)
