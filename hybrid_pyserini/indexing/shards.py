"""Encoded passages on disk, in shards: what survives an interruption, and what processes and machines share out.

A shard is a flat dense index, as Pyserini reads and merges them, of so many passages of a collection. Which passages
those are follows from the collection alone, so whoever encodes a shard, and whenever, writes the same one. Each takes
its name when it is complete, and its manifest says from what it was made.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree

import numpy as np

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.indexing.dense_index import (
    IndexManifest,
    check_finite,
    read_dense_index,
    read_docids,
    write_dense_index,
)
from hybrid_pyserini.provenance import MANIFEST, differences

SHARD_PASSAGES = 8192
"""Passages in a shard. They are encoded sorted by length, so that little is wasted on padding, and are what an
interruption loses at most."""

FIRST = "00000"
"""The first shard's name."""


@dataclass(frozen=True)
class Shards:
    """The shards of one language's collection."""

    folder: Path
    """Theirs: each has its number's name in it."""
    whole: IndexManifest
    """Of all the passages; a shard's manifest differs in the passages and files."""

    @property
    def language(self) -> str:
        return self.whole.language

    def __len__(self) -> int:
        return -(-self.whole.passages // SHARD_PASSAGES)

    def path(self, number: int) -> Path:
        return self.folder / f"{number:05}"

    def manifest(self, number: int) -> IndexManifest:
        """The manifest of a shard that is to be, still without its files' hashes."""
        first = number * SHARD_PASSAGES
        return replace(self.whole, first=first, passages=min(SHARD_PASSAGES, self.whole.passages - first))

    def is_finished(self, number: int, *, stale_is_missing: bool = False) -> bool:
        """Whether a shard is there with its files. One that was made from something else raises InputError, or counts
        as missing."""
        if not self.path(number).exists() or (stale_is_missing and not (self.path(number) / MANIFEST).exists()):
            return False
        found, wanted = IndexManifest.read(self.path(number)), self.manifest(number)
        differing = differences(
            found.content | {"passages": found.passages}, wanted.content | {"passages": wanted.passages}
        )
        if differing and not stale_is_missing:
            raise InputError(
                f"vectors that were made from something else ({'; '.join(differing)})", path=self.path(number),
                remedy="give --overwrite to encode again, or name the model otherwise",
            )
        return not differing and all((self.path(number) / name).is_file() for name in found.files)

    def missing(self, *, stale_too: bool = False) -> list[int]:
        """The numbers of the shards that are not there; ``stale_too``: or that were made from something else."""
        return [n for n in range(len(self)) if not self.is_finished(n, stale_is_missing=stale_too)]

    def remove_leftovers(self) -> None:
        """Remove the shards behind the last, which a longer collection had, and what was left of writing them."""
        for path in self.folder.glob("*"):
            shard = re.fullmatch(r"(\d{5,})|\.(\d{5,})\.(partial|replaced)", path.name)
            if shard and int(shard[1] or shard[2]) >= len(self):
                rmtree(path)

    def write(self, number: int, docids: list[str], vectors: np.ndarray) -> None:
        """Write a shard; raises InputError for a vector that is not finite."""
        check_finite(docids, vectors, "passage")
        write_dense_index(self.path(number), docids, lambda: [vectors], self.manifest(number))

    def docids(self) -> Iterator[str]:
        """The passages' ids, in the collection's order."""
        for number in range(len(self)):
            yield from read_docids(self.path(number))

    def vectors(self) -> Iterator[np.ndarray]:
        """Their vectors, shard by shard, float32 [passages, dimension]; raises InputError for a damaged shard."""
        for number in range(len(self)):
            try:
                shard = read_dense_index(self.path(number))  # kept while its vectors are used: they are its memory
            except InputError as error:
                raise InputError(
                    f"a damaged shard ({error.problem})", path=self.path(number),
                    remedy="remove this folder; what is missing is encoded again",
                ) from None
            yield shard.vectors
