"""The reference training: on sentence-transformers' loss and shuffled pairs, to a checkpoint like ours."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from parallel_words import parallel_examples
from tiny_architectures import tiny
from word_training import training_workspace

from hybrid_pyserini.cli import main
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.training.examples import ExampleStore, build_store
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
    assert train(workspace, "--max_steps", "30", "--adam_beta1", "0.5") == 2
    assert "adam_beta1 is 0.9 there, 0.5 now" in capsys.readouterr().err
    assert train(workspace, "--max_steps", "3", "--overwrite") == 0
    assert read_json(workspace / "models" / "m" / "training.json")["steps"] == 3


@pytest.mark.parametrize("architecture", ["xlm-r", "labse", "labse-silent"])
def test_its_checkpoint_has_the_settings_of_trains(
    workspace: Path, tmp_path: Path, tiny_checkpoint: Path, architecture: str
) -> None:
    """Also from a model that states no prompts, as xlm-roberta-base and LaBSE do not: what it was trained with is what
    it searches with."""
    init = tiny(architecture.removesuffix("-silent"), tmp_path / "init", tiny_checkpoint)
    if architecture == "labse-silent":
        (init / "config_sentence_transformers.json").unlink()
    arguments = ["--workspace", str(workspace), "--examples", "words", "--init", str(init), "--batch-size", "8",
                 "--max_steps", "2", "--disable_tqdm", "true", "--use_cpu", "true"]
    assert main(["train", *arguments, "--output", "ours"]) == 0
    assert main(["mnrl", *arguments, "--output", "theirs"]) == 0
    ours, theirs = (Encoder.load(str(workspace / "models" / name)) for name in ("ours", "theirs"))
    assert theirs.settings == ours.settings
    assert (ours.settings.query_prompt == "Query: ") == (architecture != "labse")
    records = [read_json(workspace / "models" / name / "training.json") for name in ("ours", "theirs")]
    decided = [record["training_arguments"] for record in records]
    differing = {name for name, value in decided[0].items() if decided[1][name] != value}
    assert differing == {"prediction_loss_only"}  # of validations, which ``mnrl`` has none of


def test_its_loss_is_the_mean_cross_entropy_of_cosines_over_the_temperature(
    workspace: Path, tiny_checkpoint: Path
) -> None:
    """On a store whose pairs are one batch, whichever way they are shuffled; without dropout."""
    config = shutil.copytree(tiny_checkpoint, workspace / "models" / "still") / "config.json"
    still = json.loads(config.read_text()) | {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    config.write_text(json.dumps(still))
    examples = parallel_examples(8, ("de",))
    build_store(workspace / "examples" / "eight", examples)
    assert main([
        "mnrl", "--workspace", str(workspace), "--examples", "eight", "--init", "still", "--output", "m", "--max_steps",
        "1", "--logging_steps", "1", "--batch-size", "8", "--temperature", "0.2", "--disable_tqdm", "true", "--use_cpu",
        "true",
    ]) == 0
    encoder = Encoder.load(str(workspace / "models" / "still"))
    queries = encoder.encode_queries([example.queries["de"] for example in examples])
    passages = encoder.encode_passages([example.positives["de"] for example in examples])
    cosines = torch.from_numpy(queries @ passages.T)
    expected = torch.nn.functional.cross_entropy(cosines / 0.2, torch.from_numpy(np.arange(8))).item()
    (step,) = read_json(workspace / "models" / "m" / "training.json")["log"]
    assert step["loss"] == pytest.approx(expected, rel=1e-3)


def test_pairs_that_make_no_batch_are_no_training(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_store(workspace / "examples" / "few", parallel_examples(4, ("de",)))
    capsys.readouterr()
    assert train(workspace, "--examples", "few", "--max_steps", "3") == 2
    assert "no batch of 8 pairs" in capsys.readouterr().err
    assert not (workspace / "models" / "m").exists()


@pytest.mark.parametrize(("more", "message"), [
    (["--max_steps", "3", "--per_device_train_batch_size", "4"], "--per_device_train_batch_size is not for this"),
    (["--max_steps", "3", "--gradient_accumulation_steps", "2"], "--gradient_accumulation_steps is not for this"),
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
