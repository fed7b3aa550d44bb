"""Paired tests of two systems on the same queries, for many cells at once; Holm's correction; effect size.

Differences are float64 arrays [n, cells]: the first system's value minus the second's, n queries (or clusters of them)
by cells. Both tests are two-sided, of the mean difference being 0.
"""

from collections.abc import Sequence

import numpy as np
from scipy import stats

DRAWS = 10_000
"""Random draws of a randomisation test: a p-value of .05 then has a standard error of .002."""

_EXACT = 13
"""Up to so many differences that are not 0, all 2^n signs are gone through: fewer than DRAWS."""

_BLOCK = 1_000
"""Draws held in memory at once."""


def paired_t(differences: np.ndarray) -> np.ndarray:
    """p-values [cells] of Student's paired t-test; 1 where no query differs, NaN where all differ by the same, so that
    the standard error is 0, and for fewer than two queries."""
    if len(differences) < 2:
        return np.full(differences.shape[1], np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = differences.mean(axis=0) / (differences.std(axis=0, ddof=1) / np.sqrt(len(differences)))
    p = np.where(_same(differences), np.nan, 2 * stats.t.sf(np.abs(t), len(differences) - 1))
    return np.where((differences == 0).all(axis=0), 1.0, p)


def paired_randomisation(differences: np.ndarray, *, draws: int = DRAWS, seed: int = 0) -> np.ndarray:
    """p-values [cells] of Fisher's paired randomisation test: under the null either system could have had either value,
    so each difference's sign is random (Smucker, Allan & Carterette, CIKM 2007).

    Exact, over all signs, where at most 13 differences are not 0. Else from ``draws`` random signs, the same for all
    cells, as (1 + draws at least as far from 0) / (1 + draws), which is a valid p-value itself (Phipson & Smyth 2010).
    """
    p = np.empty(differences.shape[1])
    few = np.count_nonzero(differences, axis=0) <= _EXACT
    for cell in np.flatnonzero(few):
        p[cell] = _exact(differences[:, cell])
    if not few.all():
        p[~few] = _drawn(differences[:, ~few], draws, seed)
    return p


def _exact(differences: np.ndarray) -> float:
    differing = differences[differences != 0]
    signs = 1 - 2 * ((np.arange(2 ** len(differing))[:, None] >> np.arange(len(differing))) & 1)
    return float(np.mean(np.abs(signs @ differing) >= _least(differing)))


def _drawn(differences: np.ndarray, draws: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    least = _least(differences)
    as_far = np.zeros(differences.shape[1], dtype=np.int64)
    for first in range(0, draws, _BLOCK):
        shape = min(_BLOCK, draws - first), len(differences)
        signs = 1.0 - 2.0 * random.integers(0, 2, shape, dtype=np.int8)
        as_far += (np.abs(signs @ differences) >= least).sum(axis=0)
    return (1 + as_far) / (1 + draws)


def _least(differences: np.ndarray) -> np.ndarray:
    """The observed sum's distance from 0, less what rounding can take from an equal one."""
    return np.abs(differences.sum(axis=0)) - 1e-12 * np.abs(differences).sum(axis=0)


def holm(p: Sequence[float]) -> list[float]:
    """p-values adjusted for one another by Holm's step-down method (Scand. J. Statist. 6, 1979): comparing them with
    .05 keeps the chance of any false rejection below .05, however the tests hang together."""
    values = np.asarray(p, dtype=float)
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1)) if len(values) else values
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted.tolist()


def effect_size(differences: np.ndarray) -> np.ndarray:
    """Cohen's d_z [cells], the mean difference in standard deviations of the differences; 0 where none differs, NaN for
    fewer than two queries and where all differ by the same."""
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = differences.std(axis=0, ddof=1) if len(differences) > 1 else np.full(differences.shape[1], np.nan)
        d_z = np.where(_same(differences), np.nan, differences.mean(axis=0) / deviation)
    return np.where((differences == 0).all(axis=0), 0.0, d_z)


def _same(differences: np.ndarray) -> np.ndarray:
    """Whether all differences of a cell are the same, to within what rounding makes of it: bool [cells]."""
    return np.ptp(differences, axis=0) <= 1e-9 * np.abs(differences).max(axis=0)


def win_tie_loss(differences: np.ndarray) -> np.ndarray:
    """How many differences are above, at and below 0, as int [3, cells]; rounding errors of 1e-12 count as ties."""
    tied = np.abs(differences) <= 1e-12
    above, below = (~tied & (differences > 0)), (~tied & (differences < 0))
    return np.stack([above.sum(axis=0), tied.sum(axis=0), below.sum(axis=0)])
