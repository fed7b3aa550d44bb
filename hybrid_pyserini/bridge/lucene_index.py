"""The folder of a Lucene HNSW index: as 'index' writes it, with a manifest beside Lucene's files."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np

from hybrid_pyserini.atomic import replacing_folder
from hybrid_pyserini.bridge.lucene_vectors import EF_CONSTRUCTION, M, write_hnsw_index
from hybrid_pyserini.indexing.dense_index import LUCENE_INT8, IndexManifest, IndexType
from hybrid_pyserini.indexing.faiss_index import Vectors
from hybrid_pyserini.jsonl import write_json
from hybrid_pyserini.provenance import MANIFEST


def write_lucene_index(folder: Path, docids: Iterable[str], vectors: Vectors, manifest: IndexManifest) -> None:
    """Write an index folder of ``manifest.factory``, which is one of Lucene's; raises InputError as
    ``write_hnsw_index``. Nothing is left behind when something fails."""
    given = IndexType(manifest.factory, manifest.parameters).lucene_parameters()
    with replacing_folder(folder) as aside:
        write_hnsw_index(
            aside, _batches(docids, vectors), int8=manifest.factory == LUCENE_INT8,
            m=given.get("M", M), ef_construction=given.get("efConstruction", EF_CONSTRUCTION),
            threads=given.get("threads", 1),
        )
        write_json(aside / MANIFEST, asdict(manifest))


def _batches(docids: Iterable[str], vectors: Vectors) -> Iterator[tuple[list[str], np.ndarray]]:
    remaining = iter(docids)
    for block in vectors():
        yield list(islice(remaining, len(block))), block
