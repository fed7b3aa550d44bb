"""SQuAD 1.1 (arXiv 1606.05250) and 2.0 (arXiv 1806.03822): English questions on paragraphs of Wikipedia.

``dev-v1.1.json`` becomes the data set to search, in which a question's own paragraph alone is relevant, and
``train-v1.1.json`` a training source; so ``-v2.0.json``, whose unanswerable questions are left out.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.formats.source_files import required
from hybrid_pyserini.data.formats.squad_paragraphs import Paragraphs
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair

ORIGIN = "https://rajpurkar.github.io/SQuAD-explorer"
LICENCE = "see origin"

QUESTIONS = {
    "train-v1.1.json": 87599, "dev-v1.1.json": 10570, "train-v2.0.json": 130319, "dev-v2.0.json": 11873,
}
"""Questions, unanswerable ones included, as published."""


def files_of(version: str) -> Callable[[Path], dict[str, Path]]:
    """``files`` of a version, "1.1" or "2.0"."""
    return partial(_files, version)


def reader_of(version: str) -> Callable[[Path, str], PreparedDataset]:
    """``read`` of a version."""
    return partial(_read, version)


def _files(version: str, source: Path) -> dict[str, Path]:
    """The two files; raises InputError where one is missing."""
    names = (f"dev-v{version}.json", f"train-v{version}.json")
    return {name: required(source / name, f"take it from {ORIGIN}") for name in names}


def _read(version: str, source: Path, name: str) -> PreparedDataset:
    """Raises InputError, with file and place, for whatever is wrong in a file, and for other counts than published."""
    dev, train = Paragraphs(), Paragraphs()
    equal = 0
    for file, path in _files(version, source).items():
        part, contents = ("dev", dev) if file.startswith("dev") else ("train", train)
        equal += contents.read(path, part) - len(contents.passages)
        found = len(contents.questions) + contents.unanswerable
        if found != QUESTIONS[file]:
            raise InputError(
                f"{found} questions, where the published file has {QUESTIONS[file]}",
                remedy=f"take the file from {ORIGIN}", path=path,
            )
    return PreparedDataset(
        name=name,
        passages={"en": dev.passages.values()},
        topics={"en": {id_: text for id_, (text, _) in dev.questions.items()}},
        qrels={"en": {id_: {passage.id: 1} for id_, (_, passage) in dev.questions.items()}},
        pairs=(Pair("en", "en"),),
        articles={id_: passage.title for id_, (_, passage) in dev.questions.items()},
        training={f"{name}-train": train.examples()},
        origin=ORIGIN,
        licence=LICENCE,
        notes={
            "paragraphs_equal_to_an_earlier_one": equal,
            "unanswerable_questions_left_out": dev.unanswerable + train.unanswerable,
        },
    )
