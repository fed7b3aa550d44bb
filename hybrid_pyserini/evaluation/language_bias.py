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

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation.settings import why_null
from hybrid_pyserini.records import Pair, Qrels
from hybrid_pyserini.trec import RankedPassage, read_ranks

_REMEDY = "search again: ranks are written with the runs"


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
    """Rank distances from a ranks file and the judgements of the scored queries.

    Raises InputError unless the file holds exactly the relevant passages of the scored queries, once each, with ranks
    between 1 and one N.
    """
    by_query: dict[str, dict[str, int | None]] = {qid: {} for qid in scored}
    sizes: set[int] = set()
    for passage in read_ranks(path):
        _check(passage, scored, by_query, path)
        by_query[passage.query_id][passage.docid] = passage.rank
        sizes.add(passage.size)
    for qid, judged in scored.items():
        for docid, relevance in judged.items():
            if relevance >= 1 and docid not in by_query[qid]:
                raise InputError(
                    f"passage {docid!r}, relevant for query {qid!r}, has no line", remedy=_REMEDY, path=path
                )
    if len(sizes) > 1:
        raise InputError(f"several pool sizes N: {' '.join(map(str, sorted(sizes)))}", remedy=_REMEDY, path=path)
    (size,) = sizes
    return PoolDistances(
        distances={qid: distance(list(ranks.values()), size) for qid, ranks in by_query.items()},
        size=size,
        passages=sum(len(ranks) for ranks in by_query.values()),
        unranked=sum(rank is None for ranks in by_query.values() for rank in ranks.values()),
    )


def _check(
    passage: RankedPassage, scored: Qrels, by_query: Mapping[str, Mapping[str, int | None]], path: Path
) -> None:
    """Raise InputError for a line that is not about a relevant passage of a scored query, or not the first such."""
    qid, docid = passage.query_id, passage.docid
    if scored.get(qid, {}).get(docid, 0) < 1:
        raise InputError(
            f"query {qid!r} is not scored or passage {docid!r} not relevant for it", remedy=_REMEDY, path=path
        )
    if docid in by_query[qid]:
        raise InputError(f"query {qid!r} has passage {docid!r} twice", remedy=_REMEDY, path=path)
    if passage.size < 1 or (passage.rank is not None and not 1 <= passage.rank <= passage.size):
        raise InputError(
            f"passage {docid!r} of query {qid!r} has rank {passage.rank} of {passage.size}", remedy=_REMEDY, path=path
        )


def summarise(declared: Sequence[Pair], pools: Mapping[Pair, PoolDistances]) -> tuple[dict[str, Any], str | None]:
    """The ``rank_distance`` object of the evaluation, and why its means are null where they are.

    ``declared`` are the data set's pools. ``bound`` is true where a passage is not ranked, ``unranked_share`` is the
    share of such passages; both are null without any pool.
    """
    null = why_null(declared, pools)
    passages = sum(pool.passages for pool in pools.values())
    unranked = sum(pool.unranked for pool in pools.values())
    return {
        "mean": None if null else fmean(pool.mean for pool in pools.values()),
        "normalised": None if null else fmean(pool.normalised for pool in pools.values()),
        "by_query_language": {pair.query: pool.mean for pair, pool in pools.items()},
        "bound": unranked > 0 if pools else None,
        "unranked_share": unranked / passages if pools else None,
    }, null
