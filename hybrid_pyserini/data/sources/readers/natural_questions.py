"""Natural Questions (Kwiatkowski et al. 2019, Q19-1026): Google's queries, answered by parts of a Wikipedia page.

``v1.0-simplified_simplified-nq-train.jsonl(.gz)``, in the form that ``text_utils.py`` of
github.com/google-research-datasets/natural-questions describes: ``document_text`` is tokens split at single blanks,
HTML's tags among them, and a long answer is a range of them. The positive is the long answer's text, where it is a
paragraph; questions without a long answer, or with a table or a list, are left out.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hybrid_pyserini.data.formats.fields import field
from hybrid_pyserini.data.formats.source_files import first_of
from hybrid_pyserini.data.sources.training_source import PreparedSource, source_of_rows
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_jsonl

ORIGIN = "https://ai.google.com/research/NaturalQuestions/download"
LICENCE = "see origin"
FILE = "v1.0-simplified_simplified-nq-train.jsonl"
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")


def files(source: Path) -> dict[str, Path]:
    """The training file, gzipped or not; raises InputError where it is not there."""
    return first_of(source, (f"{FILE}.gz", FILE), f"take the simplified training set from {ORIGIN}")


def read(source: Path, name: str) -> PreparedSource:
    """The training questions; InputErrors, with file and line, come while the examples are gone through."""
    return source_of_rows(name, list(files(source).values()), _rows, ORIGIN, LICENCE)


def _rows(path: Path, notes: Counter[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, row in read_jsonl(path):
        annotations = field(row, "annotations", list, path, line)
        if not annotations:
            raise InputError("no annotation", remedy="copy or download the file again", path=path, line=line)
        answer = field(annotations[0], "long_answer", dict, path, line)
        start, end = (field(answer, at, int, path, line) for at in ("start_token", "end_token"))
        if start < 0:
            notes["questions_without_a_long_answer_left_out"] += 1
            continue
        tokens = field(row, "document_text", str, path, line).split(" ")
        if not start < end <= len(tokens):
            raise InputError(
                f"the long answer is tokens {start} to {end} of {len(tokens)}", path=path, line=line,
                remedy="copy or download the file again",
            )
        if tokens[start] != "<P>":
            notes["questions_answered_by_a_table_or_list_left_out"] += 1
            continue
        yield line, {
            "id": str(field(row, "example_id", int, path, line)), "language": "en",
            "query": row.get("question_text"),
            "positive": " ".join(token for token in tokens[start:end] if not _TAG.fullmatch(token)),
        }
