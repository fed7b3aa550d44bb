"""Exact scores of one query language with all passages: the best of every pair and of the pool, and ranks in the pool.

Queries are scored in blocks, with some passages at a time. Such a tile of float32 scores is one matrix product, which
serves its passage language and the pool alike; so the pool's ranking is the exact merge of the languages' rankings,
scores included.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import ALL
from hybrid_pyserini.search.ranking import Wanted, best_keys, key_scores, key_ties, tie_numbers, top_keys
from hybrid_pyserini.trec import RankedPassage

_QUERIES_A_BLOCK, _PASSAGES_A_TILE = 512, 2**14
"""Bounds memory: the scores of a tile take 32 MB. Constant, so that a score does not depend on which pairs are searched
together: a matrix product of another shape may round differently."""


class EncodedPassages(Protocol):
    """The passages of one language, encoded: a dense index, or what was only just computed."""

    @property
    def language(self) -> str: ...

    @property
    def docids(self) -> Sequence[str]: ...

    @property
    def vectors(self) -> np.ndarray:
        """float32 [passages, dimension]"""


@dataclass(frozen=True)
class Queries:
    """The queries of one language, encoded."""

    ids: Sequence[str]
    vectors: np.ndarray
    """float32 [queries, dimension]"""

    def blocks(self) -> "Iterator[Queries]":
        """Yield them in order, as many as are scored together."""
        for start in range(0, len(self.ids), _QUERIES_A_BLOCK):
            block = slice(start, start + _QUERIES_A_BLOCK)
            yield Queries(self.ids[block], self.vectors[block])


Relevant = Mapping[str, Sequence[str]]
"""Query id -> the judged relevant passages whose ranks are wanted."""


@dataclass(frozen=True)
class Rankings:
    """What was found for one block of queries."""

    ids: Sequence[str]
    """The queries'."""
    best: dict[str, np.ndarray]
    """Passage language or ``all`` -> ranking keys, int64 [queries, hits], best first."""
    ranked: list[RankedPassage]
    """The relevant passages' ranks in the pool; empty if the pool was not searched."""


class PassageIds:
    """The passages of some languages, side by side: ids, places, and the order of equal scores."""

    def __init__(self, docids: Mapping[str, Sequence[str]]) -> None:
        """``docids``: language -> its passages' ids."""
        self._sizes = {language: len(of_language) for language, of_language in docids.items()}
        ends = np.cumsum(list(self._sizes.values())).tolist()
        self._first = dict(zip(docids, [0, *ends[:-1]], strict=True))
        in_pool = [docid for of_language in docids.values() for docid in of_language]
        self.column = {docid: column for column, docid in enumerate(in_pool)}
        """Passage id -> its column in the pool."""
        self._ties = tie_numbers(in_pool)
        self._docid_of_tie = np.empty(len(in_pool), dtype=object)
        self._docid_of_tie[self._ties] = [docid.encode() for docid in in_pool]  # in UTF-8, as runs have them

    def size(self, language: str) -> int:
        """The number of passages of a language, or of ``all``."""
        return len(self.column) if language == ALL else self._sizes[language]

    def hits(self, keys: np.ndarray) -> tuple[list[list[bytes]], list[list[float]]]:
        """Ranking keys [queries, hits] -> the passage ids, in UTF-8, and the scores of each query, in the keys'
        order."""
        return self._docid_of_tie[key_ties(keys)].tolist(), key_scores(keys).tolist()


class Passages(PassageIds):
    """Passages with their vectors, ready to be scored."""

    exact = True
    """Whether the best are found for certain, and ranks in the pool with them."""

    def __init__(self, encoded: Sequence[EncodedPassages]) -> None:
        super().__init__({passages.language: passages.docids for passages in encoded})
        self._vectors = {passages.language: passages.vectors for passages in encoded}
        self._encoded = encoded  # they own the vectors' memory

    def search(
        self, queries: Queries, hits: Mapping[str, int], relevant: Relevant | None = None
    ) -> Iterator[Rankings]:
        """Rank the passages of each language of ``hits``, ``all`` being the pool, for every query; yield the rankings
        of one block of queries after the other.

        ``hits``: language -> the number of best passages that is wanted; fewer where there are fewer. ``relevant``:
        those of the pool. Raises InputError for a score that overflows.
        """
        pool_hits = hits.get(ALL, 0)
        depths = {k: max(pool_hits, hits.get(k, 0)) for k in (self._vectors if pool_hits else hits)}
        for block in queries.blocks():
            asked = _asked(block, relevant or {}) if pool_hits else []
            wanted = self._wanted(block, asked)
            best = {language: np.empty((len(block.ids), 0), np.int64) for language in depths}
            for language, first, scores, ties in self._tiles(block, depths):
                keys = np.concatenate([best[language], best_keys(scores, ties, depths[language])], axis=1)
                best[language] = top_keys(keys, depths[language])
                wanted.take(first, scores, ties)
            if pool_hits:
                best[ALL] = top_keys(np.concatenate(list(best.values()), axis=1), pool_hits)
            for _, _, scores, ties in self._tiles(block, depths if asked else ()):
                wanted.count(scores, ties)
            ranked = zip(asked, wanted.ranks.tolist(), key_scores(wanted.keys).tolist(), strict=True)
            yield Rankings(
                block.ids, {language: best[language][:, :depth] for language, depth in hits.items()},
                [RankedPassage(*names, rank, score, self.size(ALL)) for names, rank, score in ranked],
            )

    def relevant_ranks(
        self, queries: Queries, relevant: Mapping[str, Relevant]
    ) -> dict[str, dict[str, np.ndarray]]:
        """The ranks of the relevant passages of each language, ``all`` being the pool, in the language's full ranking.

        ``relevant``: language -> query id -> its passages there. Returns language -> query id -> ranks, int, in the
        same order. The ranks are those that ``search`` would give: the scores are the same products.
        """
        found: dict[str, dict[str, np.ndarray]] = {language: {} for language in relevant}
        scored = self._vectors if ALL in relevant else relevant
        for block in queries.blocks():
            wanted = {language: self._wanted(block, _asked(block, of)) for language, of in relevant.items()}
            for language, first, scores, ties in self._tiles(block, scored):
                for ranking in wanted.keys() & {language, ALL}:
                    wanted[ranking].take(first, scores, ties)
            for language, _, scores, ties in self._tiles(block, scored):
                for ranking in wanted.keys() & {language, ALL}:
                    wanted[ranking].count(scores, ties)
            for language, of_language in relevant.items():
                ranks = iter(wanted[language].ranks)
                for query_id in block.ids:
                    found[language][query_id] = np.array([next(ranks) for _ in of_language.get(query_id, ())])
        return found

    def _wanted(self, block: Queries, asked: Sequence[tuple[str, str]]) -> Wanted:
        """The ``asked`` (query id, passage id) in numbers."""
        row = {query_id: row for row, query_id in enumerate(block.ids)}
        return Wanted(
            np.array([row[query_id] for query_id, _ in asked], np.int64),
            np.array([self.column[docid] for _, docid in asked], np.int64),
        )

    def _tiles(
        self, block: Queries, languages: Iterable[str]
    ) -> Iterator[tuple[str, int, np.ndarray, np.ndarray]]:
        """Yield the languages' passages, some at a time: language, first column, scores float32 [queries, passages],
        tie numbers [passages]. The scores hold until the next are asked for, which take their place."""
        place = np.empty(len(block.ids) * min(_PASSAGES_A_TILE, len(self.column)), np.float32)
        for language in languages:
            vectors = self._vectors[language]
            for start in range(0, len(vectors), _PASSAGES_A_TILE):
                tile = vectors[start : start + _PASSAGES_A_TILE]
                scores = place[: len(block.ids) * len(tile)].reshape(len(block.ids), len(tile))
                with np.errstate(over="ignore", invalid="ignore"):  # reported below
                    np.matmul(block.vectors, tile.T, out=scores)
                if not np.isfinite(scores).all():
                    raise InputError(
                        "a score of finite vectors is infinite", remedy="train the model with normalised vectors"
                    )
                first = self._first[language] + start
                yield language, first, scores, self._ties[first : first + scores.shape[1]]


def _asked(block: Queries, relevant: Relevant) -> list[tuple[str, str]]:
    """(Query id, relevant passage) of the block's queries, in order."""
    return [(query_id, docid) for query_id in block.ids for docid in relevant.get(query_id, ())]
