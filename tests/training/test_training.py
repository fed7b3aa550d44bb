"""Whole trainings of a tiny encoder, through the command line where a user would."""

import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from parallel_words import parallel_examples
from safetensors.torch import load_file
from word_training import train_words as train
from word_training import training_workspace

from hybrid_pyserini.cli import main
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.training.examples import build_store
from hybrid_pyserini.training.no_number import check_loss
from hybrid_pyserini.training.record import COMPLETE


@pytest.fixture
def workspace(tmp_path: Path, tiny_checkpoint: Path) -> Path:
    build_store(tmp_path / "examples" / "english", parallel_examples(30, languages=("en",)))
    return training_workspace(tmp_path, tiny_checkpoint, 60, 10)


def weights(workspace: Path, model: str) -> dict[str, torch.Tensor]:
    return load_file(workspace / "models" / model / "model.safetensors")


def test_training_lowers_the_loss_and_records_what_it_did(workspace: Path) -> None:
    assert train(workspace, "--validation", "held-out", "--eval_steps", "6", steps=30) == 0
    record = read_json(workspace / "models" / "m" / "training.json")
    validation = [entry["eval_loss"] for entry in record["log"] if "eval_loss" in entry]
    assert len(validation) == 5
    assert validation[-1] < validation[0]
    assert record["sources"][0]["examples"] == 60
    assert sum(stream["batches"] for stream in record["batches"]) == record["steps"] == 30
    assert {stream["kind"] for stream in record["batches"]} == {"monolingual", "cross-lingual"}
    assert record["training_arguments"]["weight_decay"] == 0.01
    trained, fresh = weights(workspace, "m"), weights(workspace, "tiny")
    assert all((trained[name] != fresh[name]).any() for name in trained if "attention.self.query.weight" in name)


def test_progress_goes_to_stderr_and_shows_the_loss(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--validation", "held-out", "--eval_steps", "6", "--logging_steps", "3", "--disable_tqdm", "false"]
    assert train(workspace, *more) == 0
    shown = capsys.readouterr()
    log = read_json(workspace / "models" / "m" / "training.json")["log"]
    last = [entry["loss"] for entry in log if "loss" in entry][-1]
    (validated,) = [entry["eval_loss"] for entry in log if "eval_loss" in entry and entry["step"] == 6]
    assert f"loss {last:.3f}" in shown.err
    assert f"step 6: eval_loss {validated:.4g}, " in shown.err
    assert "12/12" in shown.err
    assert "loss" not in shown.out


def test_the_papers_defaults(workspace: Path) -> None:
    main(["train", "--workspace", str(workspace), "--examples", "words", "--init", "tiny", "--output", "m",
          "--batch-size", "8", "--max_steps", "1", "--disable_tqdm", "true"])
    arguments = read_json(workspace / "models" / "m" / "training.json")["training_arguments"]
    assert (arguments["learning_rate"], arguments["weight_decay"]) == (3e-5, 1e-2)
    assert arguments["optim"] == "adamw_torch_fused"


def test_interrupted_training_ends_with_the_same_weights_and_record(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after step 8 of 12, the last checkpoint (8) half-written: bit for bit the undisturbed weights, and what
    is told of the training is the same."""
    torch.set_num_threads(1)
    assert train(workspace, "--logging_steps", "2", output="undisturbed") == 0
    from hybrid_pyserini.training import collator

    def stop_at_nine(self: Any, step: int) -> Any:
        if step == 9:
            raise KeyboardInterrupt
        return original(self, step)

    original = collator.PlannedBatches.__getitem__
    monkeypatch.setattr(collator.PlannedBatches, "__getitem__", stop_at_nine)
    assert train(workspace, "--logging_steps", "2", output="interrupted") == 130
    monkeypatch.undo()
    work = workspace / "models" / "interrupted.training"
    (work / "checkpoint-8" / COMPLETE).unlink()
    assert not (workspace / "models" / "interrupted").exists()
    assert train(workspace, "--logging_steps", "2", output="interrupted") == 0
    ours, theirs = weights(workspace, "interrupted"), weights(workspace, "undisturbed")
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    ours_told, theirs_told = (
        (workspace / "models" / name / "training.json").read_text() for name in ("interrupted", "undisturbed")
    )
    assert '"loss": ' in theirs_told
    assert ours_told == theirs_told


def test_a_finished_model_is_kept_and_another_refused(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(workspace, steps=2) == 0
    made = (workspace / "models" / "m" / "model.safetensors").stat().st_mtime_ns
    assert train(workspace, steps=2) == 0
    assert (workspace / "models" / "m" / "model.safetensors").stat().st_mtime_ns == made
    capsys.readouterr()
    assert train(workspace, steps=3) == 2
    assert "model of other settings" in capsys.readouterr().err
    assert train(workspace, "--overwrite", steps=3) == 0
    assert read_json(workspace / "models" / "m" / "training.json")["steps"] == 3


def test_an_unfinished_training_of_other_settings_is_not_lost(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from hybrid_pyserini.training import training

    monkeypatch.setattr(training.Encoder, "save", _fail_at_the_end(training.Encoder.save))
    with pytest.raises(RuntimeError):
        train(workspace)
    monkeypatch.undo()
    checkpoints = sorted(path.name for path in (workspace / "models" / "m.training").glob("checkpoint-*"))
    assert checkpoints == ["checkpoint-12", "checkpoint-8"]
    assert train(workspace, "--temperature", "0.1") == 2
    assert "an unfinished training of other settings (temperature is 0.05 there, 0.1 now)" in capsys.readouterr().err
    assert sorted(path.name for path in (workspace / "models" / "m.training").glob("checkpoint-*")) == checkpoints
    assert train(workspace, "--logging_steps", "1") == 0  # decides no weights


def _fail_at_the_end(save: Any) -> Any:
    """Saving works for checkpoints and fails for the finished model."""

    def saving(self: Encoder, folder: Path) -> None:
        if "checkpoint" not in folder.name:
            raise RuntimeError("no more")
        save(self, folder)

    return saving


def test_an_empty_prompt_of_the_initial_encoder_stays_empty(workspace: Path) -> None:
    assert train(workspace, "--document-prompt", "", steps=2) == 0
    assert main(["train", "--workspace", str(workspace), "--examples", "words", "--init", "m", "--output", "again",
                 "--batch-size", "8", "--max_steps", "2", "--disable_tqdm", "true"]) == 0
    settings = Encoder.load(str(workspace / "models" / "again")).settings
    assert (settings.query_prompt, settings.document_prompt) == ("Query: ", "")


def test_an_encoder_of_the_inner_product_is_trained_by_the_cosine(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As one that normalises its vectors, and is otherwise the same."""
    at = ["--workspace", str(workspace)]
    assert main(["adopt", "tiny", "--output", "unbounded", "--no-normalize", *at]) == 0
    assert "normalize\tFalse\tgiven" in capsys.readouterr().out
    for start in ("unbounded", "tiny"):
        assert main(["train", "--examples", "words", "--init", start, "--output", f"from-{start}", "--batch-size", "8",
                     "--max_steps", "3", "--disable_tqdm", "true", *at]) == 0
    trained = Encoder.load(str(workspace / "models" / "from-unbounded"))
    assert trained.settings.normalize
    assert np.linalg.norm(trained.encode_queries(["river bread"])) == pytest.approx(1, abs=1e-5)
    theirs = weights(workspace, "from-tiny")
    assert all(torch.equal(value, theirs[name]) for name, value in weights(workspace, "from-unbounded").items())


def test_training_never_starts_java(workspace: Path) -> None:
    script = "import sys; from hybrid_pyserini.cli import main; assert main(sys.argv[1:]) == 0; " \
             "print('java' if {'jnius', 'jnius_config', 'pyserini'} & set(sys.modules) else 'none')"
    command = ["train", "--workspace", str(workspace), "--examples", "words", "--init", "tiny", "--output", "m",
               "--batch-size", "8", "--max_steps", "1", "--disable_tqdm", "true"]
    done = subprocess.run([sys.executable, "-c", script, *command], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "none"


def test_early_stopping_keeps_the_best(workspace: Path) -> None:
    """With a learning rate that ruins the encoder, an early validation is the best."""
    assert train(workspace, "--validation", "held-out", "--eval_steps", "4", "--patience", "1", "--learning_rate",
                 "0.03", steps=40) == 0
    record = read_json(workspace / "models" / "m" / "training.json")
    losses = [entry["eval_loss"] for entry in record["log"] if "eval_loss" in entry]
    assert record["steps"] < 40
    assert record["best_validation"]["value"] == min(losses) < losses[-1]
    best = workspace / "models" / "m.training" / f"checkpoint-{4 * (1 + losses.index(min(losses)))}"
    assert torch.equal(load_file(best / "model.safetensors")["embeddings.word_embeddings.weight"],
                       weights(workspace, "m")["embeddings.word_embeddings.weight"])


def test_the_checkpoint_keeps_what_training_used(workspace: Path) -> None:
    assert train(workspace, "--query-prompt", "q: ", "--document-prompt", "", "--pooling", "cls", "--max-length", "32",
                 steps=2) == 0
    settings = Encoder.load(str(workspace / "models" / "m")).settings
    assert (settings.query_prompt, settings.document_prompt, settings.pooling, settings.max_length) == (
        "q: ", "", "cls", 32
    )


@pytest.mark.parametrize(("more", "says"), [
    (["--temperature", "0"], "temperature 0.0; use one above 0; 0.05 is the default"),
    (["--temperature", "-0.05"], "temperature -0.05; use one above 0"),
    (["--temperature", "nan"], "temperature nan; use one above 0"),
    (["--temperature", "inf"], "temperature inf; use one above 0"),
    (["--alpha", "nan"], "alpha nan is no probability; choose it from 0 to 1"),
    (["--batch-size", "1"], "a batch of 1 has no other passage to tell the positive from; use a batch of 2 or more"),
    (["--batch-size", "0"], "a batch of 0 has no other passage"),
    (["--examples", "english", "--strategy", "x-y"], "no source has examples for the cross-lingual batches of 'x-y'; "
     "add a source with queries and positives in two languages, or choose another strategy"),
    (["--examples", "english"], "no source has examples for the cross-lingual batches of 'hybrid'; add a source with"),
    (["--batch-size", "61"], "60 examples"),
    (["--examples", "nothing"], "no store of examples"),
    (["--init", "nothing"], "is no model of this workspace, no folder, and the hub does not give it"),
    (["--patience", "2"], "early stopping without a validation set"),
    (["--patience", "0", "--validation", "held-out"], "patience 0"),
    (["--eval_strategy", "steps"], "nothing to evaluate while training"),
    (["--metric_for_best_model", "map", "--validation", "held-out"], "'map' is not measured while training"),
    (["--load_best_model_at_end", "true", "--validation", "held-out", "--eval_steps", "3"], "round multiple"),
    (["--load_best_model_at_end", "true", "--validation", "held-out", "--eval_steps", "2"],
     "every 2 steps and a checkpoint every 4: the best model might not be saved; give --eval_steps and --save_steps"),
    (["--gradient_accumulation_steps", "2"], "other micro-batches would be missing from the loss"),
    (["--per_device_train_batch_size", "16"], "give --batch-size"),
    (["--num_train_epochs", "2"], "give --max_steps"),
    (["--save_only_model", "true"], "an interrupted training could not go on"),
    (["--no_such_thing", "2"], "unknown: --no_such_thing 2; see 'hybrid-pyserini train --help-all'"),
    (["--max_steps", "many"], "invalid int value: 'many'"),
    (["--max-length", "-1"], "maximum length of -1 tokens"),
    (["--max-length", "100"], "from 8 to 64"),
    (["--examples", "words", "words"], "stores of one name"),
])
def test_what_cannot_be_trained_is_refused_in_one_line(
    workspace: Path, capsys: pytest.CaptureFixture[str], more: list[str], says: str
) -> None:
    assert train(workspace, *more) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert [path.name for path in (workspace / "models").iterdir()] == ["tiny"]


def test_a_source_that_the_strategy_cannot_use_is_told_of(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for output, strategy in (("cross", "x-y"), ("both", "hybrid")):
        more = ["--examples", "words", "english", "--strategy", strategy]
        assert train(workspace, *more, output=output, steps=1) == 0
        told = [line for line in capsys.readouterr().err.splitlines() if "english" in line]
        assert told == ([
            "warning: source 'english' has no example for any batch of 'x-y', so it is not trained on; leave it out, "
            "or choose another --strategy (hybrid takes sources in one language too)"
        ] if strategy == "x-y" else [])


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(workspace: Path) -> None:
    torch.set_num_threads(1)
    for output, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert train(workspace, "--seed", seed, output=output, steps=3) == 0
    a, b, c = (weights(workspace, name)["embeddings.word_embeddings.weight"] for name in "abc")
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_a_loss_that_is_no_number_names_step_and_examples(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One text of step 3 gets a vector of no numbers: its example is named, and no model is written."""
    from hybrid_pyserini.training.trainer import HybridTrainer

    original = HybridTrainer.compute_loss
    named = []

    def spoilt(self: Any, model: Any, inputs: Any, *more: Any, **named_more: Any) -> Any:
        if self.state.global_step == 2:
            named.append(self.train_dataset.owners(2)[9])  # the second positive of a batch of 8
            chunked, row = self.model.forward, inputs["order"][9]
            nan = torch.zeros(16, 1)
            nan[row] = torch.nan
            monkeypatch.setattr(self.model, "forward", lambda chunks: chunked(chunks) + nan)
        return original(self, model, inputs, *more, **named_more)

    monkeypatch.setattr(HybridTrainer, "compute_loss", spoilt)
    assert train(workspace) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert f"step 3: the loss is nan: 1 of 16 texts have no vector, of examples '{named[0]}'" in said
    assert not (workspace / "models" / "m").exists()


@pytest.mark.parametrize(("spoilt", "says"), [
    ("vectors", "1 of 4 texts have no vector"), ("candidates", "a passage of another process has no vector"),
    (None, "every text has a vector"),
])
def test_a_process_whose_texts_are_right_does_not_blame_them(spoilt: str | None, says: str) -> None:
    class Batches:
        def owners(self, step: int) -> list[str]:
            return ["a", "b", "a", "b"]

    given = {"vectors": torch.ones(4, 3), "candidates": torch.ones(6, 3)}
    if spoilt:
        given[spoilt][1] = torch.nan
    with pytest.raises(InputError, match=says):
        check_loss(torch.tensor(torch.nan), **given, batches=cast(Any, Batches()), step=2)


def test_weights_that_are_no_numbers_are_told_from_a_bad_text(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(workspace, "--optim", "sgd", "--learning_rate", "1e38", "--max_grad_norm", "1e30") == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "the weights give no numbers for any text; lower --learning_rate" in said


def test_a_gradient_that_is_no_number_spoils_no_weight(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The loss is a number, its gradient is not: said at that step, with the checkpoint of step 4 left whole."""
    from hybrid_pyserini.training import trainer

    original, steps = trainer.info_nce, []

    def spoilt(queries: torch.Tensor, *more: Any) -> torch.Tensor:
        steps.append(0)
        loss = original(queries, *more)
        return loss + 0 * (queries - queries.detach()).abs().sqrt().sum() if len(steps) == 6 else loss

    monkeypatch.setattr(trainer, "info_nce", spoilt)
    assert train(workspace) == 2
    assert "step 6: a gradient is no number; among the examples are '" in capsys.readouterr().err.splitlines()[-1]
    saved = load_file(workspace / "models" / "m.training" / "checkpoint-4" / "model.safetensors")
    assert all(torch.isfinite(weight).all() for weight in saved.values())


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize("clipping", ["1", "0"])
def test_a_single_gradient_that_is_no_number_is_found(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], clipping: str, value: float
) -> None:
    """In the largest matrix, clipped or not."""
    from hybrid_pyserini.training.trainer import HybridTrainer

    original = HybridTrainer.training_step

    def spoilt(self: HybridTrainer, *arguments: Any, **named: Any) -> torch.Tensor:
        loss = original(self, *arguments, **named)
        if self.state.global_step == 2:
            self.encoder.model.transformer.embeddings.word_embeddings.weight.grad[7, 7] = value
        return loss

    monkeypatch.setattr(HybridTrainer, "training_step", spoilt)
    assert train(workspace, "--max_grad_norm", clipping) == 2
    assert "step 3: a gradient is no number; among the examples are '" in capsys.readouterr().err.splitlines()[-1]


def test_activations_computed_again_give_the_same_weights(workspace: Path) -> None:
    """Bit for bit, dropout included; both have a step's texts in one chunk."""
    torch.set_num_threads(1)
    sgd = ["--optim", "sgd", "--learning_rate", "0.1"]
    assert train(workspace, *sgd, "--grad-cache", "1024", output="again") == 0
    assert train(workspace, *sgd, output="kept") == 0
    again, kept, start = (weights(workspace, name) for name in ("again", "kept", "tiny"))
    assert all(torch.equal(again[name], kept[name]) for name in kept)
    assert any(not torch.equal(kept[name], start[name]) for name in kept)


def test_a_chunk_has_a_text(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(workspace, "--grad-cache", "0") == 2
    assert "give --grad-cache 1 or more" in capsys.readouterr().err


def test_weights_that_did_not_move_are_told(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = "warning: no weight has moved in 2 steps; check --learning_rate"
    assert train(workspace, "--learning_rate", "0", output="idle", steps=2) == 0
    assert told in capsys.readouterr().err
    assert train(workspace, steps=2) == 0
    assert "no weight has moved" not in capsys.readouterr().err


def test_validating_changes_no_weight(workspace: Path) -> None:
    """Not even the dropout of later steps."""
    torch.set_num_threads(1)
    assert train(workspace, "--validation", "held-out", "--eval_steps", "3", output="watched") == 0
    assert train(workspace, output="alone") == 0
    watched, alone = weights(workspace, "watched"), weights(workspace, "alone")
    assert all(torch.equal(watched[name], alone[name]) for name in alone)


def test_a_process_that_is_not_to_save_writes_no_encoder(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainer asks every process to save; two that write one file take it from under each other."""
    from transformers import TrainingArguments

    monkeypatch.setattr(TrainingArguments, "should_save", False)
    assert train(workspace) == 0
    checkpoint = workspace / "models" / "m.training" / "checkpoint-4"
    assert checkpoint.is_dir()
    assert not (checkpoint / "model.safetensors").exists()
