"""Rank distance: how far apart a question's translations of one answer stand in the pool (arXiv 2408.10536).

For a query: the lowest minus the highest rank among its relevant passages in the pool's full ranking; then the mean
over queries, then over query languages. 0 would be the least, for one relevant passage; smaller is less biased.
Divided by N - 1, the largest value possible, it compares across pools of different sizes N.

A system that does not rank every passage (BM25) has an upper bound instead: what it does not rank stands at rank N,
and a query with nothing ranked counts N - 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from hybrid_pyserini.evaluation.pool_ranks import PoolRanks, read_pool_ranks
from hybrid_pyserini.evaluation.settings import why_null
from hybrid_pyserini.records import Pair, Qrels


@dataclass(frozen=True)
class PoolDistances:
    """Rank distances in the pool for the queries of one language."""

    distances: dict[str, int]
    """Query id -> lowest minus highest rank."""
    size: int
    """N, the number of passages in the pool."""
    passages: int
    """Judged relevant passages over all queries."""
    unranked: int
    """Those of them that the system does not rank."""

    @property
    def mean(self) -> float:
        """Mean over queries, in ranks."""
        return fmean(self.distances.values())

    @property
    def is_constant(self) -> bool:
        """Whether every query has one relevant passage, which is ranked: its distance from itself is 0."""
        return self.passages == len(self.distances) and not self.unranked

    @property
    def normalised(self) -> float:
        """The mean as a share of the largest value possible."""
        return self.mean / max(self.size - 1, 1)


def distance(ranks: Sequence[int | None], size: int) -> int:
    """Lowest minus highest rank of one query's relevant passages; None stands for a passage that is not ranked."""
    ranked = [rank for rank in ranks if rank is not None]
    if not ranked:
        return size - 1
    lowest = max(ranked) if len(ranked) == len(ranks) else size
    return lowest - min(ranked)


def pool_distances(path: Path, scored: Qrels) -> PoolDistances:
    """Rank distances from a ranks file and the judgements of the scored queries; raises InputError where they do not
    fit."""
    return distances_of(read_pool_ranks(path, scored))


def distances_of(ranks: PoolRanks) -> PoolDistances:
    """Rank distances from the relevant passages' ranks."""
    return PoolDistances(
        distances={qid: distance(of_query, ranks.size) for qid, of_query in ranks.ranks.items()},
        size=ranks.size, passages=ranks.passages, unranked=ranks.unranked,
    )


def summarise(declared: Sequence[Pair], pools: Mapping[Pair, PoolDistances]) -> tuple[dict[str, Any], str | None]:
    """The ``rank_distance`` object of the evaluation, and why its means are null where they are.

    ``declared`` are the data set's pools. ``bound`` is true where a passage is not ranked, ``unranked_share`` is the
    share of such passages; both are null without any pool.
    """
    null, shown = why_null(declared, pools), pools
    if pools and all(pool.is_constant for pool in pools.values()):
        null, shown = "constant by construction, so not shown: every query has one relevant passage", {}
    passages = sum(pool.passages for pool in pools.values())
    unranked = sum(pool.unranked for pool in pools.values())
    return {
        "mean": None if null else fmean(pool.mean for pool in pools.values()),
        "normalised": None if null else fmean(pool.normalised for pool in pools.values()),
        "by_query_language": {pair.query: pool.mean for pair, pool in shown.items()},
        "bound": unranked > 0 if pools else None,
        "unranked_share": unranked / passages if pools else None,
    }, null
