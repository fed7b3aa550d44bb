"""The folder of a Lucene HNSW index: as 'index' writes it, with a manifest beside Lucene's files."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np

from hybrid_pyserini.atomic import replacing_folder
from hybrid_pyserini.bridge.lucene_vectors import write_hnsw_index
from hybrid_pyserini.dense_index import IndexManifest
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.faiss_index import Vectors
from hybrid_pyserini.jsonl import write_json
from hybrid_pyserini.provenance import MANIFEST

PLAIN, INT8 = "LuceneHNSW", "LuceneHNSW,int8"


def write_lucene_index(folder: Path, docids: Iterable[str], vectors: Vectors, manifest: IndexManifest) -> None:
    """Write an index folder of ``manifest.factory``, ``LuceneHNSW`` or ``LuceneHNSW,int8``.

    Nothing is left behind when something fails. Raises InputError for another factory and for parameters, which are
    faiss'; and as ``write_hnsw_index``.
    """
    if manifest.factory not in (PLAIN, INT8):
        raise InputError(f"no index {manifest.factory!r}", remedy=f"give {PLAIN} or {INT8}")
    if manifest.parameters or manifest.on_disk:
        raise InputError(
            "--parameters or --on-disk with a Lucene index", remedy="leave them out: its files are mapped, and "
            "Pyserini's --ef-search is given when it is searched",
        )
    with replacing_folder(folder) as aside:
        write_hnsw_index(aside, _batches(docids, vectors), int8=manifest.factory == INT8)
        write_json(aside / MANIFEST, asdict(manifest))


def _batches(docids: Iterable[str], vectors: Vectors) -> Iterator[tuple[list[str], np.ndarray]]:
    remaining = iter(docids)
    for block in vectors():
        yield list(islice(remaining, len(block))), block
