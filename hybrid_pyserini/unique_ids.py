"""Which ids occur more than once, of more ids than memory should hold: eight bytes an id in a scratch file."""

import tempfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from itertools import islice

import numpy as np

_BLOCK = 65536


def repeated_ids(read_ids: Callable[[], Iterable[str]]) -> set[str]:
    """The ids that occur more than once. ``read_ids`` gives all ids; it is called again where two hashes are equal.

    The hashes are sorted where they lie, in a file that is deleted as soon as it is open.
    """
    with tempfile.TemporaryFile() as file:
        for block in _blocks(read_ids()):
            file.write(array("Q", map(_hash, block)).tobytes())
        file.flush()
        if not file.tell():
            return set()
        hashes = np.memmap(file, dtype=np.uint64)
        hashes.sort()
        repeated: set[int] = set()
        for start in range(0, len(hashes), _BLOCK):
            part = hashes[start : start + _BLOCK + 1]
            repeated.update(part[1:][part[1:] == part[:-1]].tolist())
    if not repeated:
        return set()
    counts = Counter(each for each in read_ids() if _hash(each) in repeated)
    return {each for each, count in counts.items() if count > 1}


def _blocks(ids: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(ids)
    while block := list(islice(remaining, _BLOCK)):
        yield block


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")
