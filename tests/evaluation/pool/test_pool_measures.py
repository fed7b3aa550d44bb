"""Language bias in the pool's top k, and AP over its full ranking: worked by hand on the toy data set, constants said
to be such, and AP(full) against ir-measures on full runs."""

import math
import random

import ir_measures
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_pyserini.evaluation.evaluation import evaluate
from hybrid_pyserini.evaluation.measures import parse_measures, score_run
from hybrid_pyserini.evaluation.pool.complete import complete, worst_rank
from hybrid_pyserini.evaluation.pool.full_ap import full_ap
from hybrid_pyserini.evaluation.pool.passage_languages import passage_languages
from hybrid_pyserini.evaluation.pool.peer import equal_rank_probability
from hybrid_pyserini.evaluation.pool.pool_top import pool_top, top_passages
from hybrid_pyserini.records import Pair
from hybrid_pyserini.search.run_manifest import RunManifest
from hybrid_pyserini.trec import Hit, RankedPassage, write_qrels, write_ranks, write_run
from hybrid_pyserini.workspace import DatasetInfo, Workspace, choose_pairs

DE, EN = Pair("de", "all"), Pair("en", "all")


def run_evaluation(workspace: Workspace, bias_at: int, pairs: str | None = None) -> dict:
    info = workspace.dataset("toy")
    return evaluate(workspace, info, "m", choose_pairs(info, pairs), parse_measures(["AP"]), bias_at)


def per_query(workspace: Workspace, measure: str) -> dict[str, dict[str, float]]:
    """Pair -> query -> value."""
    values: dict[str, dict[str, float]] = {}
    for row in pyarrow.parquet.read_table(workspace.per_query("toy", "m")).to_pylist():
        if row["measure"] == measure:
            values.setdefault(row["pair"], {})[row["query_id"]] = row["value"]
    return values


def test_by_hand(toy: Workspace) -> None:
    """conftest.RANKS, de: q1 1 3, q2 2 8, q3 1 2; en: q1 1 2, q2 1 5, q3 3 4; the other passages, in their order, fill
    the rest: de:1 ... de:4 en:1 ... en:4. So the top 3 of de q1 are de:1 de:2 en:1."""
    record = run_evaluation(toy, 3)
    assert list(record["language_bias"]) == ["rank_distance", "PEER@3", "SameLanguage@3", "Complete@3", "Max@R"]
    assert record["language_bias"]["Complete@3"] == {
        "mean": pytest.approx((2 / 3 + 1 / 3) / 2),
        "by_query_language": {"de": pytest.approx(2 / 3), "en": pytest.approx(1 / 3)},
    }
    assert per_query(toy, "Complete@3") == {
        "de-all": {"q1": 1, "q2": 0, "q3": 1}, "en-all": {"q1": 1, "q2": 0, "q3": 0},
    }
    assert record["language_bias"]["Max@R"] == {
        "mean": pytest.approx((13 / 3 + 11 / 3) / 2),
        "by_query_language": {"de": pytest.approx((3 + 8 + 2) / 3), "en": pytest.approx((2 + 5 + 4) / 3)},
        "bound": False,
    }
    assert per_query(toy, "Max@R")["de-all"] == {"q1": 3, "q2": 8, "q3": 2}
    # de q1: de:1 de:2 en:1; q2: de:1 de:2 de:3; q3: de:3 en:3 de:1. en q1: de:1 en:1 de:2; q2: de:2 de:1 de:3;
    # q3: de:1 de:2 de:3
    assert per_query(toy, "SameLanguage@3") == {
        "de-all": {"q1": pytest.approx(2 / 3), "q2": 1, "q3": pytest.approx(2 / 3)},
        "en-all": {"q1": pytest.approx(1 / 3), "q2": 0, "q3": 0},
    }
    assert record["language_bias"]["SameLanguage@3"] == {
        "mean": pytest.approx((7 / 9 + 1 / 9) / 2),
        "by_query_language": {"de": pytest.approx(7 / 9), "en": pytest.approx(1 / 9)},
        "unbiased": 0.5, "unbiased_by_query_language": {"de": 0.5, "en": 0.5},
    }
    assert record["language_bias"]["PEER@3"] == {"mean": None, "by_query_language": {}}
    assert "constant by construction" in record["remarks"]["language_bias.PEER@3"]
    full = {
        "de": ((1 + 2 / 3) / 2 + (1 / 2 + 2 / 8) / 2 + 1) / 3, "en": (1 + (1 + 2 / 5) / 2 + (1 / 3 + 2 / 4) / 2) / 3,
    }
    assert record["pool"] == {"passages": 8, "AP(full)": {
        "mean": pytest.approx((full["de"] + full["en"]) / 2), "by_query_language": pytest.approx(full), "bound": False,
    }}
    assert list(record["remarks"]) == ["language_bias.PEER@3"]


def second_german_passage(toy: Workspace) -> None:
    """de:4 answers q1 as well, and stands where the runs have it: for de at rank 6, for en at 5."""
    for passages in ("de", "all"):
        path = toy.qrels("toy", passages)
        path.write_text(path.read_text() + "q1 0 de:4 1\n")
    for pair, rank in ((DE, 5), (EN, 5)):
        path = toy.ranks("toy", "m", pair)
        path.write_text(path.read_text() + f"q1\tde:4\t{rank}\t0.2\t8\n")


def test_peer_where_a_language_has_two_relevant_passages(toy: Workspace) -> None:
    second_german_passage(toy)
    record = run_evaluation(toy, 5)
    one = equal_rank_probability([[1], [2]], 5)  # q3, and q2 where both are retrieved: constant
    # de q1: de:1 de:2 en:1 de:3 de:4; en q1: de:1 en:1 de:2 de:3 de:4. q2 of de has en:2 at rank 8, a shared rank of 6
    expected = {
        "de-all": {"q1": equal_rank_probability([[1, 5], [3]], 5), "q2": one, "q3": one},
        "en-all": {"q1": equal_rank_probability([[1, 5], [2]], 5), "q2": one, "q3": one},
    }
    assert expected["de-all"]["q1"] == 1  # both languages have the mean rank 3
    # mean 8/3: H = 2 * (2/9 + 4/9) / (25/9 + 49/9 + 4/9) = 2/13; with one degree of freedom erfc(sqrt(H/2))
    assert expected["en-all"]["q1"] == pytest.approx(math.erfc(math.sqrt(1 / 13)))
    found = per_query(toy, "PEER@5")
    for pair, values in expected.items():
        assert found[pair] == pytest.approx(values)
    means = {pair[:2]: sum(values.values()) / 3 for pair, values in expected.items()}
    assert record["language_bias"]["PEER@5"] == {
        "mean": pytest.approx(sum(means.values()) / 2), "by_query_language": pytest.approx(means),
        "weights": {"1": 1.0}, "constant_share": pytest.approx(2 / 3),
    }
    assert record["remarks"]["language_bias.PEER@5"] == "constant by construction for 66.7% of the queries"
    shares = record["language_bias"]["SameLanguage@5"]
    # of q1's relevant passages 2 of 3 are German, of the others' 1 of 2; a mean over queries, as the share is
    assert shares["unbiased_by_query_language"] == {"de": pytest.approx(5 / 9), "en": pytest.approx(4 / 9)}
    assert shares["unbiased"] == pytest.approx(0.5)


def test_graded_relevance_is_weighted_by_level(toy: Workspace) -> None:
    for passages in ("de", "all"):
        path = toy.qrels("toy", passages)
        path.write_text(path.read_text() + "q1 0 de:3 2\nq1 0 de:4 2\n")
    path = toy.qrels("toy", "en")
    path.write_text(path.read_text() + "q1 0 en:4 2\n")
    path = toy.qrels("toy", "all")
    path.write_text(path.read_text() + "q1 0 en:4 2\n")
    for pair in (DE, EN):
        toy.ranks("toy", "m", pair).unlink()
    record = run_evaluation(toy, 6)
    assert record["language_bias"]["PEER@6"]["weights"] == {"1": 0.5, "2": 0.5}
    one = equal_rank_probability([[1], [2]], 6)
    level_2 = equal_rank_probability([[4, 5], [None]], 6)  # de q1: de:1 de:2 en:1 de:3 de:4 en:2; en:4 is below
    assert per_query(toy, "PEER@6")["de-all"]["q1"] == pytest.approx((one + level_2) / 2)
    assert per_query(toy, "PEER@6")["de-all"]["q3"] == pytest.approx((one + 1) / 2)  # nothing of level 2


@pytest.mark.parametrize(("k", "share", "complete_"), [(8, True, True), (100, True, True), (7, False, False),
                                                       (1, False, True)])
def test_what_does_not_depend_on_the_system_is_said_and_not_shown(
    toy: Workspace, k: int, share: bool, complete_: bool
) -> None:
    """The top 8 is the whole pool; two relevant passages do not fit in the top 1."""
    record = run_evaluation(toy, k)
    for name, constant in ((f"SameLanguage@{k}", share), (f"Complete@{k}", complete_), (f"PEER@{k}", True)):
        assert (record["language_bias"][name]["mean"] is None) is constant, name
        assert ("constant by construction" in record["remarks"].get(f"language_bias.{name}", "")) is constant
        assert (per_query(toy, name) == {}) is constant


def asked_in(toy: Workspace, *languages: str) -> None:
    """The pools are asked in these languages. There are German and English passages, as before."""
    for language in languages:
        topics = toy.topics("toy", language)
        topics.write_text(toy.topics("toy", "de").read_text())
        for path in (toy.run, toy.ranks):
            source = path("toy", "m", DE)
            path("toy", "m", Pair(language, "all")).write_text(source.read_text())
    info = toy.dataset("toy")
    pools = tuple(Pair(language, "all") for language in languages)
    pairs = (*(pair for pair in info.pairs if pair.setting == "mono"), *pools)
    DatasetInfo("toy", tuple(sorted({"de", "en", *languages})), pairs).write(toy.dataset_file("toy"))


def test_languages_without_passages_have_no_share_of_the_top(toy: Workspace) -> None:
    """Dutch questions are asked of German and English passages: a share of 0 is no merit of any system."""
    asked_in(toy, "de", "nl")
    record = run_evaluation(toy, 3)
    assert record["language_bias"]["SameLanguage@3"] == {
        "mean": pytest.approx(7 / 9), "by_query_language": {"de": pytest.approx(7 / 9)},
        "unbiased": 0.5, "unbiased_by_query_language": {"de": 0.5},
    }
    assert record["remarks"]["language_bias.SameLanguage@3"] == (
        "without the pools asked in nl: the data set has no passages in the language, so that every ranking has none "
        "at the top"
    )
    assert list(per_query(toy, "SameLanguage@3")) == ["de-all"]
    assert list(record["language_bias"]["Complete@3"]["by_query_language"]) == ["de", "nl"]


def test_no_query_language_with_passages_is_constant(toy: Workspace) -> None:
    asked_in(toy, "nl")
    record = run_evaluation(toy, 3)
    assert record["language_bias"]["SameLanguage@3"] == {"mean": None, "by_query_language": {}}
    assert record["remarks"]["language_bias.SameLanguage@3"] == (
        "constant by construction, so not shown: the data set has no passages in a query language"
    )


def test_rank_distance_of_single_passages_is_constant(toy: Workspace) -> None:
    for pair in (DE, EN):
        write_qrels(toy.qrels("toy", pair), {q: {f"{pair.query}:{q[1]}": 1} for q in ("q1", "q2", "q3")})
        write_ranks(toy.ranks("toy", "m", pair), [
            RankedPassage(q, f"{pair.query}:{q[1]}", 1, 0.5, 8) for q in ("q1", "q2", "q3")
        ])
    record = run_evaluation(toy, 3)
    assert record["language_bias"]["rank_distance"]["mean"] is None
    assert record["language_bias"]["rank_distance"]["by_query_language"] == {}
    assert "every query has one relevant passage" in record["remarks"]["language_bias.rank_distance"]
    assert record["language_bias"]["Max@R"]["mean"] == 1


def test_a_pool_that_was_not_given_leaves_null_means(toy: Workspace) -> None:
    record = run_evaluation(toy, 3, "de-all")
    reason = "null: 1 of 2 pairs were not given (en-all)"
    for name in ("SameLanguage@3", "Complete@3", "Max@R"):
        figures = record["language_bias"][name]
        assert (figures["mean"], list(figures["by_query_language"])) == (None, ["de"])
        assert record["remarks"][f"language_bias.{name}"] == reason
    assert record["language_bias"]["SameLanguage@3"]["unbiased"] is None
    assert record["pool"]["AP(full)"]["mean"] is None
    assert record["remarks"]["pool.AP(full)"] == reason


def test_without_a_pool_all_is_null(toy: Workspace) -> None:
    info = toy.dataset("toy")
    DatasetInfo("toy", info.languages, tuple(p for p in info.pairs if p.setting != "multi")).write(
        toy.dataset_file("toy")
    )
    record = run_evaluation(toy, 3)
    for name in ("PEER@3", "SameLanguage@3", "Complete@3", "Max@R"):
        assert record["language_bias"][name]["mean"] is None
        assert record["remarks"][f"language_bias.{name}"] == "null: the data set declares no such pair"


def test_runs_without_ranks_have_the_measures_of_the_top(toy: Workspace) -> None:
    for pair in (DE, EN):
        toy.ranks("toy", "m", pair).unlink()
    record = run_evaluation(toy, 3)
    assert record["language_bias"]["Complete@3"]["mean"] == pytest.approx(0.5)
    assert record["language_bias"]["SameLanguage@3"]["mean"] == pytest.approx(4 / 9)
    for place, figures in (("pool.AP(full)", record["pool"]["AP(full)"]),
                           ("language_bias.Max@R", record["language_bias"]["Max@R"])):
        assert figures == {"mean": None, "by_query_language": {}, "bound": None}
        assert record["remarks"][place] == "null: the runs have no ranks beside them"


def test_unranked_passages_make_bounds(toy: Workspace) -> None:
    write_ranks(toy.ranks("toy", "m", DE), [
        RankedPassage("q1", "de:1", 2, 1.0, 8), RankedPassage("q1", "en:1", None, None, 8),
        RankedPassage("q2", "de:2", None, None, 8), RankedPassage("q2", "en:2", None, None, 8),
        RankedPassage("q3", "de:3", 1, 1.0, 8), RankedPassage("q3", "en:3", 2, 0.5, 8),
    ])
    record = run_evaluation(toy, 3)
    assert per_query(toy, "Max@R")["de-all"] == {"q1": 8, "q2": 8, "q3": 2}
    assert per_query(toy, "AP(full)")["de-all"] == {"q1": 0.25, "q2": 0, "q3": 1}
    assert record["language_bias"]["Max@R"]["bound"] is record["pool"]["AP(full)"]["bound"] is True


def test_an_unanswered_query_counts(toy: Workspace) -> None:
    lines = toy.run("toy", "m", DE).read_text().splitlines(keepends=True)
    toy.run("toy", "m", DE).write_text("".join(line for line in lines if not line.startswith("q1 ")))
    record = run_evaluation(toy, 3)
    assert per_query(toy, "SameLanguage@3")["de-all"] == {"q1": 0, "q2": 1, "q3": pytest.approx(2 / 3)}
    assert per_query(toy, "Complete@3")["de-all"] == {"q1": 0, "q2": 0, "q3": 1}
    assert record["queries"]["de-all"]["unanswered"] == 1


def test_few_passages_are_shared_among_as_many_as_there_are(toy: Workspace) -> None:
    write_run(toy.run("toy", "m", DE), [
        ("q1", [Hit("de:1", 2.0), Hit("en:1", 1.0)]), ("q2", [Hit("en:2", 1.0)]), ("q3", [Hit("de:3", 1.0)]),
    ], "m")
    run_evaluation(toy, 3)
    assert per_query(toy, "SameLanguage@3")["de-all"] == {"q1": 0.5, "q2": 0, "q3": 1}


@pytest.mark.parametrize(("pool_hits", "shallow"), [(4, True), (5, False), (8, False)])
def test_runs_too_shallow_for_k(toy: Workspace, pool_hits: int, shallow: bool) -> None:
    RunManifest("m", 100, pool_hits, {}, {}, {}).write(toy.run_manifest("toy", "m"))
    record = run_evaluation(toy, 5)
    for name in ("SameLanguage@5", "Complete@5"):
        assert (record["language_bias"][name]["mean"] is None) is shallow
    if shallow:
        assert record["remarks"]["language_bias.Complete@5"] == "null: the runs hold 4 passages a query, fewer than 5"
    assert record["language_bias"]["Max@R"]["mean"] is not None


@pytest.mark.parametrize(("hits", "shallow"), [(4, True), (5, False)])
def test_the_depth_of_runs_from_elsewhere_is_that_of_their_deepest_query(
    toy: Workspace, hits: int, shallow: bool
) -> None:
    """They have neither ranks nor a manifest. One query is deep enough, or none."""
    for pair in (DE, EN):
        toy.ranks("toy", "m", pair).unlink()
        lines = toy.run("toy", "m", pair).read_text().splitlines(keepends=True)
        depths = {"q1": hits, "q2": 1, "q3": 2}
        of_query = {query: [line for line in lines if line.startswith(f"{query} ")] for query in depths}
        kept = [line for query, depth in depths.items() for line in of_query[query][:depth]]
        toy.run("toy", "m", pair).write_text("".join(kept))
    record = run_evaluation(toy, 5)
    for name in ("SameLanguage@5", "Complete@5"):
        assert (record["language_bias"][name]["mean"] is None) is shallow
    if shallow:
        assert record["remarks"]["language_bias.Complete@5"] == "null: the runs hold 4 passages a query, fewer than 5"


def test_runs_of_the_whole_pool_are_not_too_shallow(toy: Workspace) -> None:
    """Eight hits were asked for, and eight passages are all there are."""
    RunManifest("m", 8, 8, {}, {}, {}).write(toy.run_manifest("toy", "m"))
    assert "the whole pool of 8" in run_evaluation(toy, 100)["remarks"]["language_bias.Complete@100"]


def test_passages_of_unknown_language_are_said(toy: Workspace) -> None:
    for language in ("de", "en"):
        toy.collection("toy", language).unlink()
    record = run_evaluation(toy, 7)  # de:4 is judged nowhere
    assert record["remarks"]["language_bias.SameLanguage@7"] == (
        "null: 2 passages are in no collection here (such as 'de:4'), so in no known language"
    )
    assert record["language_bias"]["Complete@7"]["mean"] is not None


def test_languages_of_passages(toy: Workspace) -> None:
    wanted = {"de:1", "de:4", "en:4", "nowhere"}
    expected = {"de:1": "de", "de:4": "de", "en:4": "en"}
    assert passage_languages(toy, "toy", ("de", "en"), wanted) == expected


@pytest.mark.parametrize(("ranks", "ap", "worst", "all_there"), [
    ([3], 0.3333333333, 3, 1), ([1, 2], 1, 2, 1), ([5, 1], 0.7, 5, 1), ([2, 8, 4], 0.4583333333, 8, 1),
    ([None, 2], 0.25, 9, 0), ([None], 0, 9, 0), ([1, None, None], 0.3333333333, 9, 0),
])
def test_full_ap_worst_rank_and_complete_by_hand(
    ranks: list[int | None], ap: float, worst: int, all_there: int
) -> None:
    """In a pool of 9. At 2, 8 and 4: precisions 1/2, 2/4 and 3/8. What is not ranked adds nothing, and stands last."""
    assert full_ap(ranks) == pytest.approx(ap)
    assert worst_rank(ranks, 9) == worst
    assert complete({str(place): rank for place, rank in enumerate(ranks)}) == all_there


def test_full_ap_is_ir_measures_ap_on_full_runs() -> None:
    draw = random.Random(5)
    docids = [f"{language}:{number}" for language in ("de", "en", "zh") for number in range(400)]
    qrels, run, ours = {}, {}, {}
    for query in range(30):
        draw.shuffle(docids)
        qrels[f"q{query}"] = {docid: draw.choice([1, 1, 2, 0]) for docid in draw.sample(docids, 12)} | {docids[0]: 1}
        run[f"q{query}"] = {docid: -float(place) for place, docid in enumerate(docids)}
        relevant = [docid for docid, relevance in qrels[f"q{query}"].items() if relevance >= 1]
        ours[f"q{query}"] = full_ap([docids.index(docid) + 1 for docid in relevant])
    theirs = {m.query_id: m.value for m in ir_measures.iter_calc([ir_measures.AP], qrels, run)}
    assert theirs == pytest.approx(ours, abs=1e-12)


@pytest.mark.parametrize(("hits", "expected"), [
    ({"b": 2.0, "a": 2.0, "c": 1.0}, ["b", "a", "c"]), ({"a": 2.0, "b": 2.0, "c": 1.0}, ["b", "a", "c"]),
    ({"c": 1.0, "b": 2.0, "a": 2.0}, ["b", "a", "c"]), ({"\uffff": 1.0, "\U0001d11e": 1.0}, ["\U0001d11e", "\uffff"]),
])
def test_equal_scores_go_by_docid_downwards(hits: dict[str, float], expected: list[str]) -> None:
    assert top_passages(hits, 5) == expected


@given(st.dictionaries(st.text("ab:é語", min_size=1, max_size=3), st.sampled_from([0.5, 0.25, 0.1, 0.1 + 1e-10]),
                       max_size=12), st.integers(1, 12))
def test_the_top_is_trec_evals(hits: dict[str, float], k: int) -> None:
    """P@1 ... P@k of ir-measures see exactly these passages, in this order."""
    top = top_passages(hits, k)
    assert len(top) == min(k, len(hits)) == len(set(top))
    for place, docid in enumerate(top, start=1):
        found = {str(m.measure): m.value for m in ir_measures.iter_calc(
            [ir_measures.P @ place, ir_measures.P @ max(place - 1, 1)], {"q": {docid: 1}}, {"q": hits}
        )}
        assert found[f"P@{place}"] > 0
        assert place == 1 or found[f"P@{place - 1}"] == 0


def test_numbers_are_shared_by_all_pools() -> None:
    numbers: dict[str, int] = {}
    scored = {"q": {"a": 1, "b": 0, "c": 2}, "r": {"a": 1}}
    first = pool_top(scored, {"q": ["c", "x"], "r": []}, numbers)
    second = pool_top(scored, {"r": ["a", "x"], "q": ["c"]}, numbers)
    assert numbers == {"c": 0, "x": 1, "a": 2}
    assert (first.retrieved.tolist(), first.counts.tolist()) == ([0, 1], [2, 0])
    assert (second.retrieved.tolist(), second.counts.tolist()) == ([0, 2, 1], [1, 2])
    assert first.ranks == {"q": {"a": None, "c": 1}, "r": {"a": None}}


def test_ap_at_a_cutoff_is_a_measure() -> None:
    """AP@20: a passage at rank 21 is not counted, all relevant ones are divided by."""
    run = {"q": {f"d{place:02}": -float(place) for place in range(1, 31)}}
    figures = score_run(parse_measures(["AP@20", "AP"]), {"q": {"d01": 1, "d20": 1, "d21": 1}}, run)
    assert figures.means == pytest.approx({"AP@20": (1 + 2 / 20) / 3, "AP": (1 + 2 / 20 + 3 / 21) / 3})
