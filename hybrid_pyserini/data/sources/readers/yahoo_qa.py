"""Yahoo's non-factoid questions, nfL6 (Cohen and Croft, ciir.cs.umass.edu): 87,361 questions of Webscope's L6.

``nfL6.json`` or ``nfL6.json.gz``: an array of ``id``, ``question``, ``answer``, ``nbestanswers`` and ``main_category``,
as its README has it. The positive is ``answer``, the one with most votes; the other answers, which nobody has looked
at, are neither positives nor negatives. Other readers count 87,362 questions, so an id may occur twice.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hybrid_pyserini.data.formats.json_array import read_json_array
from hybrid_pyserini.data.formats.source_files import first_of
from hybrid_pyserini.data.sources.training_source import PreparedSource, source_of_rows

ORIGIN = "https://ciir.cs.umass.edu/downloads/nfL6"
LICENCE = "see origin"
FILES = ("nfL6.json", "nfL6.json.gz")


def files(source: Path) -> dict[str, Path]:
    """The file, gzipped or not; raises InputError where it is not there."""
    return first_of(source, FILES, f"take it from {ORIGIN}")


def read(source: Path, name: str) -> PreparedSource:
    """The questions; InputErrors, with file and line, come while the examples are gone through."""
    return source_of_rows(name, list(files(source).values()), _rows, ORIGIN, LICENCE)


def _rows(path: Path, notes: Counter[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    seen: set[str] = set()
    for line, row in read_json_array(path):
        question, answer = row.get("question"), row.get("answer")
        if any(isinstance(text, str) and not text.strip() for text in (question, answer)):
            notes["questions_without_text_or_answer_left_out"] += 1
            continue
        if str(row.get("id")) in seen:
            notes["questions_whose_id_occurs_again_left_out"] += 1
            continue
        seen.add(str(row.get("id")))
        yield line, {"id": row.get("id"), "language": "en", "query": question, "positive": answer}
