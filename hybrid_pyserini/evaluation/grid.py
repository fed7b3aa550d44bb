"""The questions, pairs and means that all systems of a comparison on one data set have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hybrid_pyserini.evaluation.bootstrap import SEED
from hybrid_pyserini.evaluation.clusters import clusters_of
from hybrid_pyserini.evaluation.differences import Sample, TopicScores, topic_scores
from hybrid_pyserini.evaluation.settings import SETTINGS, why_null
from hybrid_pyserini.evaluation.systems import Evaluated, System, question_values
from hybrid_pyserini.records import Pair
from hybrid_pyserini.workspace import DatasetInfo, Workspace


@dataclass(frozen=True)
class Mean:
    """A mean over pairs: of a setting, over all query languages (None) or one."""

    language: str | None
    setting: str
    pairs: tuple[Pair, ...]


@dataclass(frozen=True)
class Grid:
    """What all measures have in common."""

    evaluated: Mapping[str, Evaluated]
    """By model."""
    questions: Mapping[str, int]
    """Query id -> row."""
    pairs: Sequence[Pair]
    means: Sequence[Mean]
    """Those that have no hole."""
    sample: Sample

    def topic_scores(self, system: System, measure: str, seed: int = SEED) -> TopicScores:
        """A system's values of a measure, and its means with the draws that ``seed`` decides."""
        of_models = [question_values(self.evaluated[m], self.questions, self.pairs, measure) for m in system.models]
        return topic_scores(self.sample, np.stack(of_models), seed)


def make_grid(
    workspace: Workspace, info: DatasetInfo, evaluated: Sequence[Evaluated]
) -> tuple[Grid, dict[str, str]]:
    """What the measures have in common, and why means are null, by their place in the record."""
    of_pairs = evaluated[0].pairs
    pairs = [pair for pair in info.pairs if pair in of_pairs]
    means, remarks = _means(info, pairs)
    query_ids = sorted({query_id for values in of_pairs.values() for query_id in values.query_ids})
    questions = {query_id: row for row, query_id in enumerate(query_ids)}
    scored = np.zeros((len(questions), len(pairs)), dtype=bool)
    for column, pair in enumerate(pairs):
        scored[[questions[query_id] for query_id in of_pairs[pair].query_ids], column] = True
    weights = np.zeros((len(pairs), len(means)))
    for column, mean in enumerate(means):
        weights[[pairs.index(pair) for pair in mean.pairs], column] = 1 / len(mean.pairs)
    sample = Sample(clusters_of(workspace, info.name, query_ids), scored, weights)
    return Grid({one.model: one for one in evaluated}, questions, pairs, means, sample), remarks


def _means(info: DatasetInfo, pairs: Sequence[Pair]) -> tuple[list[Mean], dict[str, str]]:
    """The means that have no hole, and why the others are null, by their place in the record."""
    means, remarks = [], {}
    languages = dict.fromkeys(pair.query for pair in info.pairs)
    for language in (None, *languages):
        for setting in SETTINGS:
            needed = tuple(p for p in info.pairs if p.setting == setting and language in (None, p.query))
            if null := why_null(needed, pairs):
                place = "settings" if language is None else f"by_query_language.{language}"
                remarks[f"{place}.{setting}"] = null
            else:
                means.append(Mean(language, setting, needed))
    return means, remarks
