"""faiss indexes of any factory string, built from a stream of vectors in about the memory that they take themselves.

The vectors pass twice: once for the sample that an index is trained on (not where it needs no training), once to be
added. Inner product throughout, which is the cosine where the model normalises.
"""

import errno
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from hybrid_pyserini.errors import InputError

Vectors = Callable[[], Iterable[np.ndarray]]
"""Every call gives all vectors once, in order, float32 [n, dimension] at a time."""

FLAT = "Flat"
LISTS = "ivfdata"
"""The file of an index whose inverted lists stay on disk, beside the index."""

_SAMPLE_A_CENTROID = 64
"""Training vectors for each centroid: faiss asks for 39 and takes 256 at most."""
_LEAST_CENTROIDS = 1024
"""Of a product quantiser there are 256; it, and what faiss trains besides lists, gets 65,536 vectors."""

_BLOCK_BYTES = 1 << 30
"""Of lists that are to stay on disk, so much is in memory while they are built."""


def build(factory: str, parameters: str, dimension: int, total: int, vectors: Vectors) -> Any:
    """The trained index of ``total`` vectors.

    ``factory`` is a faiss factory string; ``parameters``, such as ``efConstruction=200,efSearch=128`` or ``nprobe=32``,
    are set before vectors are added and stay with the index. Raises InputError for what faiss does not know.
    """
    index = _trained(factory, parameters, dimension, total, vectors)
    if isinstance(index, faiss.IndexFlat):
        return _filled(index, total, vectors)
    _reserve(index, total)
    try:
        for block in vectors():
            index.add(block)
    except RuntimeError:
        raise InputError(
            f"faiss cannot add vectors to {factory!r}, or not block by block",
            remedy="give another, such as HNSW32, SQ8 or IVF1024,PQ48",
        ) from None
    return index


def build_on_disk(
    factory: str, parameters: str, dimension: int, total: int, vectors: Vectors, folder: Path, lists: Path
) -> Any:
    """The same with the inverted lists in ``folder / LISTS``, which will be ``lists`` (an absolute path) when the index
    is read: faiss opens them there, and loads what a query probes.

    Raises InputError for an index without inverted lists.
    """
    from faiss.contrib.ondisk import merge_ondisk

    index = _trained(factory, parameters, dimension, total, vectors, on_disk=True)
    inverted: Any = _inverted_file(index)
    blocks: list[Path] = []
    first = 0
    for block in vectors():
        index.add_with_ids(block, np.arange(first, first + len(block)))
        first += len(block)
        if index.ntotal * (inverted.code_size + 8) >= _BLOCK_BYTES:  # a list keeps 8 bytes of id with each code
            blocks.append(_move_to_file(index, folder / f"block-{len(blocks)}"))
    if index.ntotal:
        blocks.append(_move_to_file(index, folder / f"block-{len(blocks)}"))
    merge_ondisk(index, [str(block) for block in blocks], str(folder / LISTS))
    for file in blocks:
        file.unlink()
    on_disk: Any = faiss.downcast_InvertedLists(inverted.invlists)
    on_disk.filename = str(lists)
    return index


def write(index: Any, path: Path) -> None:
    """Write an index to a file; raises OSError where the disk does not take it."""
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:  # C++ functions and lines, and in there what the system said
        number = next((code for code in errno.errorcode if os.strerror(code) in str(error)), errno.EIO)
        raise OSError(number, os.strerror(number), str(path)) from None


def _move_to_file(index: Any, path: Path) -> Path:
    write(index, path)
    index.reset()
    return path


def new_index(factory: str, parameters: str, dimension: int, total: int, *, on_disk: bool = False) -> Any:
    """An index that is neither trained nor filled; raises InputError for one that faiss does not know or does not rank
    by inner product, for more lists than vectors to come, and for one without lists that is to be ``on_disk``."""
    try:
        index = faiss.index_factory(dimension, factory, faiss.METRIC_INNER_PRODUCT)
    except RuntimeError:
        raise InputError(
            f"faiss knows no index {factory!r} of {dimension} dimensions",
            remedy="give a faiss factory string such as Flat, HNSW32, SQ8 or IVF1024,PQ48; PQ's number divides the "
            "dimensions",
        ) from None
    if index.metric_type != faiss.METRIC_INNER_PRODUCT:  # HNSW of a PQ is by distance, whatever is asked for
        raise InputError(
            f"faiss ranks {factory!r} by distance, not by inner product",
            remedy="give another, such as HNSW32,SQ8 or IVF1024,PQ48",
        )
    inverted = _inverted_file(index)
    if on_disk and inverted is None:
        raise InputError(
            f"a faiss index {factory!r} has no inverted lists that could stay on disk",
            remedy="give a factory such as IVF4096,PQ64, or leave out --on-disk",
        )
    if inverted is not None and inverted.nlist > total:
        raise InputError(
            f"{inverted.nlist} lists in {factory!r} for {total} vectors to train them on",
            remedy=f"give fewer lists: about {max(1, round(4 * total ** .5))}, four times the root of the vectors",
        )
    _set_parameters(index, factory, parameters)
    return index


def _trained(
    factory: str, parameters: str, dimension: int, total: int, vectors: Vectors, *, on_disk: bool = False
) -> Any:
    """An index, trained and still empty."""
    index = new_index(factory, parameters, dimension, total, on_disk=on_disk)
    if index.is_trained:
        return index
    inverted = _inverted_file(index)
    _train_lists_on_gpus(inverted)
    centroids = max(_LEAST_CENTROIDS, inverted.nlist if inverted else 0)
    sample = _sample(total, min(total, _SAMPLE_A_CENTROID * centroids), vectors)
    try:
        index.train(sample)
    except RuntimeError:
        raise InputError(
            f"{len(sample)} vectors are too few to train a faiss index {factory!r}",
            remedy="give one that needs less, such as SQ8 or HNSW32; a PQ of 8 bits needs 256",
        ) from None
    return index


def _inverted_file(index: Any) -> Any | None:
    """The part of an index that has inverted lists, where there is one."""
    try:
        return faiss.extract_index_ivf(index)
    except RuntimeError:
        return None


def _train_lists_on_gpus(inverted: Any | None) -> None:
    """Let the GPUs, where faiss is built for them, find the centroids: what of training takes long."""
    if inverted is not None and getattr(faiss, "get_num_gpus", int)():
        inverted.clustering_index = faiss.index_cpu_to_all_gpus(faiss.IndexFlatIP(inverted.d))


def _sample(total: int, wanted: int, vectors: Vectors) -> np.ndarray:
    """``wanted`` of the vectors, at random but always the same, in their order."""
    numbers = np.sort(np.random.default_rng(0).choice(total, wanted, replace=False))
    sample, start, filled = np.empty((0, 0), np.float32), 0, 0
    for block in vectors():
        if not start:
            sample = np.empty((wanted, block.shape[1]), np.float32)
        inside = slice(*np.searchsorted(numbers, (start, start + len(block))))
        chosen = numbers[inside] - start
        sample[filled : filled + len(chosen)] = block[chosen]
        start, filled = start + len(block), filled + len(chosen)
    return sample


def _set_parameters(index: Any, factory: str, parameters: str) -> None:
    if not parameters:
        return
    space: Any = faiss.ParameterSpace()  # its type hints know one of its two methods of this name
    try:
        space.set_index_parameters(index, parameters)
    except RuntimeError:
        raise InputError(
            f"a faiss index {factory!r} does not take the parameters {parameters!r}",
            remedy="give such as efConstruction=200,efSearch=128 for HNSW, nprobe=32 for IVF",
        ) from None


def _filled(index: Any, total: int, vectors: Vectors) -> Any:
    """A flat index, made as long as it will be and filled in place: added to, it would be copied as it grows."""
    index.codes.resize(total * index.code_size)
    rows = faiss.rev_swig_ptr(index.get_xb(), total * index.d).reshape(total, index.d)
    for block in vectors():
        rows[index.ntotal : index.ntotal + len(block)] = block
        index.ntotal += len(block)
    return index


def _reserve(index: Any, total: int) -> None:
    """Let codes and HNSW's links have their memory at once, where they would be copied as they grow."""
    storage, graph = index, getattr(index, "hnsw", None)
    if graph is not None:
        storage = faiss.downcast_index(index.storage)
        # Beside the lowest level's links, one passage in so many has as many more on the next, and so on.
        _keep_room(graph.neighbors, total * (graph.nb_neighbors(0) + 1))
        _keep_room(graph.offsets, total + 1, keep=1)
        _keep_room(graph.levels, total)
    if isinstance(storage, faiss.IndexFlatCodes):
        _keep_room(storage.codes, total * storage.code_size)


def _keep_room(vector: Any, size: int, keep: int = 0) -> None:
    vector.resize(size)
    vector.resize(keep)
