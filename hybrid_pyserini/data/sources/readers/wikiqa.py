"""WikiQA (Yang et al. 2015, D15-1237): questions, and the sentences of a Wikipedia page's summary that answer them.

``WikiQA-train.tsv`` of Microsoft's WikiQACorpus.zip: QuestionID, Question, DocumentID, DocumentTitle, SentenceID,
Sentence and Label, one sentence a line, without quoting (so the loader ``wiki_qa`` of Hugging Face's datasets has it).
A sentence labelled 1 is the positive; where a question has several, each is an example. Sentences labelled 0 are hard
negatives. Questions that no sentence answers are left out.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from hybrid_pyserini.data.formats.source_files import required
from hybrid_pyserini.data.formats.tsv import read_tsv
from hybrid_pyserini.data.sources.training_source import HARD_NEGATIVES, PreparedSource, source_of_rows
from hybrid_pyserini.errors import InputError

ORIGIN = "https://www.microsoft.com/en-us/download/details.aspx?id=52419"
LICENCE = "see origin"
FILE = "WikiQA-train.tsv"
_COLUMNS = ("QuestionID", "Question", "DocumentID", "DocumentTitle", "SentenceID", "Sentence", "Label")


def files(source: Path) -> dict[str, Path]:
    """The training file; raises InputError where it is not there."""
    return {FILE: required(source / FILE, f"take WikiQACorpus.zip from {ORIGIN}")}


def read(source: Path, name: str) -> PreparedSource:
    """The training questions; InputErrors, with file and line, come while the examples are gone through."""
    return source_of_rows(name, list(files(source).values()), _rows, ORIGIN, LICENCE)


def _rows(path: Path, notes: Counter[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(Line of a question's first sentence, row)."""
    for (question_id, question), lines in groupby(read_tsv(path, _COLUMNS, header=True), _asked):
        first, sentences = 0, {"0": list[str](), "1": list[str]()}
        for line, (*_, sentence, label) in lines:
            if label not in sentences:
                raise InputError(f"the label is {label!r}", remedy="write 0 or 1", path=path, line=line)
            first = first or line
            sentences[label].append(sentence)
        if not sentences["1"]:
            notes["questions_that_no_sentence_answers_left_out"] += 1
            continue
        notes["negatives_left_out"] += len(sentences["0"][HARD_NEGATIVES:])
        yield first, {
            "id": question_id, "language": "en", "query": question, "positives": sentences["1"],
            "negatives": sentences["0"][:HARD_NEGATIVES],
        }


def _asked(numbered: tuple[int, list[str]]) -> tuple[str, str]:
    """The question of a line, by its id and its text."""
    return numbered[1][0], numbered[1][1]
