"""A shortened demo: two languages, three steps. What the figures are is not its business; that all of it runs is."""

from dataclasses import replace
from pathlib import Path

import pytest

from hybrid_pyserini.commands.demo import COLUMNS
from hybrid_pyserini.demo import demo
from hybrid_pyserini.demo.data import DemoData, Questions, demo_dataset
from hybrid_pyserini.demo.demo import DemoSize, answered_question, run_demo
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.workspace import Workspace

pytestmark = [pytest.mark.java, pytest.mark.slow]
LANGUAGES = ("de", "zh")
SHORT = DemoSize(strategies=("x-y", "hybrid"), steps=3, layers=1, width=64, pieces=4000)


def _two_languages() -> DemoData:
    data = demo_dataset()

    def questions(of_all: Questions) -> Questions:
        return Questions({k: of_all.topics[k] for k in LANGUAGES}, {k: of_all.qrels[k] for k in LANGUAGES})

    return replace(
        data, languages=LANGUAGES, passages={k: data.passages[k] for k in LANGUAGES}, test=questions(data.test),
        validation=questions(data.validation),
        train_examples=[
            replace(e, queries={k: e.queries[k] for k in LANGUAGES}, positives={k: e.positives[k] for k in LANGUAGES})
            for e in data.train_examples
        ],
    )


def test_a_shortened_demo_runs_and_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "demo_dataset", _two_languages)
    workspace = Workspace(tmp_path)
    with monkeypatch.context() as stopped, pytest.raises(KeyboardInterrupt):
        stopped.setattr(demo, "build_index_with", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        run_demo(workspace, SHORT, seed=1)
    trained = {path: path.stat().st_mtime_ns for path in tmp_path.glob("models/*/model.safetensors")}
    assert {path.parent.name for path in trained} == {"small", "x-y", "hybrid"}
    evaluations = run_demo(workspace, SHORT, seed=1)
    assert {path: path.stat().st_mtime_ns for path in trained} == trained
    assert [e["model"] for e in evaluations] == ["bm25", "x-y", "hybrid"]
    for evaluation in evaluations:
        assert (evaluation["hits"], evaluation["pool_hits"]) == (100, 1000)
        assert len(evaluation["pairs"]) == 6
        assert all(evaluation["queries"][pair]["scored"] == 160 for pair in ("de-de", "de-zh", "zh-all"))
    for evaluation in evaluations[1:]:  # what three steps teach is little, but a dense run answers every question
        assert all(evaluation["settings"][s]["AP"] > 0 for s in ("mono", "cross", "multi"))
        assert not any(queries["unanswered"] for queries in evaluation["queries"].values())
    assert evaluations[0]["settings"]["mono"]["AP"] > 0.3  # the questions share words with their passages
    asked, *answers = answered_question(workspace, "hybrid")
    assert asked.startswith("de: ")
    assert len(answers) == 5
    with pytest.raises(InputError, match="made otherwise"):
        run_demo(workspace, SHORT, seed=2)


def test_what_the_columns_mean_names_every_row_and_column() -> None:
    for name in ("mono", "cross", "multi", "rank distance", "bm25", *demo.FULL.strategies):
        assert f"{name}:" in COLUMNS
