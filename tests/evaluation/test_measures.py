"""Figures of one run: worked by hand, against a slow reference, and against ir-measures on the whole."""

import math
import shutil

import ir_measures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import float32

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation.measures import PairFigures, parse_measures, score_run
from hybrid_pyserini.trec import scored_qrels

DEFAULT = ["AP", "nDCG@10", "R@1", "R@10", "R@100", "RR"]


def score(names: list[str], qrels: dict, run: dict) -> PairFigures:
    return score_run(parse_measures(names), qrels, run)


def test_default_measures_by_hand() -> None:
    # q1: relevant (3 and 1) at ranks 2 and 4 of 5, a third one not retrieved. q2: nothing retrieved.
    qrels = {"q1": {"a": 3, "b": 1, "c": 1, "n": 0}, "q2": {"a": 1}}
    run = {"q1": {"x": 5.0, "a": 4.0, "n": 3.0, "b": 2.0, "y": 1.0}}
    dcg = 3 / math.log2(3) + 1 / math.log2(5)
    ideal = 3 + 1 / math.log2(3) + 1 / math.log2(4)
    expected = {
        "AP": (1 / 2 + 2 / 4) / 3, "nDCG@10": dcg / ideal, "R@1": 0, "R@10": 2 / 3, "R@100": 2 / 3, "RR": 1 / 2,
    }
    figures = score(DEFAULT, qrels, run)
    assert {name: values["q1"] for name, values in figures.values.items()} == pytest.approx(expected)
    assert {values["q2"] for values in figures.values.values()} == {0.0}
    assert figures.means == pytest.approx({name: value / 2 for name, value in expected.items()})
    assert list(figures.means) == DEFAULT
    assert figures.queries == {"scored": 2, "unanswered": 1, "ignored": 0}


def test_cutoffs_cut() -> None:
    run = {"q": {f"x{rank}": -float(rank) for rank in range(1, 150)}}
    qrels = {"q": {"x1": 1, "x10": 1, "x11": 1, "x100": 1, "x101": 1}}
    assert score(["R@1", "R@10", "R@100", "P@10", "R@1000"], qrels, run).means == pytest.approx(
        {"R@1": 1 / 5, "R@10": 2 / 5, "R@100": 4 / 5, "P@10": 2 / 10, "R@1000": 1}
    )


def test_relevance_level_and_grades() -> None:
    qrels = {"q": {"a": 1, "b": 2}}
    run = {"q": {"a": 2.0, "b": 1.0}}
    figures = score(["AP", "AP(rel=2)", "RR(rel=2)", "nDCG@10"], qrels, run).means
    assert figures == pytest.approx({
        "AP": 1, "AP(rel=2)": 1 / 2, "RR(rel=2)": 1 / 2,
        "nDCG@10": (1 + 2 / math.log2(3)) / (2 + 1 / math.log2(3)),
    })


def test_scored_queries_are_topics_with_a_relevant_passage() -> None:
    topics = dict.fromkeys(["judged", "unjudged", "irrelevant", "graded"], "?")
    qrels = {"graded": {"a": 2, "b": 0}, "judged": {"a": 1}, "irrelevant": {"a": 0, "b": -1}, "other": {"a": 1}}
    assert scored_qrels(topics, qrels) == {"judged": {"a": 1}, "graded": {"a": 2, "b": 0}}


def test_queries_outside_the_set_are_ignored_and_counted() -> None:
    qrels = {"q1": {"a": 1}, "q2": {"a": 1}}
    figures = score(["AP"], qrels, {"q1": {"a": 1.0}, "elsewhere": {"a": 1.0}, "too": {"b": 1.0}})
    assert figures.means == {"AP": 0.5}
    assert figures.values == {"AP": {"q1": 1.0, "q2": 0.0}}
    assert figures.queries == {"scored": 2, "unanswered": 1, "ignored": 2}


def test_every_scored_query_has_a_value_where_ir_measures_leaves_it_out() -> None:
    qrels = {"q1": {"a": 1}, "q2": {"a": 1}, "q3": {"a": 1}}
    run = {"q1": {"a": 2.0, "x": 1.0}, "q2": {"x": 1.0}}
    assert score(["Accuracy"], qrels, run).values == {"Accuracy": {"q1": 1.0, "q2": 0.0, "q3": 0.0}}
    assert len(ir_measures.calc([ir_measures.Accuracy], qrels, run).per_query) == 1  # else this test shows nothing


def test_counts_are_summed_as_ir_measures_does() -> None:
    qrels = {"q1": {"a": 1}, "q2": {"a": 1}}
    run = {"q1": {"a": 1.0, "b": 0.5}, "q2": {"x": 1.0}}
    assert score(["NumRet", "NumRet(rel=1)"], qrels, run).means == {"NumRet": 3, "NumRet(rel=1)": 1}


@pytest.mark.parametrize("gain", range(3, 23))
def test_measures_with_gains_do_not_disturb_others(gain: int) -> None:
    """Twenty times, as ir-measures mixes them up or not by the order of hashes, which changes from run to run."""
    qrels = {"q": {"a": 1, "b": 2}}
    run = {"q": {"a": 3.0, "b": 2.0, "c": 1.0}}
    assert score(["nDCG@10", f"nDCG(gains={{1:{gain},2:0}})@10"], qrels, run).means == {
        "nDCG@10": pytest.approx((1 + 2 / math.log2(3)) / (2 + 1 / math.log2(3))),
        f"nDCG(gains={{1:{gain},2:0}})@10": 1,
    }


def test_equal_scores_rank_by_descending_docid_except_for_rr_at_k() -> None:
    run = {"q": {"a": 1.0, "b": 1.0, "c": 1.0}}
    figures = score(["RR", "RR@10", "AP", "R@1"], {"q": {"a": 1}}, run).means
    assert figures == pytest.approx({"RR": 1 / 3, "RR@10": 1, "AP": 1 / 3, "R@1": 0})
    figures = score(["RR", "RR@10", "AP", "R@1"], {"q": {"c": 1}}, run).means
    assert figures == pytest.approx({"RR": 1, "RR@10": 1 / 3, "AP": 1, "R@1": 1})


def test_scores_equal_as_float32_are_equal() -> None:
    run = {"q": {"a": 0.1 + 1e-12, "b": 0.1}}
    assert float32(run["q"]["a"]) == float32(run["q"]["b"])
    assert score(["RR"], {"q": {"a": 1}}, run).means == {"RR": 0.5}


@pytest.mark.parametrize("name", [
    "mAP", "map", "", "AP nDCG", "AP,", "R", "R@", "R@-1", "R@1.5", "nDCG@'a'", "AP(foo=1)", "AP(rel='x')", "1+1",
    "BPM", "AP@True",
])
def test_unknown_measures_are_named_with_an_example(name: str) -> None:
    with pytest.raises(InputError, match="measure") as error:
        parse_measures(["AP", name])
    assert repr(name) in str(error.value)
    assert "nDCG@10" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["R@0", "AP@0", "nDCG@0", "P@0", "RR@0", "Judged@0"])
def test_a_cutoff_of_zero_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="cutoff 0, expected 1 or more"):
        parse_measures([name])


def test_a_measure_without_provider_is_refused() -> None:
    with pytest.raises(InputError, match=r"nothing installed computes the measure 'alpha_nDCG@10'"):
        parse_measures(["alpha_nDCG@10"])


@pytest.mark.skipif(shutil.which("perl") is None, reason="ir-measures computes ERR with a Perl script")
def test_a_provider_that_fails_on_the_data_is_one_line() -> None:
    with pytest.raises(InputError, match=r"cannot compute one of ERR@20 here") as error:
        score(["ERR@20"], {"five": {"a": 1}}, {"five": {"a": 1.0}})  # the script wants numeric query ids
    assert "\n" not in str(error.value)


def test_the_same_measure_twice_counts_once() -> None:
    assert [str(measure) for measure in parse_measures(["MAP", "AP", "R@1"])] == ["AP", "R@1"]


def test_measures_are_ir_measures_own() -> None:
    """Equal and of equal hash, since ir-measures finds them by both; and so is what is made from them."""
    names = ["AP", "AP@20", "nDCG@10", "AP(rel=2)", "RR(rel=3)@5", "nDCG(gains={1:5})@10", "SetF(beta=2.0)"]
    for name, measure in zip(names, parse_measures(names), strict=True):
        own = ir_measures.parse_measure(name)
        assert measure == own and own == measure and hash(measure) == hash(own)
        assert str(measure) == repr(measure) == str(own) == name
        assert isinstance(measure, type(own))
    (measure,) = parse_measures(["AP@20"])
    assert str(measure @ 100) == "AP@100"
    assert measure(rel=2) == ir_measures.AP(rel=2) @ 20


docids = st.sampled_from(["a", "B", "b", "é", "ß", "10", "9", "语", "𝄞", "ﬀ"])
scores = st.sampled_from([-1.0, 0.0, -0.0, 0.1, 0.1 + 1e-10, 0.2, 1e9, 1e9 + 1, 16777217.0, 16777216.0])
runs = st.dictionaries(
    st.sampled_from(["q1", "q2", "q3"]), st.dictionaries(docids, scores, min_size=1), max_size=3
)
judgements = st.dictionaries(docids, st.integers(-1, 3), min_size=1).filter(lambda judged: max(judged.values()) >= 1)


def reference(judged: dict[str, int], hits: dict[str, float]) -> dict[str, float]:
    """The default measures of one query from their definitions."""
    ranked = sorted(hits, key=lambda docid: (float32(hits[docid]), docid.encode()), reverse=True)
    relevant = {docid for docid, relevance in judged.items() if relevance >= 1}
    ranks = [rank for rank, docid in enumerate(ranked, start=1) if docid in relevant]
    gains = [max(judged.get(docid, 0), 0) for docid in ranked]
    best = sorted((relevance for relevance in judged.values() if relevance > 0), reverse=True)

    def dcg(values: list[int]) -> float:
        return sum(value / math.log2(rank + 1) for rank, value in enumerate(values[:10], start=1))

    return {
        "AP": sum(found / rank for found, rank in enumerate(ranks, start=1)) / len(relevant),
        "nDCG@10": dcg(gains) / dcg(best),
        **{f"R@{k}": sum(rank <= k for rank in ranks) / len(relevant) for k in (1, 10, 100)},
        "RR": 1 / ranks[0] if ranks else 0.0,
    }


@settings(max_examples=150, deadline=None)
@given(qrels=st.dictionaries(st.sampled_from(["q1", "q2", "q9"]), judgements, min_size=1), run=runs)
def test_against_the_definitions(qrels: dict, run: dict) -> None:
    figures = score(DEFAULT, qrels, run)
    expected = {qid: reference(judged, run.get(qid, {})) for qid, judged in qrels.items()}
    for name in DEFAULT:
        assert figures.values[name] == pytest.approx({qid: expected[qid][name] for qid in qrels}), name
        assert figures.means[name] == pytest.approx(sum(expected[qid][name] for qid in qrels) / len(qrels))
    assert figures.scored == len(qrels)
    assert figures.unanswered == len(qrels.keys() - run.keys())
    assert figures.ignored == len(run.keys() - qrels.keys())


@settings(max_examples=50, deadline=None)
@given(qrels=st.dictionaries(st.sampled_from(["q1", "q2", "q9"]), judgements, min_size=1), run=runs)
def test_exactly_as_ir_measures(qrels: dict, run: dict) -> None:
    measures = parse_measures([*DEFAULT, "RR@10", "AP(rel=2)", "Judged@10", "Success@5"])
    expected = ir_measures.calc_aggregate(measures, qrels, run)
    assert score_run(measures, qrels, run).means == {str(measure): expected[measure] for measure in measures}
