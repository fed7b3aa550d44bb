"""NewsQA (arXiv 1611.09830): questions on CNN's stories, with the place of the answer.

``combined-newsqa-data-v1.json``, which the publisher's own scripts (github.com/Maluuba/newsqa) make of its questions
and of CNN's stories, which it may not pass on; their README gives the form. Read are the stories of type ``train``, and
of their questions those whose ``consensus`` is a place in the story. A story is cut into blocks of 100 words; the
positive is the one in which the answer begins.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hybrid_pyserini.data.blocks import blocks
from hybrid_pyserini.data.formats.source_files import required
from hybrid_pyserini.data.formats.squad import member
from hybrid_pyserini.data.sources.training_source import PreparedSource, source_of_rows
from hybrid_pyserini.data.text import check_text
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json

ORIGIN = "https://github.com/Maluuba/newsqa"
LICENCE = "see origin"
FILE = "combined-newsqa-data-v1.json"


def files(source: Path) -> dict[str, Path]:
    """The file that the publisher's scripts make; raises InputError where it is not there."""
    return {FILE: required(source / FILE, f"make it with the scripts of {ORIGIN}")}


def read(source: Path, name: str) -> PreparedSource:
    """The training questions; InputErrors, with file and story, come while the examples are gone through."""
    return source_of_rows(name, list(files(source).values()), _rows, ORIGIN, LICENCE)


def _rows(path: Path, notes: Counter[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(Number of the question, row)."""
    number = 0
    for n, story in enumerate(member(read_json(path), "data", list, "the file", path), start=1):
        place = f"story {n}"
        if member(story, "type", str, place, path) != "train":
            continue
        story_id = member(story, "storyId", str, place, path)
        text = check_text(member(story, "text", str, place, path), f"{place}'s text", path)
        cut = list(blocks(text))
        for q, asked in enumerate(member(story, "questions", list, place, path)):
            at = f"{place}, question {q + 1}"
            number += 1
            start = _start(asked, at, path, notes)
            if start is None:
                continue
            positive = next((block for end, block in cut if 0 <= start < end), None)
            if positive is None:
                raise InputError(
                    f"{at}: the answer begins at character {start} of {len(text)}", path=path,
                    remedy="make the file again: its stories are not those that were asked about",
                )
            query = member(asked, "q", str, at, path)
            if not query.strip():
                notes["questions_without_text_left_out"] += 1
                continue
            yield number, {"id": f"{story_id}:{q}", "language": "en", "query": query, "positive": positive}


def _start(asked: object, at: str, path: Path, notes: Counter[str]) -> int | None:
    """Where the answer that most agreed on begins; None, counted, where they agreed on none."""
    consensus = asked.get("consensus") if isinstance(asked, dict) else None
    if not isinstance(consensus, dict):
        raise InputError(f"{at}: 'consensus' is missing or no object", remedy="make the file again", path=path)
    for verdict, left_out in (
        ("badQuestion", "bad_questions_left_out"), ("noAnswer", "questions_without_an_answer_left_out")
    ):
        if consensus.get(verdict):
            notes[left_out] += 1
            return None
    return member(consensus, "s", int, f"{at}: 'consensus'", path)
