"""Lucene's HNSW index of vectors, for collections whose vectors outgrow memory: its files are mapped, not read.

The index is Anserini's: its ``IndexHnswDenseVectors`` opens the writer, and documents have the fields of its
``DenseVectorDocumentGenerator``, so that Pyserini searches it with ``search.lucene --dense --hnsw``. Anserini's own
command reads vectors from files of JSON or Parquet. Here they go straight to that writer: no second copy of them comes
to lie on disk, and a passage that Lucene cannot index is an error instead of a line in a log.

Vectors are compared by Lucene's ``DOT_PRODUCT``, the only choice that Anserini leaves, which is made for vectors of
length 1. A score in a run is (1 + cosine) / 2.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np

from hybrid_pyserini.bridge.lucene_java import lucene_jnius, open_reader, path_for_java
from hybrid_pyserini.errors import InputError

M, EF_CONSTRUCTION = 16, 100
"""Neighbours of a node and candidates considered for them: Lucene's defaults, and Anserini's up to its version 1."""

_UNIT_TOLERANCE = 1e-3
"""How far from 1 a length may be: more than fp32 and bf16 round a normalised vector."""

_SHARE = 256
"""Documents that a thread adds at a time."""

_PATIENCE = 5
"""Seconds for Lucene to delete what it has written, when building fails."""

_MUCH_CUT = 0.004
"""Of the squared length, by int8. Measured: .0004 to .0013 in vectors of encoders, with recall@100 of .95 to .98; .02
where some axes dominate, with recall of .55 to .8."""

_DOCUMENT_BYTES = 300
"""Of Java's heap, for a passage's id in its three forms, besides vector and graph; measured."""


def write_hnsw_index(
    folder: Path, batches: Iterable[tuple[Sequence[str], np.ndarray]], *, int8: bool = False, m: int = M,
    ef_construction: int = EF_CONSTRUCTION, threads: int = 1,
) -> int:
    """Index (passage ids [n], vectors float32 [n, dimension] of length 1) in a new or empty folder; return how many
    passages it has.

    With ``int8`` search reads a byte for each of a vector's numbers, which are kept besides; a line on standard error
    says where that will cost much recall. One thread gives equal results for equal input. Java's heap bounds what is
    held in memory; more than that goes to disk as segments, which are merged in the end, as far as a graph fits into
    the heap: mostly into one. Merging takes as much room on disk as the index again.

    Raises InputError for a vector whose length is not 1, for what Lucene refuses (such as an ``m`` above 512), and if
    Lucene has not indexed all. Then the folder holds no index.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _lucenes_errors(folder):
        writer = _open_writer(folder, int8, m, ef_construction)
        try:
            given = _add(writer, _checked(batches, int8), m, threads)
            _in_thread(lambda: _merge_and_close(writer, given, m)).result()
        except BaseException:
            with suppress(TimeoutError):  # Lucene ends a merge only when it has finished the graph
                _in_thread(writer.rollback).result(timeout=_PATIENCE)
            raise
    reader = open_reader(folder)
    passages = reader.numDocs()
    reader.close()
    if passages != given:
        raise InputError(f"Lucene has indexed {passages} of {given} passages", remedy="build it again", path=folder)
    return passages


@contextmanager
def _lucenes_errors(folder: Path) -> Iterator[None]:
    """What Lucene refuses, as InputError."""
    try:
        yield
    except lucene_jnius().JavaException as error:
        raise InputError(
            f"Lucene says: {error.innermessage or error.classname}", path=folder,
            remedy="mend what it names, and build the index again",
        ) from error


def _open_writer(folder: Path, int8: bool, m: int, ef_construction: int) -> Any:
    """Anserini's ``IndexWriter`` with HNSW in its codec."""
    jnius = lucene_jnius()
    arguments = jnius.autoclass("io.anserini.index.IndexHnswDenseVectors$Args")()
    arguments.index = arguments.input = path_for_java(folder)  # the input must exist, and is not read
    arguments.collectionClass = "JsonDenseVectorCollection"
    arguments.M, arguments.efC, arguments.quiet = m, ef_construction, True
    if int8:
        setattr(arguments, "quantizeInt8" if hasattr(arguments, "quantizeInt8") else "quantizeSQV", True)
    indexer = jnius.autoclass("io.anserini.index.IndexHnswDenseVectors", include_protected=True)(arguments)
    # What is merged while vectors still come would be merged again in the end.
    indexer.writer.getConfig().setMergePolicy(jnius.autoclass("org.apache.lucene.index.NoMergePolicy").INSTANCE)
    return indexer.writer


def _add(writer: Any, batches: Iterable[tuple[Sequence[str], np.ndarray]], m: int, threads: int) -> int:
    """Add all passages; return how many. Documents are made here while ``threads`` threads put them into graphs."""
    make_document = _document_maker()
    given = 0
    waiting: deque[Future[None]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for ids, vectors in batches:
            if not given:
                _flush_by_number(writer, vectors.shape[1], m, threads)
            for start in range(0, len(ids), _SHARE):
                share = slice(start, start + _SHARE)
                documents = [make_document(*each) for each in zip(ids[share], vectors[share].tolist(), strict=True)]
                waiting.append(pool.submit(_add_documents, writer, documents))
                if len(waiting) > 2 * threads:
                    waiting.popleft().result()
            given += len(ids)
        for share_added in waiting:
            share_added.result()
    return given


def _add_documents(writer: Any, documents: Sequence[Any]) -> None:
    try:
        for document in documents:
            writer.addDocument(document)
    finally:
        lucene_jnius().detach()  # or the JVM would hold on to a thread that is no more


def _document_maker() -> Any:
    """A function that makes Anserini's document of (passage id, vector as a list)."""
    java = lucene_jnius().autoclass
    document_class = java("org.apache.lucene.document.Document")
    id_field = java("org.apache.lucene.document.StringField")
    order_field = java("org.apache.lucene.document.BinaryDocValuesField")
    vector_field = java("org.apache.lucene.document.KnnFloatVectorField")
    bytes_ref = java("org.apache.lucene.util.BytesRef")
    stored = java("org.apache.lucene.document.Field$Store").YES
    dot_product = java("org.apache.lucene.index.VectorSimilarityFunction").DOT_PRODUCT

    def make(docid: str, vector: list[float]) -> Any:
        document = document_class()
        document.add(id_field("id", docid, stored))
        document.add(order_field("id", bytes_ref(docid.encode())))  # Anserini's search orders equal scores by it
        document.add(vector_field("vector", vector, dot_product))
        return document

    return make


def _checked(
    batches: Iterable[tuple[Sequence[str], np.ndarray]], int8: bool
) -> Iterator[tuple[Sequence[str], np.ndarray]]:
    """The batches that hold something, if Lucene can compare their vectors."""
    warn = int8
    for ids, vectors in batches:
        if not len(ids):
            continue
        _check_unit_length(ids, vectors)
        if warn:
            _warn_of_cut_values(vectors)
            warn = False
        yield ids, vectors


def _check_unit_length(ids: Sequence[str], vectors: np.ndarray) -> None:
    lengths = np.linalg.norm(vectors, axis=1)
    bad = np.flatnonzero(~(np.abs(lengths - 1) <= _UNIT_TOLERANCE))  # so that NaN is bad too
    if bad.size:
        raise InputError(
            f"the vector of passage {ids[bad[0]]!r} (and {bad.size - 1} more) has length {lengths[bad[0]]:.4g}, not 1",
            remedy="Lucene's dot product needs a model that normalises its vectors; faiss takes others",
        )


def _warn_of_cut_values(vectors: np.ndarray) -> None:
    """Say where int8 will change vectors much. Of all values Lucene keeps the range that holds 1 - 1 / (dimension + 1)
    of them (the default of its ``ScalarQuantizer``), and moves the others to its ends."""
    beyond = 1 / (vectors.shape[1] + 1)
    lowest, highest = np.quantile(vectors, [beyond / 2, 1 - beyond / 2])
    cut = float(np.square(vectors - np.clip(vectors, lowest, highest)).sum(axis=1).mean())
    if cut > _MUCH_CUT:
        print(
            f"warning: int8 cuts off values that stand out, {cut:.1%} of the vectors' squared length (0.1% is usual): "
            "compare what it finds with an index without int8", file=sys.stderr,
        )


def _flush_by_number(writer: Any, dimension: int, m: int, threads: int) -> None:
    """Let a thread's segment go to disk after a number of documents: Lucene counts bytes too, but not those of vectors
    that it will quantise."""
    number = _heap_share() // (threads * (4 * dimension + _DOCUMENT_BYTES + _graph_bytes(m)))
    config = writer.getConfig()
    config.setMaxBufferedDocs(max(2, number))  # fewer are an error
    config.setRAMBufferSizeMB(-1)


def _merge_and_close(writer: Any, passages: int, m: int) -> None:
    """Merge segments into as few as can be: search costs nearly as much in a small segment as in a large one."""
    policy = lucene_jnius().autoclass("org.apache.lucene.index.TieredMergePolicy")()
    policy.setMaxMergeAtOnce(256)  # Anserini's number for its -optimize
    policy.setMaxMergedSegmentMB(0)  # so that those that are left have about the same size, and none has more
    writer.getConfig().setMergePolicy(policy)
    in_one = _heap_share() // _graph_bytes(m)
    writer.forceMerge(1 + passages // in_one)
    writer.close()


def _in_thread(work: Callable[[], None]) -> "Future[None]":
    """Start work in Java that may take hours. Ctrl-C cannot end a call of Java, but can end waiting for this thread,
    and the process ends without it."""
    outcome: Future[None] = Future()

    def do() -> None:
        try:
            work()
            outcome.set_result(None)
        except BaseException as error:
            outcome.set_exception(error)
        finally:
            lucene_jnius().detach()

    Thread(target=do, daemon=True).start()
    return outcome


def _heap_share() -> int:
    """Bytes of Java's heap for the documents of all threads, and for a graph: Lucene may merge four segments at a time,
    and writes one to disk while it fills the next."""
    return lucene_jnius().autoclass("java.lang.Runtime").getRuntime().maxMemory() // 8


def _graph_bytes(m: int) -> int:
    """Of Java's heap, for a node of a graph: on the lowest level 2 m + 1 neighbours, an int and a float each, and what
    Java adds to arrays."""
    return 16 * m + 100
