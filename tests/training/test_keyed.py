from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from hybrid_pyserini.training.keyed import KeyedPermutation, keyed_fraction, keyed_index, keyed_number


def test_numbers_are_a_function_of_the_whole_key() -> None:
    assert keyed_number(1, 2) == keyed_number(1, 2)
    assert len({keyed_number(*key) for key in [(1, 2), (2, 1), (12,), (1, "2"), (1, 2, 0)]}) == 5


def test_numbers_never_change_between_versions() -> None:
    """A resumed or repeated training depends on it."""
    assert keyed_number(42, 7, "kind") == 15831139310953513815
    assert [KeyedPermutation(10, 42, "s")[i] for i in range(10)] == [4, 5, 7, 2, 3, 8, 9, 0, 6, 1]


def test_indices_are_uniform() -> None:
    counts = Counter(keyed_index(7, 3, step) for step in range(7000))
    assert sorted(counts) == list(range(7))
    assert chisquare(list(counts.values())).pvalue > 1e-4
    assert abs(sum(keyed_fraction(3, step) for step in range(4000)) / 4000 - 0.5) < 0.03


@given(st.integers(1, 3000), st.integers())
def test_permutation_holds_every_place_once(size: int, key: int) -> None:
    permutation = KeyedPermutation(size, key)
    assert sorted(permutation[i] for i in range(size)) == list(range(size))


def test_permutations_of_other_keys_differ() -> None:
    orders = {tuple(KeyedPermutation(50, seed, pass_)[i] for i in range(50)) for seed in range(4) for pass_ in range(4)}
    assert len(orders) == 16


def test_places_are_uniform_over_keys() -> None:
    """Where element 0 and element 1 of 6 go together: all 30 ordered pairs, about equally often."""
    counts = Counter()
    for key in range(6000):
        permutation = KeyedPermutation(6, key)
        counts[permutation[0], permutation[1]] += 1
    assert len(counts) == 30
    assert chisquare(list(counts.values())).pvalue > 1e-4


def test_forty_million_places_take_no_memory() -> None:
    permutation = KeyedPermutation(40_000_000, 1)
    assert len({permutation[i] for i in range(39_999_000, 40_000_000)}) == 1000
    with pytest.raises(IndexError):
        permutation[40_000_000]
