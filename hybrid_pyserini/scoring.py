"""Exact scores of one query language with all passages: the best of every pair and of the pool, and ranks in the pool.

Queries are scored in blocks. A block's float32 scores with one passage language are one matrix product, which serves
that pair and the pool alike; so the pool's ranking is the exact merge of the languages' rankings, scores included.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.ranking import key_scores, key_ties, ranking_keys, ranks, tie_numbers, top_keys
from hybrid_pyserini.records import ALL
from hybrid_pyserini.trec import RankedPassage

_QUERIES_A_BLOCK = 32
"""Bounds memory: the keys of a block take 256 bytes a passage, less than its vector. Constant, so that a score does not
depend on which pairs are searched together: a matrix product of another shape may round differently."""


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
    relevant: dict[str, list[str]]
    """Query id -> the judged relevant passages of the pool, whose ranks are wanted."""


@dataclass(frozen=True)
class Rankings:
    """What one query language's search found."""

    best: dict[str, np.ndarray]
    """Passage language or ``all`` -> ranking keys, int64 [queries, hits], best first."""
    ranked: list[RankedPassage]
    """The relevant passages' ranks in the pool; empty if the pool was not searched."""


class Passages:
    """The passages of some languages, side by side, ready to be scored."""

    def __init__(self, encoded: Sequence[EncodedPassages]) -> None:
        self._vectors = {passages.language: passages.vectors for passages in encoded}
        self._encoded = encoded  # they own the vectors' memory
        docids = [docid for passages in encoded for docid in passages.docids]
        self.column = {docid: column for column, docid in enumerate(docids)}
        """Passage id -> its column in the pool."""
        ties = tie_numbers(docids)
        self._docid_of_tie = np.empty(len(docids), dtype=object)
        self._docid_of_tie[ties] = docids
        ends = np.cumsum([len(passages.docids) for passages in encoded])
        self._ties = dict(zip(self._vectors, np.split(ties, ends[:-1]), strict=True))
        self._first = dict(zip(self._vectors, [0, *ends[:-1].tolist()], strict=True)) | {ALL: 0}

    def size(self, language: str) -> int:
        """The number of passages of a language, or of ``all``."""
        return len(self.column) if language == ALL else len(self._ties[language])

    def keys(self, vectors: np.ndarray, language: str) -> np.ndarray:
        """Query vectors [queries, dimension] -> the ranking keys of a language's passages, int64 [queries, passages].

        Raises InputError for a score that overflows.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # reported below
            scores = vectors @ self._vectors[language].T
        if not np.isfinite(scores).all():
            raise InputError(
                "a score of finite vectors is infinite", remedy="train the model with normalised vectors"
            )
        return ranking_keys(scores, self._ties[language])

    def hits(self, keys: np.ndarray) -> Iterator[tuple[str, float]]:
        """A row of ranking keys -> (passage id, score), in its order. Plain pairs: a run holds millions."""
        return zip(self._docid_of_tie[key_ties(keys)].tolist(), key_scores(keys).tolist(), strict=True)

    def search(self, queries: Queries, hits: Mapping[str, int]) -> Rankings:
        """Rank the passages of each language of ``hits``, ``all`` being the pool, for every query.

        ``hits``: language -> the number of best passages that is wanted; fewer where there are fewer.
        """
        pool_hits = hits.get(ALL, 0)
        scored = list(self._vectors) if pool_hits else list(hits)
        blocks: dict[str, list[np.ndarray]] = {language: [] for language in hits}
        ranked: list[RankedPassage] = []
        for start in range(0, len(queries.ids), _QUERIES_A_BLOCK):
            vectors = queries.vectors[start : start + _QUERIES_A_BLOCK]
            keys = {language: self.keys(vectors, language) for language in scored}
            best = {k: top_keys(keys[k], max(pool_hits, hits.get(k, 0))) for k in scored}
            if pool_hits:
                best[ALL] = top_keys(np.concatenate(list(best.values()), axis=1), pool_hits)
                for row, query_id in enumerate(queries.ids[start : start + _QUERIES_A_BLOCK]):
                    pool_keys = np.concatenate([keys[language][row] for language in scored])
                    ranked += self._ranks(query_id, queries.relevant.get(query_id, []), pool_keys)
            for language in hits:
                blocks[language].append(best[language][:, : hits[language]])
        return Rankings({language: np.concatenate(parts) for language, parts in blocks.items()}, ranked)

    def relevant_ranks(
        self, queries: Queries, relevant: Mapping[str, Mapping[str, Sequence[str]]]
    ) -> dict[str, dict[str, np.ndarray]]:
        """The ranks of the relevant passages of each language, ``all`` being the pool, in the language's full ranking.

        ``relevant``: language -> query id -> its passages there. Returns language -> query id -> ranks, int, in the
        same order. The ranks are those that ``search`` would give: the scores are the same products.
        """
        found: dict[str, dict[str, np.ndarray]] = {language: {} for language in relevant}
        scored = list(self._vectors) if ALL in relevant else list(relevant)
        for start in range(0, len(queries.ids), _QUERIES_A_BLOCK):
            keys = {k: self.keys(queries.vectors[start : start + _QUERIES_A_BLOCK], k) for k in scored}
            if ALL in relevant:
                keys[ALL] = np.concatenate([keys[language] for language in scored], axis=1)
            for row, query_id in enumerate(queries.ids[start : start + _QUERIES_A_BLOCK]):
                for language, of_query in relevant.items():
                    if docids := of_query.get(query_id):
                        wanted = [self.column[docid] - self._first[language] for docid in docids]
                        found[language][query_id] = ranks(keys[language][row], keys[language][row, wanted])
        return found

    def _ranks(self, query_id: str, relevant: list[str], pool_keys: np.ndarray) -> list[RankedPassage]:
        """The ranks of one query's relevant passages among all keys of the pool, in the pool's column order."""
        wanted = pool_keys[[self.column[docid] for docid in relevant]]
        found = zip(relevant, ranks(pool_keys, wanted).tolist(), key_scores(wanted).tolist(), strict=True)
        return [RankedPassage(query_id, docid, rank, score, len(pool_keys)) for docid, rank, score in found]
