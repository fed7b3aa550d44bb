"""Queries for ``search.lucene --dense``, encoded by a checkpoint of ours.

There Pyserini encodes queries only with the few ONNX models that Anserini knows by name. Without one, the text of a
query is taken for its vector, written as a JSON list of numbers. So for the time of a search its searchers are replaced
by such as encode each text and hand on the list; all else is Pyserini's.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def queries_encoded_by(checkpoint: str) -> Iterator[None]:
    """While this holds, ``search.lucene --dense`` encodes queries with a checkpoint's folder or hub name, in the
    precision of the index; an index of another model is refused with an InputError."""
    from pyserini.search.lucene import _hnsw_searcher as searchers

    stock = {name: getattr(searchers, name) for name in ("LuceneHnswDenseSearcher", "LuceneFlatDenseSearcher")}
    for name, searcher_class in stock.items():
        setattr(searchers, name, _encoding(searcher_class, checkpoint))
    try:
        yield
    finally:
        for name, searcher_class in stock.items():
            setattr(searchers, name, searcher_class)


def as_json(vector: np.ndarray) -> str:
    """A float32 vector [dimension] in the form that Anserini reads, without loss."""
    return json.dumps(vector.tolist())


def _encoding(searcher_class: Any, checkpoint: str) -> Any:
    """The searcher class with a query encoder before it."""
    from hybrid_pyserini.bridge.encoders import HybridQueryEncoder

    class EncodingSearcher(searcher_class):
        def __init__(self, index_dir: str, *arguments: Any, **options: Any) -> None:
            self._encoder = HybridQueryEncoder(checkpoint, index=index_dir)
            super().__init__(index_dir, *arguments, **options)

        def search(self, q: str, k: int = 10) -> Any:
            return super().search(as_json(self._encoder.encode(q)), k)

        def batch_search(self, queries: Sequence[str], qids: Sequence[str], k: int = 10, threads: int = 4) -> Any:
            return super().batch_search([as_json(v) for v in self._encoder.encode_batch(queries)], qids, k, threads)

    return EncodingSearcher
