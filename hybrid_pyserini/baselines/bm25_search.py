"""Search of one BM25 index: rankings in trec_eval's order, runs of the best, ranks in the whole."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from hybrid_pyserini import trec
from hybrid_pyserini.baselines.bm25_index import Bm25IndexManifest
from hybrid_pyserini.bridge.lucene import LuceneIndex
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import ALL, Pair
from hybrid_pyserini.search.ranking import key_scores, key_ties, ranking_keys, tie_numbers
from hybrid_pyserini.trec import Hit, RankedPassage
from hybrid_pyserini.workspace import Workspace

_QUERIES_A_BLOCK = 128
"""Bounds memory: each match of a block takes 12 bytes."""


@dataclass(frozen=True)
class Bm25Parameters:
    """How BM25 weighs; the defaults are Pyserini's."""

    k1: float = 0.9
    """How much a token's further occurrences in a passage count."""
    b: float = 0.4
    """How much a passage's length counts."""

    def __post_init__(self) -> None:
        if not 0 <= self.k1 < math.inf:
            raise InputError(f"k1 is {self.k1}", remedy="give --k1 0 or more; usual are 0.9 and 1.2")
        if not 0 <= self.b <= 1:
            raise InputError(f"b is {self.b}", remedy="give --b between 0 and 1; usual are 0.4 and 0.75")


class Bm25Search:
    """An index, open for search while the context lasts."""

    def __init__(
        self, workspace: Workspace, manifest: Bm25IndexManifest, parameters: Bm25Parameters, threads: int
    ) -> None:
        """Open the index; raises InputError where it does not hold the passages of its manifest."""
        self._workspace, self._manifest, self._threads = workspace, manifest, threads
        folder = workspace.bm25_index(manifest.dataset, manifest.language)
        self._index = LuceneIndex(folder, k1=parameters.k1, b=parameters.b)
        expected = manifest.passages - len(manifest.without_tokens)
        if len(self._index.docids) != expected:
            raise InputError(
                f"the index has {len(self._index.docids)} passages, its manifest {expected}",
                remedy="give --overwrite to build it again", path=folder,
            )
        self._ties = tie_numbers(self._index.docids)
        self._docid_of_tie = np.empty(len(self._ties), dtype=object)
        self._docid_of_tie[self._ties] = self._index.docids

    def __enter__(self) -> "Bm25Search":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._index.close()

    def write(
        self, run: Path, system: str, pair: Pair, queries: Mapping[str, list[str]], hits: int,
        relevant: Mapping[str, Sequence[str]],
    ) -> int:
        """Write a pair's run, of ``queries``: query id -> tokens, and for the pool the ranks of ``relevant``: query id
        -> passages. ``system`` is the run's tag and stands in the ranks' name. Return the number of queries without a
        hit."""
        pool = pair.passage == ALL
        dataset = self._manifest.dataset
        self._check_known(relevant, self._workspace.qrels_of(dataset, pair))
        ranked: list[RankedPassage] = []
        without_hits = 0

        def rankings() -> Iterator[tuple[str, list[Hit]]]:
            nonlocal without_hits
            for query_id, keys in self._rankings(queries, len(self._ties) if pool else hits):
                without_hits += not keys.size
                ranked.extend(self._ranks(query_id, relevant.get(query_id, ()), keys))
                yield query_id, self._hits(keys[:hits])

        trec.write_run(run, rankings(), system)
        if pool:
            trec.write_ranks(self._workspace.ranks(dataset, system, pair), ranked)
        return without_hits

    def _check_known(self, relevant: Mapping[str, Sequence[str]], path: Path) -> None:
        known = {*self._index.docids, *self._manifest.without_tokens}
        for query_id, docids in relevant.items():
            for docid in docids:
                if docid not in known:
                    raise InputError(
                        f"query {query_id!r} judges passage {docid!r}, which no collection of the pool has",
                        remedy="run 'hybrid-pyserini prepare' again", path=path,
                    )

    def _rankings(self, queries: Mapping[str, list[str]], hits: int) -> Iterator[tuple[str, np.ndarray]]:
        """Yield (query id, ranking keys int64 [at least the matches among the best ``hits``], best first)."""
        ids = list(queries)
        for start in range(0, len(ids), _QUERIES_A_BLOCK):
            block = ids[start : start + _QUERIES_A_BLOCK]
            matches = self._index.search_all([queries[query_id] for query_id in block], hits, self._threads)
            for query_id, found in zip(block, matches, strict=True):
                keys = ranking_keys(found.scores[np.newaxis], self._ties[found.numbers])[0]
                yield query_id, np.sort(keys)[::-1]

    def _hits(self, keys: np.ndarray) -> list[Hit]:
        return [Hit(*hit) for hit in zip(self._docid_of_tie[key_ties(keys)], key_scores(keys).tolist(), strict=True)]

    def _ranks(self, query_id: str, relevant: Sequence[str], keys: np.ndarray) -> Iterator[RankedPassage]:
        """The relevant passages' ranks in a full ranking, given by its keys, best first."""
        place = {docid: i for i, docid in enumerate(self._docid_of_tie[key_ties(keys)])} if relevant else {}
        for docid in relevant:
            i = place.get(docid)
            rank, score = (None, None) if i is None else (i + 1, float(key_scores(keys[i : i + 1])[0]))
            yield RankedPassage(query_id, docid, rank, score, size=self._manifest.passages)
