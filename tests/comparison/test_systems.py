"""What is compared, and what is not: one line for each reason."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from evaluated_workspace import PAIRS, QUESTIONS, evaluate_all, make

from hybrid_pyserini.comparison.evaluations import question_values, read_evaluations
from hybrid_pyserini.comparison.systems import System, parse_systems
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation.evaluation import evaluate
from hybrid_pyserini.evaluation.measures import parse_measures
from hybrid_pyserini.evaluation.per_query import writing_per_query
from hybrid_pyserini.records import Pair
from hybrid_pyserini.trec import write_qrels
from hybrid_pyserini.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make(tmp_path)


def error_of(call: Callable[[], Any]) -> str:
    with pytest.raises(InputError) as error:
        call()
    assert "\n" not in str(error.value)
    return str(error.value)


def read(workspace: Workspace, measures: list[str] | None = None, models: tuple[str, ...] = ("good", "poor")) -> Any:
    return read_evaluations(workspace, workspace.dataset("six"), models, measures)[:2]


def change(path: Path, edit: Callable[[dict], Any]) -> None:
    record = json.loads(path.read_text())
    edit(record)
    path.write_text(json.dumps(record))


def test_systems_of_one_and_of_several_models() -> None:
    assert parse_systems(Workspace(Path()), ["bm25", "x-y=x-y-1,x-y-2", "org/e5-v1.5"]) == [
        System("bm25", ("bm25",)), System("x-y", ("x-y-1", "x-y-2")), System("e5-v1-5", ("e5-v1-5",)),
    ]


@pytest.mark.parametrize(("words", "message"), [
    (["a"], "one system is nothing to compare; name two or more"),
    (["a", "b", "a"], "system 'a' is named 2 times; name each once"),
    (["a", "a=b,c"], "system 'a' is named 2 times"),
    (["a", "b=c,a"], "model 'a' is named 2 times"),
    (["a=b,b", "c"], "model 'b' is named 2 times"),
    (["a.b", "c"], "model name 'a.b'"), (["a b=c,d", "e"], "system name 'a b'"),
    (["a=b,", "e"], "'a=b,' lacks a name; write MODEL or NAME=MODEL,MODEL,..."),
    (["=b", "c"], "'=b' lacks a name"), (["a=", "c"], "'a=' lacks a name"), (["", "c"], "'' lacks a name"),
])
def test_what_no_systems_are(words: list[str], message: str) -> None:
    assert message in error_of(lambda: parse_systems(Workspace(Path()), words))


def test_values_by_question(workspace: Workspace) -> None:
    (good, poor), measures = read(workspace)
    assert measures == ["RR", "R@1"]
    rows = {question: row for row, question in enumerate((*QUESTIONS, "elsewhere"))}
    values = question_values(poor, rows, PAIRS, "RR")
    assert values.T.tolist() == [[0.5, 0.5, 0.5, 1, 0.25, 0.5, 0]] * 6
    assert question_values(good, rows, PAIRS[:1], "R@1").T.tolist() == [[1, 1, 0, 1, 1, 1, 0]]


def test_measures_are_chosen_by_any_of_ir_measures_names(workspace: Workspace) -> None:
    assert read(workspace, ["Recall@1"])[1] == ["R@1"]
    assert "'good' was not evaluated with nDCG@10 (but with RR R@1)" in error_of(lambda: read(workspace, ["nDCG@10"]))


def test_without_a_choice_the_measures_are_those_of_all(workspace: Workspace) -> None:
    info = workspace.dataset("six")
    evaluate(workspace, info, "good", PAIRS, parse_measures(["AP", "R@1", "RR", "R@3"]))
    for models in (("good", "poor"), ("poor", "good")):
        _, measures, left_out = read_evaluations(workspace, info, models, None)
        assert (sorted(measures), sorted(left_out)) == (["R@1", "RR"], ["AP", "R@3"])
    assert read_evaluations(workspace, info, ("poor", "good"), None)[1] == ["RR", "R@1"]  # as the first has them
    assert read_evaluations(workspace, info, ("good", "poor"), ["R@1"])[1:] == (["R@1"], [])
    evaluate(workspace, info, "good", PAIRS, parse_measures(["AP"]))
    assert "no measure that all were evaluated with; run" in error_of(lambda: read(workspace))


def test_no_evaluation(workspace: Workspace) -> None:
    workspace.evaluation("six", "poor").unlink()
    assert error_of(lambda: read(workspace)).endswith(
        "'poor' has no evaluation on six; run 'hybrid-pyserini evaluate six --model poor' first"
    )


def test_an_evaluation_of_another_form(workspace: Workspace) -> None:
    change(workspace.evaluation("six", "poor"), lambda record: record.pop("judged_by"))
    assert "an evaluation of another form ('judged_by' is missing); run" in error_of(lambda: read(workspace))


def test_runs_that_changed_or_went(workspace: Workspace) -> None:
    run = workspace.run("six", "good", Pair("de", "en"))
    run.write_text(run.read_text().replace(" good", " other"))
    assert f"{run}: changed since it was evaluated; run" in error_of(lambda: read(workspace))
    run.unlink()
    assert f"{run}: evaluated, but not there any more; run" in error_of(lambda: read(workspace))


def test_ranks_that_changed(workspace: Workspace) -> None:
    ranks = workspace.ranks("six", "good", Pair("de", "all"))
    ranks.write_text(ranks.read_text() + "\n")
    assert f"{ranks}: changed since it was evaluated" in error_of(lambda: read(workspace))


def test_other_qrels(workspace: Workspace) -> None:
    message = "'good' was evaluated with other topics or qrels of six than are there now"
    write_qrels(workspace.qrels("six", Pair("de", "en")), {"q1": {"en:1": 1}})
    assert message in error_of(lambda: read(workspace))
    evaluate_all(workspace, "good")
    assert message.replace("good", "poor") in error_of(lambda: read(workspace))
    evaluate_all(workspace, "poor")
    assert read(workspace)[0][0].pairs[Pair("de", "en")].query_ids == ("q1",)


@pytest.mark.parametrize("value", [float("nan"), None, "0.5"])
def test_a_figure_that_is_no_number(workspace: Workspace, value: Any) -> None:
    change(workspace.evaluation("six", "poor"), lambda record: record["pairs"]["de-en"].update(RR=value))
    assert f"RR of de-en is {str(value).strip(chr(39))}, no number" in error_of(lambda: read(workspace))


def test_per_query_values_that_are_no_numbers(workspace: Workspace) -> None:
    path = workspace.per_query("six", "poor")
    table = pyarrow.parquet.read_table(path)
    values = table["value"].to_pylist()
    values[0] = float("nan")
    pyarrow.parquet.write_table(table.set_column(3, table.schema.field(3), [values]), path)
    assert "is no finite number; run 'hybrid-pyserini evaluate' again" in error_of(lambda: read(workspace))


def test_per_query_values_of_another_evaluation(workspace: Workspace) -> None:
    workspace.per_query("six", "poor").write_bytes(workspace.per_query("six", "good").read_bytes())
    assert "RR of de-all is not the mean of its per-query values" in error_of(lambda: read(workspace))
    with writing_per_query(workspace.per_query("six", "poor")) as write:
        write(PAIRS[0], {"RR": {"q1": 1.0}})
    assert "the per-query values are of other pairs" in error_of(lambda: read(workspace))
    workspace.per_query("six", "poor").unlink()
    assert "no such file" in error_of(lambda: read(workspace))


def test_rank_distances_that_are_not_those_of_the_evaluation(workspace: Workspace) -> None:
    """An evaluation of before they stood among the per-query values has none there."""
    path = workspace.per_query("six", "poor")
    table = pyarrow.parquet.read_table(path)
    kept = [measure != "rank_distance" for measure in table["measure"].to_pylist()]
    assert not all(kept)
    pyarrow.parquet.write_table(table.filter(kept), path)
    message = "rank_distance of de-all is not the mean of its per-query values; run 'hybrid-pyserini evaluate' again"
    assert message in error_of(lambda: read(workspace))


def test_counts_have_no_mean(workspace: Workspace) -> None:
    for model in ("good", "poor"):
        change(workspace.evaluation("six", model), lambda record: record["settings"]["mono"].update(NumRet=60))
    assert "NumRet is no mean over queries; leave it out with --measures" in error_of(lambda: read(workspace))
    read(workspace, ["RR"])


def test_different_depths(workspace: Workspace) -> None:
    for model, hits in (("good", 100), ("poor", 1000)):
        change(workspace.evaluation("six", model), lambda record, hits=hits: record.update(hits=hits))
    assert "'good' and 'poor' cannot be compared: hits 100 and 1000; search" in error_of(lambda: read(workspace))
    change(workspace.evaluation("six", "poor"), lambda record: record.update(hits=None))
    read(workspace)  # of runs from elsewhere nobody knows


def test_pools_of_different_sizes(workspace: Workspace) -> None:
    """The same questions and judgements, but one searched more passages."""
    change(workspace.evaluation("six", "poor"), lambda record: record["pool"].update(passages=40))
    assert "'good' and 'poor' cannot be compared: their pools have 20 and 40 passages; index" in error_of(
        lambda: read(workspace)
    )
    change(workspace.evaluation("six", "poor"), lambda record: record["pool"].update(passages=None))
    read(workspace)  # of runs from elsewhere nobody knows


def test_different_pairs(workspace: Workspace) -> None:
    evaluate_all(workspace, "poor", pairs=PAIRS[:4])
    assert "'good' and 'poor' cannot be compared: only one was evaluated on en-all en-en" in error_of(
        lambda: read(workspace)
    )


def test_different_queries(workspace: Workspace) -> None:
    path = workspace.per_query("six", "poor")
    table = pyarrow.parquet.read_table(path)
    queries = [query_id.replace("q6", "q7") for query_id in table["query_id"].to_pylist()]
    pyarrow.parquet.write_table(table.set_column(1, table.schema.field(1), [queries]), path)
    assert "cannot be compared: in de-all only one was scored on query 'q6'" in error_of(lambda: read(workspace))


def test_a_model_of_another_data_set(workspace: Workspace) -> None:
    """Its evaluation may be there under this name, but its queries are not this data set's."""
    change(workspace.evaluation("six", "good"), lambda record: record.update(pairs={"fr-fr": {"RR": 1.0}}))
    assert "with other topics or qrels of six" in error_of(lambda: read(workspace))
