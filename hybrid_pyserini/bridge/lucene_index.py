"""The folder of a Lucene HNSW index: as 'index' writes it, with a manifest beside Lucene's files."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np

from hybrid_pyserini.atomic import replacing_folder
from hybrid_pyserini.bridge.lucene_vectors import write_hnsw_index
from hybrid_pyserini.dense_index import LUCENE_INT8, IndexManifest
from hybrid_pyserini.faiss_index import Vectors
from hybrid_pyserini.jsonl import write_json
from hybrid_pyserini.provenance import MANIFEST


def write_lucene_index(folder: Path, docids: Iterable[str], vectors: Vectors, manifest: IndexManifest) -> None:
    """Write an index folder of ``manifest.factory``, which is one of Lucene's; raises InputError as
    ``write_hnsw_index``. Nothing is left behind when something fails."""
    with replacing_folder(folder) as aside:
        write_hnsw_index(aside, _batches(docids, vectors), int8=manifest.factory == LUCENE_INT8)
        write_json(aside / MANIFEST, asdict(manifest))


def _batches(docids: Iterable[str], vectors: Vectors) -> Iterator[tuple[list[str], np.ndarray]]:
    remaining = iter(docids)
    for block in vectors():
        yield list(islice(remaining, len(block))), block
