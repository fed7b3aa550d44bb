"""Interrupted trainings: what goes on, from what, and that it ends as if nothing had happened."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from parallel_words import parallel_examples

from hybrid_pyserini.cli import main
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.training.examples import build_store
from hybrid_pyserini.training.record import COMPLETE

STATES = ("optimizer.pt", "scheduler.pt", "rng_state.pth")


@pytest.fixture
def workspace(tmp_path: Path, tiny_checkpoint: Path) -> Path:
    build_store(tmp_path / "examples" / "words", parallel_examples(60))
    shutil.copytree(tiny_checkpoint, tmp_path / "models" / "tiny")
    return tmp_path


def train(workspace: Path, *more: str) -> int:
    torch.set_num_threads(1)
    return main([
        "train", "--workspace", str(workspace), "--examples", "words", "--init", "tiny", "--output", "m",
        "--batch-size", "8", "--max_steps", "4", "--save_steps", "2", "--disable_tqdm", "true", "--use_cpu", "true",
        *more,
    ])


@pytest.fixture
def interrupted(workspace: Path) -> Path:
    """A training with checkpoints and without its model; returns its own folder."""
    assert train(workspace) == 0
    shutil.rmtree(workspace / "models" / "m")
    shutil.rmtree(workspace / "models" / "m.training" / "checkpoint-4")
    return workspace / "models" / "m.training"


def test_resume_goes_on_and_never_starts(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(workspace, "--resume") == 2
    error = capsys.readouterr().err
    assert "m.training: no complete checkpoint to go on from; leave out --resume" in error
    assert error.count("\n") == 1
    assert [path.name for path in (workspace / "models").iterdir()] == ["tiny"]


def test_resume_goes_on_from_the_last_complete_checkpoint(
    workspace: Path, interrupted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = read_json(interrupted / "checkpoint-2" / "trainer_state.json")
    told["log_history"].append({"step": 2, "seen": 1.0})
    (interrupted / "checkpoint-2" / "trainer_state.json").write_text(json.dumps(told))
    assert train(workspace, "--resume") == 0
    log = read_json(workspace / "models" / "m" / "training.json")["log"]
    assert {"seen": 1.0, "step": 2} in log
    assert train(workspace, "--resume") == 0  # nothing is left to be done
    assert "kept" in capsys.readouterr().out


def test_resume_needs_a_complete_checkpoint(
    workspace: Path, interrupted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (interrupted / "checkpoint-2" / COMPLETE).unlink()
    assert train(workspace, "--resume") == 2
    assert "no complete checkpoint" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        train(workspace, "--resume", "--overwrite")


def train_until_it_gets_worse(workspace: Path, output: str) -> int:
    """With a learning rate that ruins the encoder, and two validations of patience."""
    return train(workspace, "--output", output, "--validation", "held-out", "--eval_steps", "2", "--patience", "3",
                 "--learning_rate", "0.03", "--max_steps", "40", "--logging_steps", "2", "--save_total_limit", "20")


@pytest.mark.parametrize("validations", [1, 2, 3])
def test_early_stopping_goes_on_counting(workspace: Path, validations: int) -> None:
    """Interrupted after so many of the validations without a lower loss, the last one included, at which it stops."""
    build_store(workspace / "examples" / "held-out", parallel_examples(70)[60:])
    assert train_until_it_gets_worse(workspace, "undisturbed") == 0
    steps = read_json(workspace / "models" / "undisturbed" / "training.json")["steps"]
    assert steps < 40
    work = shutil.copytree(workspace / "models" / "undisturbed.training", workspace / "models" / "m.training")
    for folder in work.glob("checkpoint-*"):
        if int(folder.name.split("-")[1]) > steps - 2 * (3 - validations):
            shutil.rmtree(folder)
    assert train_until_it_gets_worse(workspace, "m") == 0
    assert files_of(workspace / "models" / "m") == files_of(workspace / "models" / "undisturbed")


class Command:
    """What a pickle would run."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> object:
        return os.mkdir, (str(self.witness),)


@pytest.mark.parametrize("state", STATES)
def test_a_checkpoint_runs_no_code(
    workspace: Path, interrupted: Path, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    witness = workspace / "was-here"
    torch.save({"state": Command(witness)}, interrupted / "checkpoint-2" / state)
    assert train(workspace) == 2
    error = capsys.readouterr().err
    assert "checkpoint-2: a checkpoint whose weights or states cannot be read (UnpicklingError: " in error
    assert len(error.splitlines()) == 1
    assert not witness.exists()
    torch.load(interrupted / "checkpoint-2" / state, weights_only=False)
    assert witness.exists()  # else it would not have been one that runs code


@pytest.mark.parametrize("state", [*STATES, "model.safetensors"])
def test_a_damaged_checkpoint_is_said_in_one_line(
    workspace: Path, interrupted: Path, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    path = interrupted / "checkpoint-2" / state
    path.write_bytes(path.read_bytes()[:100])
    assert train(workspace) == 2
    error = capsys.readouterr().err
    assert "cannot be read" in error
    assert len(error.splitlines()) == 1
    shutil.rmtree(interrupted / "checkpoint-2")
    assert train(workspace) == 0


@pytest.mark.slow
def test_killed_at_twenty_random_moments_a_training_ends_with_the_same_bits(workspace: Path) -> None:
    """SIGKILL, the same command again, and so on: every file of the model is that of the undisturbed training."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("killed_training.py")), str(workspace), "20", "927"],
        capture_output=True, text=True, check=False, timeout=600, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    print(done.stdout)  # the moments, for whoever looks into a failure
    assert done.returncode == 0, done.stderr[-3000:]
    trainings = json.loads(done.stdout.splitlines()[-1])
    assert sum(training["kills"] for training in trainings) == 20
    assert sum(training["resumed"] for training in trainings) >= 5
    undisturbed = files_of(workspace / "models" / "undisturbed")
    assert "model.safetensors" in undisturbed
    for training in trainings:
        model = files_of(workspace / "models" / training["name"])
        assert {name for name in model.keys() | undisturbed if model.get(name) != undisturbed.get(name)} == set()
    assert not list(workspace.rglob(".*.partial"))


def files_of(model: Path) -> dict[str, bytes]:
    """Path in a model -> content; the card without the model's name."""
    files = {path.relative_to(model).as_posix(): path.read_bytes() for path in model.rglob("*") if path.is_file()}
    return files | {"README.md": re.sub(rf"(models/|\n# ){model.name}\b".encode(), b"", files["README.md"])}
