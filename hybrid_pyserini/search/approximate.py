"""Search by faiss indexes that need not be exact: what they find of every pair, merged for the pool.

Their scores are what the index computes, of compressed vectors for example. There is no full ranking, and so no rank
of a relevant passage that is not found.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from hybrid_pyserini.indexing.dense_index import DenseIndex
from hybrid_pyserini.records import ALL
from hybrid_pyserini.search.ranking import ranking_keys, top_keys
from hybrid_pyserini.search.scoring import PassageIds, Queries, Rankings, Relevant

_NOTHING = np.iinfo(np.int64).min
"""Stands where an index found fewer passages than were wanted; less than every key."""


class IndexedPassages(PassageIds):
    """The passages of some languages, each in its index."""

    exact = False

    def __init__(self, indexes: Sequence[DenseIndex]) -> None:
        super().__init__({index.language: index.docids for index in indexes})
        self._indexes = {index.language: index.faiss_index for index in indexes}

    def search(
        self, queries: Queries, hits: Mapping[str, int], relevant: Relevant | None = None
    ) -> Iterator[Rankings]:
        """``Passages.search`` without ranks: ``relevant`` is left aside."""
        pool_hits = hits.get(ALL, 0)
        depths = {k: max(pool_hits, hits.get(k, 0)) for k in (self._indexes if pool_hits else hits)}
        for block in queries.blocks():
            best = {language: self._best(block.vectors, language, depth) for language, depth in depths.items()}
            if pool_hits:
                best[ALL] = top_keys(np.concatenate(list(best.values()), axis=1), pool_hits)
            yield Rankings(block.ids, {language: best[language][:, :depth] for language, depth in hits.items()}, [])

    def _best(self, vectors: np.ndarray, language: str, hits: int) -> np.ndarray:
        """The keys of what a language's index finds, best first: [queries, hits]."""
        scores, rows = self._indexes[language].search(vectors, min(hits, self.size(language)))
        found = rows >= 0
        ties = self._ties[self._first[language] + np.where(found, rows, 0)]
        return top_keys(np.where(found, ranking_keys(np.where(found, scores, 0), ties), _NOTHING), hits)

    def hits(self, keys: np.ndarray) -> tuple[list[list[bytes]], list[list[float]]]:
        """``PassageIds.hits`` of as many passages as each query has."""
        docids, scores = super().hits(keys)
        found = (keys != _NOTHING).sum(axis=1).tolist()
        return (
            [of_query[:count] for of_query, count in zip(docids, found, strict=True)],
            [of_query[:count] for of_query, count in zip(scores, found, strict=True)],
        )
