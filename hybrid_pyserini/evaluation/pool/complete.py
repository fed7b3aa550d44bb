"""Complete@k and Max@R: whether all translations of an answer come together (arXiv 2604.05684)."""

from collections.abc import Sequence

from hybrid_pyserini.evaluation.pool.peer import Ranks


def complete(ranks: Ranks) -> float:
    """Complete@k of one query: 1 if every relevant passage stands in the top k, else 0."""
    return float(None not in ranks.values())


def worst_rank(ranks: Sequence[int | None], size: int) -> int:
    """Max@R of one query: the rank down to which one must read to have seen every relevant passage. What the system
    does not rank stands at rank N, the ``size`` of the pool: an upper bound."""
    return max(size if rank is None else rank for rank in ranks)
