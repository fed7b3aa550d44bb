"""The row form of a training source: one line per question and language, as users have it.

    {"id": "q1", "language": "de", "query": "...", "positive": "...", "negatives": ["..."], "group": "g1"}

Rows of one id are the same question in several languages, and become one parallel example. ``negatives`` and ``group``
may be left out. Without a group, questions of a file that share a positive text are one group (``passage_groups``), as
DuoRC or NewsQA ask many questions of one passage; a question that shares none is its own. Such a group is named
``question:<id>``, by its first question, and no group that a user names may start so. A negative is a text, or
``{"text", "group"}`` where its passage group is known. ``positives``, a list, may stand for ``positive``: the second
and further ones become examples ``<id>#2``, ``<id>#3`` and so on, with the same queries, negatives and group, so that
the loss never sets them against each other.

A text of one language is one passage wherever it stands in the file: a negative without a group that is the positive
of some question gets that positive's group. Where a positive text has several groups, because users named them, the
questions of each know the others as ``other_groups``, so that the loss masks the text whichever group it carries.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hybrid_pyserini.collection import check_id
from hybrid_pyserini.data.passage_groups import group_questions
from hybrid_pyserini.data.text import check_text
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Negative, ParallelExample
from hybrid_pyserini.workspace import check_language

_FIELDS = frozenset({"id", "language", "query", "positive", "positives", "negatives", "group"})
_AUTOMATIC = "question:"

_Text = tuple[str, str]
"""Language and text: what makes two passages of a file the same."""


@dataclass
class _Question:
    """What the rows of one id have said so far."""

    line: int
    group: str | None = None
    queries: dict[str, str] = field(default_factory=dict)
    positives: dict[str, list[str]] = field(default_factory=dict)
    negatives: dict[str, list[tuple[str, str | None]]] = field(default_factory=dict)
    """By language: text, and the passage group where the row names it."""


def join_rows(rows: Iterable[tuple[int, dict[str, Any]]], path: Path) -> Iterator[tuple[int, ParallelExample]]:
    """Yield (line of the id's first row, example), in the order in which ids first occur.

    All rows are held in memory until the last one is read, because an id's languages may stand anywhere in the file.
    Raises InputError, with file and line, for whatever a row lacks, an id that has a language twice, and rows of one
    id that name different groups.
    """
    questions: dict[str, _Question] = {}
    for line, row in rows:
        unknown = sorted(set(row) - _FIELDS)
        if unknown:
            raise InputError(
                f"unknown field {unknown[0]!r}", remedy=f"use {', '.join(sorted(_FIELDS))} only", path=path, line=line
            )
        question_id = check_id(row.get("id"), "example id", path, line)
        _add_row(questions.setdefault(question_id, _Question(line)), question_id, row, path, line)
    groups = _groups(questions)
    groups_of_text = _groups_of_texts(questions, groups)
    sharing = _groups_that_share_a_text(groups_of_text)
    for question_id, question in questions.items():
        group = groups[question_id]
        negatives = _grouped_negatives(question, groups_of_text)
        other_groups = tuple(sorted(sharing.get(group, ())))
        for example in _examples(question_id, question, group, negatives, other_groups):
            yield question.line, example


def _groups(questions: Mapping[str, _Question]) -> dict[str, str]:
    """Question id -> passage group: the one its rows name, else the automatic one."""
    automatic = group_questions(
        (question_id, (language, text))
        for question_id, question in questions.items() if question.group is None
        for language, texts in question.positives.items()
        for text in texts
    )
    return {
        question_id: question.group or f"{_AUTOMATIC}{automatic[question_id]}"
        for question_id, question in questions.items()
    }


def _groups_of_texts(questions: Mapping[str, _Question], groups: Mapping[str, str]) -> dict[_Text, list[str]]:
    """Every positive text -> its groups: of the questions it answers first, then those that rows name for it as a
    negative."""
    found: dict[_Text, list[str]] = {}
    for question_id, question in questions.items():
        for language, texts in question.positives.items():
            for text in texts:
                _add_once(found.setdefault((language, text), []), groups[question_id])
    for question in questions.values():
        for language, negatives in question.negatives.items():
            for text, group in negatives:
                if group is not None and (language, text) in found:
                    _add_once(found[language, text], group)
    return found


def _add_once(groups: list[str], group: str) -> None:
    if group not in groups:
        groups.append(group)


def _groups_that_share_a_text(groups_of_text: Mapping[_Text, list[str]]) -> dict[str, set[str]]:
    """Group -> the other groups that one of its texts is in as well; groups without any are left out."""
    sharing: dict[str, set[str]] = {}
    for groups in groups_of_text.values():
        if len(groups) > 1:
            for group in groups:
                sharing.setdefault(group, set()).update(other for other in groups if other != group)
    return sharing


def _grouped_negatives(
    question: _Question, groups_of_text: Mapping[_Text, list[str]]
) -> dict[str, tuple[Negative, ...]]:
    """A question's negatives by language. One without a group has that of the positive it is; else its own, by its
    text, since equal texts are one passage."""
    return {
        language: tuple(
            Negative(text, group or groups_of_text.get((language, text), [_group_of_its_own(text)])[0])
            for text, group in negatives
        )
        for language, negatives in question.negatives.items()
    }


def _group_of_its_own(text: str) -> str:
    return f"text:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _add_row(question: _Question, question_id: str, row: dict[str, Any], path: Path, line: int) -> None:
    """Enter one row."""
    language = row.get("language")
    if not isinstance(language, str):
        raise InputError("no 'language'", remedy="name the row's language", path=path, line=line)
    check_language(language, path, line)
    if language in question.queries:
        raise InputError(
            f"example id {question_id!r} occurs twice in language {language!r}",
            remedy="make ids unique; several positives go into one row as 'positives'", path=path, line=line,
        )
    if "group" in row:
        group = _check_group(row["group"], "passage group", path, line)
        if question.group not in (None, group):
            raise InputError(
                f"example id {question_id!r} has group {group!r} here and {question.group!r} before",
                remedy="give all rows of one id the same group", path=path, line=line,
            )
        question.group = group
    question.queries[language] = check_text(row.get("query"), "the query", path, line)
    question.positives[language] = _positives(row, path, line)
    negatives = _negatives(row.get("negatives", []), path, line)
    if negatives:
        question.negatives[language] = negatives


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
    if group.startswith(_AUTOMATIC):
        raise InputError(
            f"{what} {group!r} starts with {_AUTOMATIC!r}, as groups that are made automatically do",
            remedy="rename it", path=path, line=line,
        )
    return group


def _examples(
    question_id: str, question: _Question, group: str, negatives: Mapping[str, tuple[Negative, ...]],
    other_groups: tuple[str, ...],
) -> Iterator[ParallelExample]:
    """One example per positive; the k-th has those languages that have a k-th positive."""
    for position in range(max(map(len, question.positives.values()))):
        yield ParallelExample(
            id=question_id if position == 0 else f"{question_id}#{position + 1}",
            group=group,
            queries=question.queries,
            positives={
                language: texts[position] for language, texts in question.positives.items() if position < len(texts)
            },
            negatives=negatives,
            other_groups=other_groups,
        )
