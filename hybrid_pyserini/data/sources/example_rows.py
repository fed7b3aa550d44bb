"""The row form of a training source: one line per question and language, as users have it.

    {"id": "q1", "language": "de", "query": "...", "positive": "...", "negatives": ["..."], "group": "g1"}

Rows of one id are the same question in several languages, and become one parallel example (``row_join.py``).
``negatives`` and ``group`` may be left out. A negative is a text, or ``{"text", "group"}`` where its passage group is
known. ``positives``, a list, may stand for ``positive``: the second and further ones become examples ``<id>#2``,
``<id>#3`` and so on, with the same queries, negatives and group, so that the loss never sets them against each other.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybrid_pyserini.collection import check_id
from hybrid_pyserini.data.text import check_text
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.workspace import check_language

_FIELDS = frozenset({"id", "language", "query", "positive", "positives", "negatives", "group"})

AUTOMATIC = "question:"
"""What the names of groups begin with that are made where rows name none, and no others."""


@dataclass(frozen=True, slots=True)
class ExampleRow:
    """What one line says."""

    id: str
    language: str
    query: str
    positives: list[str]
    negatives: list[tuple[str, str | None]]
    """Text, and the passage group where it is named."""
    group: str | None


def parse_row(row: dict[str, Any], path: Path, line: int) -> ExampleRow:
    """Raises InputError, with file and line, for whatever the row lacks and for an unknown field."""
    unknown = sorted(set(row) - _FIELDS)
    if unknown:
        raise InputError(
            f"unknown field {unknown[0]!r}", remedy=f"use {', '.join(sorted(_FIELDS))} only", path=path, line=line
        )
    return ExampleRow(
        id=check_id(row.get("id"), "example id", path, line),
        language=_language(row, path, line),
        group=_check_group(row["group"], "passage group", path, line) if "group" in row else None,
        query=check_text(row.get("query"), "the query", path, line),
        positives=_positives(row, path, line),
        negatives=_negatives(row.get("negatives", []), path, line),
    )


def _language(row: dict[str, Any], path: Path, line: int) -> str:
    language = row.get("language")
    if not isinstance(language, str):
        raise InputError("no 'language'", remedy="name the row's language", path=path, line=line)
    return check_language(language, path, line)


def _positives(row: dict[str, Any], path: Path, line: int) -> list[str]:
    """A row's positives, at least one."""
    if ("positive" in row) == ("positives" in row):
        raise InputError(
            "expected one of 'positive' and 'positives'", remedy="write a text as 'positive' or a list as 'positives'",
            path=path, line=line,
        )
    positives = row.get("positives", [row.get("positive")])
    if not isinstance(positives, list) or not positives:
        raise InputError("'positives' is no list of texts", remedy="write one or more", path=path, line=line)
    return [check_text(text, "a positive", path, line) for text in positives]


def _negatives(value: object, path: Path, line: int) -> list[tuple[str, str | None]]:
    """A row's negatives: text, and passage group where it is given."""
    if not isinstance(value, list):
        raise InputError("'negatives' is no list", remedy="write a list of texts", path=path, line=line)
    negatives: list[tuple[str, str | None]] = []
    for entry in value:
        if isinstance(entry, dict) and set(entry) == {"text", "group"}:
            text = check_text(entry["text"], "a negative", path, line)
            negatives.append((text, _check_group(entry["group"], "a negative's passage group", path, line)))
        else:
            negatives.append((check_text(entry, "a negative", path, line), None))
    return negatives


def _check_group(value: object, what: str, path: Path, line: int) -> str:
    """A group that a user names; it must not be mistaken for an automatic one."""
    group = check_id(value, what, path, line)
    if group.startswith(AUTOMATIC):
        raise InputError(
            f"{what} {group!r} starts with {AUTOMATIC!r}, as groups that are made automatically do",
            remedy="rename it", path=path, line=line,
        )
    return group
