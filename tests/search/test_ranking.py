"""Ranking keys against a slow sort by trec_eval's rule: score, then passage id as UTF-8 bytes, both descending."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_pyserini.search.ranking import Wanted, best_keys, key_scores, key_ties, ranking_keys, tie_numbers, top_keys

SMALLEST = 2.0**-149
TIED = st.sampled_from([-2.0, -1.0, -SMALLEST, -0.0, 0.0, SMALLEST, 0.5, 0.5 + 2.0**-24, 1.0])
ANY = st.floats(width=32, allow_nan=False, allow_infinity=False)
IDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
SCORED = st.dictionaries(IDS, TIED | ANY, min_size=1, max_size=30)


def slow_order(scores: dict[str, float]) -> list[str]:
    return sorted(scores, key=lambda docid: (scores[docid] + 0.0, docid.encode()), reverse=True)


def keys_of(scores: dict[str, float]) -> np.ndarray:
    return ranking_keys(np.array([list(scores.values())], dtype=np.float32), tie_numbers(list(scores)))


@given(SCORED, st.integers(1, 40))
def test_the_top_k_is_the_slow_orders_beginning(scores: dict[str, float], k: int) -> None:
    top = top_keys(keys_of(scores), k)
    docid_of_tie = dict(zip(tie_numbers(list(scores)).tolist(), scores, strict=True))
    assert [docid_of_tie[tie] for tie in key_ties(top)[0].tolist()] == slow_order(scores)[:k]


@given(SCORED, st.integers(1, 40))
def test_the_best_keys_are_the_slow_orders_beginning(scores: dict[str, float], k: int) -> None:
    ties = tie_numbers(list(scores))
    best = best_keys(np.array([list(scores.values())], dtype=np.float32), ties, k)
    docid_of_tie = dict(zip(ties.tolist(), scores, strict=True))
    assert [docid_of_tie[tie] for tie in key_ties(best)[0].tolist()] == slow_order(scores)[:k]


SHAPES = [(1, 1, 1), (3, 50, 7), (5, 401, 100), (4, 1000, 100), (7, 999, 1), (2, 4003, 1000), (3, 100, 100)]
CHANCE = np.random.default_rng(7)
KINDS = {
    "few": lambda shape: CHANCE.standard_normal(shape),
    "many": lambda shape: CHANCE.integers(-3, 3, shape) / 4,  # more at the k-th place than k
    "all": lambda shape: np.full(shape, 0.25),
    "zeros": lambda shape: np.where(CHANCE.random(shape) < 0.5, -0.0, 0.0),
    "ascending": lambda shape: np.sort(CHANCE.standard_normal(shape)),
    "in few groups": lambda shape: np.sin(np.arange(shape[0] * shape[1]) % 97).reshape(shape),
    "negative": lambda shape: -1 - CHANCE.random(shape),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("queries", "passages", "k"), SHAPES)
def test_the_best_keys_are_the_largest_of_all(queries: int, passages: int, k: int, kind: str) -> None:
    """With few and many equal scores at the k-th place, wherever the good passages lie."""
    scores = KINDS[kind]((queries, passages)).astype(np.float32)
    ties = CHANCE.permutation(passages)
    expected = np.sort(ranking_keys(scores, ties), axis=1)[:, ::-1][:, :k]
    assert np.array_equal(best_keys(scores, ties, k), expected)


@given(SCORED)
def test_ranks_are_the_slow_orders_places(scores: dict[str, float]) -> None:
    expected = [slow_order(scores).index(docid) + 1 for docid in scores]
    assert ranks_in_parts(scores, parts=1) == expected
    assert ranks_in_parts(scores, parts=3) == expected


def ranks_in_parts(scores: dict[str, float], parts: int) -> list[int]:
    """The rank of every passage; the second of three queries asks for none."""
    matrix = np.array([list(scores.values())] * 3, dtype=np.float32)
    ties = tie_numbers(list(scores))
    columns = np.arange(len(scores))
    wanted = Wanted(np.repeat([0, 2], len(scores)), np.tile(columns, 2))
    pieces = [piece for piece in np.array_split(columns, parts) if piece.size]
    for piece in pieces:
        wanted.take(piece[0], matrix[:, piece], ties[piece])
    for piece in pieces:
        wanted.count(matrix[:, piece], ties[piece])
    assert np.array_equal(wanted.keys, np.tile(ranking_keys(matrix[:1], ties)[0], 2))
    first, second = wanted.ranks[: len(scores)].tolist(), wanted.ranks[len(scores) :].tolist()
    assert first == second
    return first


def test_nothing_wanted_is_nothing_found() -> None:
    wanted = Wanted(np.array([], np.int64), np.array([], np.int64))
    wanted.take(0, np.zeros((2, 3), np.float32), np.arange(3))
    wanted.count(np.zeros((2, 3), np.float32), np.arange(3))
    assert wanted.ranks.tolist() == []


@given(SCORED, SCORED, st.integers(1, 40))
def test_the_top_k_of_two_top_ks_is_the_top_k_of_all(a: dict[str, float], b: dict[str, float], k: int) -> None:
    both = a | b
    keys = keys_of(both)
    cut = len(a)
    parts = [top_keys(part, k) for part in (keys[:, :cut], keys[:, cut:])]
    assert np.array_equal(top_keys(np.concatenate(parts, axis=1), k), top_keys(keys, k))


@given(st.lists(TIED | ANY, min_size=1))
def test_scores_come_back_bit_for_bit_but_for_negative_zero(values: list[float]) -> None:
    scores = np.array([values], dtype=np.float32)
    back = key_scores(ranking_keys(scores, np.arange(len(values))))
    assert back.dtype == np.float32
    assert back.tobytes() == (scores + np.float32(0)).tobytes()


def test_the_largest_floats_keep_their_order() -> None:
    limits = np.finfo(np.float32)
    scores = np.array([[limits.min, -1, -limits.tiny, 0, limits.tiny, 1, limits.max]], dtype=np.float32)
    keys = ranking_keys(scores, np.zeros(7, dtype=np.int64))
    assert np.all(np.diff(keys[0]) > 0)


def test_negative_zero_ties_with_zero() -> None:
    keys = ranking_keys(np.array([[-0.0, 0.0]], dtype=np.float32), tie_numbers(["b", "a"]))
    assert keys[0, 0] > keys[0, 1]
    assert f"{key_scores(keys)[0, 0]:.9g}" == "0"


def test_tie_numbers_ascend_as_utf8_bytes() -> None:
    # '\uffff' is three bytes and '😀' four; by the units of UTF-16, as Java compares, '😀' would come first
    assert tie_numbers(["10", "9", "😀", "\uffff", "a"]).tolist() == [0, 1, 4, 3, 2]


@pytest.mark.parametrize("k", [3, 4, 1000])
def test_k_of_all_passages_or_more_gives_all(k: int) -> None:
    assert top_keys(np.array([[5, 7, 6]]), k).tolist() == [[7, 6, 5]]
