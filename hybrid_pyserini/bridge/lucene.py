"""Lucene, as far as BM25 needs it: analysis of text, an index of tokens, and exact scores.

Everything goes through the Anserini jar inside Pyserini, and the indexes are Anserini's: Pyserini searches them with
``pyserini.search.lucene --pretokenized``. Two things differ from that command. Scores are BM25's own float32 values,
where Anserini rounds them to four decimals and lowers each of several equal ones by another 1e-6; and the hits of a
query come to Python as one piece of JSON instead of as one object each, which is several times faster.
"""

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hybrid_pyserini.bridge.lucene_java import lucene_jnius, open_reader, path_for_java

_ENGLISH = "io.anserini.analysis.DefaultEnglishAnalyzer"


@dataclass(frozen=True)
class Matches:
    """Passages that share a token with a query, best first; equal scores in Lucene's order."""

    numbers: np.ndarray
    """int64 [matches]: places in the index's ``docids``."""
    scores: np.ndarray
    """float32 [matches]"""


class LuceneAnalyzer:
    """One of the jar's analyzers, by the name of its Java class."""

    def __init__(self, java_class: str) -> None:
        java = lucene_jnius().autoclass(java_class)
        # Anserini's English analyzer has no public constructor; Porter's stemmer is Pyserini's default.
        self._analyzer = java.newStemmingInstance("porter") if java_class == _ENGLISH else java()
        self._analysis = lucene_jnius().autoclass("io.anserini.analysis.AnalyzerUtils")

    def __call__(self, text: str) -> list[str]:
        """The text's tokens, in order."""
        return list(self._analysis.analyze(self._analyzer, text).toArray())


def write_index(folder: Path, documents: Iterable[tuple[str, Sequence[str]]]) -> int:
    """Index (passage id, tokens) in a new folder, in order; return how many passages the index then has.

    Tokens hold no blank. Anserini drops a passage without a token, and one that it cannot index, with no more than a
    line in its log; so compare the count. One thread, so that equal input gives an equal index.
    """
    indexer = lucene_jnius().autoclass("io.anserini.index.SimpleIndexer")([
        "-input", "", "-collection", "JsonCollection", "-index", path_for_java(folder), "-threads", "1",
        "-pretokenized", "-optimize",
    ])
    documents_class = lucene_jnius().autoclass("io.anserini.collection.JsonCollection$Document")
    for docid, tokens in documents:
        indexer.addJsonDocument(documents_class.fromFields(docid, " ".join(tokens)))
    indexer.close()
    reader = open_reader(folder)
    passages = reader.numDocs()
    reader.close()
    return passages


class LuceneIndex:
    """A written index, open for search."""

    def __init__(self, folder: Path, *, k1: float, b: float) -> None:
        """Open the index, to be scored by BM25 with term saturation ``k1`` and length normalisation ``b``.

        Raises InputError for a folder that Lucene cannot open.
        """
        java = lucene_jnius().autoclass
        self._reader = open_reader(folder)
        searcher_class = java("org.apache.lucene.search.IndexSearcher")
        searcher_class.setMaxClauseCount(2**31 - 1)  # a query of more than 1024 different tokens is an error otherwise
        # Without the cast pyjnius cannot tell the constructors apart.
        self._searcher = searcher_class(lucene_jnius().cast("org.apache.lucene.index.IndexReader", self._reader))
        self._searcher.setSimilarity(java("org.apache.lucene.search.similarities.BM25Similarity")(k1, b))
        self._queries = java("io.anserini.search.query.BagOfWordsQueryGenerator")()
        self._whitespace = java("org.apache.lucene.analysis.core.WhitespaceAnalyzer")()
        self._json = java("com.fasterxml.jackson.databind.ObjectMapper")()
        fields = self._searcher.storedFields()
        self.docids: list[str] = [fields.document(number).get("id") for number in range(self._reader.maxDoc())]

    def search(self, tokens: Sequence[str], hits: int) -> Matches:
        """The best ``hits`` passages, and with them all whose score equals the last one's, so that a tie can be broken
        by any rule. A token that occurs twice in the query counts twice."""
        wanted = min(hits + 1, len(self.docids))
        if not tokens or wanted == 0:
            return Matches(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))
        found = self._best(tokens, wanted)
        tie_at_the_cut = len(found.scores) > hits and found.scores[hits - 1] == found.scores[hits]
        return self._best(tokens, len(self.docids)) if tie_at_the_cut else found

    def search_all(self, queries: Sequence[Sequence[str]], hits: int, threads: int) -> list[Matches]:
        """``search`` for each query, on several threads: Lucene searches while another thread reads hits."""

        def search_share(share: Sequence[Sequence[str]]) -> list[Matches]:
            try:
                return [self.search(tokens, hits) for tokens in share]
            finally:
                lucene_jnius().detach()  # or the JVM would hold on to a thread that is no more

        with ThreadPoolExecutor(threads) as pool:
            shares = list(pool.map(search_share, [queries[start::threads] for start in range(threads)]))
        return [shares[i % threads][i // threads] for i in range(len(queries))]

    def close(self) -> None:
        """Close the index's files."""
        self._reader.close()

    def _best(self, tokens: Sequence[str], hits: int) -> Matches:
        # The generator makes one clause of each token; it knows no query syntax, so that nothing has to be escaped.
        query = self._queries.buildQuery("contents", self._whitespace, " ".join(tokens))
        found = json.loads(self._json.writeValueAsString(self._searcher.search(query, hits)))["scoreDocs"]
        return Matches(
            np.array([hit["doc"] for hit in found], dtype=np.int64),
            np.array([hit["score"] for hit in found], dtype=np.float32),
        )
