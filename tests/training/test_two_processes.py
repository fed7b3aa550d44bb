"""Two processes by torchrun (gloo, CPU): the loss, gradients and weights of one."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from parallel_words import parallel_examples, write_held_out
from safetensors.torch import load_file
from torch import Tensor
from two_processes import float64_batches, step_gradients

from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.evaluation.retrieval_validation import RetrievalValidation
from hybrid_pyserini.records import Negative
from hybrid_pyserini.training.collator import load_pair
from hybrid_pyserini.training.examples import build_store
from hybrid_pyserini.workspace import Workspace

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


@pytest.fixture(scope="module")
def reference(workspace: Path) -> tuple[float, dict[str, Tensor]]:
    """Loss and gradients of the same batch, each text by itself and without anything of the loss's own code."""
    encoder, batches = float64_batches(str(workspace / "models" / "tiny"), str(workspace / "examples" / "words"), 1024)
    pairs = [load_pair(batches.stores[0][p.example], p) for p in batches.plan.batch(0)]
    passages = [(p.positive, p.group) for p in pairs] + [(n.text, n.group) for p in pairs for n in p.negatives]

    def vector(text: str) -> Tensor:
        ids = torch.tensor(encoder.tokenize([text]))
        mean = encoder.model.transformer(input_ids=ids).last_hidden_state[0].mean(dim=0)
        return mean / mean.norm()

    candidates = [vector(f"Passage: {text}") for text, _ in passages]
    losses = []
    for number, pair in enumerate(pairs):
        query = vector(f"Query: {pair.query}")
        logits = [query @ candidate / 0.05 for (_, group), candidate in zip(passages, candidates, strict=True)
                  if group not in pair.known_groups or candidate is candidates[number]]
        losses.append(torch.logsumexp(torch.stack(logits), 0) - query @ candidates[number] / 0.05)
    loss = torch.stack(losses).mean()
    loss.backward()
    return loss.item(), {n: p.grad for n, p in encoder.model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize(("processes", "chunk_tokens", "how"), [
    (1, 1024, "keep"), (1, 30, "keep"), (1, 30, "recompute"), (2, 1024, "keep"), (2, 30, "recompute"),
])
def test_the_gradients_are_the_same_whichever_way(
    workspace: Path, tmp_path: Path, reference: tuple[float, dict[str, Tensor]], processes: int, chunk_tokens: int,
    how: str,
) -> None:
    """One process or two, one chunk or many, kept or computed again."""
    checkpoint, store = str(workspace / "models" / "tiny"), str(workspace / "examples" / "words")
    if processes == 1:
        loss, gradients = step_gradients(checkpoint, store, chunk_tokens, recompute=how == "recompute")
    else:
        script = Path(__file__).with_name("two_processes.py")
        done = torchrun(str(script), checkpoint, store, str(chunk_tokens), how, str(tmp_path / "out.pt"))
        assert done.returncode == 0, done.stderr
        loss, gradients = torch.load(tmp_path / "out.pt", weights_only=True)
    expected_loss, expected = reference
    assert loss == pytest.approx(expected_loss, rel=1e-9)
    assert set(gradients) == set(expected)
    assert max(g.abs().max() for g in expected.values()) > 1e-3
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-7, atol=1e-10)


def test_the_train_command_in_two_processes_ends_with_the_weights_of_one(workspace: Path) -> None:
    """Five steps, then once more (kept), then with ``--overwrite``. SGD: Adam divides rounding by rounding."""
    def command(output: str) -> list[str]:
        return ["train", "--workspace", str(workspace), "--examples", "words", "--init", "tiny", "--output", output,
                "--batch-size", "8", "--max_steps", "5", "--save_steps", "2", "--optim", "sgd", "--learning_rate",
                "0.05", "--disable_tqdm", "true"]

    subprocess.run([sys.executable, "-m", "hybrid_pyserini", *command("one")], check=True, capture_output=True)
    for more, says in (([], "trained"), ([], "kept"), (["--overwrite"], "trained")):
        done = torchrun("-m", "hybrid_pyserini", *command("two"), *more)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count(says) == 1  # not once a process
        assert "find_unused_parameters" not in done.stderr
    one, two, start = (load_file(workspace / "models" / name / "model.safetensors") for name in ("one", "two", "tiny"))
    moved = max((one[name] - start[name]).abs().max() for name in one)
    assert moved > 1e-3
    for name, weights in one.items():
        torch.testing.assert_close(two[name], weights, rtol=0, atol=moved.item() * 1e-4)


def test_two_processes_stop_together_by_a_retrieval_measure(workspace: Path) -> None:
    """One process measures: were they of two minds about stopping, one would wait for the other for ever."""
    write_held_out(Workspace(workspace), "dev")
    done = torchrun(
        "-m", "hybrid_pyserini", "train", "--workspace", str(workspace), "--examples", "words", "--init", "tiny",
        "--output", "stopped", "--batch-size", "8", "--max_steps", "60", "--save_steps", "3", "--eval_steps", "3",
        "--learning_rate", "0.01", "--validation-dataset", "dev", "--patience", "1", "--disable_tqdm", "true",
    )
    assert done.returncode == 0, done.stderr[-2000:]
    record = json.loads((workspace / "models" / "stopped" / "training.json").read_text())
    figures = [entry["eval_AP"] for entry in record["log"] if "eval_AP" in entry]
    assert record["steps"] == 3 * len(figures) < 60
    trained = Encoder.load(str(workspace / "models" / "stopped"), device="cpu")
    measured = RetrievalValidation(Workspace(workspace), "dev").measure(trained, progress=False)
    assert measured["AP"] == pytest.approx(max(figures), abs=1e-6)


def test_a_batch_that_does_not_divide_is_refused(workspace: Path) -> None:
    done = torchrun("-m", "hybrid_pyserini", "train", "--workspace", str(workspace), "--examples", "words", "--init",
                    "tiny", "--output", "odd", "--batch-size", "7", "--max_steps", "1")
    assert done.returncode != 0
    assert "a batch of 7 does not divide by 2 processes; use --batch-size 6 or 8" in done.stderr
