"""The cluster bootstrap: how far the means of mono, cross and multi would differ with other questions.

Whole clusters (``clusters.py``) are drawn with replacement, as many as there are, each with all its questions in all
languages and pairs; and the means are made anew as ``evaluation/settings.py`` makes them, from each pair's mean over
its scored queries. Clusters differ in size and pairs in their scored queries, so that a pair's mean is a ratio: the
values' sum over the drawn clusters by the number of their queries. Every system gets the same draws, so a difference's
draws are the differences of its systems' draws (A. C. Davison & D. V. Hinkley, Bootstrap Methods and their Application,
1997, section 3.8; Sakai, SIGIR 2006, for retrieval).
"""

from dataclasses import dataclass

import numpy as np

DRAWS = 10_000
SEED = 0

_BLOCK = 500
"""Draws made at once: for 1,190 clusters and 132 pairs some 10 MB."""


@dataclass(frozen=True)
class Layout:
    """What the means of all systems are made from."""

    counts: np.ndarray
    """Scored queries [clusters, pairs]."""
    weights: np.ndarray
    """[pairs, means]: a column is one mean, 1/k for each of its k pairs, else 0."""

    def means(self, sums: np.ndarray) -> np.ndarray:
        """The means themselves, [..., clusters, pairs] sums of values -> [..., means]."""
        return (sums.sum(axis=-2) / self.counts.sum(axis=0)) @ self.weights


def bootstrap_means(layout: Layout, sums: np.ndarray, *, draws: int = DRAWS, seed: int = SEED) -> np.ndarray:
    """The means in each draw: sums of values [models, clusters, pairs] -> [models, draws, means].

    A mean is NaN in a draw that leaves one of its pairs without any query.
    """
    random = np.random.default_rng(seed)
    clusters = len(layout.counts)
    drawn = np.empty((len(sums), draws, layout.weights.shape[1]))
    for first in range(0, draws, _BLOCK):
        rows = slice(first, min(first + _BLOCK, draws))
        multiplicity = _multiplicities(random, rows.stop - rows.start, clusters)
        queries = multiplicity @ layout.counts
        empty = (queries == 0) @ (layout.weights > 0)
        for of_model, model in zip(sums, drawn, strict=True):
            model[rows] = (multiplicity @ of_model / np.maximum(queries, 1)) @ layout.weights
            model[rows][empty] = np.nan
    return drawn


def _multiplicities(random: np.random.Generator, draws: int, clusters: int) -> np.ndarray:
    """How often each cluster is in each draw [draws, clusters]."""
    places = random.integers(clusters, size=(draws, clusters)) + clusters * np.arange(draws)[:, None]
    return np.bincount(places.ravel(), minlength=draws * clusters).reshape(draws, clusters).astype(float)
