"""DuoRC (arXiv 1804.07927): questions on the plots of films, SelfRC on Wikipedia's, ParaphraseRC on IMDb's.

``SelfRC_train.json`` and ``ParaphraseRC_train.json`` of github.com/duorc/duorc, whichever there are: an array of plots,
each with ``id``, ``title``, ``plot`` and ``qa``, a list of ``id``, ``question``, ``answers`` and ``no_answer`` (so the
loader ``duorc`` of Hugging Face's datasets reads them). A plot is far longer than what encoders take, and no place of
the answer is given: it is cut into blocks of 100 words, and the positive is the first block that holds an answer, with
the film's title before it. Questions without an answer, or without one that a block holds word by word, are left out.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hybrid_pyserini.data.answers import AnswerIndex
from hybrid_pyserini.data.blocks import blocks
from hybrid_pyserini.data.formats.fields import field, text_list
from hybrid_pyserini.data.formats.json_array import read_json_array
from hybrid_pyserini.data.formats.source_files import those_there
from hybrid_pyserini.data.sources.training_source import PreparedSource, source_of_rows
from hybrid_pyserini.data.text import check_text

ORIGIN = "https://github.com/duorc/duorc"
LICENCE = "MIT"
FILES = ("SelfRC_train.json", "ParaphraseRC_train.json")


def files(source: Path) -> dict[str, Path]:
    """Those of the two training files that are there; raises InputError where there is none."""
    return those_there(
        source, FILES, f"neither of DuoRC's files here: {', '.join(FILES)}", f"take them from {ORIGIN}"
    )


def read(source: Path, name: str) -> PreparedSource:
    """The training questions; InputErrors, with file and line, come while the examples are gone through."""
    return source_of_rows(name, list(files(source).values()), _rows, ORIGIN, LICENCE)


def _rows(path: Path, notes: Counter[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(Line of the film, row). Ids begin with the part's name: both ask some of the same questions."""
    part = path.name.removesuffix("_train.json")
    for line, film in read_json_array(path):
        title = field(film, "title", str, path, line).strip()
        cut = [block for _, block in blocks(check_text(film.get("plot"), "'plot'", path, line))]
        for asked in field(film, "qa", list, path, line):
            answers = text_list(asked, "answers", path, line)
            if field(asked, "no_answer", bool, path, line) or not answers:
                notes["questions_without_an_answer_left_out"] += 1
                continue
            index = AnswerIndex((answer, 0) for answer in answers)
            positive = next((block for block in cut if index.owners(block)), None)
            if positive is None:
                notes["questions_whose_answers_no_block_holds_left_out"] += 1
                continue
            yield line, {
                "id": f"{part}:{field(asked, 'id', str, path, line)}", "language": "en",
                "query": asked.get("question"), "positive": f"{title} {positive}".strip(),
            }
