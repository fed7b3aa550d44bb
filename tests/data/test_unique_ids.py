"""Repeated ids against counting them."""

import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_pyserini.data import unique_ids
from hybrid_pyserini.data.unique_ids import PassingIds, Repetition


def repetition(ids: Iterable[str]) -> Repetition[int] | None:
    passing = PassingIds()
    for each in ids:
        passing.add(each)
    return passing.repetition(lambda: ((each, place) for place, each in enumerate(ids)))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=2)))
def test_it_is_the_first_that_is_counted_twice(ids: list[str]) -> None:
    seconds = (place for place, each in enumerate(ids) if each in ids[:place])
    second = next(seconds, None)
    expected = None if second is None else Repetition(ids[second], ids.index(ids[second]), second)
    assert repetition(ids) == expected
    assert (expected is None) == (max(Counter(ids).values(), default=1) == 1)


@pytest.mark.parametrize("block", [1, 2, 3, 1000])
def test_neighbours_in_different_blocks_are_seen(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unique_ids, "_BLOCK", block)
    ids = [str(number) for number in range(20)]
    for again in ids:
        assert repetition([*ids, again]) == Repetition(again, int(again), 20)
    assert repetition(ids) is None


def test_of_more_repetitions_than_are_looked_into_one_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unique_ids, "_BLOCK", 4)
    ids = [str(number) for number in range(50)]
    found = repetition(ids * 2)
    assert found is not None and found == Repetition(found.id, int(found.id), int(found.id) + 50)


def test_equal_hashes_of_different_ids_are_no_repetition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unique_ids, "_hash", lambda text: len(text))
    assert repetition(["a", "b", "cc", "b"]) == Repetition("b", 1, 3)
    assert repetition(["a", "b", "cc"]) is None


def test_ids_are_read_again_only_where_hashes_are_equal() -> None:
    passing = PassingIds()
    for each in ("a", "b"):
        passing.add(each)
    assert passing.repetition(lambda: pytest.fail("read again")) is None


def test_the_hashes_lie_in_the_folder_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    original = tempfile.TemporaryFile
    monkeypatch.setattr(unique_ids.tempfile, "TemporaryFile", lambda dir: asked.append(dir) or original(dir=dir))
    PassingIds(tmp_path).add("a")
    assert asked == [tmp_path] and not list(tmp_path.iterdir())
