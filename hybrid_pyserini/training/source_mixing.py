"""How often each training source is drawn: by its size, by its size to a power, or by given weights.

A power between 0 and 1 draws small sources more often than their size and large ones less, as multilingual models mix
their languages (XLM-R, arXiv 1911.02116, section 3.1: 0.3). Sources are drawn with *tickets*, whole numbers in the
proportion wanted, so that every machine draws the same ones: powers of floats differ between mathematics libraries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from math import isfinite, lcm

from hybrid_pyserini.errors import InputError

_MOST_POWER = 10
_DECIMALS = 12
_EXACT = Context(prec=100)
"""More digits than a ticket has: 40 million to the power of 10, with 12 decimals, has 89."""


@dataclass(frozen=True)
class SourceMixing:
    """The proportion in which sources are drawn. Raises InputError for one that is none."""

    power: float | None = None
    """Of the size: 1, or None, is by size; 0 each source alike."""
    weights: tuple[float, ...] | None = None
    """One a source, instead of its size."""

    def __post_init__(self) -> None:
        if self.power is not None and self.weights is not None:
            raise InputError(
                "both --source-power and --source-weights", remedy="give one of them: weights stand in for sizes"
            )
        if self.power is not None and not 0 <= self.power <= _MOST_POWER:  # NaN is not either
            raise InputError(
                f"--source-power {self.power}", remedy="give a number from 0, which draws each source alike, over 1, "
                f"by size, to {_MOST_POWER}",
            )
        for weight in self.weights or ():
            if not (isfinite(weight) and weight > 0):
                raise InputError(
                    f"a source weight of {weight}", remedy="give numbers above 0; leave a source out of --examples "
                    "that is not to be drawn",
                )

    def check(self, sources: int) -> None:
        """Raise InputError where there are not as many weights as sources."""
        if self.weights is not None and len(self.weights) != sources:
            raise InputError(
                f"{len(self.weights)} source weights for {sources} sources",
                remedy="give --source-weights one number a store, in the order of --examples",
            )

    def tickets(self, sizes: Sequence[int]) -> list[int]:
        """Whole numbers, above 0, in the proportion of the sources; ``sizes``: their numbers of examples.

        Raises InputError where there are not as many weights as sources.
        """
        self.check(len(sizes))
        if self.weights is not None:
            shares = [Fraction(str(weight)) for weight in self.weights]  # 0.1 is a tenth
            common = lcm(*(share.denominator for share in shares))
            return [int(share * common) for share in shares]
        if self.power is None:
            return list(sizes)
        power = Decimal(str(self.power))
        return [int(_EXACT.scaleb(_EXACT.power(Decimal(size), power), _DECIMALS)) for size in sizes]
