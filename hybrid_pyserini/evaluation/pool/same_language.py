"""Same-language share@k: how much of the pool's top k is in the language of the query.

The unbiased value is that language's share of a query's relevant passages in the pool: what a ranking would have that
puts all of them first, and goes on in the same proportion. Both are means over queries, each query counting the same.
"""

from collections.abc import Mapping
from statistics import fmean

import numpy as np

from hybrid_pyserini.evaluation.pool.pool_top import PoolTop
from hybrid_pyserini.records import Qrels


def same_language_shares(top: PoolTop, own: np.ndarray) -> dict[str, float]:
    """Query id -> share of its top k that is in its language, by ``own``, bool [passage numbers].

    A query that has fewer than k passages is divided by as many as it has; one without any counts zero.
    """
    queries = np.repeat(np.arange(len(top.counts)), top.counts)
    counts = np.bincount(queries, weights=own[top.retrieved], minlength=len(top.counts))
    return dict(zip(top.ranks, (counts / np.maximum(top.counts, 1)).tolist(), strict=True))


def unbiased_share(scored: Qrels, language: str, language_of: Mapping[str, str]) -> float:
    """The mean over the scored queries of a language's share of their relevant passages."""
    relevant = [[docid for docid, relevance in judged.items() if relevance >= 1] for judged in scored.values()]
    return fmean(sum(language_of[docid] == language for docid in docids) / len(docids) for docids in relevant)
