"""MKQA (arXiv 2007.15207): 10,000 queries of Natural Questions in 26 languages, to be answered from an English corpus.

    mkqa.jsonl.gz or mkqa.jsonl            github.com/apple/ml-mkqa: example_id, queries {language: query}, answers
                                           {language: [{type, text, aliases}]}
    corpus.jsonl or corpus.jsonl.gz        the passages to search, in BEIR's form: _id, title, text; others take nq's

MKQA has no passages. As in BGE-M3's evaluation, a passage is relevant if it holds an English answer or alias, by DPR's
rule (``data/answers.py``), in its title or text. Queries whose English answers are all of the types unanswerable,
long_answer or binary are left out, and those that no passage answers. So are those that more than 1,000 passages
answer: "2" or "United States" stands in so many that a match says nothing, and their judgements would outweigh, and
outnumber by far, all others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from hybrid_pyserini.data.answers import AnswerIndex
from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.formats.corpus import Corpus, Fields, Judgements
from hybrid_pyserini.data.formats.fields import field, text_list
from hybrid_pyserini.data.formats.source_files import first_of
from hybrid_pyserini.data.text import check_text
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_jsonl
from hybrid_pyserini.records import Pair, Qrels

ORIGIN = "https://github.com/apple/ml-mkqa"
LICENCE = "CC BY-SA 3.0"
LANGUAGES = (
    "ar", "da", "de", "en", "es", "fi", "fr", "he", "hu", "it", "ja", "km", "ko", "ms", "nl", "no", "pl", "pt", "ru",
    "sv", "th", "tr", "vi", "zh_cn", "zh_hk", "zh_tw",
)
QUERIES = 10_000
MOST_PASSAGES = 1000
"""With so many relevant passages a query is kept, with more it is not."""

_AGAIN = f"take the file from {ORIGIN} again"
_NO_TEXT = {"unanswerable", "long_answer", "binary"}
_TYPES = {"entity", "date", "number", "number_with_unit", "short_phrase"} | _NO_TEXT
_CORPUS_FIELDS = Fields(id="_id", text="text", title="title")
_FILES = {"mkqa": ("mkqa.jsonl.gz", "mkqa.jsonl"), "corpus": ("corpus.jsonl", "corpus.jsonl.gz")}


@dataclass(frozen=True, slots=True)
class _Query:
    """A query in all languages, with its English answers and aliases."""

    id: str
    texts: Mapping[str, str]
    answers: list[str]


def files(source: Path) -> dict[str, Path]:
    """MKQA's file and the corpus; raises InputError where one is missing."""
    found: dict[str, Path] = {}
    for what, names in _FILES.items():
        remedy = f"take it from {ORIGIN}" if what == "mkqa" else "put the passages to search there (BEIR's nq)"
        found |= first_of(source, names, remedy)
    return found


def read(source: Path, name: str) -> PreparedDataset:
    """Judges the corpus, in one pass over it. Raises InputError, with file and line, for whatever is wrong."""
    notes: dict[str, Any] = {}
    questions, corpus = files(source).values()
    queries = _read_queries(questions, notes)
    judged = _judge(queries, corpus, notes)
    if not judged:
        raise InputError(
            f"no query is left: of {len(queries)}, none is answered by 1 to {MOST_PASSAGES} passages",
            remedy="give the passages to search, such as BEIR's nq has", path=corpus,
        )
    kept = [query for query in queries if query.id in judged]
    return PreparedDataset(
        name=name,
        passages={"en": Corpus("en", (corpus,), _CORPUS_FIELDS, Judgements(judged, corpus, None), counts=notes)},
        topics={language: {query.id: query.texts[language] for query in kept} for language in LANGUAGES},
        qrels={"en": judged},
        pairs=tuple(Pair(language, "en") for language in LANGUAGES),
        origin=ORIGIN,
        licence=LICENCE,
        notes=notes,
    )


def _read_queries(path: Path, notes: dict[str, Any]) -> list[_Query]:
    """The queries that have an English answer to look for; the others are counted by type."""
    queries: list[_Query] = []
    seen: set[str] = set()
    for line, row in read_jsonl(path):
        query_id = str(field(row, "example_id", int, path, line))
        if query_id in seen:
            raise InputError(f"example_id {query_id} occurs twice", remedy=_AGAIN, path=path, line=line)
        seen.add(query_id)
        texts = field(row, "queries", dict, path, line)
        answers, types = _english_answers(row, path, line)
        if not answers:
            left_out = f"queries_left_out_{'_or_'.join(sorted(types)) or 'no_answer'}"
            notes[left_out] = notes.get(left_out, 0) + 1
            continue
        of_languages = {code: check_text(texts.get(code), f"the {code} query", path, line) for code in LANGUAGES}
        queries.append(_Query(query_id, of_languages, answers))
    if len(seen) != QUERIES:
        raise InputError(f"{len(seen)} queries, where the published file has {QUERIES}", remedy=_AGAIN, path=path)
    return queries


def _english_answers(row: dict[str, Any], path: Path, line: int) -> tuple[list[str], set[str]]:
    """The answers and aliases to look for, and the types of all answers."""
    found: list[str] = []
    types: set[str] = set()
    for answer in field(field(row, "answers", dict, path, line), "en", list, path, line):
        kind = field(answer, "type", str, path, line)
        if kind not in _TYPES:
            raise InputError(f"an answer of type {kind!r}", remedy=_AGAIN, path=path, line=line)
        types.add(kind)
        if kind not in _NO_TEXT:
            found.append(field(answer, "text", str, path, line))
            if answer.get("aliases") is not None:
                found += text_list(answer, "aliases", path, line)
    return [text for text in found if text.strip()], types


def _judge(queries: list[_Query], path: Path, notes: dict[str, Any]) -> Qrels:
    """Query id -> the passages that hold one of its answers, for the queries that are kept."""
    index = AnswerIndex((answer, number) for number, query in enumerate(queries) for answer in query.answers)
    found: list[list[str]] = [[] for _ in queries]
    too_many: set[int] = set()
    corpus = Corpus("en", (path,), _CORPUS_FIELDS, Judgements({}, path, None))
    for _, _, passage in tqdm(corpus.numbered(), desc="judging", unit=" passages", disable=None):
        for number in index.owners(f"{passage.title}\n{passage.text}"):
            found[number].append(passage.id)
            if len(found[number]) > MOST_PASSAGES:
                found[number].clear()
                too_many.add(number)
                index.forget(number)
    notes["queries_left_out_answered_by_no_passage"] = found.count([]) - len(too_many)
    notes[f"queries_left_out_answered_by_more_than_{MOST_PASSAGES}_passages"] = len(too_many)
    return {
        query.id: dict.fromkeys(docids, 1) for query, docids in zip(queries, found, strict=True) if docids
    }
