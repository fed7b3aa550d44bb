"""The store of parallel examples: built in a stream, memory-mapped, read by position.

One folder a source: ``examples.arrow`` (the texts, in blocks of rows, so that a row is found without an index),
``languages.u64`` (per example two numbers of 64 bits, least first: a bit a language, of its query and of its positive),
and ``manifest.json``. Opening maps files; it reads none of the texts.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from hybrid_pyserini.atomic import replacing_folder
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json, write_json
from hybrid_pyserini.provenance import made_by, sha256
from hybrid_pyserini.records import Negative, ParallelExample
from hybrid_pyserini.training.eligible import EligiblePositions, eligibility
from hybrid_pyserini.training.selection import Selection

_BLOCK_ROWS = 4096
_MOST_LANGUAGES = 64
_TEXTS = pa.map_(pa.string(), pa.string())
_SCHEMA = pa.schema({
    "id": pa.string(), "group": pa.string(), "other_groups": pa.list_(pa.string()),
    "queries": _TEXTS, "positives": _TEXTS,
    "negatives": pa.map_(pa.string(), pa.list_(pa.struct({"text": pa.string(), "group": pa.string()}))),
})
_TWO_MASKS = np.dtype(("<u8", 2))
_FORMAT = 2


class _LanguageBits:
    """Languages to bits, given out as languages appear; nobody needs to name them beforehand."""

    def __init__(self) -> None:
        self.bits: dict[str, int] = {}

    def mask(self, languages: Iterable[str]) -> int:
        mask = 0
        for language in languages:
            if language not in self.bits and len(self.bits) == _MOST_LANGUAGES:
                raise InputError(f"more than {_MOST_LANGUAGES} languages", remedy="split the source")
            mask |= 1 << self.bits.setdefault(language, len(self.bits))
        return mask


def source_hashes(sources: Sequence[Path]) -> dict[str, str]:
    """Source file name -> SHA-256, as a store's manifest names what it was built from.

    Raises InputError for a file that is missing and for two files of one name, which the manifest could not tell apart.
    """
    names: set[str] = set()
    for source in sources:
        if not source.is_file():
            raise InputError("no such file", remedy="run 'prepare' or give --source FILE", path=source)
        if source.name in names:
            raise InputError(f"another source is named {source.name} too", remedy="rename one of them", path=source)
        names.add(source.name)
    return {source.name: sha256(source) for source in sources}


def build_store(
    folder: Path, examples: Iterable[ParallelExample], sources: dict[str, str] | None = None,
    selection: Selection | None = None,
) -> int:
    """Write a store of what ``selection`` takes of the examples, by default all; return the number of examples. Memory
    holds one block of rows.

    ``sources`` are the hashes of what the examples were read from. Raises InputError where there are no examples.
    """
    selection = selection or Selection()
    bits = _LanguageBits()
    with replacing_folder(folder) as aside:
        texts = aside / "examples.arrow"
        with (
            pa.OSFile(str(texts), "wb") as sink, pa.ipc.new_file(sink, _SCHEMA) as writer,
            (aside / "languages.u64").open("wb") as masks,
        ):
            count = sum(_write_block(block, writer, masks, bits) for block in _blocks(selection.of(examples)))
        if not count:
            raise InputError(
                "no training examples in the source" if selection.everything else "the selection leaves no example",
                remedy="check the source files" if selection.everything else "select more", path=folder,
            )
        write_json(aside / "manifest.json", {
            "format": _FORMAT, "examples": count, "languages": list(bits.bits), "block_rows": _BLOCK_ROWS,
            "sha256": sha256(texts), "sources": sources or {}, "selection": selection.record(), "made_by": made_by(),
        })
    return count


def _write_block(block: list[ParallelExample], writer: Any, masks: BinaryIO, bits: _LanguageBits) -> int:
    writer.write_batch(pa.RecordBatch.from_pylist([_row(example) for example in block], schema=_SCHEMA))
    masks.write(np.array([(bits.mask(e.queries), bits.mask(e.positives)) for e in block], _TWO_MASKS.base).tobytes())
    return len(block)


def keep_or_build_store(
    folder: Path, examples: Iterable[ParallelExample], sources: dict[str, str], *,
    selection: Selection | None = None, overwrite: bool = False,
) -> tuple["ExampleStore", bool]:
    """The store of these sources, and whether it was there already; ``examples`` are read only if it was not.

    Raises InputError for a store of other sources or of another selection, unless ``overwrite``.
    """
    selection = selection or Selection()
    if folder.exists() and not overwrite:
        store = ExampleStore(folder)
        if store.sources != sources:
            raise InputError("a store of other sources", remedy="build it again with --overwrite", path=folder)
        if store.selection != selection.record():
            raise InputError(
                "a store of another selection", remedy="build it again with --overwrite, or name it otherwise",
                path=folder,
            )
        return store, True
    build_store(folder, examples, sources, selection)
    return ExampleStore(folder), False


def _blocks(examples: Iterable[ParallelExample]) -> Iterator[list[ParallelExample]]:
    iterator = iter(examples)
    while block := list(islice(iterator, _BLOCK_ROWS)):
        yield block


def _row(example: ParallelExample) -> dict[str, Any]:
    return {
        "id": example.id, "group": example.group, "other_groups": list(example.other_groups),
        "queries": list(example.queries.items()), "positives": list(example.positives.items()),
        "negatives": [
            (language, [{"text": n.text, "group": n.group} for n in negatives])
            for language, negatives in example.negatives.items()
        ],
    }


def _example(row: dict[str, Any]) -> ParallelExample:
    return ParallelExample(
        id=row["id"], group=row["group"], other_groups=tuple(row["other_groups"]),
        queries=dict(row["queries"]), positives=dict(row["positives"]),
        negatives={
            language: tuple(Negative(**negative) for negative in negatives)
            for language, negatives in row["negatives"]
        },
    )


class ExampleStore:
    """A source of parallel examples, by position. Raises InputError for a folder that is no store."""

    def __init__(self, folder: Path) -> None:
        if not (folder / "manifest.json").is_file():
            raise InputError("no store of examples", remedy="build it with 'hybrid-pyserini examples'", path=folder)
        manifest = read_json(folder / "manifest.json")
        if manifest.get("format") != _FORMAT:
            raise InputError("a store of another format", remedy="build it again with --overwrite", path=folder)
        self.name = folder.name
        self.folder = folder
        self._bit_order: list[str] = manifest["languages"]
        self.languages: tuple[str, ...] = tuple(sorted(self._bit_order))
        self.sources: dict[str, str] = manifest["sources"]
        self.selection: dict[str, Any] | None = manifest.get("selection")
        """Languages and share of the examples (``training/selection.py``); None where it holds all of its sources."""
        self.sha256: str = manifest["sha256"]
        """Of all texts, as they were written."""
        self._size: int = manifest["examples"]
        self._block_rows: int = manifest["block_rows"]
        self._masks = np.memmap(folder / "languages.u64", _TWO_MASKS, "r", shape=self._size)

    @cached_property
    def _file(self) -> Any:
        return pa.ipc.open_file(pa.memory_map(str(self.folder / "examples.arrow")))

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, position: int) -> ParallelExample:
        """The example at a position."""
        block, row = divmod(position, self._block_rows)
        return _example(self._file.get_batch(block).slice(row, 1).to_pylist()[0])

    def __iter__(self) -> Iterator[ParallelExample]:
        """Every example in turn, a block at a time in memory."""
        for block in range(self._file.num_record_batches):
            yield from map(_example, self._file.get_batch(block).to_pylist())

    def queries(self, every: int = 1) -> Iterator[tuple[str, str]]:
        """(Example id, query) of all queries in all languages; of every ``every``-th block of rows only, for a
        sample."""
        for block in range(0, self._file.num_record_batches, every):
            batch = self._file.get_batch(block)
            texts = batch.column("queries")
            ids = np.repeat(np.array(batch.column("id").to_pylist(), dtype=object), np.diff(texts.offsets))
            yield from zip(ids.tolist(), texts.items.to_pylist(), strict=True)

    def languages_of(self, position: int) -> tuple[Sequence[str], Sequence[str]]:
        """The languages of an example's query, and of its positive, each in alphabetical order."""
        queries, positives = (int(mask) for mask in self._masks[position])
        return self._names(queries), self._names(positives)

    def _names(self, mask: int) -> list[str]:
        return sorted(name for bit, name in enumerate(self._bit_order) if mask >> bit & 1)

    def counts(self) -> dict[str, int]:
        """Language -> the number of examples that have a query in it."""
        queries = np.asarray(self._masks[:, 0], dtype=np.uint64)
        return {
            language: int((queries & np.uint64(1 << self._bit_order.index(language)) != 0).sum())
            for language in self.languages
        }

    def eligible(self, kind: str, language: str | None) -> Sequence[int]:
        """The positions of the examples that can stand in a batch of this kind (``training/eligible.py``)."""
        bit = None if language is None else self._bit_order.index(language)
        found = EligiblePositions(self._masks, eligibility(kind, bit))
        return range(len(self)) if len(found) == len(self) else found
