"""Passage groups of a data set by the names that a store of examples has for them.

A store and a collection of one preparation name groups alike. Those of different origin do not: rows of one's own
without groups get automatic ones, a collection's passages their docids. There the text tells: as in a source of rows
(``data/sources/example_rows.py``), a text of one language is one passage wherever it stands. So a group of the data set
is also every group of the store whose positive is the text of one of its passages.
"""

from collections.abc import Iterable
from typing import Protocol

from hybrid_pyserini.records import ParallelExample, Passage


class PassagesByText(Protocol):
    """A collection of one language."""

    def with_text(self, text: str) -> list[Passage]:
        """The passages of this text, white space apart."""


class KnownGroups:
    """The groups of a data set that answer questions of a store. In memory: those groups alone."""

    def __init__(self) -> None:
        self._in_store: dict[str, list[str]] = {}

    def learn(self, examples: Iterable[ParallelExample], language: str, passages: PassagesByText) -> None:
        """Compare the examples' positives with a language's passages."""
        for example in examples:
            if language in example.positives:
                for passage in passages.with_text(example.positives[language]):
                    names = self._in_store.setdefault(passage.group, [])
                    if example.group not in names:
                        names.append(example.group)

    def names(self, group: str) -> set[str]:
        """All names of a data set's group: its own and the store's."""
        return {group, *self._in_store.get(group, ())}

    def name(self, group: str) -> str:
        """The name that a negative of this group carries, by which the loss knows it for another query's positive: the
        store's where it has one, of several the data set's own, else the first."""
        in_store = self._in_store.get(group, [group])
        return group if group in in_store else in_store[0]
