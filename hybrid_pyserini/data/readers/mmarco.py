"""mMARCO (arXiv 2108.13897) to search: the 6,980 queries of ``dev/small`` on MS MARCO's passages, in 14 languages.

The files are those of ``formats/mmarco_files.py``. A query id is one question, so every language pair and the pool can
be scored. Docids are ``<language>:<passage id>``. The collections are not held in memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybrid_pyserini.data.dataset import PreparedDataset, all_pairs
from hybrid_pyserini.data.formats.mmarco_files import (
    AGAIN,
    LICENCE,
    ORIGIN,
    LanguageFiles,
    check_count,
    files_of,
    languages_of,
    needed,
    passage_group,
)
from hybrid_pyserini.data.formats.tsv import read_tsv
from hybrid_pyserini.data.text import check_text
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Passage, Qrels, Topics
from hybrid_pyserini.trec import read_qrels

PASSAGES = 8_841_823
"""In each language."""
JUDGED = 6980
"""Queries of ``qrels.dev.small.tsv``."""

_QRELS = "qrels.dev.small.tsv"
_DEV = ("dev/{}_queries.dev.small.tsv", "dev/{}_queries.dev.tsv")


def files(source: Path) -> dict[str, Path]:
    """What ``read`` reads; raises InputError where the qrels, or a collection's queries, are missing."""
    return files_of(source, _QRELS, _DEV)


def read(source: Path, name: str) -> PreparedDataset:
    """Raises InputError, with file and line, for whatever is wrong, and for other counts than the published ones."""
    languages = languages_of(source, _DEV)
    judged = read_qrels(needed(source, _QRELS))
    if len(judged) != JUDGED:
        raise InputError(
            f"{len(judged)} queries, where the published file has {JUDGED}", remedy=AGAIN, path=needed(source, _QRELS)
        )
    codes = [language.code for language in languages]
    notes: dict[str, Any] = {"docids": "prefixed with '<language>:', because ids are shared by all languages"}
    return PreparedDataset(
        name=name,
        passages={language.code: _Passages(language, notes) for language in languages},
        topics={language.code: _topics(language.queries, judged) for language in languages},
        qrels={
            code: {
                query: {f"{code}:{passage}": relevance for passage, relevance in of_query.items()}
                for query, of_query in judged.items()
            }
            for code in codes
        },
        pairs=all_pairs(codes, codes),
        origin=ORIGIN,
        licence=LICENCE,
        notes=notes,
    )


def _topics(path: Path, judged: Qrels) -> Topics:
    """The judged queries; raises InputError where one is missing."""
    topics: Topics = {}
    for line, (query_id, query) in read_tsv(path, ("query id", "query")):
        if query_id not in judged:
            continue
        if query_id in topics:
            raise InputError(f"query id {query_id!r} occurs twice", remedy=AGAIN, path=path, line=line)
        topics[query_id] = check_text(query, f"query {query_id!r}", path, line)
    for query_id in judged:
        if query_id not in topics:
            raise InputError(f"no query {query_id!r}, which {_QRELS} judges", remedy=AGAIN, path=path)
    return topics


@dataclass(frozen=True)
class _Passages:
    """A collection, streamed from its file at each iteration."""

    language: LanguageFiles
    notes: dict[str, Any]
    """Where it is entered how many lines had no text, as a translation may come out, once all have passed."""

    def __iter__(self) -> Iterator[Passage]:
        """Raises InputError, with file and line, for a broken line, and for another number than published."""
        code, path, line, empty = self.language.code, self.language.collection, 0, 0
        for line, (passage_id, passage) in read_tsv(path, ("passage id", "passage")):
            if not passage.strip():
                empty += 1
                continue
            text = check_text(passage, f"passage {passage_id!r}", path, line)
            yield Passage(f"{code}:{passage_id}", text, text, "", passage_group(passage_id), code)
        check_count(path, line, PASSAGES)
        if empty:
            self.notes[f"{code}_passages_without_text_left_out"] = empty
