"""Ranking keys against a slow sort by trec_eval's rule: score, then passage id as UTF-8 bytes, both descending."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_pyserini.ranking import key_scores, key_ties, ranking_keys, ranks, tie_numbers, top_keys

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


@given(SCORED)
def test_ranks_are_the_slow_orders_places(scores: dict[str, float]) -> None:
    keys = keys_of(scores)[0]
    expected = [slow_order(scores).index(docid) + 1 for docid in scores]
    assert ranks(keys, keys).tolist() == expected


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
    assert ranks(keys[0], keys[0]).tolist() == [1, 2]
    assert f"{key_scores(keys)[0, 0]:.9g}" == "0"


def test_tie_numbers_ascend_as_utf8_bytes() -> None:
    # '\uffff' is three bytes and '😀' four; by the units of UTF-16, as Java compares, '😀' would come first
    assert tie_numbers(["10", "9", "😀", "\uffff", "a"]).tolist() == [0, 1, 4, 3, 2]


@pytest.mark.parametrize("k", [3, 4, 1000])
def test_k_of_all_passages_or_more_gives_all(k: int) -> None:
    assert top_keys(np.array([[5, 7, 6]]), k).tolist() == [[7, 6, 5]]
