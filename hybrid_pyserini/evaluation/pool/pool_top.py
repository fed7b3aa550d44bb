"""The top k of the pool's runs: what the measures of language bias look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hybrid_pyserini.records import Qrels
from hybrid_pyserini.trec import Hit, in_order


@dataclass(frozen=True)
class PoolTop:
    """The top k passages of the scored queries of one language."""

    retrieved: np.ndarray
    """int32 [sum of counts]: a number for each passage, query after query in the judgements' order, best first."""
    counts: np.ndarray
    """int64 [queries]: how many of them each query has, k or fewer."""
    ranks: dict[str, dict[str, int | None]]
    """Query id -> relevant passage -> its rank, None where it is not in the top k."""


def top_passages(hits: Mapping[str, float], k: int) -> list[str]:
    """The first k passage ids in trec_eval's order: by score as float32, then by passage id, both descending."""
    docids, scores = list(hits), np.fromiter(hits.values(), np.float32, len(hits))
    equal = np.flatnonzero(scores[1:] == scores[:-1])
    if (scores[1:] <= scores[:-1]).all() and all(docids[place] > docids[place + 1] for place in equal.tolist()):
        return docids[:k]  # as our runs are written; characters compare as their UTF-8 bytes do
    return [hit.docid for hit in in_order(map(Hit, docids, scores.tolist()))[:k]]


def pool_top(scored: Qrels, tops: Mapping[str, Sequence[str]], numbers: dict[str, int]) -> PoolTop:
    """From the ``top_passages`` of one pool's queries. ``numbers``, passage id -> number, is added to: all pools share
    it, so that the strings of all runs need not be kept."""
    retrieved: list[int] = []
    counts, ranks = [], {}
    for query_id, judged in scored.items():
        top = tops[query_id]
        retrieved += [numbers.setdefault(docid, len(numbers)) for docid in top]
        counts.append(len(top))
        rank_of = dict(zip(top, range(1, len(top) + 1), strict=True))
        ranks[query_id] = {docid: rank_of.get(docid) for docid, relevance in judged.items() if relevance >= 1}
    return PoolTop(np.array(retrieved, dtype=np.int32), np.array(counts, dtype=np.int64), ranks)
