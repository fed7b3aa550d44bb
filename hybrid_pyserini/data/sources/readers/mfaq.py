"""MFAQ (arXiv 2109.12870): six million questions and answers of FAQ pages in 21 languages, not parallel.

``data/<language>/train.jsonl`` of Hugging Face's ``clips/mfaq``, a page a line: ``id``, ``domain``, ``language``,
``num_pairs`` and ``qa_pairs``, a list of ``question`` and ``answer`` (so its loader ``mfaq.py`` reads them). Whichever
languages are there are read; each example is in one language, so that the source feeds monolingual batches only.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hybrid_pyserini.data.formats.fields import field
from hybrid_pyserini.data.formats.source_files import those_there
from hybrid_pyserini.data.sources.training_source import PreparedSource, source_of_rows
from hybrid_pyserini.jsonl import read_jsonl

ORIGIN = "https://huggingface.co/datasets/clips/mfaq"
LICENCE = "CC0 1.0"
LANGUAGES = (
    "cs", "da", "de", "en", "es", "fi", "fr", "he", "hr", "hu", "id", "it", "nl", "no", "pl", "pt", "ro", "ru", "sv",
    "tr", "vi",
)


def files(source: Path) -> dict[str, Path]:
    """The training files that are there, by language; raises InputError where there is none."""
    return those_there(
        source, [f"data/{language}/train.jsonl" for language in LANGUAGES],
        "none of MFAQ's files here: data/<language>/train.jsonl", f"take them from {ORIGIN}",
    )


def languages(source: Path) -> tuple[str, ...]:
    return tuple(path.parent.name for path in files(source).values())


def read(source: Path, name: str) -> PreparedSource:
    """The training questions; InputErrors, with file and line, come while the examples are gone through."""
    return source_of_rows(name, list(files(source).values()), _rows, ORIGIN, LICENCE)


def _rows(path: Path, notes: Counter[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(Line, row); ids are ``<language>:<line>-<pair>``."""
    language = path.parent.name
    for line, page in read_jsonl(path):
        for number, pair in enumerate(field(page, "qa_pairs", list, path, line)):
            question, answer = (field(pair, what, str, path, line) for what in ("question", "answer"))
            if not (question.strip() and answer.strip()):
                notes["pairs_without_question_or_answer_left_out"] += 1
                continue
            yield line, {
                "id": f"{language}:{line}-{number}", "language": language, "query": question, "positive": answer
            }
