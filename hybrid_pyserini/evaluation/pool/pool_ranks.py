"""Where the pool's full ranking has the relevant passages: a ranks file, held against the judgements."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Qrels
from hybrid_pyserini.trec import RankedPassage, read_ranks

_REMEDY = "search again: ranks are written with the runs"


@dataclass(frozen=True)
class PoolRanks:
    """The relevant passages' ranks in the pool for the queries of one language."""

    ranks: dict[str, list[int | None]]
    """Scored query id -> the ranks of all its relevant passages; None for one that the system does not rank."""
    size: int
    """N, the number of passages in the pool."""

    @property
    def passages(self) -> int:
        """Judged relevant passages over all queries."""
        return sum(map(len, self.ranks.values()))

    @property
    def unranked(self) -> int:
        """Those of them that the system does not rank."""
        return sum(rank is None for ranks in self.ranks.values() for rank in ranks)


def read_pool_ranks(path: Path, scored: Qrels) -> PoolRanks:
    """Read a ranks file.

    Raises InputError unless it holds exactly the relevant passages of the scored queries, once each, with ranks between
    1 and one N.
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
    return PoolRanks({qid: list(ranks.values()) for qid, ranks in by_query.items()}, size)


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
