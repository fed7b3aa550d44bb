"""BEIR's form (arXiv 2104.08663), in which many data sets are published: a folder with

    corpus.jsonl or .jsonl.gz       {"_id", "title", "text"} a line; "title" may be empty or left out
    queries.jsonl or .jsonl.gz      {"_id", "text"} a line, of all splits
    qrels/<split>.tsv               query-id<TAB>corpus-id<TAB>score, with this header

The language is English, or that of the folder's name in a folder of such folders: ``de/corpus.jsonl``,
``fr/corpus.jsonl``. The test split is searched; where there is none, dev; where there is one split only, that one. The
train split, if another is searched, becomes training examples. Other fields, such as ``metadata``, are not read.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybrid_pyserini.collection import check_id
from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.formats.corpus import Corpus, Fields, Judgements
from hybrid_pyserini.data.monolingual import Language, Split, check_asked, monolingual_dataset, training_of
from hybrid_pyserini.data.text import check_text
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_jsonl, read_lines
from hybrid_pyserini.records import Qrels, Topics

_FIELDS = Fields(id="_id", text="text", title="title")
_HEADER = "query-id\tcorpus-id\tscore"
_SEARCHED = ("test", "dev")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Za-z]+)?")
_FORM = "see docs/datasets.md for the form"


@dataclass(frozen=True)
class _Files:
    """The files of one language."""

    corpus: Path
    queries: Path
    qrels: Path
    train: Path | None
    others: tuple[str, ...]
    """Splits that are not read."""


def files(source: Path) -> dict[str, Path]:
    """Every file that is read; raises InputError for one that is missing."""
    return {
        str(path.relative_to(source)): path
        for of in _find(source).values()
        for path in (of.corpus, of.queries, of.qrels, *([of.train] if of.train else []))
    }


def read(source: Path, name: str) -> PreparedDataset:
    """Read the folder; raises InputError, with file and line, for whatever is wrong in it."""
    notes: dict[str, Any] = {}
    languages = {language: _read_language(language, of, notes) for language, of in _find(source).items()}
    return monolingual_dataset(name, languages, origin="a folder in BEIR's form", licence="", notes=notes)


def _find(source: Path) -> dict[str, _Files]:
    """Language -> its files."""
    if _jsonl(source, "corpus"):
        return {"en": _files(source)}
    folders = [
        path for path in sorted(source.iterdir())
        if path.is_dir() and (_jsonl(path, "corpus") or _jsonl(path, "queries"))
    ]
    for folder in folders:
        if not _LANGUAGE.fullmatch(folder.name):
            raise InputError(
                f"{folder.name!r} is no language code", path=folder,
                remedy="give the folder of one data set, or name folders of one in several languages de, fr, zh_Hans",
            )
    if not folders:
        raise InputError("no corpus.jsonl or corpus.jsonl.gz here", remedy=_FORM, path=source)
    return {folder.name: _files(folder) for folder in folders}


def _files(folder: Path) -> _Files:
    corpus, queries = _needed(folder, "corpus"), _needed(folder, "queries")
    splits = {path.stem: path for path in sorted((folder / "qrels").glob("*.tsv"))}
    if not splits:
        raise InputError("no <split>.tsv here", remedy=_FORM, path=folder / "qrels")
    searched = next((split for split in _SEARCHED if split in splits), None)
    if searched is None and len(splits) > 1:
        raise InputError(
            f"neither test.tsv nor dev.tsv, but {', '.join(path.name for path in splits.values())}",
            remedy="keep the one that is to be searched", path=folder / "qrels",
        )
    qrels = splits.pop(searched or next(iter(splits)))
    return _Files(corpus, queries, qrels, splits.pop("train", None), tuple(splits))


def _needed(folder: Path, name: str) -> Path:
    path = _jsonl(folder, name)
    if path is None:
        raise InputError(f"no {name}.jsonl or {name}.jsonl.gz here", remedy=_FORM, path=folder)
    return path


def _jsonl(folder: Path, name: str) -> Path | None:
    """``<name>.jsonl``, gzipped or not; raises InputError where there are both."""
    plain, packed = folder / f"{name}.jsonl", folder / f"{name}.jsonl.gz"
    if plain.is_file() and packed.is_file():
        raise InputError(f"there is {plain.name} as well", remedy="keep one of the two", path=packed)
    return next((path for path in (plain, packed) if path.is_file()), None)


def _read_language(language: str, of: _Files, notes: dict[str, Any]) -> Language:
    queries = _read_queries(of.queries)
    asked = _read_split(queries, of.queries, of.qrels, notes)
    train = _read_split(queries, of.queries, of.train, notes) if of.train else None
    corpus = Corpus(language, (of.corpus,), _FIELDS, asked.judged)
    used = asked.topics.keys() | (train.topics.keys() if train else set())
    notes |= {
        f"{language}_split": of.qrels.stem,
        f"{language}_splits_not_read": ", ".join(of.others),
        f"{language}_queries_of_other_splits_left_out": len(queries) - len(used),
    }
    return Language(corpus, asked, training_of(train, corpus) if train else None)


def _read_queries(path: Path) -> Topics:
    topics: Topics = {}
    for line, row in read_jsonl(path):
        query_id = check_id(row.get("_id"), "query id ('_id')", path, line)
        if query_id in topics:
            raise InputError(f"query id {query_id!r} occurs twice", remedy="make ids unique", path=path, line=line)
        topics[query_id] = check_text(row.get("text"), f"'text' of query {query_id!r}", path, line)
    return topics


def _read_split(queries: Topics, queries_path: Path, qrels_path: Path, notes: dict[str, Any]) -> Split:
    """The judgements of a split, and the queries that it judges."""
    qrels, repeated = _read_qrels(qrels_path)
    split = Split(
        {query_id: query for query_id, query in queries.items() if query_id in qrels},
        Judgements(qrels, qrels_path, 1), queries_path,
    )
    check_asked(split)
    key = f"{qrels_path.stem}_judgements_repeated_word_by_word"
    notes[key] = notes.get(key, 0) + repeated
    return split


def _read_qrels(path: Path) -> tuple[Qrels, int]:
    """The judgements of a file, and how many lines say again what one before says."""
    qrels: Qrels = {}
    repeated = 0
    lines = read_lines(path)
    _, header = next(lines, (1, ""))
    if header.rstrip() != _HEADER:
        raise InputError(
            f"expected the header {_HEADER!r}, found {header!r}", path=path, line=1,
            remedy="add it: of a file without it BEIR's own loader loses the first judgement",
        )
    for line, text in lines:
        if not text.strip():
            continue
        query_id, docid, relevance = _judgement(text, path, line)
        judged = qrels.setdefault(query_id, {})
        repeated += docid in judged
        if judged.setdefault(docid, relevance) != relevance:
            raise InputError(
                f"query {query_id!r} judges passage {docid!r} {relevance} here and {judged[docid]} before",
                remedy="keep one of the lines", path=path, line=line,
            )
    if not qrels:
        raise InputError("no judgements in the file", remedy=_FORM, path=path)
    return qrels, repeated


def _judgement(text: str, path: Path, line: int) -> tuple[str, str, int]:
    columns = text.split("\t")
    if len(columns) != 3 or not columns[2].strip().removeprefix("-").isdecimal():
        raise InputError(
            "expected query-id<TAB>corpus-id<TAB>score with a whole number last", remedy="mend the line",
            path=path, line=line,
        )
    query_id = check_id(columns[0], "query-id", path, line)
    return query_id, check_id(columns[1], "corpus-id", path, line), int(columns[2])
