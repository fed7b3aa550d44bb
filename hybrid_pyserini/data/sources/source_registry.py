"""The training sources that ``prepare`` knows, by name: those that come without passages and topics to search."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hybrid_pyserini.data.published_format import PublishedFormat
from hybrid_pyserini.data.sources.readers import dpr, duorc, mfaq, mmarco, natural_questions, newsqa, wikiqa, yahoo_qa
from hybrid_pyserini.data.sources.training_source import PreparedSource


def _english(_source: Path) -> tuple[str, ...]:
    return ("en",)


@dataclass(frozen=True, kw_only=True)
class SourceReader(PublishedFormat):
    """How one published format becomes a training source."""

    read: Callable[[Path, str], PreparedSource]
    """Folder, name of the source -> the source; raises InputError for whatever is wrong."""
    languages: Callable[[Path], tuple[str, ...]] = _english
    """Folder -> the languages of its examples, as far as that is known before reading."""


SOURCE_READERS = {
    "dpr": SourceReader(
        summary="DPR's training data or retrieval results, English; a folder with .json or .json.gz files",
        name=None, files=dpr.files, read=dpr.read,
    ),
    "duorc": SourceReader(
        summary="DuoRC: questions on plots of films, English; SelfRC_train.json, ParaphraseRC_train.json or both",
        name="duorc", files=duorc.files, read=duorc.read,
    ),
    "mfaq": SourceReader(
        summary="MFAQ: FAQ pages, 21 languages, not parallel; data/<language>/train.jsonl, whichever there are",
        name="mfaq", files=mfaq.files, read=mfaq.read, languages=mfaq.languages,
    ),
    "mmarco-train": SourceReader(
        summary="mMARCO's training triples, 14 languages, parallel; the folder data, with whichever languages",
        name="mmarco-train", files=mmarco.files, read=mmarco.read,
        languages=mmarco.languages,
    ),
    "natural-questions": SourceReader(
        summary="Natural Questions, the simplified training set, English; v1.0-simplified_simplified-nq-train.jsonl.gz",
        name="natural-questions", files=natural_questions.files, read=natural_questions.read,
    ),
    "newsqa": SourceReader(
        summary="NewsQA, as its own scripts put it together, English; combined-newsqa-data-v1.json",
        name="newsqa", files=newsqa.files, read=newsqa.read,
    ),
    "wikiqa": SourceReader(
        summary="WikiQA: questions and sentences, English; WikiQA-train.tsv",
        name="wikiqa", files=wikiqa.files, read=wikiqa.read,
    ),
    "yahoo-qa": SourceReader(
        summary="Yahoo's non-factoid questions, nfL6, English; nfL6.json or nfL6.json.gz",
        name="yahoo-qa", files=yahoo_qa.files, read=yahoo_qa.read,
    ),
}
