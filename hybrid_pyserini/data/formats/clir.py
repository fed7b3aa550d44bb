"""The form of HC4 and of TREC's NeuCLIR tracks: topics with their translations, documents, judgements.

Topics are JSON lines, a topic with its translations a line:

    {"topic_id": "1001", "languages_with_qrels": ["zho"], "topics": [
       {"lang": "eng", "source": "original", "topic_title": "...", "topic_description": "..."},
       {"lang": "zho", "source": "human translation", "topic_title": "...", "topic_description": "..."},
       {"lang": "fas", "source": "20220114-scale21-sockeye2-tm1", "topic_title": "...", "topic_description": "..."}],
     "narratives": {...}, "report": {...}}

as https://github.com/hltcoe/HC4 and Patapsco's docs/formats.md describe it. NeuCLIR's have a ``topic_narrative`` beside
title and description. The English original is the query of the tracks' main task; a human translation that of the
monolingual one. Any other source is a machine, and is not read.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybrid_pyserini.collection import check_id
from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.formats.corpus import Corpus, Fields
from hybrid_pyserini.data.text import check_text
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_jsonl
from hybrid_pyserini.records import ALL, Pair, Qrels, Topics
from hybrid_pyserini.trec import scored_qrels

LANGUAGES = {"zh": "zho", "fa": "fas", "ru": "rus"}
"""Language -> how the publishers call it."""

QUERY = "en"
BOTH = ("title", "description")
"""The fields that the publishers' own baselines join to a query."""
DOCUMENT_FIELDS = Fields("id", "text", "title")
"""Of HC4's and NeuCLIR's documents."""

_LANGUAGE = {"eng": QUERY} | {published: language for language, published in LANGUAGES.items()}
_REMEDY = "copy or download the file again"


@dataclass(frozen=True)
class ClirTopics:
    """A topics file."""

    path: Path
    queries: Mapping[str, Topics]
    """Language -> the queries that were written or translated by people."""
    machine_translations: int
    """How many translations by machines were not read."""


def read_clir_topics(path: Path, fields: Sequence[str] = BOTH) -> ClirTopics:
    """Read a topics file; ``fields``, of "title" and "description", joined by a blank are a query.

    Raises InputError, with the line, for a missing or empty field, a repeated topic, a topic without an English
    original, and two human translations into one language.
    """
    queries: dict[str, Topics] = {language: {} for language in _LANGUAGE.values()}
    machines = 0
    for line, row in read_jsonl(path):
        raw_id = row.get("topic_id")
        topic_id = check_id(str(raw_id) if isinstance(raw_id, int) else raw_id, "'topic_id'", path, line)
        if topic_id in queries[QUERY]:
            raise InputError(f"topic {topic_id!r} occurs twice", remedy=_REMEDY, path=path, line=line)
        for entry in _entries(row, topic_id, path, line):
            language = _LANGUAGE.get(str(entry.get("lang")))
            if language is None or (language != QUERY and entry.get("source") != "human translation"):
                machines += 1
                continue
            if topic_id in queries[language]:
                raise InputError(
                    f"topic {topic_id!r} is there twice in {entry['lang']}", remedy=_REMEDY, path=path, line=line
                )
            queries[language][topic_id] = " ".join(
                check_text(
                    entry.get(f"topic_{field}"), f"topic {topic_id!r}, {entry['lang']}: 'topic_{field}'", path, line
                ).strip() for field in fields
            )
        if topic_id not in queries[QUERY]:
            raise InputError(f"topic {topic_id!r} has none in English ('eng')", remedy=_REMEDY, path=path, line=line)
    return ClirTopics(path, queries, machines)


def _entries(row: Mapping[str, Any], topic_id: str, path: Path, line: int) -> list[dict[str, Any]]:
    entries = row.get("topics")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InputError(
            f"topic {topic_id!r}: 'topics' is missing or no list of objects", remedy=_REMEDY, path=path, line=line
        )
    return entries


def clir_dataset(
    name: str, topics: ClirTopics, qrels: Mapping[str, Qrels], passages: Mapping[str, Corpus], *,
    pool: bool, origin: str, licence: str, notes: dict[str, Any],
) -> PreparedDataset:
    """The data set of the languages that ``passages`` has: English queries to each, each language's own queries to
    itself, and, with ``pool``, English queries to all of them together.

    A query is a topic that is judged for a language. Raises InputError for judgements of a topic that is not there.
    """
    for language, judged in qrels.items():
        for topic_id in judged:
            if topic_id not in topics.queries[QUERY]:
                raise InputError(
                    f"no topic {topic_id!r}, which has judgements ({language})", remedy=_REMEDY, path=topics.path
                )
    asked = {QUERY: _only(topics.queries[QUERY], set().union(*qrels.values()))}
    native = {language: _only(topics.queries[language], qrels[language]) for language in passages}
    asked |= {language: queries for language, queries in native.items() if queries}
    pairs = [Pair(QUERY, language) for language in passages]
    pairs += [Pair(language, language) for language in native if scored_qrels(native[language], qrels[language])]
    pairs += [Pair(QUERY, ALL)] if pool and len(passages) > 1 else []
    notes |= {
        "topics_without_judgements_dropped": len(topics.queries[QUERY]) - len(asked[QUERY]),
        "judged_topics_without_a_human_translation": sum(
            len(qrels[language]) - len(native[language]) for language in passages
        ),
        "machine_translations_of_topics_not_read": topics.machine_translations,
        "languages_without_a_collection_left_out": ", ".join(sorted(LANGUAGES.keys() - passages.keys())),
    }
    return PreparedDataset(
        name=name, passages=passages, topics=asked, qrels=qrels, pairs=tuple(pairs), origin=origin, licence=licence,
        notes=notes,
    )


def find_collections(source: Path, names: Sequence[str], remedy: str) -> dict[str, Path]:
    """Language -> collection, for the languages that have one; ``names`` are tried in order, with ``{lang}`` for the
    publisher's code. Raises InputError where there is none at all."""
    found: dict[str, Path] = {}
    for language, published in LANGUAGES.items():
        places = (source / name.format(lang=published) for name in names)
        there = next((place for place in places if place.is_file()), None)
        if there is not None:
            found[language] = there
    if not found:
        raise InputError(f"no {names[0].format(lang='zho')}, nor that of fas or rus", remedy=remedy, path=source)
    return found


def check_judgements(qrels: Qrels, published: int, path: Path) -> Qrels:
    """Raises InputError where a qrels file has another number of judgements than was published."""
    found = sum(map(len, qrels.values()))
    if found != published:
        raise InputError(f"{found} judgements, {published} were published", remedy=_REMEDY, path=path)
    return qrels


def _only(queries: Topics, judged: Collection[str]) -> Topics:
    return {topic_id: query for topic_id, query in queries.items() if topic_id in judged}
