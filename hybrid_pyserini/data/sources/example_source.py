"""Training sources: files of parallel examples, one JSON object a line.

The project's own form holds one example a line:

    {"id": "q1", "group": "g1", "queries": {"de": "...", "en": "..."}, "positives": {"de": "...", "en": "..."},
     "negatives": {"de": [{"text": "...", "group": "g7"}]}, "other_groups": ["g9"]}

``negatives`` and ``other_groups`` may be left out. ``group`` is the positive's passage group: the loss never takes a
passage of a group known to answer the question for a negative (see ``records.ParallelExample``).

The row form that users have, one line per question and language, is read as well: see ``example_rows.py``. A file
is in one form throughout; its first line shows which. Several files are one source if they are read together: an id is
in one of them only, and a group that two of them name is one group.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from hybrid_pyserini.collection import check_id
from hybrid_pyserini.data.scratch import scratch_database
from hybrid_pyserini.data.sources.row_join import join_rows
from hybrid_pyserini.data.text import check_text
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_jsonl, write_jsonl
from hybrid_pyserini.records import Negative, ParallelExample
from hybrid_pyserini.workspace import check_language

_FIELDS = frozenset({"id", "group", "queries", "positives", "negatives", "other_groups"})


def read_examples(*paths: Path, scratch: Path | None = None) -> Iterator[ParallelExample]:
    """Stream the examples of training sources (``.jsonl`` or ``.jsonl.gz``), file after file, in file order.

    What has to be remembered of them lies in files without a name in the folder ``scratch`` (default: the system's for
    temporary files, which TMPDIR chooses): of both forms the ids, of the row form the rows of one file at a time.

    Raises InputError, with file and line, for a missing id, one that is repeated in its file or another, an empty text,
    a bad language code, an example without a query or a positive, an unknown field, and a file without examples;
    OSError where ``scratch`` is full. Groups that rows do not name are made file by file and named by question ids; as
    no id is in two files, no such group of one file is that of another. Named groups hold over files.
    """
    scratch = scratch or Path(tempfile.gettempdir())
    with scratch_database(scratch) as database:
        database.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, file INTEGER) WITHOUT ROWID")
        for file, path in enumerate(paths):
            for line, example in _read_file(path, scratch):
                if not database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (example.id, file)).rowcount:
                    (before,) = database.execute("SELECT file FROM seen WHERE id = ?", (example.id,)).fetchone()
                    raise _repeated(example.id, paths[before], path, line)
                yield example


def _read_file(path: Path, scratch: Path) -> Iterator[tuple[int, ParallelExample]]:
    """(Line, example) of one file, whose first line shows its form."""
    lines = read_jsonl(path)
    first = next(lines, None)
    if first is None:
        raise InputError("no examples in the file", remedy="write one JSON object a line", path=path)
    numbered = chain([first], lines)
    if "queries" in first[1]:
        return ((number, _example(row, path, number)) for number, row in numbered)
    return join_rows(numbered, path, scratch)


def _repeated(example_id: str, before: Path, path: Path, line: int) -> InputError:
    if before == path:
        return InputError(f"example id {example_id!r} occurs twice", remedy="make ids unique", path=path, line=line)
    return InputError(
        f"example id {example_id!r} is in {before} already",
        remedy="make ids unique over all sources; a question's languages go into one file", path=path, line=line,
    )


def write_examples(path: Path, examples: Iterable[ParallelExample]) -> int:
    """Write a training source in the project's own form; return the number of examples."""
    return write_jsonl(path, (_row(example) for example in examples))


def _row(example: ParallelExample) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": example.id, "group": example.group, "queries": dict(example.queries),
        "positives": dict(example.positives),
    }
    if example.negatives:
        row["negatives"] = {
            language: [{"text": negative.text, "group": negative.group} for negative in negatives]
            for language, negatives in example.negatives.items()
        }
    if example.other_groups:
        row["other_groups"] = list(example.other_groups)
    return row


def _example(row: dict[str, Any], path: Path, line: int) -> ParallelExample:
    """One line of the project's own form."""
    unknown = sorted(set(row) - _FIELDS)
    if unknown:
        raise InputError(
            f"unknown field {unknown[0]!r}", remedy=f"use {', '.join(sorted(_FIELDS))} only", path=path, line=line
        )
    example_id = check_id(row.get("id"), "example id", path, line)
    other_groups = row.get("other_groups", [])
    if not isinstance(other_groups, list):
        raise InputError("'other_groups' is no list", remedy="write a list of passage groups", path=path, line=line)
    return ParallelExample(
        id=example_id,
        group=check_id(row.get("group"), "passage group", path, line),
        queries=_texts(row, "queries", "query", path, line),
        positives=_texts(row, "positives", "positive", path, line),
        negatives=_negatives(row.get("negatives", {}), path, line),
        other_groups=tuple(check_id(group, "passage group in 'other_groups'", path, line) for group in other_groups),
    )


def _texts(row: dict[str, Any], name: str, what: str, path: Path, line: int) -> dict[str, str]:
    """``{language: text}``, at least one."""
    texts = _by_language(row.get(name), name, path, line)
    if not texts:
        raise InputError(
            f"{name!r} has no language", remedy=f"give at least one {what} or remove the line", path=path, line=line
        )
    return {language: check_text(text, f"the {language} {what}", path, line) for language, text in texts.items()}


def _negatives(value: object, path: Path, line: int) -> dict[str, tuple[Negative, ...]]:
    """``{language: [{"text", "group"}]}``."""
    negatives: dict[str, tuple[Negative, ...]] = {}
    for language, entries in _by_language(value, "negatives", path, line).items():
        if not isinstance(entries, list) or not all(
            isinstance(entry, dict) and set(entry) == {"text", "group"} for entry in entries
        ):
            raise InputError(
                f"the {language} negatives are no list of objects with 'text' and 'group'",
                remedy='write [{"text": "...", "group": "..."}]', path=path, line=line,
            )
        negatives[language] = tuple(
            Negative(
                check_text(entry["text"], f"a {language} negative", path, line),
                check_id(entry["group"], "a negative's passage group", path, line),
            )
            for entry in entries
        )
    return negatives


def _by_language(value: object, name: str, path: Path, line: int) -> Mapping[str, Any]:
    """An object whose keys are language codes."""
    if not isinstance(value, dict):
        raise InputError(
            f"{name!r} is missing or no object", remedy='write {"<language>": ...}', path=path, line=line
        )
    for language in value:
        check_language(language, path, line)
    return value
