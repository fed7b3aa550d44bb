"""An indexed collection's passages by row, the place of their vector in the index, and by text."""

import json
import mmap
from array import array
from collections.abc import Iterator
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import numpy as np
from tqdm import tqdm

from hybrid_pyserini.collection import passage_of
from hybrid_pyserini.data.text import one_line
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.indexing.dense_index import IndexManifest
from hybrid_pyserini.provenance import sha256
from hybrid_pyserini.records import Passage


class IndexedCollection:
    """The passages that an index holds. Their texts stay in the file; 24 bytes a passage are in memory.

    Raises InputError where the file is not the one that was indexed, since rows are then not those of the vectors.
    """

    def __init__(self, path: Path, manifest: IndexManifest) -> None:
        if not path.is_file() or sha256(path) != manifest.sources.get(path.name):
            raise InputError(
                "not the collection that was indexed", path=path,
                remedy="prepare the data set again, and build the index with 'hybrid-pyserini index' and --overwrite",
            )
        self._path = path
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        starts, digests = array("q"), array("Q")
        with tqdm(total=manifest.passages, desc=f"reading {manifest.language}", unit=" passages") as progress:
            for start, passage in self._lines():
                starts.append(start)
                digests.append(_digest(passage.contents))
                progress.update()
        self._starts, self._digests = np.array(starts), np.array(digests)

    def _lines(self) -> Iterator[tuple[int, Passage]]:
        """(First byte of the line, passage), in the file's order."""
        start = 0
        for line in iter(self._bytes.readline, b""):
            if line.decode("utf-8-sig").strip():
                yield start, passage_of(json.loads(line), self._path)
            start += len(line)

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, row: int) -> Passage:
        """The passage of a row."""
        self._bytes.seek(int(self._starts[row]))
        return passage_of(json.loads(self._bytes.readline()), self._path)

    @cached_property
    def _by_digest(self) -> np.ndarray:
        """Rows in ascending order of their texts' digests."""
        return np.argsort(self._digests, kind="stable")

    def with_text(self, text: str) -> list[Passage]:
        """The passages of this text, white space apart."""
        wanted = np.uint64(_digest(text))
        first = np.searchsorted(self._digests, wanted, side="left", sorter=self._by_digest)
        last = np.searchsorted(self._digests, wanted, side="right", sorter=self._by_digest)
        passages = (self[int(row)] for row in self._by_digest[first:last])
        return [passage for passage in passages if one_line(passage.contents) == one_line(text)]


def _digest(text: str) -> int:
    """64 bits of a text, white space apart."""
    return int.from_bytes(blake2b(one_line(text).encode(), digest_size=8).digest(), "little")
