"""DPR's files (github.com/facebookresearch/DPR): English questions with passages of Wikipedia.

Both forms that its README describes are read, each an array. Training data, such as ``biencoder-nq-train.json``, have
``question``, ``positive_ctxs`` and ``hard_negative_ctxs``, each passage with ``title`` and ``text``: the first positive
is the positive, and the first hard negatives are hard negatives. Retrieval results, which DPR makes for questions that
come with answers but without passages (EntityQuestions), have ``question`` and ``ctxs``, each passage with ``title``,
``text`` and ``has_answer``: the first that has the answer is the positive, and the first that have not are hard
negatives. A passage is its title, a blank and its text.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hybrid_pyserini.data.formats.fields import field
from hybrid_pyserini.data.formats.json_array import read_json_array
from hybrid_pyserini.data.sources.training_source import HARD_NEGATIVES, PreparedSource, source_of_rows
from hybrid_pyserini.errors import InputError

ORIGIN = "https://github.com/facebookresearch/DPR"
LICENCE = "see origin"


def files(source: Path) -> dict[str, Path]:
    """Every .json and .json.gz of the folder; raises InputError where there is none, or two of them would give the
    same ids."""
    found = {path.name: path for path in sorted(source.iterdir()) if path.name.endswith((".json", ".json.gz"))}
    if not found:
        raise InputError("no .json or .json.gz file here", remedy="put DPR's files there", path=source)
    names: dict[str, str] = {}
    for name, path in found.items():
        other = names.setdefault(_stem(name), name)
        if other != name:
            raise InputError(
                f"named as {other} is, but for .gz or blanks: their ids would be the same",
                remedy="keep one of them, or rename it", path=path,
            )
    return found


def read(source: Path, name: str) -> PreparedSource:
    """All files' questions; InputErrors, with file and line, come while the examples are gone through."""
    return source_of_rows(name, list(files(source).values()), _rows, ORIGIN, LICENCE)


def _rows(path: Path, notes: Counter[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(Line, row); ids are ``<file>:<number>``, as DPR's questions have none."""
    stem = _stem(path.name)
    for number, (line, row) in enumerate(read_json_array(path)):
        if "ctxs" in row:
            passages = field(row, "ctxs", list, path, line)
            positives = [each for each in passages if field(each, "has_answer", bool, path, line)]
            negatives = [each for each in passages if not each["has_answer"]]
        else:
            positives, negatives = (
                field(row, name, list, path, line) for name in ("positive_ctxs", "hard_negative_ctxs")
            )
        if not positives:
            notes["questions_without_a_positive_left_out"] += 1
            continue
        notes["further_positives_left_out"] += len(positives) - 1
        notes["negatives_left_out"] += len(negatives[HARD_NEGATIVES:])
        yield line, {
            "id": f"{stem}:{number}", "language": "en", "query": row.get("question"),
            "positive": _contents(positives[0], path, line),
            "negatives": [_contents(each, path, line) for each in negatives[:HARD_NEGATIVES]],
        }


def _stem(name: str) -> str:
    """What stands before the ids of a file's questions: an id must hold no blank."""
    return "_".join(name.removesuffix(".gz").removesuffix(".json").split())


def _contents(passage: object, path: Path, line: int) -> str:
    title, text = (field(passage, name, str, path, line).strip() for name in ("title", "text"))
    return f"{title} {text}".strip()
