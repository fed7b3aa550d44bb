"""Belebele (arXiv 2308.16884): 900 questions on 488 passages of FLORES-200, parallel in 122 language variants.

Published for reading comprehension with four answers to choose from. For retrieval, as MTEB has it, the answers are
left aside: the question's passage is relevant. A passage is known by its ``link``, a question by ``link`` and
``question_number``; both are the same in all languages, so every language searches every other one and the pool.

The files are Meta's, ``<FLORES-200 code>.jsonl``, one object a line. Languages keep those codes (``eng_Latn``), since
several are written in two scripts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hybrid_pyserini.data.dataset import PreparedDataset, all_pairs
from hybrid_pyserini.data.text import check_text
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_jsonl
from hybrid_pyserini.records import Passage, Qrels, Topics
from hybrid_pyserini.workspace import check_language

ORIGIN = "https://github.com/facebookresearch/belebele"
LICENCE = "CC BY-SA 4.0"

QUESTIONS = 900
PASSAGES = 488
"""In every language, as published (README of ``ORIGIN``)."""

_REMEDY = f"take the file from {ORIGIN}"


@dataclass
class _Language:
    """What one file has said."""

    path: Path
    code: str
    topics: Topics = field(default_factory=dict)
    qrels: Qrels = field(default_factory=dict)
    passages: dict[str, str] = field(default_factory=dict)
    """Link -> text."""
    reworded: int = 0
    """Questions whose passage is not, character by character, that of an earlier question of the same link."""

    def to_passages(self) -> Iterator[Passage]:
        for link, text in self.passages.items():
            yield Passage(self.docid(link), text, text, "", f"belebele:{link}", self.code)

    def docid(self, link: str) -> str:
        return f"{self.code}:{link}"


def files(source: Path) -> dict[str, Path]:
    """Every ``<code>.jsonl`` that is there; raises InputError where there is none."""
    found = {path.name: path for path in sorted(source.glob("*.jsonl"))}
    if not found:
        raise InputError("no <code>.jsonl here, such as eng_Latn.jsonl", remedy=f"take them from {ORIGIN}", path=source)
    return found


def read(source: Path, name: str) -> PreparedDataset:
    """Read the languages that are there; raises InputError, with file and line, for whatever is wrong in one."""
    languages = [_read_language(path) for path in files(source).values()]
    for language in languages:
        _check_parallel(languages[0], language)
        found = len(language.topics), len(language.passages)
        if found != (QUESTIONS, PASSAGES):
            raise InputError(
                f"{found[0]} questions on {found[1]} passages, where the published file has {QUESTIONS} on {PASSAGES}",
                remedy=_REMEDY, path=language.path,
            )
    codes = [language.code for language in languages]
    return PreparedDataset(
        name=name,
        passages={language.code: language.to_passages() for language in languages},
        topics={language.code: language.topics for language in languages},
        qrels={language.code: language.qrels for language in languages},
        pairs=all_pairs(codes, codes),
        origin=ORIGIN,
        licence=LICENCE,
        notes={
            "questions_whose_passage_is_worded_otherwise_than_before": sum(
                language.reworded for language in languages
            ),
        },
    )


def _read_language(path: Path) -> _Language:
    """Enter one file's questions and passages. Of a passage with two questions the first text counts."""
    language = _Language(path, check_language(path.stem, path))
    for line, row in read_jsonl(path):
        link = "%20".join(check_text(row.get("link"), "'link'", path, line).split())
        number = _question_number(row, path, line)
        question_id = f"{link}#{number}"
        if question_id in language.topics:
            raise InputError(f"question {number} of {link!r} occurs twice", remedy=_REMEDY, path=path, line=line)
        text = check_text(row.get("flores_passage"), "'flores_passage'", path, line).strip()
        language.reworded += language.passages.setdefault(link, text) != text
        language.topics[question_id] = check_text(row.get("question"), "'question'", path, line)
        language.qrels[question_id] = {language.docid(link): 1}
    return language


def _question_number(row: dict[str, Any], path: Path, line: int) -> str:
    number = str(row.get("question_number"))
    if not number.isdecimal():
        raise InputError("'question_number' is missing or no whole number", remedy=_REMEDY, path=path, line=line)
    return number


def _check_parallel(first: _Language, other: _Language) -> None:
    """Raises InputError unless both have the same questions."""
    for asked, missing_in in ((first, other), (other, first)):
        for question_id in asked.topics:
            if question_id not in missing_in.topics:
                raise InputError(
                    f"question {question_id!r} of {asked.path.name} is missing", remedy=_REMEDY, path=missing_in.path
                )
