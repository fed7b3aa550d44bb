"""The figures of a model in training are those of index, search and evaluate; measures against ir-measures."""

import random
from pathlib import Path

import ir_measures
import numpy as np
import pytest
from small_dense_workspace import RealEncoder, TieEncoder, passages, small_workspace

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation.evaluation import evaluate
from hybrid_pyserini.evaluation.measures import parse_measures
from hybrid_pyserini.evaluation.retrieval_validation import MEASURES, RetrievalValidation, query_figures
from hybrid_pyserini.indexing.indexing import build_index_with
from hybrid_pyserini.records import Pair
from hybrid_pyserini.search.search import search_with
from hybrid_pyserini.trec import write_qrels, write_topics
from hybrid_pyserini.workspace import DatasetInfo, Workspace


def by_the_commands(workspace: Workspace, info: DatasetInfo, encoder: TieEncoder) -> dict[str, float]:
    """The metrics from an index, runs and ir-measures."""
    build_index_with(encoder, workspace, info, "m")
    search_with(encoder, workspace, info, "m")
    settings = evaluate(workspace, info, "m", info.pairs, parse_measures(MEASURES))["settings"]
    figures = {
        f"{setting}_{measure}": value for setting, values in settings.items()
        for measure, value in values.items() if value is not None
    }
    for measure in MEASURES:
        of_settings = [value for name, value in figures.items() if name.endswith(f"_{measure}")]
        figures[measure] = sum(of_settings) / len(of_settings)
    return figures


@pytest.mark.parametrize("encoder", [TieEncoder(), RealEncoder()], ids=["equal scores", "real scores"])
def test_figures_are_those_of_index_search_and_evaluate(tmp_path: Path, encoder: TieEncoder) -> None:
    """Every pair and the pool, graded judgements, a query without any, a language of nine passages; one pair scores
    queries of its own."""
    workspace, info = small_workspace(tmp_path)
    one, other = (passage.id for passage in passages("de")[5:7])
    write_qrels(workspace.qrels("small", Pair("en", "de")), {"q3": {one: 1, other: 3}, "q39": {other: 2}})
    measured = RetrievalValidation(workspace, "small").measure(encoder, progress=False)
    expected = by_the_commands(workspace, info, encoder)
    assert measured == pytest.approx(expected, abs=1e-12)
    assert len({round(value, 6) for value in measured.values()}) > 9  # they could all have been the same


def test_metrics_are_named_before_anything_is_measured(tmp_path: Path) -> None:
    workspace, _ = small_workspace(tmp_path)
    validation = RetrievalValidation(workspace, "small")
    assert validation.metrics[:4] == ("mono_AP", "cross_AP", "multi_AP", "AP")
    assert tuple(validation.measure(TieEncoder(), progress=False)) == validation.metrics


def test_a_data_set_without_a_pool_has_no_multi(tmp_path: Path) -> None:
    workspace, info = small_workspace(tmp_path, pool=False)
    validation = RetrievalValidation(workspace, "small")
    assert not any("multi" in name for name in validation.metrics)
    measured = validation.measure(RealEncoder(), progress=False)
    assert tuple(measured) == validation.metrics
    assert measured == pytest.approx(by_the_commands(workspace, info, RealEncoder()), abs=1e-12)


def test_measures_are_ir_measures_own_to_the_depth_of_a_run() -> None:
    """1,500 passages, of which a run holds 1,000: relevant ones lie on both sides of every cutoff."""
    chance = random.Random(2)
    seen_deeper = False
    for _ in range(60):
        ranks = chance.sample([*range(1, 16), *range(95, 106), *range(990, 1010), 1500], chance.randrange(1, 16))
        relevances = [chance.randrange(1, 4) for _ in ranks]
        seen_deeper |= max(ranks) > 1000
        run = {"q": {f"d{rank}": float(-rank) for rank in range(1, 1001)}}
        qrels = {"q": {f"d{rank}": relevance for rank, relevance in zip(ranks, relevances, strict=True)}}
        values = ir_measures.calc_aggregate([ir_measures.parse_measure(name) for name in MEASURES], qrels, run)
        expected = {str(measure): value for measure, value in values.items()}
        assert query_figures(np.array(ranks), relevances) == pytest.approx(expected, abs=1e-9)
    assert seen_deeper


def test_queries_are_the_scored_ones_of_every_language(tmp_path: Path) -> None:
    workspace, _ = small_workspace(tmp_path)
    queries = list(RetrievalValidation(workspace, "small").queries())
    assert len(queries) == len(set(queries)) == 3 * 39
    assert ("q38", "th query 38") in queries
    assert "q39" not in dict(queries)


def test_the_files_it_was_read_from_are_known_by_content(tmp_path: Path) -> None:
    workspace, _ = small_workspace(tmp_path)
    write_qrels(workspace.qrels("small", Pair("en", "de")), {"q3": {passages("de")[5].id: 1}})
    before = RetrievalValidation(workspace, "small").sources
    assert {Path(name).name for name in before} == {
        *(f"{k}.jsonl" for k in ("de", "en", "th")), *(f"topics.small.{k}.tsv" for k in ("de", "en", "th")),
        *(f"qrels.small.{k}.txt" for k in ("all", "de", "en", "th", "en-de")),
    }
    write_topics(workspace.topics("small", "th"), {f"q{i}": "another" for i in range(40)})
    after = RetrievalValidation(workspace, "small").sources
    assert [Path(name).name for name in before if before[name] != after[name]] == ["topics.small.th.tsv"]


def test_vectors_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    class Broken(TieEncoder):
        def vector(self, text: str) -> list[float]:
            return [np.nan] * 4 if text.endswith("th query 7") else super().vector(text)

    workspace, _ = small_workspace(tmp_path)
    with pytest.raises(InputError, match="the model in training hold NaN or infinity; lower --learning_rate"):
        RetrievalValidation(workspace, "small").measure(Broken(), progress=False)


def test_a_judged_passage_that_is_not_there_is_refused(tmp_path: Path) -> None:
    workspace, _ = small_workspace(tmp_path)
    write_qrels(workspace.qrels("small", "th"), {"q1": {"th:nothing": 1}})
    with pytest.raises(InputError, match="query 'q1' judges passage 'th:nothing', which no collection has") as raised:
        RetrievalValidation(workspace, "small")
    assert raised.value.path == workspace.qrels("small", "th")


def test_an_unknown_data_set_is_refused(tmp_path: Path) -> None:
    workspace, _ = small_workspace(tmp_path)
    with pytest.raises(InputError, match=r"no data set 'large' in this workspace \(there: small\)"):
        RetrievalValidation(workspace, "large")
