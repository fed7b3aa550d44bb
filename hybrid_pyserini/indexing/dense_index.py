"""A dense index folder as Pyserini reads it, with a manifest beside it.

``index`` is a faiss index, ``docid`` has one passage id a line in the same order, and ``manifest.json`` says which
model made the vectors, from which passages, and what the two files' hashes are. Pyserini's own writer saves ``index``
even after an error, so that an interrupted index loads as a complete one; here the folder takes its name only when it
is complete.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import faiss
import numpy as np

from hybrid_pyserini.atomic import replacing_folder
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.indexing import faiss_index
from hybrid_pyserini.jsonl import read_json, read_lines, write_json
from hybrid_pyserini.provenance import MANIFEST, differences, sha256

if TYPE_CHECKING:  # the encoder imports torch, which reading an index does not need
    from hybrid_pyserini.encoder.encoder import Encoder

INDEX, DOCID = "index", "docid"
_BUILD_AGAIN = "build it again with 'hybrid-pyserini index' and --overwrite"

LUCENE, LUCENE_INT8 = "LuceneHNSW", "LuceneHNSW,int8"
LUCENE_PARAMETERS = ("M", "efConstruction", "threads")


@dataclass(frozen=True)
class IndexType:
    """What kind of index; raises InputError for one of Lucene's that there is not."""

    factory: str = faiss_index.FLAT
    """faiss' factory string, or one of Lucene's HNSW, which Pyserini's ``search.lucene`` searches."""
    parameters: str = ""
    """faiss' parameters, such as ``efSearch=128``, which stay with the index; or Lucene's."""
    on_disk: bool = False
    """Whether inverted lists stay on disk when the index is read."""

    def __post_init__(self) -> None:
        if not self.is_lucenes:
            return
        if self.factory not in (LUCENE, LUCENE_INT8):
            raise InputError(f"no index {self.factory!r}", remedy=f"give {LUCENE} or {LUCENE_INT8}")
        if self.on_disk:
            raise InputError("--on-disk with a Lucene index", remedy="leave it out: its files are mapped")
        self.lucene_parameters()

    def lucene_parameters(self) -> dict[str, int]:
        """Those given of M, efConstruction and threads; raises InputError for others."""
        given = {}
        for each in self.parameters.split(",") if self.parameters else ():
            name, _, value = each.partition("=")
            if name not in LUCENE_PARAMETERS or name in given or not value.isdecimal() or not int(value):
                raise InputError(
                    f"{each!r} for a Lucene index", remedy="give such as M=16,efConstruction=100,threads=1; Pyserini's "
                    "--ef-search is given when it is searched",
                )
            given[name] = int(value)
        return given

    def name_with(self, model: str) -> str:
        """What this kind of index of a model's vectors is called, in paths, as its runs' tag and in tables: the model
        itself where the search is exact, else such as ``hybrid+IVF1024-PQ48``."""
        return model if self.factory == faiss_index.FLAT else f"{model}+{re.sub('[^A-Za-z0-9_]+', '-', self.factory)}"

    @property
    def is_lucenes(self) -> bool:
        """Whether it is no faiss index."""
        return self.factory.startswith("Lucene")


FLAT_INDEX = IndexType()
"""Exact search."""


@dataclass(frozen=True)
class IndexManifest:
    """What an index was made from."""

    dataset: str
    language: str
    """A passage language, or ``all`` for the pool."""
    model: str
    encoder: dict[str, Any]
    """``encoder_record``: queries must be encoded by an encoder with an equal one."""
    sources: dict[str, str]
    """Collection -> SHA-256; of the pool, all languages' collections."""
    made_by: dict[str, Any]
    passages: int = 0
    first: int = 0
    """The place of its first passage in the collection: of a shard; an index begins at 0."""
    factory: str = faiss_index.FLAT
    parameters: str = ""
    on_disk: bool = False
    """``IndexType``."""
    files: dict[str, str] = field(default_factory=dict)
    """``index`` and ``docid`` -> SHA-256, known once they are written."""

    @property
    def content(self) -> dict[str, Any]:
        """What decides what is in the files."""
        of_type = {"factory": self.factory, "parameters": self.parameters, "on_disk": self.on_disk}
        return self.encoder | self.sources | of_type | {"first": self.first}

    @classmethod
    def read(cls, folder: Path) -> "IndexManifest":
        """Read the manifest of an index folder; raises InputError where there is no index or no manifest."""
        path = folder / MANIFEST
        if not folder.is_dir():
            raise InputError("no index here", remedy="build it first with 'hybrid-pyserini index'", path=folder)
        if not path.is_file():
            raise InputError(
                f"a folder without {MANIFEST}, so not an index of 'hybrid-pyserini index'",
                remedy="move it away, or replace it with 'hybrid-pyserini index' and --overwrite", path=folder,
            )
        try:
            return cls(**read_json(path))
        except (InputError, TypeError) as error:
            problem = getattr(error, "problem", error)
            raise InputError(f"not the manifest of an index ({problem})", remedy=_BUILD_AGAIN, path=path) from None


@dataclass(frozen=True)
class DenseIndex:
    """An index in memory."""

    folder: Path
    manifest: IndexManifest
    docids: list[str]
    faiss_index: Any

    @property
    def language(self) -> str:
        """A passage language, or ``all`` for the pool."""
        return self.manifest.language

    @property
    def vectors(self) -> np.ndarray:
        """Of an exact index, float32 [passages, dimension]: faiss' own memory, not a copy, so it must not outlive this
        object."""
        vectors = faiss.rev_swig_ptr(self.faiss_index.get_xb(), self.faiss_index.ntotal * self.faiss_index.d)
        vectors.flags.writeable = False
        return vectors.reshape(self.faiss_index.ntotal, self.faiss_index.d)


def encoder_record(encoder: "Encoder") -> dict[str, Any]:
    """What queries and passages must share: checkpoint, dtype, dimension, pooling, normalisation, prompts, length."""
    settings = json.loads(json.dumps(asdict(encoder.settings)))  # as the manifest's JSON gives them back
    return {"fingerprint": encoder.fingerprint, "dtype": encoder.dtype, "dimension": encoder.dimension, **settings}


def read_index_for(encoder: "Encoder", folder: Path) -> DenseIndex:
    """Read the folder of an exact index; raises InputError if its passages were not encoded as ``encoder`` will encode
    queries."""
    check_encoded_by(encoder, folder)
    return read_dense_index(folder)


def check_encoded_by(encoder: "Encoder", folder: Path) -> IndexManifest:
    """An index's manifest; raises InputError if its passages were not encoded as ``encoder`` will encode queries."""
    manifest = IndexManifest.read(folder)
    differing = differences(manifest.encoder, encoder_record(encoder))
    if differing:
        raise InputError(
            f"passages and queries would be encoded differently ({'; '.join(differing)})",
            remedy="search with the index's model and dtype, or build it again with 'hybrid-pyserini index' and "
            "--overwrite", path=folder,
        )
    return manifest


def write_dense_index(
    folder: Path, docids: Iterable[str], vectors: faiss_index.Vectors, manifest: IndexManifest
) -> IndexManifest:
    """Write an index folder of ``manifest.passages`` passages and their vectors; return the manifest with the files'
    hashes.

    Nothing is left behind when something fails. Raises InputError for an index that faiss does not know or that these
    vectors cannot train; OSError where the disk is full.
    """
    what = manifest.factory, manifest.parameters, manifest.encoder["dimension"], manifest.passages, vectors
    with replacing_folder(folder) as aside:
        with (aside / DOCID).open("w", encoding="utf-8", newline="\n") as docid_file:
            docid_file.writelines(f"{docid}\n" for docid in docids)
        if manifest.on_disk:
            index = faiss_index.build_on_disk(*what, aside, (folder / faiss_index.LISTS).absolute())
        else:
            index = faiss_index.build(*what)
        faiss_index.write(index, aside / INDEX)
        manifest = replace(manifest, files={path.name: sha256(path) for path in sorted(aside.iterdir())})
        write_json(aside / MANIFEST, asdict(manifest))
    return manifest


def check_finite(ids: list[str], vectors: np.ndarray, what: str) -> None:
    """Raise InputError, naming the first, where a vector holds NaN or infinity: no ranking is defined on those."""
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if bad.size:
        raise InputError(
            f"the model's vector of {what} {ids[bad[0]]!r} (and {bad.size - 1} more) holds NaN or infinity",
            remedy="the checkpoint is damaged or overflows in this dtype: try --dtype fp32, or train it again",
        )


def check_files(folder: Path) -> None:
    """Raise InputError where a file that the manifest names is missing from an index folder."""
    for name in IndexManifest.read(folder).files:
        if not (folder / name).is_file():
            raise InputError(f"the index has no file {name!r}", remedy=_BUILD_AGAIN, path=folder)


def read_docids(folder: Path) -> Iterator[str]:
    """An index's passage ids, in its order."""
    return (line for _, line in read_lines(folder / DOCID))


def read_dense_index(folder: Path) -> DenseIndex:
    """Read the folder of an exact index; raises InputError where files are missing, damaged or do not belong together,
    and for an index of another type.

    The whole index is read into memory. Mapping it (``IO_FLAG_MMAP_IFC``) works too, but the vectors then start at byte
    45 of the file, and numpy copies unaligned vectors at every product, which made searching three times slower.
    """
    index = read_any_index(folder)
    if not isinstance(index.faiss_index, faiss.IndexFlatIP):
        found = type(index.faiss_index).__name__
        raise InputError(f"expected a faiss IndexFlatIP, found {found}", remedy=_BUILD_AGAIN, path=folder / INDEX)
    return index


def read_any_index(folder: Path) -> DenseIndex:
    """Read the folder of an index of any type; raises InputError where files are missing, damaged or do not belong
    together. Lists that stay on disk, in the same folder, are not read, and so not held against their hash."""
    manifest = IndexManifest.read(folder)
    check_files(folder)
    docids = list(read_docids(folder))
    try:
        index = faiss.read_index(str(folder / INDEX), faiss.IO_FLAG_READ_ONLY | faiss.IO_FLAG_ONDISK_SAME_DIR)
    except RuntimeError:  # faiss' message is a C++ function and a line of its source
        raise InputError("not an index that faiss can read", remedy=_BUILD_AGAIN, path=folder / INDEX) from None
    if not len(docids) == index.ntotal == manifest.passages:
        raise InputError(
            f"{len(docids)} passage ids, {index.ntotal} vectors, and {manifest.passages} passages in the manifest",
            remedy=_BUILD_AGAIN, path=folder,
        )
    for name in (INDEX, DOCID):
        if sha256(folder / name) != manifest.files.get(name):
            raise InputError("not the file that the manifest names", remedy=_BUILD_AGAIN, path=folder / name)
    return DenseIndex(folder, manifest, docids, index)
