"""The data sets that ``prepare`` knows, by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.readers import belebele, mlqa_r, own_data, squadshifts, tatoeba, xm3600, xquad_r
from hybrid_pyserini.errors import InputError


@dataclass(frozen=True)
class Reader:
    """How one published format becomes a PreparedDataset."""

    summary: str
    name: str | None
    """What the data set is called in a workspace; None: the user has to name it."""
    files: Callable[[Path], dict[str, Path]]
    """Folder -> name in ``dataset.json`` -> file, for every file that is read; raises InputError for a missing one."""
    read: Callable[[Path, str], PreparedDataset]
    """Folder, name of the data set -> the data set; raises InputError for whatever is wrong."""
    training: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Training source that comes with it, as far as that is known before reading -> its languages."""
    heldout: "Reader | None" = None
    """The same files split into training examples and a test set, where the data set comes without such a split."""


READERS = {
    "xquad-r": Reader(
        summary="XQuAD-R (LAReQA): 1,190 questions in 11 languages, answered by sentences; a folder of <language>.json",
        name="xquad-r", files=xquad_r.files, read=xquad_r.read,
        heldout=Reader(
            summary="XQuAD-R split by article: 36 for training, 12 for testing",
            name="xquad-r-heldout", files=xquad_r.files, read=xquad_r.read_heldout,
            training=dict.fromkeys(("xquad-r-train", "xquad-r-validation"), tuple(xquad_r.SENTENCES)),
        ),
    ),
    "xquad-r-validation": Reader(
        summary="four of XQuAD-R's articles to choose a checkpoint by: none that --heldout trains or tests on",
        name="xquad-r-validation", files=xquad_r.files, read=xquad_r.read_validation,
    ),
    "squadshifts": Reader(
        summary="SQuADShifts: English questions on paragraphs, to stop training by as the paper does; a folder with "
        "new_wiki_v1.0.json and the like, whichever there are",
        name="squadshifts", files=squadshifts.files, read=squadshifts.read, training={"squadshifts": ("en",)},
    ),
    "belebele": Reader(
        summary="Belebele: 900 questions on 488 passages, parallel in 122 languages; a folder of "
        "<FLORES-200 code>.jsonl, whichever there are",
        name="belebele", files=belebele.files, read=belebele.read,
    ),
    "mlqa-r": Reader(
        summary="MLQA-R (LAReQA): questions in two to four of 7 languages, answered by sentences; a folder of "
        "<language>.json",
        name="mlqa-r", files=mlqa_r.files, read=mlqa_r.read,
    ),
    "tatoeba": Reader(
        summary="Tatoeba: sentences and their English translations, both ways; a folder with tatoeba.<xxx>-eng.<xxx> "
        "and tatoeba.<xxx>-eng.eng, whichever there are",
        name="tatoeba", files=tatoeba.files, read=tatoeba.read,
    ),
    "xm3600": Reader(
        summary="XM3600: captions of 3,600 images in 36 languages, searched by captions; a folder with captions.jsonl",
        name="xm3600", files=xm3600.files, read=xm3600.read,
    ),
    "own": Reader(
        summary="your own data: a folder with corpus/<language>.jsonl, topics/<language>.tsv, qrels/<language>.txt "
        "and, if you like, train.jsonl and articles.tsv",
        name=None, files=own_data.files, read=own_data.read,
    ),
}


def find_reader(dataset: str, *, heldout: bool) -> Reader:
    """The reader of a data set; raises InputError, naming those there are, for an unknown one and a missing split."""
    if dataset not in READERS:
        raise InputError(f"unknown data set {dataset!r}", remedy=f"choose among {', '.join(sorted(READERS))}")
    reader = READERS[dataset]
    if not heldout:
        return reader
    if reader.heldout is None:
        having = ", ".join(sorted(name for name, other in READERS.items() if other.heldout))
        raise InputError(f"{dataset!r} has no held-out split", remedy=f"leave out --heldout; it is for {having}")
    return reader.heldout
