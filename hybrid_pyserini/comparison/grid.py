"""The questions, pairs and means that all systems of a comparison on one data set have in common."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hybrid_pyserini.comparison.bootstrap import SEED
from hybrid_pyserini.comparison.clusters import clusters_of
from hybrid_pyserini.comparison.differences import Sample, TopicScores, topic_scores
from hybrid_pyserini.comparison.evaluations import Evaluated, question_values
from hybrid_pyserini.comparison.systems import System
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation.settings import SETTINGS, why_null
from hybrid_pyserini.records import Pair
from hybrid_pyserini.workspace import DatasetInfo, Workspace

INTO = "cross, passages"
"""Of a group of languages: the cross pairs whose passages are in it, where ``cross`` are those whose queries are."""

Groups = Mapping[str, Sequence[str]]
"""Name -> query languages."""


def parse_groups(info: DatasetInfo, words: Sequence[str]) -> Groups:
    """Groups from ``NAME=LANGUAGE,LANGUAGE,...``; raises InputError for what is not of this form, a name that is given
    twice, and a language that the data set does not have or that is in a group twice."""
    groups: dict[str, tuple[str, ...]] = {}
    for word in words:
        name, equals, languages = word.partition("=")
        if not name or not equals:
            raise InputError(f"{word!r} is no group of languages", remedy="write NAME=LANGUAGE,LANGUAGE,...")
        if name in groups:
            raise InputError(f"group {name!r} is given twice", remedy="name each once")
        groups[name] = tuple(languages.split(","))
        for language in groups[name]:
            if language not in info.languages:
                raise InputError(
                    f"{info.name} has no language {language!r}", remedy=f"choose among {', '.join(info.languages)}"
                )
            if groups[name].count(language) > 1:
                raise InputError(f"language {language!r} is in group {name!r} twice", remedy="name it once")
    return groups


@dataclass(frozen=True)
class Mean:
    """A mean over pairs: of a setting, over all query languages, one of them, or a group of languages."""

    setting: str
    pairs: tuple[Pair, ...]
    language: str | None = None
    group: str | None = None

    @property
    def of_all(self) -> bool:
        """Whether it is over all query languages."""
        return self.language is None and self.group is None


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
    workspace: Workspace, info: DatasetInfo, evaluated: Sequence[Evaluated], groups: Groups | None = None
) -> tuple[Grid, dict[str, str]]:
    """What the measures have in common, and why means are null, by their place in the record; with ``groups``, means of
    these too."""
    of_pairs = evaluated[0].pairs
    pairs = [pair for pair in info.pairs if pair in of_pairs]
    means, remarks = _means(info, pairs, groups or {})
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


def _means(info: DatasetInfo, pairs: Sequence[Pair], groups: Groups) -> tuple[list[Mean], dict[str, str]]:
    """The means that have no hole, and why the others are null, by their place in the record."""
    means, remarks = [], {}
    for mean, place in _wanted(info, groups):
        if null := why_null(mean.pairs, pairs):
            remarks[f"{place}.{mean.setting}"] = null
        else:
            means.append(mean)
    return means, remarks


def _wanted(info: DatasetInfo, groups: Groups) -> Iterator[tuple[Mean, str]]:
    """Every mean with its place in the record, without the setting."""
    for setting in SETTINGS:
        yield Mean(setting, tuple(pair for pair in info.pairs if pair.setting == setting)), "settings"
    for language in dict.fromkeys(pair.query for pair in info.pairs):
        for setting in SETTINGS:
            of_language = tuple(p for p in info.pairs if p.setting == setting and p.query == language)
            yield Mean(setting, of_language, language=language), f"by_query_language.{language}"
    for group, languages in groups.items():
        for setting in (*SETTINGS, INTO):
            yield Mean(setting, tuple(_of_group(info.pairs, setting, languages)), group=group), f"by_group.{group}"


def _of_group(pairs: Sequence[Pair], setting: str, languages: Sequence[str]) -> Iterator[Pair]:
    """The pairs of a setting whose queries are in one of the languages; for ``INTO`` the cross pairs whose passages
    are."""
    for pair in pairs:
        own = pair.passage if setting == INTO else pair.query
        if own in languages and pair.setting == ("cross" if setting == INTO else setting):
            yield pair
