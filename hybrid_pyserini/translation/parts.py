"""Translations on disk, in parts: what survives an interruption, and what processes and machines share out.

A part holds the translations of one block of texts in one language. Which texts those are follows from the source
alone, so whoever translates a part, and whenever, writes the same one. A part is JSON lines: first what it was made
from, then a line a text, ``{"text": ...}`` or ``{"dropped": "runaway"}``. It takes its name when it is complete.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_jsonl, write_jsonl
from hybrid_pyserini.provenance import differences
from hybrid_pyserini.translation.output import TranslatedOtherwiseError

if TYPE_CHECKING:  # the translator imports torch
    from hybrid_pyserini.translation.translator import Translation


@dataclass(frozen=True)
class Parts:
    """The parts of one translation, from one language to another."""

    folder: Path
    """Theirs: each has its number's name in it."""
    source: str
    target: str
    made_from: Mapping[str, Any]
    """What decides the translations, as JSON holds it."""

    def path(self, number: int) -> Path:
        return self.folder / f"{number:05}.jsonl"

    def is_finished(self, number: int, *, stale_is_missing: bool = False) -> bool:
        """Whether a part is there. One that was made from something else raises TranslatedOtherwiseError, or counts as
        missing."""
        if not self.path(number).exists():
            return False
        _, found = next(read_jsonl(self.path(number)), (1, {}))
        differing = differences(found, self.made_from)
        if differing and not stale_is_missing:
            raise TranslatedOtherwiseError(
                f"translations that were made from something else ({'; '.join(differing)})", path=self.path(number),
                remedy="give --overwrite to translate again",
            )
        return not differing

    def write(self, number: int, translations: "Sequence[Translation]") -> None:
        rows = ({"dropped": each.dropped} if each.dropped else {"text": each.text} for each in translations)
        write_jsonl(self.path(number), iter([dict(self.made_from), *rows]))

    def missing(self, count: int) -> int:
        """How many of ``count`` parts are not there, or were made from something else."""
        return sum(not self.is_finished(number, stale_is_missing=True) for number in range(count))

    def read(self, number: int, texts: int) -> "Iterator[Translation]":
        """A finished part's translations, so many; raises InputError for a damaged one."""
        from hybrid_pyserini.translation.translator import Translation

        rows = [row for _, row in islice(read_jsonl(self.path(number)), 1, None)]
        if len(rows) != texts or any(row.keys() not in ({"text"}, {"dropped"}) for row in rows):
            raise InputError(
                "a damaged part of a translation", path=self.path(number),
                remedy="remove this file; what is missing is translated again",
            )
        return (Translation(**row) for row in rows)


class Block(NamedTuple):
    """What becomes one part."""

    parts: Parts
    number: int
    texts: list[str]
