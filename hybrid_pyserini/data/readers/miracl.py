"""MIRACL v1.0 (arXiv 2210.09984): questions on Wikipedia in 18 languages, each answered by passages of its language.

The files are those of ``miracl/miracl`` (topics and qrels) and ``miracl/miracl-corpus`` on the Hugging Face hub, in the
folders they have there or in one folder: ``topics.miracl-v1.0-<lang>-dev.tsv`` (qid<TAB>query),
``qrels.miracl-v1.0-<lang>-dev.tsv`` (qid Q0 docid relevance), ``docs-<part>.jsonl.gz`` (docid, title, text). The dev
split is searched, as every paper does; test-a and test-b have no published judgements. The train split becomes training
examples. Counts are those of the project's README and of ir_datasets' metadata.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.formats.corpus import Corpus, Fields
from hybrid_pyserini.data.monolingual import Language, Split, monolingual_dataset, read_split, training_of
from hybrid_pyserini.errors import InputError

ORIGIN = "https://huggingface.co/datasets/miracl/miracl"
LICENCE = "Apache 2.0"

_COUNTS = {
    "ar": (2896, 29197, 2061414), "bn": (411, 4206, 297265), "de": (305, 3144, 15866222), "en": (799, 8350, 32893221),
    "es": (648, 6443, 10373953), "fa": (632, 6571, 2207172), "fi": (1271, 12008, 1883509),
    "fr": (343, 3429, 14636953), "hi": (350, 3494, 506264), "id": (960, 9668, 1446315), "ja": (860, 8354, 6953614),
    "ko": (213, 3057, 1486752), "ru": (1252, 13100, 9543918), "sw": (482, 5092, 131924), "te": (828, 1606, 518079),
    "th": (733, 7573, 542166), "yo": (119, 1188, 49043), "zh": (393, 3928, 4934368),
}
"""Language -> topics and judgements of the dev split, passages."""

LANGUAGES = tuple(_COUNTS)
_FIELDS = Fields(id="docid", text="text", title="title")
_PART = re.compile(r"docs-(\d+)\.jsonl(\.gz)?")


@dataclass(frozen=True)
class _Files:
    """The files of one language."""

    topics: Path
    qrels: Path
    train: tuple[Path, Path] | None
    corpus: tuple[Path, ...]


def files(source: Path) -> dict[str, Path]:
    """Every file that is read; raises InputError where no language has topics, qrels and a corpus."""
    return {
        str(path.relative_to(source)): path
        for of in _find(source)[0].values()
        for path in (of.topics, of.qrels, *(of.train or ()), *of.corpus)
    }


def read(source: Path, name: str) -> PreparedDataset:
    """Read the languages that have a corpus; raises InputError, with file and line, for whatever is wrong."""
    found, notes = _find(source)
    languages: dict[str, Language] = {}
    for language, of in found.items():
        asked = read_split(of.topics, of.qrels)
        _check_counts(language, asked)
        corpus = Corpus(language, of.corpus, _FIELDS, asked.judged, published=_COUNTS[language][2])
        train = training_of(read_split(*of.train), corpus) if of.train else None
        languages[language] = Language(corpus, asked, train)
    return monolingual_dataset(name, languages, origin=ORIGIN, licence=LICENCE, notes=notes)


def _find(source: Path) -> tuple[dict[str, _Files], dict[str, Any]]:
    """The files of each language that has a corpus, and what of the folder is not read."""
    found: dict[str, _Files] = {}
    without_corpus, without_topics = [], []
    for language in LANGUAGES:
        topics, corpus = _split_file(source, "topics", language, "dev"), _corpus(source, language)
        if topics and corpus:
            found[language] = _Files(topics, _qrels(source, language, "dev"), _train(source, language), corpus)
        elif topics:
            without_corpus.append(language)
        elif corpus and corpus[0].parent != source:
            without_topics.append(language)
    if not found:
        raise InputError(
            "no language has both topics.miracl-v1.0-<language>-dev.tsv and "
            "miracl-corpus-v1.0-<language>/docs-0.jsonl.gz here",
            remedy=f"put the folders of {ORIGIN} and {ORIGIN}-corpus into it", path=source,
        )
    flat = [language for language, of in found.items() if of.corpus[0].parent == source]
    if len(found) > 1 and flat:
        raise InputError(
            f"docs-0.jsonl here may be of any of {' '.join(found)}",
            remedy="put each language's into miracl-corpus-v1.0-<language>/", path=source,
        )
    notes = {
        "languages_left_out_for_want_of_a_corpus": " ".join(without_corpus),
        "languages_left_out_for_want_of_dev_topics": " ".join(without_topics),
        "splits_not_read_that_have_no_judgements": " ".join(
            split for split in ("test-a", "test-b")
            if any(_split_file(source, "topics", language, split) for language in found)
        ),
    }
    return found, notes


def _split_file(source: Path, kind: str, language: str, split: str) -> Path | None:
    """The topics or qrels of a split: in one folder with all, or where the hub has them."""
    folder = f"miracl-v1.0-{language}"
    places = (source, source / kind, source / folder / kind, source / "miracl" / folder / kind)
    paths = (place / f"{kind}.{folder}-{split}.tsv" for place in places)
    return next((path for path in paths if path.is_file()), None)


def _qrels(source: Path, language: str, split: str) -> Path:
    path = _split_file(source, "qrels", language, split)
    if path is None:
        raise InputError(
            f"there are {language} topics of the {split} split, but no qrels.miracl-v1.0-{language}-{split}.tsv",
            remedy=f"take it from {ORIGIN}", path=source,
        )
    return path


def _train(source: Path, language: str) -> tuple[Path, Path] | None:
    topics = _split_file(source, "topics", language, "train")
    return (topics, _qrels(source, language, "train")) if topics else None


def _corpus(source: Path, language: str) -> tuple[Path, ...]:
    """The parts of a corpus, in order, where they are; empty where there are none."""
    folder = f"miracl-corpus-v1.0-{language}"
    places = (source / folder, source / "miracl-corpus" / folder, source)
    return next((parts for place in places if (parts := _parts(place))), ())


def _parts(place: Path) -> tuple[Path, ...]:
    """The parts in a folder; raises InputError for a gap between them, and for one that is there twice."""
    parts: dict[int, Path] = {}
    for path in sorted(place.iterdir()) if place.is_dir() else ():
        match = _PART.fullmatch(path.name)
        if match and int(match[1]) in parts:
            raise InputError(f"there is {parts[int(match[1])].name} as well", remedy="keep one of the two", path=path)
        if match:
            parts[int(match[1])] = path
    for number in range(len(parts)):
        if number not in parts:
            raise InputError(
                f"docs-{number}.jsonl.gz is missing, though docs-{max(parts)} is there",
                remedy=f"take it from {ORIGIN}-corpus", path=place,
            )
    return tuple(parts[number] for number in sorted(parts))


def _check_counts(language: str, asked: Split) -> None:
    """Raise InputError where topics or judgements are not as many as published."""
    queries, judgements, _ = _COUNTS[language]
    for path, found, expected, what in (
        (asked.topics_path, len(asked.topics), queries, "topics"),
        (asked.judged.path, sum(map(len, asked.judged.qrels.values())), judgements, "judgements"),
    ):
        if found != expected:
            raise InputError(
                f"{found:,} {what}, where MIRACL's dev split has {expected:,}", remedy=f"take the file from {ORIGIN}",
                path=path,
            )
