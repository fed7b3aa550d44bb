"""95% intervals and p-values of means and of differences of two systems, over questions and, where a system is several
models trained with different seeds, over seeds too.

Interval and test are Student's t with the bootstrap's standard error: the estimate, plus and minus t times the root of

    V = V_clusters + V_seeds(a) + V_seeds(b)

V_clusters is the variance over the bootstrap's draws of the mean over seeds (or of the difference of two such), times
C/(C - 1) for C clusters; V_seeds is the variance between the s models of a system, divided by s, and 0 for one model.
Degrees of freedom: C - 1 for V_clusters, s - 1 for V_seeds, put together as Satterthwaite does (Biometrics Bulletin 2,
1946): V^2 / sum(V_i^2 / df_i). Questions and seeds are both random, as subjects and items are for Clark (J. Verbal
Learning and Verbal Behavior 12, 1973). What the questions add to V_seeds, as they fall out differently for each seed,
is in V_clusters already and is not taken off: where it matters the test is on the safe side.

Why t: XQuAD-R's held-out split has 12 articles, its validation split 4, and there the usual intervals are too short.
Of 2,000 simulated data sets with strong effects of the article (tests/benchmarks/interval_coverage.py) the nominal 95%
intervals held the true mean in this share, for values about a half and for skewed ones:

    articles   t           percentile   BCa         studentised   questions taken for independent
    4          .91  .88    .79  .75     .79  .76    .94  .93      .55  .61
    12         .94  .92    .92  .89     .92  .90    .96  .95      .63  .68
    48         .94  .93    .94  .93     .94  .93    .95  .94      .57  .63

The studentised bootstrap covers better still, but with 4 articles its intervals are longer than the measure's whole
range, and it knows no second random factor.

Level of the test of two systems at .05, 12 articles, 2,000 data sets without a true difference: two systems of 2, 3 or
5 seeds each, .007 to .066 (the least where seeds fall out differently on single questions only); articles alone, .06 to
.96. A system of one model tells nothing of its seeds: three seeds against it, up to .21.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.95

_EMPTY_DRAWS = 0.01
"""The share of draws that may leave a pair without queries before a mean has no interval."""

ROUNDING = 1e-12
"""What is less than this, as a share of the values it was computed from, is a rounding error of theirs, and 0."""


@dataclass(frozen=True)
class Seeds:
    """The means of one system's models."""

    means: np.ndarray
    """[seeds, means]."""
    drawn: np.ndarray
    """[seeds, draws, means], from ``bootstrap_means``."""

    def column(self, place: int) -> "Seeds":
        """One of the means by itself."""
        return Seeds(self.means[:, place : place + 1], self.drawn[:, :, place : place + 1])


@dataclass(frozen=True)
class Estimate:
    """Estimates [means]. All but ``value`` are NaN where there is no interval: one cluster, or too many draws in which
    a pair has no query."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray
    """Two-sided, of the value being 0; only for differences of interest. NaN too where the standard error is 0, and
    the value is not."""


def estimate(clusters: int, first: Seeds, second: Seeds | None = None) -> Estimate:
    """The mean over a system's models; with a ``second`` system the difference, first minus second."""
    systems = [first] if second is None else [first, second]
    signs = [1.0, -1.0][: len(systems)]
    value = _combined(signs, [system.means for system in systems])
    drawn = _combined(signs, [system.drawn for system in systems])
    least = ROUNDING * np.maximum.reduce([np.abs(system.means).max(axis=0) for system in systems])
    value = np.where(np.abs(value) <= least, 0.0, value)
    components = [(_over_clusters(drawn, clusters), clusters - 1)]
    components += [
        (system.means.var(axis=0, ddof=1) / len(system.means), len(system.means) - 1)
        for system in systems if len(system.means) > 1
    ]
    variance = np.add.reduce([component for component, _ in components])
    variance = np.where(np.sqrt(variance) <= least, 0.0, variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        degrees = variance**2 / sum(component**2 / max(df, 1) for component, df in components)
        degrees = np.where(variance == 0, clusters - 1, degrees)
        error = np.sqrt(variance)
        p = np.where(error == 0, np.where(value == 0, 1.0, np.nan), 2 * stats.t.sf(np.abs(value) / error, degrees))
    half = stats.t.ppf((1 + LEVEL) / 2, degrees) * error
    return Estimate(value, value - half, value + half, np.where(np.isnan(half), np.nan, p))


def _combined(signs: Sequence[float], of_systems: Sequence[np.ndarray]) -> np.ndarray:
    """Each system's mean over its seeds, added up with signs."""
    return np.add.reduce([sign * of_system.mean(axis=0) for sign, of_system in zip(signs, of_systems, strict=True)])


def _over_clusters(drawn: np.ndarray, clusters: int) -> np.ndarray:
    """The variance over draws [draws, means] -> [means], corrected for the number of clusters."""
    empty = np.isnan(drawn)
    few = empty.mean(axis=0) > _EMPTY_DRAWS
    if clusters < 2 or few.all():
        return np.full(drawn.shape[1], np.nan)
    variance = np.nanvar(np.where(few, 0.0, drawn), axis=0, ddof=1)
    return np.where(few, np.nan, variance * clusters / (clusters - 1))
