"""What a reader makes of a published data set, before it is written: passages, topics, qrels and training examples."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hybrid_pyserini.records import ALL, Pair, ParallelExample, Passage, Qrels, Topics


@dataclass(frozen=True)
class PreparedDataset:
    """A data set in the project's terms. ``dataset_writer`` checks it and puts it into a workspace."""

    name: str
    passages: Mapping[str, Iterable[Passage]]
    """Passage language -> its passages; gone through once, so that they need not fit into memory."""
    topics: Mapping[str, Topics]
    """Query language -> topics. One query id is one question in all languages."""
    qrels: Mapping[str, Qrels]
    """Passage language -> judgements of its passages, for the queries of all languages."""
    pairs: tuple[Pair, ...]
    """The pairs that a mean needs, pools (``q-all``) among them."""
    pair_qrels: Mapping[Pair, Qrels] = field(default_factory=dict)
    """Judgements of single pairs whose scored queries differ from those that ``qrels`` gives them."""
    articles: Mapping[str, str] = field(default_factory=dict)
    """Query id -> the article it is asked of, for all queries; empty where the data set has no articles."""
    training: Mapping[str, Iterable[ParallelExample]] = field(default_factory=dict)
    """Name of a training source -> its examples; gone through once."""
    origin: str = ""
    licence: str = ""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """What reading counted and changed, for people."""

    @property
    def languages(self) -> tuple[str, ...]:
        """All languages of queries or passages, sorted."""
        return tuple(sorted({*self.passages, *self.topics}))

    @property
    def pool(self) -> bool:
        """Whether the pool of all languages is declared."""
        return any(pair.passage == ALL for pair in self.pairs)


def all_pairs(queries: Sequence[str], passages: Sequence[str]) -> tuple[Pair, ...]:
    """Every query language with every passage language, then every query language with the pool."""
    return (
        *(Pair(query, passage) for query in queries for passage in passages),
        *(Pair(query, ALL) for query in queries),
    )


def union(qrels: Iterable[Qrels]) -> Qrels:
    """The judgements of the pool. Docids are unique over the pool, so no two can disagree."""
    joined: Qrels = {}
    for judged in qrels:
        for query_id, relevances in judged.items():
            joined.setdefault(query_id, {}).update(relevances)
    return joined
