"""The figures of an encoder that is being trained, on a small held-out data set, in memory: no index, no runs.

They are those of ``index``, ``search`` and ``evaluate`` with their defaults (fp32, 1,000 hits): passages and queries
are encoded and scored by the same code. But where ``evaluate`` scores runs with ir-measures, here the measures are
computed from the ranks of the relevant passages alone, as trec_eval defines them: that needs no sorting, so that a
validation takes little longer than encoding does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from hybrid_pyserini.collection import read_collection
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation.evaluation import scored_of_pairs
from hybrid_pyserini.evaluation.settings import SETTINGS, average
from hybrid_pyserini.records import ALL, Pair, Topics
from hybrid_pyserini.search.run_manifest import input_hashes
from hybrid_pyserini.search.scoring import Passages, Queries
from hybrid_pyserini.trec import read_topics
from hybrid_pyserini.workspace import Workspace

if TYPE_CHECKING:
    from hybrid_pyserini.encoder.encoder import Encoder

MEASURES = ("AP", "nDCG@10", "R@100")
METRICS = tuple(f"{prefix}{measure}" for measure in MEASURES for prefix in (*(f"{s}_" for s in SETTINGS), ""))
"""The metrics of a data set that declares pairs of every setting."""
_HITS = 1000
"""AP counts no passage further down, as a run of ``search`` ends there."""


@dataclass(frozen=True)
class _Collection:
    """The passages of one language."""

    language: str
    docids: list[str]
    texts: list[str]


@dataclass(frozen=True)
class _Vectors:
    """A collection, encoded."""

    language: str
    docids: list[str]
    vectors: np.ndarray


class RetrievalValidation:
    """A prepared data set, read into memory. Raises InputError for one that is unknown or cannot be scored.

    Metrics are ``mono_AP``, ``cross_AP`` and ``multi_AP``, as far as the data set declares such pairs, ``AP``, their
    mean, and the same of the other ``MEASURES``.
    """

    def __init__(self, workspace: Workspace, dataset: str) -> None:
        self._info = info = workspace.dataset(dataset)
        if not info.pairs:
            raise InputError(f"{info.name} declares no language pair", remedy="choose a data set that has topics")
        self.name = info.name
        self._collections = [_read_collection(workspace, info.name, language) for language in info.passage_languages]
        self._topics = {
            language: read_topics(workspace.topics(info.name, language))
            for language in dict.fromkeys(pair.query for pair in info.pairs)
        }
        self._scored = scored_of_pairs(workspace, info.name, info.pairs)
        self._check_relevant(workspace)
        settings = [setting for setting in SETTINGS if any(pair.setting == setting for pair in info.pairs)]
        self.metrics = tuple(
            name for measure in MEASURES for name in (*(f"{setting}_{measure}" for setting in settings), measure)
        )
        files = [workspace.collection(info.name, language) for language in info.passage_languages]
        files += [workspace.topics(info.name, language) for language in self._topics]
        files += dict.fromkeys(workspace.qrels_of(info.name, pair) for pair in info.pairs)
        self.sources = input_hashes(workspace, files)

    def _check_relevant(self, workspace: Workspace) -> None:
        there = {collection.language: set(collection.docids) for collection in self._collections}
        there[ALL] = set().union(*there.values())
        for pair, scored in self._scored.items():
            for query_id, judged in scored.items():
                for docid, relevance in judged.items():
                    if relevance >= 1 and docid not in there[pair.passage]:
                        raise InputError(
                            f"query {query_id!r} judges passage {docid!r}, which no collection has",
                            remedy="prepare the data set again", path=workspace.qrels_of(self.name, pair),
                        )

    def queries(self) -> Iterator[tuple[str, str]]:
        """(Query id, query) of every query that some pair scores, in every language."""
        for language, topics in self._topics.items():
            scored = set().union(*(self._scored[pair] for pair in self._pairs(language)))
            yield from ((query_id, query) for query_id, query in topics.items() if query_id in scored)

    def _pairs(self, query_language: str) -> list[Pair]:
        return [pair for pair in self._info.pairs if pair.query == query_language]

    def measure(self, encoder: "Encoder", *, progress: bool) -> dict[str, float]:
        """The figures of ``metrics``. Raises InputError where a vector is not finite: no ranking is defined on it."""
        total = sum(len(collection.docids) for collection in self._collections) + sum(map(len, self._topics.values()))
        with tqdm(total=total, desc=f"searching {self.name}", unit=" texts", leave=False, disable=not progress) as bar:
            passages = Passages([_encode(encoder, collection, bar) for collection in self._collections])
            figures: dict[Pair, dict[str, float]] = {}
            for language, topics in self._topics.items():
                figures |= self._score(language, _encode_queries(encoder, topics, bar), passages)
        means = average(self._info.pairs, figures, MEASURES).settings
        named: dict[str, float] = {}
        for measure in MEASURES:
            of_settings = {setting: value for setting in SETTINGS if (value := means[setting][measure]) is not None}
            named |= {f"{setting}_{measure}": value for setting, value in of_settings.items()}
            named[measure] = fmean(of_settings.values())
        return named

    def _score(self, language: str, queries: Queries, passages: Passages) -> dict[Pair, dict[str, float]]:
        """The figures of one query language's pairs."""
        relevant = {
            pair.passage: {query_id: _relevant(judged) for query_id, judged in self._scored[pair].items()}
            for pair in self._pairs(language)
        }
        ranks = passages.relevant_ranks(queries, relevant)
        return {
            pair: _means([
                query_figures(ranks[pair.passage][query_id], [judged[d] for d in relevant[pair.passage][query_id]])
                for query_id, judged in self._scored[pair].items()
            ])
            for pair in self._pairs(language)
        }


def _read_collection(workspace: Workspace, dataset: str, language: str) -> _Collection:
    passages = list(read_collection(workspace.collection(dataset, language)))
    return _Collection(language, [passage.id for passage in passages], [passage.contents for passage in passages])


def _relevant(judged: Mapping[str, int]) -> list[str]:
    return [docid for docid, relevance in judged.items() if relevance >= 1]


def _encode(encoder: "Encoder", collection: _Collection, bar: "tqdm[Any]") -> _Vectors:
    vectors = _finite(encoder.encode_passages(collection.texts))
    bar.update(len(collection.docids))
    return _Vectors(collection.language, collection.docids, vectors)


def _encode_queries(encoder: "Encoder", topics: Topics, bar: "tqdm[Any]") -> Queries:
    vectors = _finite(encoder.encode_queries(list(topics.values())))
    bar.update(len(topics))
    return Queries(list(topics), vectors)


def _finite(vectors: np.ndarray) -> np.ndarray:
    if not np.isfinite(vectors).all():
        raise InputError(
            "the vectors of the model in training hold NaN or infinity",
            remedy="lower --learning_rate, or give --warmup_steps",
        )
    return vectors


def query_figures(ranks: np.ndarray, relevances: Sequence[int]) -> dict[str, float]:
    """``MEASURES`` of one query, as trec_eval defines them, from the ranks [n] and relevances [n] of all its passages
    with relevance 1 or more."""
    order = np.argsort(ranks)
    ranks, gains = ranks[order], np.array(relevances, dtype=float)[order]
    precisions = np.arange(1, len(ranks) + 1) / ranks
    ideal = np.sort(gains)[::-1][:10]
    return {
        "AP": float(precisions[ranks <= _HITS].sum() / len(ranks)),
        "nDCG@10": float(
            (gains / np.log2(ranks + 1))[ranks <= 10].sum() / (ideal / np.log2(np.arange(len(ideal)) + 2)).sum()
        ),
        "R@100": float(np.mean(ranks <= 100)),
    }


def _means(figures: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {measure: fmean(of_query[measure] for of_query in figures) for measure in MEASURES}
