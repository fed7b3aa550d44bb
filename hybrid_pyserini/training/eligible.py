"""Which examples can stand in a batch of a kind, told from the languages of their two sides, and where they are.

Languages are bits of a 64-bit mask. Of 40 million examples the positions alone would be 320 MB a stream; kept instead
are counts by block, and a block's positions are found again when one of them is asked for.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from hybrid_pyserini.training.batching import CROSS_LINGUAL, MIXED

_BLOCK = 1024
_SCANNED = 64 * _BLOCK

Eligibility = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""The languages of queries and of positives, [examples] each -> whether each example can stand in the batch."""


def eligibility(kind: str, bit: int | None) -> Eligibility:
    """``bit``'s language on both sides if one is given; different languages on the two sides if cross-lingual; some
    language on both sides if mixed."""
    if bit is not None:
        return partial(_on_both_sides, np.uint64(1 << bit))
    if kind == MIXED:
        return partial(_on_both_sides, ~np.uint64(0))
    if kind == CROSS_LINGUAL:
        return _two_languages
    raise ValueError(f"kind {kind!r} without a language")


def _on_both_sides(languages: np.uint64, queries: np.ndarray, positives: np.ndarray) -> np.ndarray:
    return queries & positives & languages != 0


def _two_languages(queries: np.ndarray, positives: np.ndarray) -> np.ndarray:
    """Only an example whose two sides have one and the same single language offers no two different ones."""
    single = (queries == positives) & (queries & (queries - np.uint64(1)) == 0)
    return (queries != 0) & (positives != 0) & ~single


class EligiblePositions(Sequence[int]):
    """The positions of the examples that fit, ascending; 8 bytes a block of examples.

    ``masks`` [examples, 2] are the languages of queries and of positives. They are read once, and again by the block.
    """

    def __init__(self, masks: np.ndarray, fits: Eligibility) -> None:
        self._masks, self._fits = masks, fits
        counts = [self._counts(start) for start in range(0, len(masks), _SCANNED)]
        self._before = np.concatenate([[0], *counts]).cumsum()
        """How many fit before each block, and in all."""

    def _counts(self, start: int) -> np.ndarray:
        found = self._found(start, start + _SCANNED)
        return np.add.reduceat(found, np.arange(0, len(found), _BLOCK), dtype=np.int64)

    def _found(self, start: int, end: int) -> np.ndarray:
        block = self._masks[start:end]
        return self._fits(block[:, 0], block[:, 1])

    def __len__(self) -> int:
        return int(self._before[-1])

    def __getitem__(self, index: int) -> int:  # type: ignore[override]  # no slices: nobody asks for them
        if not 0 <= index < len(self):
            raise IndexError(index)
        block = int(self._before.searchsorted(index, side="right")) - 1
        start = block * _BLOCK
        return start + int(np.flatnonzero(self._found(start, start + _BLOCK))[index - self._before[block]])
