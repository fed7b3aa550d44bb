"""A language's passages in JSON lines, in one file or several, streamed: what MIRACL, Mr. TyDi, BEIR and
the TREC tracks have in common.

What can be said of all passages only, that ids are unique and judged passages there, is checked when the last has
passed, without keeping them.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hybrid_pyserini.collection import check_id, repeated
from hybrid_pyserini.data.text import check_text
from hybrid_pyserini.data.unique_ids import PassingIds
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_jsonl, read_lines
from hybrid_pyserini.records import Passage, Qrels

Placed = tuple[Path, int, Passage]
"""A passage with the file and line it stands in."""


@dataclass(frozen=True)
class Judgements:
    """Judgements of one language's passages, and where they stand."""

    qrels: Qrels
    path: Path
    """In an archive, that and the member's name: then errors name no line."""
    docid_column: int | None = 2
    """Of the file's columns, from 0, the one with passage ids; None: it has JSON objects."""

    @property
    def docids(self) -> dict[str, None]:
        """The judged passages, each once, in file order."""
        return {docid: None for judged in self.qrels.values() for docid in judged}

    def without_passage(self, docid: str) -> InputError:
        """The error for a judged passage that is not there."""
        return InputError(
            f"the corpus has no passage {docid!r}", remedy="add it or remove its judgements", path=self.path,
            line=first_line(self.path, self.docid_column, docid) if self.path.is_file() else None,
        )


def first_line(path: Path, column: int | None, value: str) -> int | None:
    """The first line with ``value`` in a column, or as a string in JSON; looked for only when something is wrong.
    None where JSON spells it in another way, such as ``\\/`` for a slash."""
    if column is None:
        spelled = {json.dumps(value, ensure_ascii=ascii_only) for ascii_only in (True, False)}
        return next((line for line, text in read_lines(path) if any(each in text for each in spelled)), None)
    return next((line for line, text in read_lines(path) if text.split()[column : column + 1] == [value]), None)


def complete(read: Callable[[], Iterable[Placed]], judged: Judgements | None) -> Iterator[Passage]:
    """Stream passages; after the last, raise InputError, with file and line, for an id that occurs twice and for a
    judged passage that did not come. ``read`` is called again only where an id may occur twice."""
    docids, missing = PassingIds(), judged.docids if judged else {}
    for _, _, passage in read():
        docids.add(passage.id)
        missing.pop(passage.id, None)
        yield passage
    again = docids.repetition(lambda: ((passage.id, (path, line)) for path, line, passage in read()))
    if again is not None:
        raise repeated(again.id, *again.second)
    if judged:
        for docid in missing:
            raise judged.without_passage(docid)


@dataclass(frozen=True)
class Fields:
    """What a corpus calls its fields."""

    id: str
    text: str
    title: str | None
    """None: it has no titles."""


@dataclass(frozen=True)
class Corpus:
    """A language's passages, read from their files at each iteration. A passage is its own passage group; title, blank
    and text are its contents."""

    language: str
    paths: tuple[Path, ...]
    fields: Fields
    judged: Judgements | None
    """By the ids in the files; None: whether judged passages are there is left to whoever writes them."""
    prefix: str = ""
    """What stands before every id in the workspace."""
    counts: dict[str, Any] = field(default_factory=dict)
    """Where it is entered what was counted, once all have passed: the data set's notes."""
    published: int | None = None
    """How many passages there should be, for a note if there are others."""

    def __iter__(self) -> Iterator[Passage]:
        """Raises InputError, with file and line, for whatever is wrong in a line, an id that occurs twice, and a judged
        passage that is not there or has neither title nor text; others without both are left out and counted."""
        judged, left_out, count = self.judged.docids if self.judged else {}, 0, 0

        def with_text() -> Iterator[Placed]:
            nonlocal left_out
            for path, line, passage in self.numbered():
                if passage.contents.strip():
                    yield path, line, passage
                elif passage.id in judged:
                    raise without_text(passage.id, path, line)
                else:
                    left_out += 1

        for count, passage in enumerate(complete(with_text, self.judged), start=1):  # noqa: B007 - counted below
            docid = f"{self.prefix}{passage.id}"
            yield replace(passage, id=docid, group=docid) if self.prefix else passage
        if left_out:
            self.counts[f"{self.language}_passages_without_title_and_text_left_out"] = left_out
        if self.published not in (None, count + left_out):
            self.counts[f"{self.language}_passages"] = f"{count + left_out:,}, where {self.published:,} are published"

    def numbered(self) -> Iterator[Placed]:
        """The passages with file and line, by the ids in the files; raises InputError for whatever a line lacks."""
        for path in self.paths:
            for line, row in read_jsonl(path):
                yield path, line, self._passage(row, path, line)

    def _passage(self, row: dict[str, Any], path: Path, line: int) -> Passage:
        docid = check_id(row.get(self.fields.id), f"passage id ({self.fields.id!r})", path, line)
        text = row.get(self.fields.text)
        if text != "":
            text = check_blank_or_text(text, f"{self.fields.text!r} of passage {docid!r}", path, line)
        title = (row.get(self.fields.title) if self.fields.title else None) or ""
        if title:
            title = check_blank_or_text(title, f"{self.fields.title!r} of passage {docid!r}", path, line)
        return Passage(docid, text, contents_of(title, text), title, docid, self.language)


def without_text(docid: str, path: Path, line: int) -> InputError:
    """The error for a judged passage that has nothing to encode."""
    return InputError(
        f"passage {docid!r}, which is judged, has neither title nor text",
        remedy="give it a text, or remove it and its judgements", path=path, line=line,
    )


def contents_of(title: str, text: str) -> str:
    """Title, blank and text, or the one of the two that there is."""
    return f"{title} {text}" if title.strip() and text.strip() else text if text.strip() else title


def check_blank_or_text(value: object, what: str, path: Path, line: int) -> str:
    """As ``check_text``, but a text of blanks alone is let through."""
    return value if isinstance(value, str) and not value.strip() else check_text(value, what, path, line)
