"""AP over a full ranking, from the ranks of the relevant passages alone."""

from collections.abc import Sequence


def full_ap(ranks: Sequence[int | None]) -> float:
    """AP of one query over the full ranking: the mean over its relevant passages of the precision at their ranks, as
    trec_eval has it for a run of every passage. What the system does not rank (None) adds nothing, a lower bound."""
    ranked = sorted(rank for rank in ranks if rank is not None)
    return sum(place / rank for place, rank in enumerate(ranked, start=1)) / len(ranks)
