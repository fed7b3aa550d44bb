"""Encoding of a data set's passages into shards, by one process or shared out among many.

Passages are streamed: a shard's are read and cut into tokens while the model works on those before. A process takes
every so-manieth shard of all languages; the shards that are there are kept, so an interrupted process
goes on with those that are missing. Two processes must not encode the same shard at once.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from tqdm import tqdm

from hybrid_pyserini.collection import numbered_passages, repeated
from hybrid_pyserini.data.unique_ids import PassingIds
from hybrid_pyserini.encoder.checkpoint import local_folder, read_settings
from hybrid_pyserini.encoder.known_encoders import check_as_published
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.indexing.dense_index import IndexManifest, encoder_record
from hybrid_pyserini.indexing.shards import FIRST, SHARD_PASSAGES, Shards
from hybrid_pyserini.jsonl import read_lines
from hybrid_pyserini.provenance import MANIFEST, made_by, sha256
from hybrid_pyserini.share import Share
from hybrid_pyserini.workspace import DatasetInfo, Workspace

if TYPE_CHECKING:  # importing the encoder loads torch; encode does so only once the collections are known to exist
    from hybrid_pyserini.encoder.encoder import Encoder

Item = TypeVar("Item")

_COMPARED = 32
"""Passages of each language that are encoded in fp32 too, to say how close int8 comes."""


@dataclass(frozen=True)
class EncodedLanguage:
    """One language of a data set, after ``encode``."""

    language: str
    folder: Path
    passages: int
    encoded: int
    """Shards that were encoded now, by this process."""
    shards: int
    missing: int
    """Shards that are still to be encoded, by other processes."""


@dataclass(frozen=True)
class Encoding:
    """What every step of encoding one data set needs."""

    encoder: "Encoder"
    workspace: Workspace
    info: DatasetInfo
    model: str
    chunk_tokens: int | None = None

    def __post_init__(self) -> None:
        if self.chunk_tokens is not None and self.chunk_tokens < 1:
            raise InputError(f"chunks of {self.chunk_tokens} tokens", remedy="give --chunk-tokens 1 or more; try 2048")
        check_collections(self.workspace, self.info)

    def collection(self, language: str) -> Path:
        return self.workspace.collection(self.info.name, language)

    def manifest(self, language: str, sources: dict[str, str]) -> IndexManifest:
        """The manifest of vectors that are to be, still without their number and files."""
        arguments = made_by(
            dataset=self.info.name, model=self.model, dtype=self.encoder.dtype, chunk_tokens=self.chunk_tokens
        )
        return IndexManifest(
            dataset=self.info.name, language=language, model=self.model, encoder=encoder_record(self.encoder),
            sources=sources, made_by=arguments,
        )

    def sources(self, languages: Iterable[str]) -> dict[str, str]:
        """Collection -> SHA-256."""
        return {path.name: sha256(path) for path in map(self.collection, languages)}

    def shards(self, language: str) -> Shards:
        """The shards of a language's collection, whether they are there or not; raises InputError for an empty one."""
        collection = self.collection(language)
        passages = sum(1 for _, line in read_lines(collection) if line.strip())
        if not passages:
            raise InputError("a collection without a passage", remedy="prepare the data set again", path=collection)
        whole = self.manifest(language, self.sources([language]))
        return Shards(self.workspace.vectors(self.info.name, self.model, language), replace(whole, passages=passages))


def check_collections(workspace: Workspace, info: DatasetInfo) -> None:
    """Raise InputError where the collection of a language is missing."""
    for language in info.passage_languages:
        path = workspace.collection(info.name, language)
        if not path.is_file():
            raise InputError(
                f"no collection for language {language!r} of {info.name}",
                remedy=f"run 'hybrid-pyserini prepare {info.name}' again", path=path,
            )


def encode(
    workspace: Workspace, dataset: str, model: str, *, dtype: str | None = None, chunk_tokens: int | None = None,
    share: Share | None = None, overwrite: bool = False,
) -> tuple[EncodedLanguage, ...]:
    """Encode a share of a prepared data set's passages with a model, by its workspace name or path.

    ``dtype`` is by default that of the vectors that are there, or fp32; ``chunk_tokens`` is that of ``Encoder.embed``.
    Raises InputError for an unknown data set or model, a missing or broken collection, and vectors that were made from
    something else, unless ``overwrite``.
    """
    info = workspace.dataset(dataset)
    name, path = workspace.model(model)
    check_collections(workspace, info)
    encoder = load_encoder(path, dtype or dtype_of_vectors(workspace, info, name))
    encoding = Encoding(encoder, workspace, info, name, chunk_tokens)
    shards = {language: encoding.shards(language) for language in info.passage_languages}
    numbers = encode_missing(encoding, shards, share or Share(), stale_too=overwrite, all_again=overwrite)
    return tuple(
        EncodedLanguage(
            language, of.folder, of.whole.passages, len(numbers[language]), len(of),
            missing=len(of.missing(stale_too=overwrite)),
        )
        for language, of in shards.items()
    )


def load_encoder(path: str, dtype: str) -> "Encoder":
    """Load a checkpoint, by folder or hub name, to encode passages with; says on stderr what it takes where a plain
    Hugging Face model states nothing.

    Raises InputError where ``Encoder.load`` does, and for a known encoder whose settings its files do not state.
    """
    from hybrid_pyserini.encoder.encoder import Encoder

    encoder = Encoder.load(path, dtype=dtype)
    settings = encoder.settings
    check_as_published(path, settings)
    if read_settings(local_folder(path)) is None:
        print(
            f"note: {path} does not say how it is to be used; taken are {settings.pooling} pooling, vectors of length "
            f"1, and the prompts {settings.query_prompt!r} and {settings.document_prompt!r}; 'hybrid-pyserini adopt' "
            "makes a model of it with others", file=sys.stderr,
        )
    return encoder


def dtype_of_vectors(workspace: Workspace, info: DatasetInfo, model: str) -> str:
    """What the vectors of a model that are there were computed in, or the exact indexes; fp32 where there are none."""
    for language in info.passage_languages:
        shard = workspace.vectors(info.name, model, language) / FIRST
        for folder in (shard, workspace.index(info.name, model, language)):
            if (folder / MANIFEST).is_file():
                return IndexManifest.read(folder).encoder["dtype"]
    return "fp32"


def _say_how_close_int8_is(encoding: Encoding) -> None:
    """Say on stderr how close it comes to fp32 on the first passages of each language."""
    from hybrid_pyserini.encoder.encoder import Encoder

    texts = [
        passage.contents for language in encoding.info.passage_languages
        for _, passage in islice(numbered_passages(encoding.collection(language)), _COMPARED)
    ]
    exact = Encoder.load(encoding.encoder.name_or_path, device="cpu").encode_passages(texts)
    int8 = encoding.encoder.encode_passages(texts)
    cosines = (exact * int8).sum(axis=1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(int8, axis=1)
    print(
        f"note: int8: the cosine with fp32's vector is {cosines.min():.5f} at least, {cosines.mean():.5f} on average, "
        f"of {len(texts)} passages; score runs of both to see what it costs", file=sys.stderr,
    )


def encode_missing(
    encoding: Encoding, shards: Mapping[str, Shards], share: Share, *, stale_too: bool = False,
    all_again: bool = False, read_all: bool = False,
) -> dict[str, list[int]]:
    """Encode the shards that are missing, as far as they are this process' share; return their numbers by language.

    ``stale_too``: replace those that were made from something else, and remove those behind the last, which raise
    InputError or stay otherwise. ``all_again``: encode those too that are there.

    If any is missing, or with ``read_all``, the first process reads all passages before: a broken line in the last
    collection, or an id that occurs twice, shows before hours of work. In the pool, whose runs name a passage by its id
    alone, no two languages may share one.
    """
    missing = {
        language: [n for n in range(len(of)) if all_again or not of.is_finished(n, stale_is_missing=stale_too)]
        for language, of in shards.items()
    }
    if share.number == 0:
        for language in shards:
            if stale_too:
                shards[language].remove_leftovers()
        if read_all or any(missing.values()):  # also languages that others have encoded: they did not read all of them
            for together in [list(shards)] if encoding.info.pool else [[language] for language in shards]:
                _check_passages(encoding, together)
        if encoding.encoder.dtype == "int8" and any(missing.values()):
            _say_how_close_int8_is(encoding)
    mine = _share_of(share, missing, shards)
    _encode(encoding, shards, mine)
    return mine


def _share_of(share: Share, missing: Mapping[str, list[int]], shards: Mapping[str, Shards]) -> dict[str, list[int]]:
    """What of the missing shards is a process' share: every so-manieth of all, counted through the languages, whether
    missing or not, so that a process started later does not take those that another is encoding."""
    mine: dict[str, list[int]] = {}
    before = 0
    for language, numbers in missing.items():
        mine[language] = [n for n in numbers if (before + n) % share.of == share.number]
        before += len(shards[language])
    return mine


def _check_passages(encoding: Encoding, languages: Sequence[str]) -> None:
    """Read collections; raises InputError for a broken line, and for an id that occurs twice in all of them."""
    def places() -> Iterator[tuple[str, tuple[Path, int]]]:
        for language in languages:
            collection = encoding.collection(language)
            passages = numbered_passages(collection)
            for line, passage in tqdm(passages, desc=f"reading {language}", unit=" passages", leave=False):
                yield passage.id, (collection, line)

    ids = PassingIds()
    for docid, _ in places():
        ids.add(docid)
    again = ids.repetition(places)
    if again is None:
        return
    (before, _), (collection, line) = again.first, again.second
    if before == collection:
        raise repeated(again.id, collection, line)
    raise InputError(
        f"passage id {again.id!r} occurs in {before.name} too", path=collection, line=line,
        remedy="prepare the data set with ids that are unique over its pool",
    )


class _Tokenised(NamedTuple):
    """A shard's passages, ready for the model."""

    language: str
    number: int
    docids: list[str]
    token_ids: Sequence[Sequence[int]]


def _encode(encoding: Encoding, shards: Mapping[str, Shards], mine: Mapping[str, list[int]]) -> None:
    total = sum(shards[language].manifest(n).passages for language, numbers in mine.items() for n in numbers)
    quiet = not total or int(os.environ.get("RANK", 0)) > 0
    with tqdm(total=total, unit=" passages", disable=quiet) as progress:
        for shard in _one_ahead(_tokenised(encoding, shards, mine)):
            progress.set_description(f"encoding {shard.language}")
            vectors = np.empty((len(shard.docids), encoding.encoder.dimension), dtype=np.float32)
            for rows, of_rows in encoding.encoder.embed(shard.token_ids, encoding.chunk_tokens):
                vectors[rows] = of_rows
                progress.update(len(rows))
            shards[shard.language].write(shard.number, shard.docids, vectors)


def _tokenised(
    encoding: Encoding, shards: Mapping[str, Shards], mine: Mapping[str, list[int]]
) -> Iterator[_Tokenised]:
    for language, numbers in mine.items():
        wanted = partial(_is_in, frozenset(numbers))
        passages = (passage for _, passage in numbered_passages(encoding.collection(language), wanted))
        for number in numbers:
            of_shard = list(islice(passages, shards[language].manifest(number).passages))
            if len(of_shard) < shards[language].manifest(number).passages:
                raise InputError(
                    "the collection was changed while it was encoded", path=encoding.collection(language),
                    remedy="run the command again, with --overwrite",
                )
            yield _Tokenised(
                language, number, [passage.id for passage in of_shard],
                encoding.encoder.tokenize_passages([passage.contents for passage in of_shard]),
            )


def _is_in(shards: frozenset[int], place: int) -> bool:
    """Whether the passage in this place of its collection lies in one of these shards."""
    return place // SHARD_PASSAGES in shards


def _one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The items, each made in a thread while the one before is in use."""
    with ThreadPoolExecutor(1) as thread:
        following = thread.submit(next, items, None)
        while (item := following.result()) is not None:
            following = thread.submit(next, items, None)
            yield item
