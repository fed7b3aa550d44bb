"""XM3600 (Crossmodal-3600, arXiv 2205.12522): captions of 3,600 images by native speakers of 36 languages.

Published for captioning images and searching them; searching captions by captions, without the images, is this
project's choice. It is cross-lingual retrieval of texts that are no translations of each other: in each language the
first caption of an image asks, under the image's key, for all the others of that image, which are the passages. So no
query is among the passages. An image with a single caption, as most have in Bengali, has a query there and no passage,
and a pair is scored on the images that have a passage in its passage language.

``captions.jsonl``: an object an image, ``image/key``, and by language ``{"caption": [...], ...}``; the other forms of a
caption, tokenized and in lower case, are not read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hybrid_pyserini.collection import check_id
from hybrid_pyserini.data.dataset import PreparedDataset, all_pairs, union
from hybrid_pyserini.data.formats.source_files import required
from hybrid_pyserini.data.text import check_text
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_jsonl
from hybrid_pyserini.records import ALL, Pair, Passage, Qrels, Topics
from hybrid_pyserini.trec import scored_qrels
from hybrid_pyserini.workspace import check_language

ORIGIN = "https://google.github.io/crossmodal-3600"
LICENCE = "CC BY 4.0"

IMAGES, LANGUAGES, CAPTIONS = 3600, 36, 261_375
"""As the paper counts them."""

_REMEDY = f"take the file from {ORIGIN}"


@dataclass
class _Captions:
    """What the file has said so far, by language."""

    images: set[str] = field(default_factory=set)
    topics: dict[str, Topics] = field(default_factory=dict)
    passages: dict[str, list[Passage]] = field(default_factory=dict)
    qrels: dict[str, Qrels] = field(default_factory=dict)
    blank: int = 0
    """Captions without a text, left out."""


def files(source: Path) -> dict[str, Path]:
    """``captions.jsonl``; raises InputError where it is missing."""
    path = required(source / "captions.jsonl", f"unpack captions.zip of {ORIGIN} into the folder")
    return {path.name: path}


def read(source: Path, name: str) -> PreparedDataset:
    """Read the languages and images that are there; raises InputError, with the line, for whatever is wrong."""
    path = source / "captions.jsonl"
    found = _Captions()
    for line, row in read_jsonl(path):
        key = check_id(row.get("image/key"), "'image/key'", path, line)
        if key in found.images:
            raise InputError(f"image {key!r} occurs twice", remedy=_REMEDY, path=path, line=line)
        found.images.add(key)
        for language, captions in _captions_by_language(row, path, line):
            _enter(found, key, language, captions)
    if not any(found.passages.values()):
        raise InputError("no image has two captions in one language", remedy=_REMEDY, path=path)
    return PreparedDataset(
        name=name,
        passages={language: passages for language, passages in found.passages.items() if passages},
        topics={language: topics for language, topics in found.topics.items() if topics},
        qrels={language: qrels for language, qrels in found.qrels.items() if qrels},
        pairs=_scored_pairs(found),
        origin=ORIGIN,
        licence=LICENCE,
        notes=_notes(found),
    )


def _captions_by_language(row: dict[str, Any], path: Path, line: int) -> Iterator[tuple[str, list[str]]]:
    """Every language of an image, with its captions as they stand there; what begins with ``image/`` is none."""
    for language, value in row.items():
        if language.startswith("image/"):
            continue
        check_language(language, path, line)
        captions = value.get("caption") if isinstance(value, dict) else None
        if not isinstance(captions, list) or not all(isinstance(caption, str) for caption in captions):
            raise InputError(
                f"{language!r}: 'caption' is missing or no list of strings", remedy=_REMEDY, path=path, line=line
            )
        for caption in filter(str.strip, captions):
            check_text(caption, f"{language!r}: a caption", path, line)
        yield language, captions


def _enter(found: _Captions, key: str, language: str, captions: list[str]) -> None:
    """The first caption of an image in a language is its query, the others are its passages."""
    texts = [caption.strip() for caption in captions if caption.strip()]
    found.blank += len(captions) - len(texts)
    topics, passages = found.topics.setdefault(language, {}), found.passages.setdefault(language, [])
    qrels = found.qrels.setdefault(language, {})
    if texts:
        topics[key] = texts[0]
    for number, text in enumerate(texts[1:], start=2):
        docid = f"{language}:{key}-{number}"
        passages.append(Passage(docid, text, text, "", f"xm3600:{key}", language))
        qrels.setdefault(key, {})[docid] = 1


def _scored_pairs(found: _Captions) -> tuple[Pair, ...]:
    """The pairs in which some image's query has a passage."""
    pool = union(found.qrels.values())
    return tuple(
        pair for pair in all_pairs(list(found.topics), list(found.qrels))
        if scored_qrels(found.topics[pair.query], pool if pair.passage == ALL else found.qrels[pair.passage])
    )


def _notes(found: _Captions) -> dict[str, Any]:
    captions = sum(map(len, found.topics.values())) + sum(map(len, found.passages.values())) + found.blank
    counted = f"{captions}, of {len(found.images)} images in {len(found.topics)} languages"
    if (len(found.images), len(found.topics), captions) != (IMAGES, LANGUAGES, CAPTIONS):
        counted += f" (the paper counts {CAPTIONS}, of {IMAGES} images in {LANGUAGES} languages)"
    return {"captions": counted, "captions_without_a_text_left_out": found.blank}
