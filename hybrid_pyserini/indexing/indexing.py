"""Dense indexes of a data set, of any type that faiss knows: one per passage language, and the pool of all languages.

Passages that are not encoded yet are encoded into shards first; indexes, the pool's too, are built from the shards
alone. Finished indexes are kept, so an interrupted command goes on where it stopped.
"""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.indexing.dense_index import FLAT_INDEX, IndexManifest, IndexType, check_files, write_dense_index
from hybrid_pyserini.indexing.encoding import (
    Encoding,
    check_collections,
    dtype_of_vectors,
    encode_missing,
    load_encoder,
)
from hybrid_pyserini.indexing.faiss_index import Vectors, new_index
from hybrid_pyserini.indexing.shards import Shards
from hybrid_pyserini.provenance import differences
from hybrid_pyserini.records import ALL
from hybrid_pyserini.share import Share
from hybrid_pyserini.workspace import DatasetInfo, Workspace

if TYPE_CHECKING:  # importing the encoder loads torch; build_index does so only once the collections are known to exist
    from hybrid_pyserini.encoder.encoder import Encoder


Writer = Callable[[Path, Iterable[str], Vectors, IndexManifest], object]
"""Writes an index folder as ``write_dense_index`` does: from passage ids, vectors and the manifest."""


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
    workspace: Workspace, dataset: str, model: str, *, index_type: IndexType = FLAT_INDEX, dtype: str | None = None,
    chunk_tokens: int | None = None, overwrite: bool = False, write: Writer = write_dense_index,
) -> tuple[BuiltIndex, ...]:
    """Build the indexes of a prepared data set with a model, by its workspace name or path.

    ``dtype`` is by default that of the vectors that are there, or fp32; ``chunk_tokens`` is that of ``Encoder.embed``;
    ``write`` writes an index folder, faiss' or another.

    Raises InputError for an unknown data set or model, a missing or broken collection, an index type that faiss does
    not know or the vectors cannot train, and for existing vectors or an existing index that were made from something
    else, unless ``overwrite``, which builds all indexes again, but encodes again only what was encoded otherwise.
    """
    if "RANK" in os.environ:
        raise InputError("'index' under torchrun", remedy="run 'encode' under torchrun, and then 'index' alone")
    info = workspace.dataset(dataset)
    name, path = workspace.model(model)
    check_collections(workspace, info)
    encoder = load_encoder(path, dtype or dtype_of_vectors(workspace, info, name))
    if not encoder.stock_pyserini:
        print(
            "note: Pyserini's '--encoder-class auto' knows no dense layer and pools an encoder-decoder's decoder; for "
            "queries to these indexes give '--encoder-class hybrid'", file=sys.stderr,
        )
    return build_index_with(
        encoder, workspace, info, name, index_type=index_type, chunk_tokens=chunk_tokens, overwrite=overwrite,
        write=write,
    )


def build_index_with(
    encoder: "Encoder", workspace: Workspace, info: DatasetInfo, model: str, *, index_type: IndexType = FLAT_INDEX,
    chunk_tokens: int | None = None, overwrite: bool = False, write: Writer = write_dense_index,
) -> tuple[BuiltIndex, ...]:
    """``build_index`` with a loaded encoder; ``model`` is its name in paths and manifests."""
    build = _Build(Encoding(encoder, workspace, info, model, chunk_tokens), index_type, write)
    languages = (*info.passage_languages, *([ALL] if info.pool else []))
    unfinished = [language for language in languages if overwrite or not build.is_finished(language)]
    needed = info.passage_languages if ALL in unfinished else unfinished
    shards = {language: build.encoding.shards(language) for language in needed}
    for language in unfinished:
        build.check(list(shards.values()) if language == ALL else [shards[language]])
    # The data set may have had no pool when it was encoded, and so ids that two languages share.
    encode_missing(build.encoding, shards, Share(), stale_too=overwrite, read_all=ALL in unfinished)
    for language in unfinished:
        build.write(language, list(shards.values()) if language == ALL else [shards[language]])
    return tuple(
        BuiltIndex(
            language, build.folder(language), IndexManifest.read(build.folder(language)).passages,
            kept=language not in unfinished,
        )
        for language in languages
    )


@dataclass(frozen=True)
class _Build:
    """What every step of building one data set's indexes needs."""

    encoding: Encoding
    index_type: IndexType
    write_folder: Writer

    def folder(self, language: str) -> Path:
        encoding = self.encoding
        return encoding.workspace.index(encoding.info.name, self.index_type.name_with(encoding.model), language)

    def manifest(self, language: str) -> IndexManifest:
        """The manifest of an index that is to be, still without the number of passages and its files' hashes."""
        languages = self.encoding.info.passage_languages if language == ALL else (language,)
        manifest = self.encoding.manifest(language, self.encoding.sources(languages))
        manifest.made_by["arguments"] |= asdict(self.index_type)
        return replace(manifest, **asdict(self.index_type))

    def is_finished(self, language: str) -> bool:
        """Whether an index is there; raises InputError for another one in its place."""
        folder = self.folder(language)
        if not folder.exists():
            return False
        differing = differences(IndexManifest.read(folder).content, self.manifest(language).content)
        if differing:
            raise InputError(
                f"an index that was made from something else ({'; '.join(differing)})",
                remedy="give --overwrite to build it again, or name the model otherwise", path=folder,
            )
        check_files(folder)
        return True

    def check(self, shards: Sequence[Shards]) -> None:
        """Raise InputError, before hours of encoding, for an index that faiss cannot build of so many vectors."""
        kind = self.index_type
        if not kind.is_lucenes:
            total = sum(each.whole.passages for each in shards)
            new_index(kind.factory, kind.parameters, self.encoding.encoder.dimension, total, on_disk=kind.on_disk)
        elif not self.encoding.encoder.settings.normalize:
            raise InputError(
                "Lucene's HNSW of a model that does not normalise its vectors",
                remedy="Lucene compares by the dot product of vectors of length 1: choose an index of faiss",
            )

    def write(self, language: str, shards: Sequence[Shards]) -> None:
        """Build an index from the vectors of one language, or for the pool of all."""
        count = sum(map(len, shards))

        def vectors() -> Iterable[np.ndarray]:
            streamed = chain.from_iterable(each.vectors() for each in shards)
            return tqdm(streamed, total=count, desc=f"indexing {language}", unit=" shards", leave=False)

        manifest = replace(
            self.manifest(language), passages=sum(each.whole.passages for each in shards),
            # What was encoded; a collection may have been changed since.
            sources={name: file_hash for each in shards for name, file_hash in each.whole.sources.items()},
        )
        docids = chain.from_iterable(each.docids() for each in shards)
        self.write_folder(self.folder(language), docids, vectors, manifest)
