"""Stopping and the best model by a retrieval measure: through the command line, against index, search and evaluate."""

from pathlib import Path
from typing import Any

import pytest
import torch
from parallel_words import write_held_out
from safetensors.torch import load_file
from word_training import train_words, training_workspace

from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.evaluation.evaluation import evaluate
from hybrid_pyserini.evaluation.measures import parse_measures
from hybrid_pyserini.indexing.indexing import build_index_with
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.search.search import search_with
from hybrid_pyserini.trec import write_topics
from hybrid_pyserini.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path, tiny_checkpoint: Path) -> Path:
    write_held_out(Workspace(tmp_path), "dev")
    write_held_out(Workspace(tmp_path), "english", languages=("en",))
    return training_workspace(tmp_path, tiny_checkpoint, 60, 10)


def train(workspace: Path, *more: str, output: str = "m", steps: int = 12) -> int:
    return train_words(workspace, "--eval_steps", "4", *more, output=output, steps=steps)


def record(workspace: Path, model: str = "m") -> dict[str, Any]:
    return read_json(workspace / "models" / model / "training.json")


def validations(workspace: Path, metric: str, model: str = "m") -> list[float]:
    return [entry[metric] for entry in record(workspace, model)["log"] if metric in entry]


def embeddings(folder: Path) -> torch.Tensor:
    return load_file(folder / "model.safetensors")["embeddings.word_embeddings.weight"]


def test_figures_are_those_of_the_checkpoint_indexed_searched_and_evaluated(workspace: Path) -> None:
    assert train(workspace, "--validation-dataset", "dev", "--bf16", steps=8) == 0
    there = Workspace(workspace)
    info = there.dataset("dev")
    logged = [entry for entry in record(workspace)["log"] if "eval_AP" in entry]
    assert [entry["step"] for entry in logged] == [4, 8]
    for entry in logged:
        name = f"step{entry['step']}"
        encoder = Encoder.load(str(workspace / "models" / "m.training" / f"checkpoint-{entry['step']}"), device="cpu")
        build_index_with(encoder, there, info, name)
        search_with(encoder, there, info, name)
        means = evaluate(there, info, name, info.pairs, parse_measures(["AP", "nDCG@10", "R@100"]))["settings"]
        for measure in ("AP", "nDCG@10", "R@100"):
            for setting in ("mono", "cross", "multi"):
                assert entry[f"eval_{setting}_{measure}"] == pytest.approx(means[setting][measure], abs=1e-6)
            assert entry[f"eval_{measure}"] == pytest.approx(sum(means[s][measure] for s in means) / 3, abs=1e-6)
    assert abs(logged[0]["eval_AP"] - logged[1]["eval_AP"]) > 1e-3


def test_early_stopping_by_a_retrieval_measure_keeps_the_highest(workspace: Path) -> None:
    """With a learning rate that ruins the encoder, an early validation is the best; the loss is measured beside it."""
    assert train(workspace, "--validation-dataset", "dev", "--validation", "held-out", "--patience", "2",
                 "--metric_for_best_model", "eval_multi_AP", "--learning_rate", "0.01", steps=60) == 0
    figures = validations(workspace, "eval_multi_AP")
    assert len(validations(workspace, "eval_loss")) == len(figures)
    best = figures.index(max(figures))
    assert record(workspace)["steps"] == 4 * len(figures) < 60
    assert best == len(figures) - 3  # patience 2: two more, neither better
    assert record(workspace)["best_validation"] == {"metric": "eval_multi_AP", "value": max(figures)}
    kept = workspace / "models" / "m.training" / f"checkpoint-{4 * (best + 1)}"
    assert torch.equal(embeddings(kept), embeddings(workspace / "models" / "m"))


def test_without_a_metric_the_mean_of_the_settings_decides(workspace: Path) -> None:
    assert train(workspace, "--validation-dataset", "dev", "--patience", "3", steps=4) == 0
    (figure,) = validations(workspace, "eval_AP")
    assert record(workspace)["best_validation"] == {"metric": "eval_AP", "value": figure}
    assert record(workspace)["training_arguments"]["greater_is_better"] is True
    assert record(workspace)["training_arguments"]["load_best_model_at_end"] is True


def test_measuring_changes_nothing_in_the_training(workspace: Path) -> None:
    """Not a bit of the weights: encoding draws no chance, which dropout takes from."""
    torch.set_num_threads(1)
    assert train(workspace, "--validation-dataset", "dev", output="watched") == 0
    assert train(workspace, output="alone") == 0
    watched, alone = (load_file(workspace / "models" / name / "model.safetensors") for name in ("watched", "alone"))
    assert all(torch.equal(watched[name], alone[name]) for name in alone)


def test_interrupted_before_its_patience_is_over_it_stops_where_an_undisturbed_one_does(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.set_num_threads(1)
    more = ["--validation-dataset", "dev", "--patience", "3", "--learning_rate", "0.01"]
    assert train(workspace, *more, output="undisturbed", steps=80) == 0
    stopped = record(workspace, "undisturbed")["steps"]
    from hybrid_pyserini.training import collator

    def stop(self: Any, step: int) -> Any:
        if step == stopped - 3:  # one validation before the last
            raise KeyboardInterrupt
        return original(self, step)

    original = collator.PlannedBatches.__getitem__
    monkeypatch.setattr(collator.PlannedBatches, "__getitem__", stop)
    assert train(workspace, *more, output="interrupted", steps=80) == 130
    monkeypatch.undo()
    assert train(workspace, *more, output="interrupted", steps=80) == 0
    assert record(workspace, "interrupted")["steps"] == stopped < 80
    interrupted, undisturbed = (embeddings(workspace / "models" / name) for name in ("interrupted", "undisturbed"))
    assert torch.equal(interrupted, undisturbed)


def test_stopped_early_and_killed_before_the_model_was_written_it_goes_no_further(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.set_num_threads(1)
    more = ["--validation-dataset", "dev", "--patience", "1", "--learning_rate", "0.01"]
    assert train(workspace, *more, output="undisturbed", steps=80) == 0

    def save(self: Encoder, folder: Path) -> None:
        if "checkpoint" not in folder.name:
            raise KeyboardInterrupt
        original(self, folder)

    original = Encoder.save
    monkeypatch.setattr(Encoder, "save", save)
    assert train(workspace, *more, output="killed", steps=80) == 130
    monkeypatch.undo()
    assert train(workspace, *more, output="killed", steps=80) == 0
    assert record(workspace, "killed")["steps"] == record(workspace, "undisturbed")["steps"] < 80
    assert validations(workspace, "eval_AP", "killed") == validations(workspace, "eval_AP", "undisturbed")
    assert torch.equal(*(embeddings(workspace / "models" / name) for name in ("killed", "undisturbed")))


def test_moved_before_the_model_was_written_it_finds_its_best_checkpoint(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.set_num_threads(1)
    more = ["--validation-dataset", "dev", "--patience", "1", "--learning_rate", "0.01"]

    def write_model(*_: Any) -> None:
        raise KeyboardInterrupt

    from hybrid_pyserini.training import training

    monkeypatch.setattr(training, "_write_model", write_model)
    assert train(workspace, *more, steps=80) == 130
    monkeypatch.undo()
    moved = workspace.with_name("moved")
    workspace.rename(moved)
    assert train(moved, *more, steps=80) == 0
    figures = validations(moved, "eval_AP")
    best = moved / "models" / "m.training" / f"checkpoint-{4 * (figures.index(max(figures)) + 1)}"
    assert torch.equal(embeddings(best), embeddings(moved / "models" / "m"))


def test_figures_stand_in_the_progress_lines(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(workspace, "--validation-dataset", "english", "--disable_tqdm", "false", steps=4) == 0
    (figure,) = validations(workspace, "eval_mono_AP")
    shown = capsys.readouterr()
    assert f"step 4: eval_mono_AP {figure:.4g}, eval_AP {figure:.4g}, " in shown.err
    assert "eval_" not in shown.out


def test_a_training_by_other_validation_questions_is_another(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(workspace, "--validation-dataset", "dev", steps=4) == 0
    assert train(workspace, "--validation-dataset", "dev", steps=4) == 0
    capsys.readouterr()
    write_topics(Workspace(workspace).topics("dev", "en"), {f"q{i}": f"river {i}" for i in range(60, 85)})
    assert train(workspace, "--validation-dataset", "dev", steps=4) == 2
    error = capsys.readouterr().err
    assert "a model of other settings (topics/dev/topics.dev.en.tsv is " in error


@pytest.mark.parametrize(("more", "says"), [
    (["--validation-dataset", "nothing"], "no data set 'nothing' in this workspace (there: dev, english)"),
    (["--validation-dataset", "english", "--metric_for_best_model", "eval_cross_AP"],
     "metric 'eval_cross_AP' is not measured while training; choose among eval_mono_AP eval_AP eval_mono_nDCG@10 "
     "eval_nDCG@10 eval_mono_R@100 eval_R@100\n"),
    (["--validation-dataset", "english", "--metric_for_best_model", "loss"], "metric 'loss' is not measured"),
    (["--validation", "held-out", "--metric_for_best_model", "eval_AP"],
     "metric 'eval_AP' is not measured while training; choose among eval_loss\n"),
    (["--metric_for_best_model", "eval_AP"],
     "metric 'eval_AP' is not measured while training; give --validation STORE or --validation-dataset DATASET\n"),
    (["--validation-dataset", "dev", "--greater_is_better", "false"],
     "--greater_is_better false is wrong for eval_AP; leave it out: it follows from the metric\n"),
    (["--patience", "2"], "early stopping without a validation set; give --validation STORE or --validation-dataset"),
    (["--validation-dataset", "dev", "--patience", "0"], "patience 0"),
])
def test_what_cannot_be_stopped_by_is_refused_in_one_line(
    workspace: Path, capsys: pytest.CaptureFixture[str], more: list[str], says: str
) -> None:
    assert train(workspace, *more) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert [path.name for path in (workspace / "models").iterdir()] == ["tiny"]


@pytest.mark.parametrize("metric", ["eval_mono_nDCG@10", "R@100", "eval_loss"])
def test_any_metric_that_is_measured_can_decide(workspace: Path, metric: str) -> None:
    assert train(workspace, "--validation-dataset", "dev", "--validation", "held-out", "--patience", "1",
                 "--metric_for_best_model", metric, steps=4) == 0
    (figure,) = validations(workspace, f"eval_{metric.removeprefix('eval_')}")
    assert record(workspace)["best_validation"] == {"metric": metric, "value": figure}
    assert record(workspace)["training_arguments"]["greater_is_better"] is (metric != "eval_loss")
