"""faiss indexes of any type against exact search, and in what room they are built."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import faiss
import numpy as np
import pytest

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.indexing import faiss_index

PASSAGES, DIMENSION = 3000, 16


@pytest.fixture(scope="module")
def clustered() -> np.ndarray:
    chance = np.random.default_rng(1)
    centres = chance.standard_normal((40, DIMENSION))
    vectors = centres[chance.integers(0, 40, PASSAGES)] + chance.standard_normal((PASSAGES, DIMENSION)) / 2
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


class Stream:
    """Vectors in blocks, and how often they have been read."""

    def __init__(self, vectors: np.ndarray) -> None:
        self.vectors, self.passes = vectors, 0

    def __call__(self) -> Iterator[np.ndarray]:
        self.passes += 1
        return (self.vectors[start : start + 700] for start in range(0, len(self.vectors), 700))


def found(index: faiss.Index, queries: np.ndarray) -> np.ndarray:
    return index.search(queries, 10)[1]


def recall(index: faiss.Index, vectors: np.ndarray) -> float:
    exact = np.argsort(-(vectors[:100] @ vectors.T), axis=1)[:, :10]
    return float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found(index, vectors[:100]), exact, strict=True)]))


def test_a_flat_index_is_byte_for_byte_faiss_own(clustered: np.ndarray, tmp_path: Path) -> None:
    stream = Stream(clustered)
    faiss_index.write(faiss_index.build("Flat", "", DIMENSION, PASSAGES, stream), tmp_path / "ours")
    plain = faiss.IndexFlatIP(DIMENSION)
    plain.add(clustered)
    faiss.write_index(plain, str(tmp_path / "theirs"))
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()
    assert stream.passes == 1


@pytest.mark.parametrize(("factory", "parameters", "least", "passes"), [
    ("HNSW16", "efConstruction=80,efSearch=100", .99, 1),
    ("HNSW16,SQ8", "efSearch=100", .95, 2),
    ("IVF32,Flat", "nprobe=32", 1, 2),
    ("IVF32,Flat", "nprobe=1", .3, 2),
    ("SQ8", "", .95, 2),
    ("OPQ8,IVF8,PQ8", "nprobe=8", .4, 2),
])
def test_every_type_finds_what_it_should(
    clustered: np.ndarray, tmp_path: Path, factory: str, parameters: str, least: float, passes: int
) -> None:
    stream = Stream(clustered)
    index = faiss_index.build(factory, parameters, DIMENSION, PASSAGES, stream)
    faiss_index.write(index, tmp_path / "index")
    read = faiss.read_index(str(tmp_path / "index"))
    assert read.ntotal == PASSAGES
    assert read.metric_type == faiss.METRIC_INNER_PRODUCT
    assert recall(read, clustered) >= least
    scores = read.search(clustered[:100], 10)[0]
    assert (np.diff(scores, axis=1) <= 0).all()
    assert stream.passes == passes


def test_parameters_stay_with_the_index(clustered: np.ndarray, tmp_path: Path) -> None:
    few, many = (
        faiss_index.build("IVF32,Flat", f"nprobe={lists}", DIMENSION, PASSAGES, Stream(clustered)) for lists in (1, 32)
    )
    faiss_index.write(few, tmp_path / "index")
    assert recall(faiss.read_index(str(tmp_path / "index")), clustered) < recall(many, clustered) == 1


@pytest.mark.parametrize("factory", ["IVF32,Flat", "OPQ8,IVF8,PQ8"])
def test_lists_on_disk_hold_what_lists_in_memory_hold(
    clustered: np.ndarray, tmp_path: Path, factory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faiss_index, "_BLOCK_BYTES", 20_000)
    aside, folder = tmp_path / "aside", tmp_path / "folder"
    aside.mkdir()
    index = faiss_index.build_on_disk(
        factory, "nprobe=4", DIMENSION, PASSAGES, Stream(clustered), aside, folder / "ivfdata"
    )
    faiss_index.write(index, aside / "index")
    assert sorted(path.name for path in aside.iterdir()) == ["index", "ivfdata"]
    aside.rename(folder)
    read = faiss.read_index(str(folder / "index"))
    in_memory = faiss_index.build(factory, "nprobe=4", DIMENSION, PASSAGES, Stream(clustered))
    assert np.array_equal(found(read, clustered[:100]), found(in_memory, clustered[:100]))
    assert (folder / "index").stat().st_size < (folder / "ivfdata").stat().st_size


@pytest.mark.parametrize(("factory", "parameters", "total", "message"), [
    ("Flut", "", PASSAGES, "faiss knows no index 'Flut' of 16 dimensions"),
    ("PQ5", "", PASSAGES, "faiss knows no index 'PQ5' of 16 dimensions"),
    ("IVF4000,Flat", "", PASSAGES, "4000 lists in 'IVF4000,Flat' for 3000 vectors.*give fewer lists: about 219"),
    ("HNSW8,PQ4", "", PASSAGES, "faiss ranks 'HNSW8,PQ4' by distance"),
    ("IDMap,Flat", "", PASSAGES, "faiss cannot add vectors to 'IDMap,Flat'"),
    ("PQ4", "", 200, "200 vectors are too few to train a faiss index 'PQ4'"),
    ("IVF8,Flat", "efSearch=7", PASSAGES, "does not take the parameters 'efSearch=7'"),
    ("HNSW8", "efSearch:7", PASSAGES, "does not take the parameters 'efSearch:7'"),
])
def test_what_faiss_cannot_build_is_one_line(
    clustered: np.ndarray, factory: str, parameters: str, total: int, message: str
) -> None:
    with pytest.raises(InputError, match=message) as raised:
        faiss_index.build(factory, parameters, DIMENSION, total, Stream(clustered[:total]))
    assert "\n" not in str(raised.value)


def test_only_inverted_lists_can_stay_on_disk(clustered: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'HNSW8' has no inverted lists.*--on-disk"):
        faiss_index.build_on_disk("HNSW8", "", DIMENSION, PASSAGES, Stream(clustered), tmp_path, tmp_path / "ivfdata")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full, which is a full disk")
def test_a_full_disk_is_the_systems_error(clustered: np.ndarray) -> None:
    index = faiss_index.build("Flat", "", DIMENSION, PASSAGES, Stream(clustered))
    with pytest.raises(OSError, match="/dev/full") as raised:
        faiss_index.write(index, Path("/dev/full"))
    assert raised.value.errno == errno.ENOSPC
    assert os.strerror(errno.ENOSPC) in str(raised.value)


def test_the_sample_is_spread_over_all_vectors(clustered: np.ndarray) -> None:
    sample = faiss_index._sample(PASSAGES, 500, Stream(clustered))
    rows = [int(np.flatnonzero((clustered == vector).all(axis=1))[0]) for vector in sample]
    assert rows == sorted(set(rows))
    assert len(rows) == 500
    assert np.histogram(rows, bins=6, range=(0, PASSAGES))[0].min() > 50
