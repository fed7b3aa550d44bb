"""Rank distance: how far apart a question's translations of one answer stand in the pool (arXiv 2408.10536).

For a query: the lowest minus the highest rank among its relevant passages in the pool's full ranking; then the mean
over queries, then over query languages. 0 would be the least, for one relevant passage; smaller is less biased.
Divided by N - 1, the largest value possible, it compares across pools of different sizes N.

A system that does not rank every passage (BM25) has an upper bound instead: what it does not rank stands at rank N,
and a query with nothing ranked counts N - 1.
"""

from collections.abc import Sequence

DISTANCES = "rank_distance"
"""The measure's name in an evaluation and among its per-query values."""


def distance(ranks: Sequence[int | None], size: int) -> int:
    """Lowest minus highest rank of one query's relevant passages; None stands for a passage that is not ranked."""
    ranked = [rank for rank in ranks if rank is not None]
    if not ranked:
        return size - 1
    lowest = max(ranked) if len(ranked) == len(ranks) else size
    return lowest - min(ranked)
