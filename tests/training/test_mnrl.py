"""The reference training: on sentence-transformers' loss and shuffled pairs, to a checkpoint like ours."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from parallel_words import parallel_examples
from word_training import training_workspace

from hybrid_pyserini.cli import main
from hybrid_pyserini.encoder import Encoder
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.training.examples import ExampleStore
from hybrid_pyserini.training.mnrl import pairs


@pytest.fixture
def workspace(tmp_path: Path, tiny_checkpoint: Path) -> Path:
    return training_workspace(tmp_path, tiny_checkpoint, 60, 10)


def train(workspace: Path, *more: str) -> int:
    return main([
        "mnrl", "--workspace", str(workspace), "--examples", "words", "--init", "tiny", "--output", "m",
        "--batch-size", "8", "--learning_rate", "1e-3", "--disable_tqdm", "true", "--use_cpu", "true", *more,
    ])


def test_pairs_are_every_question_with_every_positive_of_its_example(workspace: Path) -> None:
    found = [(pair["query"], pair["positive"]) for pair in pairs([ExampleStore(workspace / "examples" / "words")])]
    assert sorted(found) == sorted(
        (query, positive) for example in parallel_examples(60)
        for query in example.queries.values() for positive in example.positives.values()
    )


def test_it_trains_keeps_what_is_there_and_refuses_another(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.set_num_threads(1)
    assert train(workspace, "--max_steps", "30", "--logging_steps", "10") == 0
    log = [entry["loss"] for entry in read_json(workspace / "models" / "m" / "training.json")["log"]]
    assert len(log) == 3 and log[-1] < log[0]
    trained, initial = (Encoder.load(str(workspace / "models" / name)) for name in ("m", "tiny"))
    assert trained.settings == initial.settings
    assert abs(trained.encode_queries(["Fluss"]) - initial.encode_queries(["Fluss"])).max() > 1e-3
    when = (workspace / "models" / "m" / "model.safetensors").stat().st_mtime_ns
    assert train(workspace, "--max_steps", "30", "--logging_steps", "10") == 0
    assert (workspace / "models" / "m" / "model.safetensors").stat().st_mtime_ns == when
    capsys.readouterr()
    assert train(workspace, "--max_steps", "31") == 2
    assert "there is a model of other settings (" in capsys.readouterr().err
    assert train(workspace, "--max_steps", "3", "--overwrite") == 0
    assert read_json(workspace / "models" / "m" / "training.json")["steps"] == 3


@pytest.mark.parametrize(("more", "message"), [
    ([], "no number of steps; give --max_steps"),
    (["--max_stepz", "3"], "unknown: --max_stepz 3"),
    (["--max_steps", "3", "--temperature", "0"], "a batch of 8, temperature 0.0"),
])
def test_mistakes(workspace: Path, capsys: pytest.CaptureFixture[str], more: list[str], message: str) -> None:
    capsys.readouterr()
    assert train(workspace, *more) == 2
    err = capsys.readouterr().err
    assert f"hybrid-pyserini mnrl: {message}" in err and len(err.splitlines()) == 1


def test_without_sentence_transformers_it_says_so_in_one_line(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['sentence_transformers'] = None; from hybrid_pyserini.cli import main;"
        "sys.exit(main(['mnrl', '--examples', 'a', '--init', 'b', '--output', 'c', '--max_steps', '3']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "hybrid-pyserini mnrl: sentence_transformers is not installed, which this reference is trained with; "
        "pip install 'hybrid-pyserini[reference]'\n"
    )
