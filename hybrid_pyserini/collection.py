"""Collections: one passage a line, streamed, with the line of whatever is wrong."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_jsonl, write_jsonl
from hybrid_pyserini.records import Passage


def check_id(value: object, what: str, path: Path | None = None, line: int | None = None) -> str:
    """Return an id; a blank would break the columns of runs, a line break the docid file of an index."""
    if not isinstance(value, str) or not value:
        remedy = "put it in quotes" if isinstance(value, int | float) else "give it one"
        raise InputError(f"{what} is missing or no string ({value!r})", remedy=remedy, path=path, line=line)
    if value.split() != [value]:
        raise InputError(
            f"{what} {value!r} contains a blank", remedy="remove it: run files are split at blanks",
            path=path, line=line,
        )
    return check_characters(value, f"{what} {value!r}", path, line)


def check_characters(text: str, what: str, path: Path | None = None, line: int | None = None) -> str:
    """Return a text of whole characters: JSON can spell "\\ud83d" alone, which no UTF-8 file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{what} holds half a character ({text[error.start]!r}, a lone surrogate)",
            remedy="write it again as UTF-8", path=path, line=line,
        ) from None
    return text


def read_collection(path: Path) -> Iterator[Passage]:
    """Stream a collection's passages; raises InputError for a missing id or text and for a repeated id."""
    seen: set[str] = set()
    for number, passage in numbered_passages(path):
        if passage.id in seen:
            raise repeated(passage.id, path, number)
        seen.add(passage.id)
        yield passage


def numbered_passages(
    path: Path, wanted: Callable[[int], bool] = lambda _: True
) -> Iterator[tuple[int, Passage]]:
    """Stream (line number, passage) of the passages in ``wanted`` places, from 0; raises InputError for a missing id
    or text. Ids may repeat here: those seen are not kept in memory."""
    return ((number, passage_of(row, path, number)) for number, row in read_jsonl(path, wanted))


def repeated(docid: str, path: Path, line: int) -> InputError:
    """The error for a passage id that occurs again."""
    return InputError(f"passage id {docid!r} occurs twice", remedy="make ids unique", path=path, line=line)


def passage_of(row: Mapping[str, Any], path: Path, line: int | None = None) -> Passage:
    """The passage of a collection's line; raises InputError for a missing id or text."""
    docid = check_id(row.get("id"), "passage id", path, line)
    for name in ("text", "contents", "title", "group", "language"):
        if not isinstance(row.get(name), str | None):
            raise InputError(
                f"{name!r} of passage {docid!r} is no string ({row[name]!r})", remedy="put it in quotes",
                path=path, line=line,
            )
    text = row.get("text")
    if text is None or not (row.get("contents") or text).strip():
        raise InputError(
            f"passage {docid!r} has no text", remedy="give it one or remove the line", path=path, line=line
        )
    return Passage(
        id=docid, text=text, contents=row.get("contents") or text, title=row.get("title") or "",
        group=row.get("group") or docid, language=row.get("language") or path.name.split(".")[0],
    )


def write_collection(path: Path, passages: Iterable[Passage]) -> int:
    """Write a collection in Pyserini's JSON lines; return the number of passages."""
    return write_jsonl(
        path,
        (
            {"id": p.id, "text": p.text, "contents": p.contents, "title": p.title, "group": p.group,
             "language": p.language}
            for p in passages
        ),
    )
