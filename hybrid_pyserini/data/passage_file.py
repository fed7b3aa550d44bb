"""A published collection in JSON lines, as CIRAL's and the TREC tracks' are: an id, a title and a text a line.

Title, blank and text are what is encoded and indexed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hybrid_pyserini.collection import check_characters, check_id
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_jsonl
from hybrid_pyserini.records import Passage


@dataclass(frozen=True)
class PassageFile:
    """The passages of one language, streamed at each iteration. Ids may repeat here: none are kept."""

    path: Path
    language: str
    id_field: str
    prefix: str = ""
    """What stands before every id: ``<language>:`` where ids would collide over the pool, else nothing."""
    published: int | None = None
    """How many passages the complete collection has, where that is known."""
    notes: dict[str, Any] = field(default_factory=dict)
    """Where what was counted is entered when all passages have been read; the PreparedDataset's own ``notes``."""

    def __iter__(self) -> Iterator[Passage]:
        """Raises InputError, with file and line, for a bad id and for a title or text that is no string. A passage
        with neither title nor text is dropped, and counted."""
        lines = dropped = 0
        for line, row in read_jsonl(self.path):
            lines += 1
            docid = f"{self.prefix}{check_id(row.get(self.id_field), f'{self.id_field!r}', self.path, line)}"
            title, text = (self._member(row, name, docid, line) for name in ("title", "text"))
            contents = f"{title} {text}".strip()
            if contents:
                yield Passage(docid, text, contents, title, docid, self.language)
            else:
                dropped += 1
        self._count(lines, dropped)

    def _member(self, row: dict[str, Any], name: str, docid: str, line: int) -> str:
        """A title, which may be missing, or a text, which may not."""
        value = row.get(name, "" if name == "title" else None)
        if value is None and name == "title":
            return ""
        if not isinstance(value, str):
            raise InputError(
                f"{name!r} of passage {docid!r} is missing or no string ({value!r})",
                remedy="copy or download the file again", path=self.path, line=line,
            )
        return check_characters(value, f"{name!r} of passage {docid!r}", self.path, line)

    def _count(self, lines: int, dropped: int) -> None:
        if dropped:
            self.notes[f"{self.language}_passages_without_title_and_text_left_out"] = dropped
        if self.published not in (None, lines):
            self.notes[f"{self.language}_passages"] = f"{lines:,}, where {self.published:,} are published"
