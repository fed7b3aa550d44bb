"""Paired tests against scipy; Holm against closed testing; the level of the tests on null data."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from hybrid_pyserini.comparison.significance import (
    effect_size,
    holm,
    paired_randomisation,
    paired_t,
    win_tie_loss,
)


def reciprocal_ranks(random: np.random.Generator, *shape: int) -> np.ndarray:
    """Values as measures have them: many ones, few others, many ties."""
    return 1 / random.choice([1, 1, 1, 2, 3, 10], shape)


def test_t_is_scipys() -> None:
    random = np.random.default_rng(1)
    a, b = reciprocal_ranks(random, 40, 6), reciprocal_ranks(random, 40, 6)
    assert paired_t(a - b) == pytest.approx(stats.ttest_rel(a, b).pvalue, rel=1e-12)


def test_t_without_any_difference_or_queries() -> None:
    assert paired_t(np.zeros((5, 1))).tolist() == [1.0]
    assert np.isnan(paired_t(np.ones((1, 1)))).all()


@pytest.mark.parametrize("by", [1.0, 0.1, -1e-3])
def test_t_has_no_p_where_all_differ_by_the_same(by: float) -> None:
    """The standard error is 0, or a rounding error, so that nothing says how sure the difference is."""
    same = 1 / np.arange(1, 8) + by - 1 / np.arange(1, 8)  # equal but for rounding
    assert np.isnan(paired_t(np.stack([np.full(7, by), same], axis=1))).all()
    assert np.isnan(effect_size(same[:, None])).all()


@pytest.mark.parametrize("n", [2, 4, 9, 12])
def test_few_differences_are_exact_as_scipys(n: int) -> None:
    random = np.random.default_rng(n)
    a, b = reciprocal_ranks(random, n, 3), reciprocal_ranks(random, n, 3)
    for cell, p in enumerate(paired_randomisation(a - b)):
        exact = stats.permutation_test(
            (a[:, cell], b[:, cell]), lambda x, y, axis: np.mean(x - y, axis=axis), permutation_type="samples",
            vectorized=True, n_resamples=np.inf,
        )
        assert p == pytest.approx(exact.pvalue, rel=1e-12)


def test_randomisation_by_hand() -> None:
    """Signs of 1, 1, 2: sums 4, 2, 2, 0, 0, -2, -2, -4. Observed 4: two of eight. Observed 0 for 1, 1, -2: all."""
    assert paired_randomisation(np.array([[1.0, 1], [1, 1], [2, -2], [0, 0]])).tolist() == [0.25, 1.0]


def test_drawn_signs_agree_with_all_signs_and_are_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    differences = reciprocal_ranks(random, 13, 20) - reciprocal_ranks(random, 13, 20)
    exact = paired_randomisation(differences)
    monkeypatch.setattr("hybrid_pyserini.comparison.significance._EXACT", 0)
    drawn = paired_randomisation(differences)
    assert drawn == pytest.approx(exact, abs=4 * np.sqrt(0.25 / 10_000))
    assert drawn.tolist() == paired_randomisation(differences).tolist()
    assert (paired_randomisation(differences, seed=1) != drawn).any()


def test_drawn_p_values_are_never_0() -> None:
    assert paired_randomisation(np.ones((60, 1)), draws=999).tolist() == [1 / 1000]


def test_the_level_on_null_data() -> None:
    """1,500 cells of 30 queries in which both systems draw from one distribution: about 5% below .05."""
    random = np.random.default_rng(5)
    differences = reciprocal_ranks(random, 30, 1500) - reciprocal_ranks(random, 30, 1500)
    for p in (paired_t(differences), paired_randomisation(differences, draws=2000)):
        assert 0.035 < np.mean(p <= 0.05) < 0.065


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []


def test_holm_is_the_closure_of_bonferroni() -> None:
    """A hypothesis is rejected where Bonferroni rejects each set that holds it: the largest of their p-values."""
    p = np.random.default_rng(7).random(6) ** 3
    for i, adjusted in enumerate(holm(p)):
        sets = [s for size in range(1, 7) for s in combinations(range(6), size) if i in s]
        assert adjusted == pytest.approx(max(min(1, len(s) * p[list(s)].min()) for s in sets))


def test_effect_size_by_hand() -> None:
    """Differences 1, 2, 3: mean 2, standard deviation 1."""
    differences = np.array([[1.0, 0, 0.1], [2, 0, 0.1], [3, 0, 0.1]])
    assert effect_size(differences) == pytest.approx([2, 0, np.nan], nan_ok=True)
    assert np.isnan(effect_size(differences[:1])[0])


def test_win_tie_loss() -> None:
    assert win_tie_loss(np.array([[0.5, -1], [0, -1], [0.1 + 0.2 - 0.3, 0], [-0.1, 1]])).T.tolist() == [
        [1, 2, 1], [1, 1, 2],
    ]
