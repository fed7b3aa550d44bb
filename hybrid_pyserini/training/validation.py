"""What a training is measured on while it runs, and how what is above this room is measured from within it."""

from collections.abc import Iterator
from typing import Protocol

from hybrid_pyserini.encoder.encoder import Encoder

LOSS = "loss"
"""The metric of a validation store."""


class RetrievalValidation(Protocol):
    """A held-out data set that the encoder in training is to search every ``--eval_steps``.

    Search and evaluation stand above training, so what uses them is handed in from above.
    """

    name: str
    metrics: tuple[str, ...]
    """The names of what ``measure`` returns."""
    sources: dict[str, str]
    """File name -> SHA-256 of what it was read from."""

    def queries(self) -> Iterator[tuple[str, str]]:
        """(Query id, query) of every query that is scored, in every language."""

    def measure(self, encoder: Encoder, *, progress: bool) -> dict[str, float]:
        """Metric -> figure of the encoder as it is."""
