"""Rank distance: worked by hand, and against a full ranking sorted by brute force."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation.pool.pool_measures import Pools, rank_distance
from hybrid_pyserini.evaluation.pool.pool_ranks import PoolRanks, read_pool_ranks
from hybrid_pyserini.evaluation.pool.rank_distance import distance
from hybrid_pyserini.records import Pair
from hybrid_pyserini.trec import RankedPassage, write_ranks

DE, EN = Pair("de", "all"), Pair("en", "all")


def of_pools(*declared: Pair, **ranks: list[list[int | None]]) -> tuple[dict[str, Any], str | None]:
    """What the evaluation says of the ranks of queries q1, q2, ... in pools of 11, by query language."""
    pools = {
        Pair(language, "all"): PoolRanks({f"q{n}": list(of) for n, of in enumerate(of_queries, start=1)}, 11)
        for language, of_queries in ranks.items()
    }
    return rank_distance(Pools(100, pools, None), declared).record(declared)


@pytest.mark.parametrize(("ranks", "expected"), [
    ([7], 0), ([3, 1, 9], 8), ([1, 2], 1),
    ([4, None], 96),            # what is not ranked stands at rank N = 100
    ([100, None, None], 0),
    ([None], 99), ([None, None], 99),  # nothing ranked: N - 1
])
def test_distance_by_hand(ranks: list[int | None], expected: int) -> None:
    assert distance(ranks, 100) == expected


def test_means_by_hand() -> None:
    """German distances 5, 10 (not ranked) and 1, English 2 and 0."""
    result, null = of_pools(DE, EN, de=[[2, 7], [None], [10, None]], en=[[3, 1, 2], [4]])
    assert null is None
    assert result == {
        "mean": pytest.approx((16 / 3 + 1) / 2),  # over languages, not over all queries
        "normalised": pytest.approx((16 / 3 + 1) / 2 / 10),
        "by_query_language": {"de": pytest.approx(16 / 3), "en": 1},
        "bound": True,
        "unranked_share": pytest.approx(2 / 9),
    }


def test_full_rankings_are_no_bound() -> None:
    result, _ = of_pools(DE, de=[[3, 1]])
    assert result["bound"] is False
    assert result["unranked_share"] == 0


def test_single_passages_have_a_distance_only_where_one_is_unranked() -> None:
    result, null = of_pools(DE, de=[[4], [7]])
    assert (result["mean"], result["normalised"], result["by_query_language"]) == (None, None, {})
    assert null == "constant by construction, so not shown: every query has one relevant passage"
    result, null = of_pools(DE, de=[[4], [None]])
    assert (result["mean"], null) == (5, None)


def test_a_missing_pool_makes_the_mean_null() -> None:
    result, null = of_pools(DE, EN, de=[[3, 1]])
    assert (result["mean"], result["normalised"], result["by_query_language"]) == (None, None, {"de": 2})
    assert null == "null: 1 of 2 pairs were not given (en-all)"
    assert of_pools()[1] == "null: the data set declares no such pair"


def test_one_passage_in_the_pool() -> None:
    pools = Pools(100, {DE: PoolRanks({"q1": [None]}, 1)}, None)
    assert rank_distance(pools, [DE]).record([DE])[0]["normalised"] == 0


docids = st.lists(st.text("ab:é语", min_size=1, max_size=4), min_size=2, max_size=25, unique=True)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), docids=docids)
def test_against_a_brute_force_ranking(tmp_path: Path, data: st.DataObject, docids: list[str]) -> None:
    """Random scores with many equal ones; some passages unranked; every rank counted in the sorted pool."""
    scored, lines, expected, unranked = {}, [], {}, 0
    for qid in ("q1", "q2"):
        scores = {docid: data.draw(st.sampled_from([0.1, 0.2, 0.3, None])) for docid in docids}
        full = [docid for docid in docids if scores[docid] is not None]
        full.sort(key=lambda docid: (scores[docid], docid.encode()), reverse=True)
        relevant = data.draw(st.lists(st.sampled_from(docids), min_size=1, unique=True))
        scored[qid] = dict.fromkeys(relevant, 1) | {"judged-only": 0}
        for docid in relevant:
            rank = full.index(docid) + 1 if docid in full else None
            lines.append(RankedPassage(qid, docid, rank, scores[docid], len(docids)))
            unranked += rank is None
        # the lowest place any relevant passage can have: those that are not ranked are put at the very end
        positions = [full.index(docid) + 1 if docid in full else len(docids) for docid in relevant]
        nothing = not any(docid in full for docid in relevant)
        expected[qid] = len(docids) - 1 if nothing else max(positions) - min(positions)
    path = tmp_path / "ranks.tsv"
    write_ranks(path, lines)
    pool = read_pool_ranks(path, scored)
    assert rank_distance(Pools(100, {DE: pool}, None), [DE]).values in ({DE: expected}, {})
    assert {query_id: distance(ranks, pool.size) for query_id, ranks in pool.ranks.items()} == expected
    assert (pool.size, pool.unranked, pool.passages) == (len(docids), unranked, len(lines))


@pytest.mark.parametrize("ranked_count", range(6))
def test_the_bound_is_above_every_full_ranking_that_agrees(ranked_count: int) -> None:
    pool = "abcde"
    for size in (1, 2, 3):
        for relevant in itertools.combinations(pool, size):
            known = {docid: rank for rank, docid in enumerate(pool[:ranked_count], start=1)}
            bound = distance([known.get(docid) for docid in relevant], len(pool))
            for tail in itertools.permutations(pool[ranked_count:]):
                ranks = [(pool[:ranked_count] + "".join(tail)).index(docid) + 1 for docid in relevant]
                assert distance(ranks, len(pool)) <= bound
                assert ranked_count < 5 or distance(ranks, len(pool)) == bound


def ranked(qid: str = "q1", docid: str = "a", rank: int | None = 1, size: int = 9) -> RankedPassage:
    return RankedPassage(qid, docid, rank, 0.5, size)


@pytest.mark.parametrize(("lines", "message"), [
    ([ranked()], "passage 'b', relevant for query 'q1', has no line"),
    ([], "passage 'a', relevant for query 'q1', has no line"),
    ([ranked(), ranked(docid="b"), ranked(qid="q2")], "query 'q2' is not scored or passage 'a' not relevant"),
    ([ranked(), ranked(docid="b"), ranked(docid="c")], "query 'q1' is not scored or passage 'c' not relevant"),
    ([ranked(), ranked(rank=2), ranked(docid="b")], "query 'q1' has passage 'a' twice"),
    ([ranked(rank=0), ranked(docid="b")], "has rank 0 of 9"),
    ([ranked(), ranked(docid="b", rank=10)], "has rank 10 of 9"),
    ([ranked(), ranked(docid="b", rank=None, size=0)], "has rank None of 0"),
    ([ranked(), ranked(docid="b", size=10)], "several pool sizes N: 9 10"),
])
def test_a_ranks_file_that_does_not_fit_the_qrels(tmp_path: Path, lines: list[RankedPassage], message: str) -> None:
    path = tmp_path / "ranks.tsv"
    write_ranks(path, lines)
    with pytest.raises(InputError) as error:
        read_pool_ranks(path, {"q1": {"a": 1, "b": 1, "c": 0}})
    assert message in str(error.value)
    assert str(path) in str(error.value)
    assert "search again" in error.value.remedy


def test_a_broken_line_of_a_ranks_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ranks.tsv"
    path.write_text("qid\tdocid\trank\tscore\tN\nq1\ta\t1\t0.5\t9\nq1\tb\tfirst\t0.5\t9\n")
    with pytest.raises(InputError, match=r"ranks\.tsv:3: expected"):
        read_pool_ranks(path, {"q1": {"a": 1, "b": 1}})
