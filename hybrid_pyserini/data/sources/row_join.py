"""Rows of one question in several languages -> one parallel example, in memory that does not grow with the file.

An id's rows may stand anywhere in the file, and a text may occur in any of them, so that nothing can be said of the
first question before the last line is read. Until then all rows lie in a database on disk. Questions have numbers, in
the order in which their ids first occur; a text has a digest of itself and its language: a text of one language is one
passage wherever it stands in the file.

Without a group, questions that share a positive text are one group (``passage_groups``), as DuoRC or NewsQA ask many
questions of one passage; a question that shares none is its own. Such a group is named ``question:<id>``, by its first
question. A negative without a group that is the positive of some question gets that positive's group. Where a positive
text has several groups, because users named them, the questions of each know the others as ``other_groups``, so that
the loss masks the text whichever group it carries.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice, pairwise
from operator import itemgetter
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from tqdm import tqdm

from hybrid_pyserini.data.passage_groups import Components
from hybrid_pyserini.data.scratch import numbers_on_disk, scratch_database
from hybrid_pyserini.data.sources.example_rows import AUTOMATIC, ExampleRow, parse_row
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Negative, ParallelExample

_TABLES = (
    "question (number INTEGER PRIMARY KEY, id TEXT UNIQUE, line INTEGER, languages TEXT, passage_group TEXT)",
    "said (question INTEGER, language TEXT, rest TEXT)",
    "positive (text BLOB, question INTEGER)",
    "named_negative (text BLOB, passage_group TEXT)",
    "shared (text BLOB)",
    "text_group (text BLOB, passage_group TEXT, PRIMARY KEY (text, passage_group)) WITHOUT ROWID",
    "sharing (passage_group TEXT, other TEXT, PRIMARY KEY (passage_group, other)) WITHOUT ROWID",
)
"""``question``: an id, the line of its first row, its languages, and its passage group once that is known. ``said``:
the rest of each row, as JSON. ``shared``: the texts that are positives of several questions, later also those that are
named as negatives. ``text_group``: the groups of these texts. ``sharing``: groups that have a text in common."""

_BLOCK_ROWS = 1024

_Negatives = dict[str, list[tuple[str, str | None]]]
"""By language: text, and the passage group where the row names it."""


def join_rows(
    rows: Iterable[tuple[int, dict[str, Any]]], path: Path, scratch: Path
) -> Iterator[tuple[int, ParallelExample]]:
    """Yield (line of the id's first row, example), in the order in which ids first occur.

    The folder ``scratch`` must have room for about three times the rows. Raises InputError, with file and line, for
    whatever a row lacks, an id that has a language twice, and rows of one id that name different groups; OSError where
    ``scratch`` is full.
    """
    with scratch_database(scratch) as database:
        for table in _TABLES:
            database.execute(f"CREATE TABLE {table}")
        numbered = _numbered(database, tqdm(rows, desc=path.name, unit=" rows", leave=False, disable=None), path)
        while block := list(islice(numbered, _BLOCK_ROWS)):
            _keep(database, block)
        database.execute("CREATE INDEX questions_of_text ON positive (text, question)")
        _name_groups(database, scratch)
        _find_sharing_groups(database)
        yield from _examples(database)


def _numbered(
    database: Connection, rows: Iterable[tuple[int, dict[str, Any]]], path: Path
) -> Iterator[tuple[int, ExampleRow]]:
    """Each row with the number of its question."""
    for line, fields in rows:
        row = parse_row(fields, path, line)
        yield _question(database, row, path, line), row


def _keep(database: Connection, rows: Sequence[tuple[int, ExampleRow]]) -> None:
    """Keep what some rows say."""
    database.executemany("INSERT INTO said VALUES (?, ?, ?)", (
        (question, row.language, json.dumps((row.query, row.positives, row.negatives), ensure_ascii=False))
        for question, row in rows
    ))
    database.executemany("INSERT INTO positive VALUES (?, ?)", (
        (_digest(row.language, text), question) for question, row in rows for text in row.positives
    ))
    database.executemany("INSERT INTO named_negative VALUES (?, ?)", (
        (_digest(row.language, text), group) for _, row in rows for text, group in row.negatives if group is not None
    ))


def _question(database: Connection, row: ExampleRow, path: Path, line: int) -> int:
    """The number of a row's question, whose row must not contradict those before it."""
    found = database.execute("SELECT number, languages, passage_group FROM question WHERE id = ?", (row.id,)).fetchone()
    if found is None:
        new = (row.id, line, row.language, row.group)
        return database.execute(
            "INSERT INTO question (id, line, languages, passage_group) VALUES (?, ?, ?, ?)", new
        ).lastrowid or 0
    number, languages, group = found
    if row.language in languages.split():
        raise InputError(
            f"example id {row.id!r} occurs twice in language {row.language!r}",
            remedy="make ids unique; several positives go into one row as 'positives'", path=path, line=line,
        )
    if row.group is not None and group not in (None, row.group):
        raise InputError(
            f"example id {row.id!r} has group {row.group!r} here and {group!r} before",
            remedy="give all rows of one id the same group", path=path, line=line,
        )
    database.execute("UPDATE question SET languages = ?, passage_group = ? WHERE number = ?",
                     (f"{languages} {row.language}", group or row.group, number))
    return number


def _digest(language: str, text: str) -> bytes:
    """What makes two passages of a file the same; that two others have one digest is as good as impossible."""
    return hashlib.blake2b(f"{language} {text}".encode(), digest_size=16).digest()


def _name_groups(database: Connection, scratch: Path) -> None:
    """Give every question that has no passage group the one of its component."""
    database.execute(
        "INSERT INTO shared SELECT text FROM positive GROUP BY text HAVING min(question) < max(question)"
    )
    (last,) = database.execute("SELECT coalesce(max(number), 0) FROM question").fetchone()
    components = Components(numbers_on_disk(last + 1, scratch))
    of_texts = database.execute(
        "SELECT text, number FROM shared CROSS JOIN positive USING (text) CROSS JOIN question ON number = question"
        " WHERE passage_group IS NULL"
    )
    for (text, one), (same, other) in pairwise(of_texts):
        if text == same:
            components.join(one, other)
    database.executemany(
        "UPDATE question SET passage_group = ? || (SELECT id FROM question WHERE number = ?) WHERE number = ?",
        ((AUTOMATIC, root, n) for n in range(1, last + 1) if (root := components.root(n)) != n),
    )
    database.execute("UPDATE question SET passage_group = ? || id WHERE passage_group IS NULL", (AUTOMATIC,))


def _find_sharing_groups(database: Connection) -> None:
    """The groups of a text are those of the questions it answers, and those that rows name for it as a negative."""
    database.execute(
        "INSERT OR IGNORE INTO text_group SELECT text, passage_group FROM named_negative"
        " WHERE EXISTS (SELECT * FROM positive WHERE positive.text = named_negative.text)"
    )
    database.execute("INSERT INTO shared SELECT DISTINCT text FROM text_group")
    database.execute(
        "INSERT OR IGNORE INTO text_group SELECT text, passage_group"
        " FROM shared CROSS JOIN positive USING (text) CROSS JOIN question ON number = question"
    )
    database.execute(
        "INSERT OR IGNORE INTO sharing SELECT own.passage_group, other.passage_group"
        " FROM text_group AS own CROSS JOIN text_group AS other USING (text)"
        " WHERE own.passage_group <> other.passage_group"
    )


def _examples(database: Connection) -> Iterator[tuple[int, ParallelExample]]:
    """(Line, example) of every question's examples, in the questions' order."""
    questions = database.execute("SELECT id, line, passage_group FROM question ORDER BY number")
    rows = database.execute("SELECT question, language, rest FROM said ORDER BY question, rowid")
    by_question = groupby(rows, itemgetter(0))
    for (question_id, line, group), (_, said) in zip(questions, by_question, strict=True):
        queries: dict[str, str] = {}
        positives: dict[str, list[str]] = {}
        named: _Negatives = {}
        for _, language, rest in said:
            queries[language], positives[language], named[language] = json.loads(rest)
        negatives = _grouped_negatives(database, named)
        shared_with = database.execute("SELECT other FROM sharing WHERE passage_group = ? ORDER BY other", (group,))
        other_groups = tuple(other for (other,) in shared_with)
        for position, texts in enumerate(_by_position(positives)):
            yield line, ParallelExample(
                id=question_id if position == 0 else f"{question_id}#{position + 1}", group=group, queries=queries,
                positives=texts, negatives=negatives, other_groups=other_groups,
            )


def _by_position(positives: Mapping[str, Sequence[str]]) -> Iterator[dict[str, str]]:
    """The first positives, the second, and so on, each in those languages that have so many."""
    for position in range(max(map(len, positives.values()))):
        yield {language: texts[position] for language, texts in positives.items() if position < len(texts)}


def _grouped_negatives(database: Connection, named: _Negatives) -> dict[str, tuple[Negative, ...]]:
    """A question's negatives by language. One without a group has that of the first question that it answers; else
    its own, by its text, since equal texts are one passage."""
    return {
        language: tuple(
            Negative(text, group or _group_as_positive(database, language, text) or _group_of_its_own(text))
            for text, group in negatives
        )
        for language, negatives in named.items() if negatives
    }


def _group_as_positive(database: Connection, language: str, text: str) -> str | None:
    found = database.execute(
        "SELECT passage_group FROM question WHERE number = (SELECT min(question) FROM positive WHERE text = ?)",
        (_digest(language, text),),
    ).fetchone()
    return found and found[0]


def _group_of_its_own(text: str) -> str:
    return f"text:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
