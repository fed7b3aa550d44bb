"""Whether a training sees the questions that it is validated by: then it looks good by what it has learned by heart.

Queries are compared by their texts, regardless of case and white space: ids and groups of different sources
are equal by chance. To look into 40 million examples would take minutes at each start, so at most two million training
queries are looked into, of blocks spread evenly over the stores. That takes seconds, and finds a validation set that is
a part of the training set all the same.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hybrid_pyserini.data.text import one_line
from hybrid_pyserini.training.examples import ExampleStore

_MOST_QUERIES = 2_000_000


@dataclass(frozen=True)
class Overlap:
    """Validation queries that were found among the training queries."""

    found: int
    validation: int
    """Validation queries of different texts, of which ``found`` are a part."""
    example: tuple[str, str, str]
    """Of the first one found: its id, the id of the training example, and the store's name."""
    looked_into: int
    """Training queries."""
    sampled: bool
    """Whether there are more."""


def find_overlap(queries: Iterable[tuple[str, str]], stores: Sequence[ExampleStore]) -> Overlap | None:
    """Look for validation queries, (id, text) each, among the training queries; None where none is found.

    Memory holds the validation queries, which are gone through at every validation and so are few.
    """
    ids = {_normalised(query): query_id for query_id, query in queries}
    every = -(-sum(len(store) * len(store.languages) for store in stores) // _MOST_QUERIES)
    found: set[str] = set()
    example = ("", "", "")
    looked_into = 0
    for store in stores:
        for training_id, query in store.queries(every):
            looked_into += 1
            text = _normalised(query)
            if text in ids:
                if not found:
                    example = (ids[text], training_id, store.name)
                found.add(text)
    return Overlap(len(found), len(ids), example, looked_into, every > 1) if found else None


def warn_of_overlap(validation: str, queries: Iterable[tuple[str, str]], stores: Sequence[ExampleStore]) -> None:
    """Say on stderr, in one line, what of a validation set the training set holds."""
    if overlap := find_overlap(queries, stores):
        query_id, training_id, store = overlap.example
        sample = f" in a sample of {overlap.looked_into}" if overlap.sampled else ""
        print(
            f"warning: {overlap.found} of the {overlap.validation} queries of {validation} are training queries too"
            f"{sample}, such as {query_id!r}, in {store!r} {training_id!r}: it cannot tell when to stop; take them out "
            "of one of the two", file=sys.stderr,
        )


def _normalised(query: str) -> str:
    return one_line(query).casefold()
