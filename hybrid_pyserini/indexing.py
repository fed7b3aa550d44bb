"""Dense indexes of a data set: one per passage language, and the pool of all languages.

Each passage is encoded once; the pool's vectors are copied from the languages' indexes. Passages are streamed through
the encoder in windows, so that a collection's text is never in memory as a whole. Languages whose index is finished are
kept, so an interrupted command goes on where it stopped.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from hybrid_pyserini.collection import read_collection
from hybrid_pyserini.dense_index import (
    DOCID,
    DenseIndex,
    IndexManifest,
    check_files,
    encoder_record,
    read_dense_index,
    write_dense_index,
)
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.provenance import differences, made_by, sha256
from hybrid_pyserini.records import ALL
from hybrid_pyserini.workspace import DatasetInfo, Workspace

if TYPE_CHECKING:  # importing the encoder loads torch; build_index does so only once the collections are known to exist
    from hybrid_pyserini.encoder import Encoder

_BATCHES_A_WINDOW = 64
"""The encoder sorts a window by length, so a window of many batches wastes little on padding."""


@dataclass(frozen=True)
class BuiltIndex:
    """One index of a data set, after ``build_index``."""

    language: str
    """A passage language, or ``all``."""
    folder: Path
    passages: int
    kept: bool
    """Whether it was finished before and has not been built again."""


def build_index(
    workspace: Workspace, dataset: str, model: str, *, dtype: str = "fp32", batch_size: int = 32,
    overwrite: bool = False,
) -> tuple[BuiltIndex, ...]:
    """Build the indexes of a prepared data set with a model, by its workspace name or path.

    Raises InputError for an unknown data set or model, a missing collection, and an existing index that was made from
    something else, unless ``overwrite``.
    """
    info = workspace.dataset(dataset)
    name, path = workspace.model(model)
    _check_collections(workspace, info)
    from hybrid_pyserini.encoder import Encoder

    encoder = Encoder.load(path, dtype=dtype)
    if not encoder.stock_pyserini:
        print(
            "note: Pyserini's '--encoder-class auto' knows no dense layer and pools an encoder-decoder's decoder; for "
            "queries to these indexes give '--encoder-class hybrid'", file=sys.stderr,
        )
    return build_index_with(encoder, workspace, info, name, batch_size=batch_size, overwrite=overwrite)


def build_index_with(
    encoder: "Encoder", workspace: Workspace, info: DatasetInfo, model: str, *, batch_size: int = 32,
    overwrite: bool = False,
) -> tuple[BuiltIndex, ...]:
    """``build_index`` with a loaded encoder; ``model`` is its name in paths and manifests."""
    if batch_size < 1:
        raise InputError(f"a batch of {batch_size} passages", remedy="give --batch-size 1 or more")
    _check_collections(workspace, info)
    build = _Build(encoder, workspace, info, model, batch_size)
    wanted = [build.language_manifest(language) for language in info.languages]
    unfinished = [
        manifest for manifest in wanted if overwrite or not _is_finished(build.folder(manifest.language), manifest)
    ]
    _encode_languages(build, unfinished)
    encoded = {manifest.language for manifest in unfinished}
    built = [build.result(language, kept=language not in encoded) for language in info.languages]
    if info.pool:
        built.append(build.result(ALL, kept=_copy_pool(build, overwrite)))
    return tuple(built)


def _check_collections(workspace: Workspace, info: DatasetInfo) -> None:
    for language in info.languages:
        path = workspace.collection(info.name, language)
        if not path.is_file():
            raise InputError(
                f"no collection for language {language!r} of {info.name}",
                remedy=f"run 'hybrid-pyserini prepare {info.name}' again", path=path,
            )


@dataclass(frozen=True)
class _Build:
    """What every step of building one data set's indexes needs."""

    encoder: "Encoder"
    workspace: Workspace
    info: DatasetInfo
    model: str
    batch_size: int

    def folder(self, language: str) -> Path:
        return self.workspace.index(self.info.name, self.model, language)

    def collection(self, language: str) -> Path:
        return self.workspace.collection(self.info.name, language)

    def manifest(self, language: str, sources: dict[str, str]) -> IndexManifest:
        """The manifest of an index that is to be, still without the counts and hashes of its files."""
        arguments = made_by(
            dataset=self.info.name, model=self.model, dtype=self.encoder.dtype, batch_size=self.batch_size
        )
        return IndexManifest(
            dataset=self.info.name, language=language, model=self.model, encoder=encoder_record(self.encoder),
            sources=sources, made_by=arguments,
        )

    def language_manifest(self, language: str) -> IndexManifest:
        collection = self.collection(language)
        return self.manifest(language, {collection.name: sha256(collection)})

    def result(self, language: str, kept: bool) -> BuiltIndex:
        folder = self.folder(language)
        return BuiltIndex(language, folder, IndexManifest.read(folder).passages, kept)


def _is_finished(folder: Path, wanted: IndexManifest) -> bool:
    """Whether the folder holds the wanted index; raises InputError where it holds another one."""
    if not folder.exists():
        return False
    found = IndexManifest.read(folder)
    differing = differences(found.encoder | found.sources, wanted.encoder | wanted.sources)
    if differing:
        raise InputError(
            f"an index that was made from something else ({'; '.join(differing)})",
            remedy="give --overwrite to build it again, or name the model otherwise", path=folder,
        )
    check_files(folder)
    return True


def _encode_languages(build: _Build, manifests: list[IndexManifest]) -> None:
    """Encode and write the languages' indexes, one after the other.

    Each collection is read once before, for the total of the progress bar, and so that a broken line in the last one
    shows before the first is encoded.
    """
    total = sum(_count_passages(build.collection(manifest.language)) for manifest in manifests)
    with tqdm(total=total, unit=" passages", disable=not manifests) as progress:
        for manifest in manifests:
            progress.set_description(f"encoding {manifest.language}")
            write_dense_index(build.folder(manifest.language), _encoded(build, manifest.language, progress), manifest)


def _count_passages(collection: Path) -> int:
    count = sum(1 for _ in read_collection(collection))
    if not count:
        raise InputError("a collection without a passage", remedy="prepare the data set again", path=collection)
    return count


def _encoded(build: _Build, language: str, progress: "tqdm[Any]") -> Iterator[tuple[list[str], np.ndarray]]:
    """Yield (ids, vectors) window by window, in the collection's order."""
    passages = read_collection(build.collection(language))
    while window := list(islice(passages, build.batch_size * _BATCHES_A_WINDOW)):
        texts = [passage.contents for passage in window]
        yield [passage.id for passage in window], build.encoder.encode_passages(texts, batch_size=build.batch_size)
        progress.update(len(window))


def _copy_pool(build: _Build, overwrite: bool) -> bool:
    """Build the pool's index from the languages'; return whether a finished one was kept.

    A pool of other languages' indexes than there are now is out of date, not a user's mistake: it is built again.
    """
    folder = build.folder(ALL)
    languages = {language: IndexManifest.read(build.folder(language)) for language in build.info.languages}
    sources = {
        f"{language}/{name}": file_hash
        for language, manifest in languages.items() for name, file_hash in manifest.files.items()
    }
    if folder.exists() and not overwrite and IndexManifest.read(folder).sources == sources:
        check_files(folder)
        return True
    indexes = [read_dense_index(build.folder(language)) for language in build.info.languages]
    _check_unique(indexes)
    write_dense_index(folder, ((index.docids, index.vectors) for index in indexes), build.manifest(ALL, sources))
    return False


def _check_unique(indexes: list[DenseIndex]) -> None:
    """A run of the pool names passages by id alone, so no two languages may share one."""
    language_of: dict[str, str] = {}
    for index in indexes:
        for docid in index.docids:
            other = language_of.setdefault(docid, index.manifest.language)
            if other != index.manifest.language:
                raise InputError(
                    f"passage id {docid!r} occurs in {other} and in {index.manifest.language}",
                    remedy="prepare the data set with ids that are unique over its pool", path=index.folder / DOCID,
                )
