"""Two systems on one measure: in each language pair, and in each mean over pairs.

In a pair the queries are the sample: paired t-test and randomisation over them. In a mean the clusters are
(``clusters.py``): the interval and p of ``intervals.py``, and a randomisation test that swaps the systems' values of
whole clusters, in all pairs at once. A system of several seeds has its mean over seeds as a query's value; only the
intervals' p regards seeds as a sample. So the t-test of a pair says nothing of seeds, and a randomisation test, beside
which a p that does would stand, has none where there are several.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybrid_pyserini.comparison.bootstrap import SEED, Layout, bootstrap_means
from hybrid_pyserini.comparison.clusters import Clusters
from hybrid_pyserini.comparison.intervals import ROUNDING, Seeds, estimate
from hybrid_pyserini.comparison.significance import effect_size, paired_randomisation, paired_t, win_tie_loss


@dataclass(frozen=True)
class Sample:
    """What is the same for all systems."""

    clusters: Clusters
    scored: np.ndarray
    """Whether a question is scored in a pair, bool [questions, pairs]."""
    weights: np.ndarray
    """[pairs, means]: ``bootstrap.Layout``."""

    @property
    def layout(self) -> Layout:
        """The layout by clusters."""
        return Layout(self.clusters.sums(self.scored.astype(float)), self.weights)


@dataclass(frozen=True)
class TopicScores:
    """A system's scores on one measure, topic by topic."""

    values: np.ndarray
    """[seeds, questions, pairs], 0 where a question is not scored."""
    seeds: Seeds

    @property
    def over_seeds(self) -> np.ndarray:
        """The mean over seeds [questions, pairs]."""
        return self.values.mean(axis=0)


def topic_scores(sample: Sample, values: np.ndarray, seed: int = SEED) -> TopicScores:
    """A system's values [seeds, questions, pairs] with its means and their draws, which ``seed`` decides."""
    layout = sample.layout
    sums = np.stack([sample.clusters.sums(of_model) for of_model in values])
    return TopicScores(values, Seeds(layout.means(sums), bootstrap_means(layout, sums, seed=seed)))


def mean_estimates(clusters: int, seeds: Seeds) -> list[dict[str, float | None]]:
    """For each mean, over so many clusters: ``mean``, ``low`` and ``high`` of its 95% interval, and ``sd``, the
    standard deviation over seeds, null for one model."""
    found = estimate(clusters, seeds)
    sd = seeds.means.std(axis=0, ddof=1) if len(seeds.means) > 1 else np.full(len(found.value), np.nan)
    columns = {"mean": found.value, "low": found.low, "high": found.high, "sd": sd}
    return _records(columns, len(found.value))


def mean_differences(sample: Sample, a: TopicScores, b: TopicScores) -> list[dict[str, Any]]:
    """For each mean, of ``a`` minus ``b``: ``difference``, ``low`` and ``high``, ``p``, ``p_randomisation``, ``d_z``
    over questions, and in how many of its pairs ``a`` wins, ties and loses."""
    found = estimate(sample.clusters.count, a.seeds, b.seeds)
    difference = a.over_seeds - b.over_seeds
    queries = sample.scored.sum(axis=0)
    # What a question, and a cluster, adds to the difference of each mean.
    added = (difference / queries) @ sample.weights
    added[np.abs(added) <= ROUNDING * ((a.over_seeds + b.over_seeds) / queries @ sample.weights)] = 0
    of_pairs = (difference.sum(axis=0) / queries)[:, None]
    counts = np.array([win_tie_loss(of_pairs[weights > 0])[:, 0] for weights in sample.weights.T]).reshape(-1, 3).T
    return _records({
        "difference": found.value, "low": found.low, "high": found.high, "p": found.p,
        "p_randomisation": _randomisation(sample.clusters.sums(added), a, b),
        "d_z": _effect_of_questions(sample, added), "wins": counts[0], "ties": counts[1], "losses": counts[2],
    }, len(found.value))


def _randomisation(differences: np.ndarray, a: TopicScores, b: TopicScores) -> np.ndarray:
    """p-values [cells]; NaN where a system has several seeds, which it does not know."""
    if len(a.values) > 1 or len(b.values) > 1:
        return np.full(differences.shape[1], np.nan)
    return paired_randomisation(differences)


def _effect_of_questions(sample: Sample, added: np.ndarray) -> np.ndarray:
    """Cohen's d_z [means] of what each question that is scored in a mean adds to it."""
    asked = sample.scored @ (sample.weights > 0)
    return np.array([
        effect_size(added[asked[:, mean], mean : mean + 1])[0] for mean in range(added.shape[1])
    ])


def pair_differences(sample: Sample, a: TopicScores, b: TopicScores) -> list[dict[str, Any]]:
    """For each pair, over its scored queries, of ``a`` minus ``b``: ``difference``, ``p_t``, ``p_randomisation``,
    ``d_z``, and on how many queries ``a`` wins, ties and loses.

    Drawn signs give no p below 1e-4, which Holm's correction over hundreds of pairs can take above .05: there the
    t-test is the one to correct.
    """
    difference = a.over_seeds - b.over_seeds
    pairs = difference.shape[1]
    columns: dict[str, np.ndarray] = {
        name: np.empty(pairs) for name in ("difference", "p_t", "p_randomisation", "d_z")
    } | {name: np.empty(pairs, dtype=int) for name in ("wins", "ties", "losses")}
    for same in _of_the_same_queries(sample.scored):
        cells = difference[sample.scored[:, same[0]]][:, same]
        columns["difference"][same] = cells.mean(axis=0)
        columns["p_t"][same] = paired_t(cells)
        columns["p_randomisation"][same] = _randomisation(cells, a, b)
        columns["d_z"][same] = effect_size(cells)
        columns["wins"][same], columns["ties"][same], columns["losses"][same] = win_tie_loss(cells)
    return _records(columns, pairs)


def _of_the_same_queries(scored: np.ndarray) -> list[list[int]]:
    """Pairs by the queries that are scored in them: they can be tested in one go."""
    groups: dict[bytes, list[int]] = {}
    for pair, queries in enumerate(scored.T):
        groups.setdefault(queries.tobytes(), []).append(pair)
    return list(groups.values())


def _records(columns: dict[str, np.ndarray], count: int) -> list[dict[str, Any]]:
    """Columns [count] as a record each, of plain numbers, null for NaN."""
    listed = {name: [_plain(value) for value in column.tolist()] for name, column in columns.items()}
    return [{name: column[place] for name, column in listed.items()} for place in range(count)]


def _plain(value: float) -> float | None:
    return None if isinstance(value, float) and math.isnan(value) else value
