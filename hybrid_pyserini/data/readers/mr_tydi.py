"""Mr. TyDi (arXiv 2108.08787): questions on Wikipedia in 11 languages, each answered by a passage of its language.

Two forms are published, and both are read: that of the Hugging Face hub, ``castorini/mr-tydi`` with
``castorini/mr-tydi-corpus``, and that of the project's archives, unpacked:

    mrtydi-v1.1-<language>/{train,dev,test}.jsonl.gz      query_id, query, positive_passages, negative_passages
    mrtydi-v1.1-<language>/ir-format-data/                topics.<split>.txt, qrels.<split>.txt
    mrtydi-v1.1-<language>/corpus.jsonl.gz                docid, title, text

    mrtydi-v1.1-<language>/topic.<split>.tsv, qrels.<split>.txt
    mrtydi-v1.1-<language>/collection/docs.jsonl.gz       id, contents

The test split is searched, or the dev split as a data set of its own; the train split becomes training examples, with
the sampled negatives where there is ``train.jsonl.gz``. Counts are those of ir_datasets' metadata, of version 1.0.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hybrid_pyserini.collection import check_id
from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.formats.corpus import Corpus, Fields, Judgements, check_blank_or_text, contents_of
from hybrid_pyserini.data.monolingual import Language, Split, Training, monolingual_dataset, read_split, training_of
from hybrid_pyserini.data.text import check_text, one_line
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_jsonl
from hybrid_pyserini.records import Negative, ParallelExample, Qrels, Topics

ORIGIN = "https://huggingface.co/datasets/castorini/mr-tydi"
LICENCE = "Apache 2.0"

_NAMES = {
    "ar": "arabic", "bn": "bengali", "en": "english", "fi": "finnish", "id": "indonesian", "ja": "japanese",
    "ko": "korean", "ru": "russian", "sw": "swahili", "te": "telugu", "th": "thai",
}
LANGUAGES = tuple(_NAMES)

_TOPICS = {
    "test": {"ar": 1081, "bn": 111, "en": 744, "fi": 1254, "id": 829, "ja": 720, "ko": 421, "ru": 995, "sw": 670,
             "te": 646, "th": 1190},
    "dev": {"ar": 3115, "bn": 440, "en": 878, "fi": 1738, "id": 1224, "ja": 928, "ko": 303, "ru": 1375, "sw": 526,
            "te": 983, "th": 807},
}
_HUB_FIELDS = Fields(id="docid", text="text", title="title")
_ARCHIVE_FIELDS = Fields(id="id", text="contents", title=None)
_REMEDY = f"take the file from {ORIGIN}"


@dataclass(frozen=True)
class _Files:
    """The files of one language: of a split either topics and qrels, or rows."""

    asked: tuple[Path, ...]
    train: tuple[Path, ...]
    corpus: Path


def files(source: Path, split: str = "test") -> dict[str, Path]:
    """Every file that is read; raises InputError where no language has questions of the split and a corpus."""
    return {
        str(path.relative_to(source)): path
        for of in _find(source, split)[0].values() for path in (*of.asked, *of.train, of.corpus)
    }


def read(source: Path, name: str, split: str = "test") -> PreparedDataset:
    """Read the languages that have a corpus; raises InputError, with file and line, for whatever is wrong."""
    found, notes = _find(source, split)
    languages = {language: _read_language(language, of) for language, of in found.items()}
    for language, each in languages.items():
        count, published = len(each.asked.topics), _TOPICS[split][language]
        if count != published:
            notes[f"{language}_{split}_topics"] = f"{count:,}, where {published:,} are published"
    return monolingual_dataset(name, languages, origin=ORIGIN, licence=LICENCE, notes=notes)


def _find(source: Path, split: str) -> tuple[dict[str, _Files], dict[str, Any]]:
    """The files of each language that has a corpus, and which others are not read. The train split goes with test."""
    found: dict[str, _Files] = {}
    incomplete = []
    for language in LANGUAGES:
        asked, corpus = _split_files(source, language, split), _first_file(source, language, "corpus")
        if asked and corpus:
            train = _split_files(source, language, "train", rows_first=True) if split == "test" else ()
            found[language] = _Files(asked, train, corpus)
        elif asked or corpus:
            incomplete.append(language)
    if not found:
        raise InputError(
            f"no language has both mrtydi-v1.1-<language>/{split}.jsonl.gz and mrtydi-v1.1-<language>/corpus.jsonl.gz "
            "here", remedy=f"put the folders of {ORIGIN} and {ORIGIN}-corpus into it", path=source,
        )
    return found, {f"languages_left_out_for_want_of_a_corpus_or_{split}_questions": " ".join(incomplete)}


def _split_files(source: Path, language: str, split: str, *, rows_first: bool = False) -> tuple[Path, ...]:
    """Topics and qrels, or rows; empty where there are neither."""
    rows = _first_file(source, language, split)
    if rows and rows_first:
        return (rows,)
    for folder in _folders(source, language):
        for topics, qrels in (
            (folder / f"topic.{split}.tsv", folder / f"qrels.{split}.txt"),
            (folder / f"ir-format-data/topics.{split}.txt", folder / f"ir-format-data/qrels.{split}.txt"),
        ):
            if topics.is_file():
                if not qrels.is_file():
                    raise InputError(f"there is {topics.name}, but not this file", remedy=_REMEDY, path=qrels)
                return topics, qrels
    return (rows,) if rows else ()


def _first_file(source: Path, language: str, name: str) -> Path | None:
    """``<name>.jsonl``, gzipped or not; of a corpus also what the archives call it."""
    names = [f"{name}.jsonl.gz", f"{name}.jsonl"]
    if name == "corpus":
        names += ["collection/docs.jsonl.gz", "collection/docs.jsonl"]
    paths = (folder / name for folder in _folders(source, language) for name in names)
    return next((path for path in paths if path.is_file()), None)


def _folders(source: Path, language: str) -> list[Path]:
    """Where a language's files may be: beside each other, or in the hub's two repositories."""
    return [
        source / repository / f"mrtydi-{version}-{_NAMES[language]}"
        for version in ("v1.1", "v1.0") for repository in (".", "mr-tydi", "mr-tydi-corpus")
    ]


def _read_language(language: str, of: _Files) -> Language:
    asked = read_split(*of.asked) if len(of.asked) == 2 else _read_rows(of.asked[0])
    _, first = next(read_jsonl(of.corpus), (0, {}))
    corpus = Corpus(language, (of.corpus,), _ARCHIVE_FIELDS if "contents" in first else _HUB_FIELDS, asked.judged)
    if not of.train:
        return Language(corpus, asked)
    if len(of.train) == 2:
        return Language(corpus, asked, training_of(read_split(*of.train), corpus))
    train = _read_rows(of.train[0])
    relevant = [query_id for query_id in train.topics if train.judged.qrels.get(query_id)]
    return Language(corpus, asked, Training(
        relevant, partial(_examples, language, of.train[0]), len(train.topics) - len(relevant),
    ))


def _read_rows(path: Path) -> Split:
    """The questions of a split and their positive passages."""
    topics: Topics = {}
    qrels: Qrels = {}
    for line, row in read_jsonl(path):
        query_id = check_id(row.get("query_id"), "'query_id'", path, line)
        if query_id in topics:
            raise InputError(f"query id {query_id!r} occurs twice", remedy=_REMEDY, path=path, line=line)
        topics[query_id] = check_text(row.get("query"), f"'query' of {query_id!r}", path, line)
        positives = _passages(row, "positive_passages", path, line)
        qrels[query_id] = {check_id(each.get("docid"), "'docid' of a positive", path, line): 1 for each in positives}
    if not topics:
        raise InputError("no questions in the file", remedy=_REMEDY, path=path)
    return Split(topics, Judgements(qrels, path, None), path)


def _passages(row: Mapping[str, Any], key: str, path: Path, line: int) -> list[dict[str, Any]]:
    passages = row.get(key)
    if not isinstance(passages, list) or not all(isinstance(each, dict) for each in passages):
        raise InputError(f"{key!r} is missing or no list of objects", remedy=_REMEDY, path=path, line=line)
    return passages


def _examples(language: str, path: Path, of_queries: str, of_passages: str) -> Iterator[ParallelExample]:
    """An example for each question and positive passage of a split's rows, with the row's negatives."""
    for line, row in read_jsonl(path):
        positives = _texts(row, "positive_passages", of_passages, path, line)
        negatives = tuple(
            Negative(text, group) for group, text in _texts(row, "negative_passages", of_passages, path, line).items()
        )
        for number, (group, text) in enumerate(positives.items(), start=1):
            yield ParallelExample(
                id=f"{of_queries}{row['query_id']}" + (f"#{number}" if number > 1 else ""), group=group,
                queries={language: one_line(row["query"])}, positives={language: text},
                negatives={language: negatives} if negatives else {},
                other_groups=tuple(other for other in positives if other != group),
            )


def _texts(row: Mapping[str, Any], key: str, of_passages: str, path: Path, line: int) -> dict[str, str]:
    """Passage group -> title, blank and text."""
    texts = {}
    for each in _passages(row, key, path, line):
        docid = check_id(each.get("docid"), f"'docid' in {key!r}", path, line)
        title, text = (check_blank_or_text(each.get(part), f"{part!r} of passage {docid!r}", path, line)
                       for part in ("title", "text"))
        texts[f"{of_passages}{docid}"] = check_text(contents_of(title, text), f"passage {docid!r}", path, line)
    return texts
