"""SQuAD's JSON: articles of paragraphs, each with its questions. What every data set in this layout is read by."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hybrid_pyserini.collection import check_id
from hybrid_pyserini.data.text import check_text
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json

REMEDY = "copy or download the file again"


def read_articles(path: Path) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """Yield each article's title and its paragraphs, a paragraph with the place to name in errors ("article 2 (Tea),
    paragraph 1"). Raises InputError for whatever is missing or of the wrong kind."""
    for number, article in enumerate(member(read_json(path), "data", list, "the file", path), start=1):
        place = f"article {number}"
        title = check_text(member(article, "title", str, place, path), f"{place}'s title", path)
        paragraphs = member(article, "paragraphs", list, place, path)
        yield title, [(f"{place} ({title}), paragraph {p}", each) for p, each in enumerate(paragraphs, start=1)]


def read_question(entry: object, place: str, path: Path) -> tuple[str, str, list[Any]]:
    """The id, text and answers of an entry of a paragraph's ``qas``; raises InputError for one without a text."""
    question_id = check_id(member(entry, "id", str, f"{place}: a question", path), f"{place}: question id", path)
    place = f"{place}: question {question_id!r}"
    text = check_text(member(entry, "question", str, place, path), place, path)
    return question_id, text, member(entry, "answers", list, place, path)


def member(value: object, key: str, kind: type, place: str, path: Path) -> Any:
    """``value[key]``, which must be a list, a string or a number."""
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, kind):
        names = {list: "list", str: "string", int: "whole number"}
        raise InputError(f"{place}: {key!r} is missing or no {names[kind]}", remedy=REMEDY, path=path)
    return found
