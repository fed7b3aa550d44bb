"""Two processes by torchrun (gloo, CPU): the loss, gradients and weights of one."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from parallel_words import parallel_examples
from safetensors.torch import load_file
from two_processes import step_gradients

from hybrid_pyserini.records import Negative
from hybrid_pyserini.training.examples import build_store

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path) -> Path:
    """Every third example has a hard negative, so that the processes bring different numbers of candidates. No
    dropout: its noise depends on the process."""
    folder = tmp_path_factory.mktemp("workspace")
    examples = [
        replace(e, negatives={k: (Negative(f"{v} no", f"n{i}"),) for k, v in e.positives.items()}) if i % 3 == 0 else e
        for i, e in enumerate(parallel_examples(8))
    ]
    build_store(folder / "examples" / "words", examples)
    config = shutil.copytree(tiny_checkpoint, folder / "models" / "tiny") / "config.json"
    changed = json.loads(config.read_text()) | {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    config.write_text(json.dumps(changed))
    return folder


def torchrun(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", *command],
        timeout=300, capture_output=True, text=True, check=False,
    )


def test_gradients_of_two_processes_are_those_of_one(workspace: Path, tmp_path: Path) -> None:
    """In float64, so that only mistakes differ."""
    checkpoint, store = str(workspace / "models" / "tiny"), str(workspace / "examples" / "words")
    script = Path(__file__).with_name("two_processes.py")
    done = torchrun(str(script), checkpoint, store, str(tmp_path / "out.pt"))
    assert done.returncode == 0, done.stderr[-2000:]
    loss, gradients = torch.load(tmp_path / "out.pt", weights_only=True)
    one_loss, one_gradients = step_gradients(checkpoint, store)
    assert loss == pytest.approx(one_loss, rel=1e-9)
    assert set(gradients) == set(one_gradients)
    assert max(g.abs().max() for g in one_gradients.values()) > 1e-3
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, one_gradients[name], rtol=1e-7, atol=1e-10)


def test_the_train_command_in_two_processes_ends_with_the_weights_of_one(workspace: Path) -> None:
    """Five steps, then once more (kept), then with ``--overwrite``. SGD: Adam divides rounding by rounding."""
    def command(output: str) -> list[str]:
        return ["train", "--workspace", str(workspace), "--examples", "words", "--init", "tiny", "--output", output,
                "--batch-size", "8", "--max_steps", "5", "--save_steps", "2", "--optim", "sgd", "--learning_rate",
                "0.05", "--disable_tqdm", "true"]

    subprocess.run([sys.executable, "-m", "hybrid_pyserini", *command("one")], check=True, capture_output=True)
    for more, says in (([], "trained"), ([], "kept"), (["--overwrite"], "trained")):
        done = torchrun("-m", "hybrid_pyserini", *command("two"), *more)
        assert done.returncode == 0, done.stderr[-2000:]
        assert says in done.stdout
    one, two, start = (load_file(workspace / "models" / name / "model.safetensors") for name in ("one", "two", "tiny"))
    moved = max((one[name] - start[name]).abs().max() for name in one)
    assert moved > 1e-3
    for name, weights in one.items():
        torch.testing.assert_close(two[name], weights, rtol=0, atol=moved.item() * 1e-4)


def test_a_batch_that_does_not_divide_is_refused(workspace: Path) -> None:
    done = torchrun("-m", "hybrid_pyserini", "train", "--workspace", str(workspace), "--examples", "words", "--init",
                    "tiny", "--output", "odd", "--batch-size", "7", "--max_steps", "1")
    assert done.returncode != 0
    assert "a batch of 7 does not divide by 2 processes; use --batch-size 6 or 8" in done.stderr
