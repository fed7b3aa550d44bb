"""Repeated ids against counting them."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_pyserini import unique_ids
from hybrid_pyserini.unique_ids import repeated_ids


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=2)))
def test_repeated_ids_are_those_counted_twice(ids: list[str]) -> None:
    assert repeated_ids(lambda: ids) == {each for each, count in Counter(ids).items() if count > 1}


@pytest.mark.parametrize("block", [1, 2, 3, 1000])
def test_neighbours_in_different_blocks_are_seen(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unique_ids, "_BLOCK", block)
    ids = [str(number) for number in range(20)]
    assert repeated_ids(lambda: [*ids, "7", "13"]) == {"7", "13"}
    assert repeated_ids(lambda: ids) == set()


def test_equal_hashes_of_different_ids_are_no_repetition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unique_ids, "_hash", lambda text: len(text))
    assert repeated_ids(lambda: ["a", "b", "cc", "b"]) == {"b"}
