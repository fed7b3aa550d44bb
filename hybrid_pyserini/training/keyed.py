"""Chance as a pure function of a key: numbers and permutations that need no state and no memory.

A generator's state would have to be saved, restored and shared between ranks, and a permutation of 40 million ids held
in memory. Here both are computed from (seed, ...) when asked, the same on every machine and version.
"""

from hashlib import blake2b


def keyed_number(*key: int | str) -> int:
    """A number in [0, 2**64), uniform over keys."""
    return int.from_bytes(blake2b(repr(key).encode(), digest_size=8).digest(), "little")


def keyed_fraction(*key: int | str) -> float:
    """A number in [0, 1), uniform over keys."""
    return keyed_number(*key) / 2**64


def keyed_index(size: int, *key: int | str) -> int:
    """A number in [0, size), uniform over keys (to within size / 2**64)."""
    return keyed_number(*key) * size >> 64


class KeyedPermutation:
    """A permutation of [0, size), computed place by place.

    A Feistel network permutes [0, 4**bits), the smallest such range that holds ``size``; a value beyond ``size`` is
    permuted again until it falls inside, fewer than four times on average (cycle walking, Black and Rogaway 2002).
    """

    _ROUNDS = 8
    _MIX = 0x9E3779B97F4A7C15

    def __init__(self, size: int, *key: int | str) -> None:
        if size < 1:
            raise ValueError(f"a permutation of {size} places")
        self.size = size
        self._bits = max(1, -(-(size - 1).bit_length() // 2))
        self._mask = (1 << self._bits) - 1
        self._round_keys = [keyed_number("round", r, *key) for r in range(self._ROUNDS)]

    def __getitem__(self, place: int) -> int:
        """Where ``place`` goes."""
        if not 0 <= place < self.size:
            raise IndexError(place)
        value = self._permute(place)
        while value >= self.size:
            value = self._permute(value)
        return value

    def _permute(self, value: int) -> int:
        left, right = value >> self._bits, value & self._mask
        for key in self._round_keys:
            mixed = (right + key) * self._MIX & 0xFFFFFFFFFFFFFFFF
            mixed = (mixed ^ mixed >> 29) * self._MIX & 0xFFFFFFFFFFFFFFFF
            left, right = right, left ^ (mixed >> 32 & self._mask)
        return left << self._bits | right
