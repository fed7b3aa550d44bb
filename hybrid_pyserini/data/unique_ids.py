"""Which ids occur more than once, of more ids than memory should hold: eight bytes an id in a scratch file."""

import tempfile
from array import array
from collections.abc import Callable, Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

_BLOCK = 65536
"""Hashes that are in memory at once; and so many equal ones, at most, are looked into."""

Place = TypeVar("Place")


class Repetition(NamedTuple, Generic[Place]):
    """An id that occurs twice, and where."""

    id: str
    first: Place
    second: Place


class PassingIds:
    """Ids that pass by once: of each, a hash in a file without a name in ``folder`` (default: the system's for
    temporary files), which goes with the object."""

    def __init__(self, folder: Path | None = None) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - it is read once all ids have passed
        self._block = array("Q")

    def add(self, passing: str) -> None:
        """Take note of an id."""
        self._block.append(_hash(passing))
        if len(self._block) >= _BLOCK:
            self._write()

    def repetition(self, read_again: Callable[[], Iterable[tuple[str, Place]]]) -> Repetition[Place] | None:
        """An id that was added twice, with the places of its first two occurrences; None where there is none.

        ``read_again`` gives all ids again, each with its place, in any order. It is called only where two hashes are
        equal, and gone through as far as the first repetition; where more than 65,536 ids are repeated, of some of
        them.
        """
        equal = self._equal_hashes()
        seen: dict[str, Place] = {}
        for each, place in read_again() if equal else ():
            if each in seen:
                return Repetition(each, seen[each], place)
            if _hash(each) in equal:
                seen[each] = place
        return None

    def _write(self) -> None:
        self._file.write(self._block.tobytes())
        del self._block[:]

    def _equal_hashes(self) -> set[int]:
        """Hashes that occur more than once, some of them where they are many. They are sorted where they lie."""
        import numpy as np

        self._write()
        self._file.flush()
        equal: set[int] = set()
        if not self._file.tell():
            return equal
        hashes = np.memmap(self._file, dtype=np.uint64)
        hashes.sort()
        for start in range(0, len(hashes), _BLOCK):
            part = hashes[start : start + _BLOCK + 1]
            equal.update(part[1:][part[1:] == part[:-1]].tolist())
            if len(equal) >= _BLOCK:
                break
        return equal


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")
