"""CIRAL (Adeyemi et al., SIGIR 2024; FIRE 2023): English questions, news passages in Hausa, Somali, Swahili and Yoruba.

The files of the Hugging Face data sets CIRAL/ciral and CIRAL/ciral-corpus in one folder, laid out as there or flat, as
in Anserini's tools:

    ciral-hausa/topics/topics.ciral-v1.0-ha-test-a.tsv      question id<TAB>question, in English
    ciral-hausa/topics/topics.ciral-v1.0-ha-test-a-native.tsv   may be left out: the same in Hausa (Anserini's tools)
    ciral-hausa/qrels/qrels.ciral-v1.0-ha-test-a.tsv        question id, Q0, docid, relevance 0 or 1
    ciral-hausa/qrels/qrels.ciral-v1.0-ha-test-a-pools.tsv  the same questions, judged deeper: the track's pools
    passages-v1.0/hausa_passages.jsonl or .jsonl.gz         {"docid", "title", "text", "url"} a line

The languages' questions are different ones, numbered alike, and passages are named by newspaper and number: VOA#1700#0
is Swahili, VOA#6787#0 Somali. So ids of questions and passages get ``<language>:`` in front, however many languages are
there. Each question is judged in one language, so that there is no pool. The published counts are those of
https://github.com/ciralproject/ciral; what is there less or more is said.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.formats.corpus import Corpus, Fields, Judgements, first_line
from hybrid_pyserini.data.formats.source_files import required
from hybrid_pyserini.data.monolingual import qrels_with_prefixes
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair, Qrels, Topics
from hybrid_pyserini.trec import read_qrels, read_topics

ORIGIN = "https://github.com/ciralproject/ciral"
LICENCE = "Apache-2.0"
LANGUAGES = {"ha": "hausa", "so": "somali", "sw": "swahili", "yo": "yoruba"}
PASSAGES = {"ha": 715_355, "so": 827_552, "sw": 949_013, "yo": 82_095}
COUNTS = {  # split -> language -> questions, judgements
    "dev": {"ha": (10, 165), "so": (10, 187), "sw": (10, 196), "yo": (10, 185)},
    "test-a": {"ha": (80, 1447), "so": (99, 1798), "sw": (85, 1656), "yo": (100, 1921)},
    "test-a-pools": {"ha": (80, 7288), "so": (99, 9094), "sw": (85, 8079), "yo": (100, 8311)},
    "test-b": {"ha": (312, 5930), "so": (239, 4324), "sw": (113, 2175), "yo": (554, 10_569)},
}
_REMEDY = "take it from the Hugging Face data set CIRAL/ciral, or give --download"
_QUERY = "en"
_FIELDS = Fields("docid", "text", "title")


def files(source: Path, split: str = "test-a-pools") -> dict[str, Path]:
    """Topics, qrels and passages of each language that has passages; raises InputError for what is missing."""
    found = []
    for language, collection in _collections(source).items():
        questions, native, qrels = _places(source, language, split)
        found += [required(questions, _REMEDY), required(qrels, _REMEDY), collection]
        found += [native] if native.is_file() else []
    return {str(path.relative_to(source)): path for path in found}


def read(source: Path, name: str, split: str = "test-a-pools") -> PreparedDataset:
    """Read one split of the languages that have passages; raises InputError, with file and line, for what is wrong."""
    notes: dict[str, Any] = {"ids": "prefixed with '<language>:', of questions and passages: the languages share some"}
    asked: dict[str, Topics] = {_QUERY: {}}
    judged: dict[str, Qrels] = {}
    passages: dict[str, Corpus] = {}
    pairs = []
    for language, collection in _collections(source).items():
        prefix = f"{language}:"
        questions, native, qrels = _places(source, language, split)
        here = read_topics(questions)
        asked[_QUERY] |= {f"{prefix}{id_}": text for id_, text in here.items()}
        pairs.append(Pair(_QUERY, language))
        if native.is_file():
            translated = read_topics(native)
            _check_asked(translated, native, here, questions)
            asked[language] = {f"{prefix}{id_}": text for id_, text in translated.items()}
            notes[f"{language}_questions_without_a_native_one"] = len(here) - len(translated)
            pairs.append(Pair(language, language))
        judgements = read_qrels(qrels)
        _check_asked(judgements, qrels, here, questions)
        judged[language] = qrels_with_prefixes(judgements, prefix, prefix)
        counts = len(here), sum(map(len, judgements.values()))
        if counts != COUNTS[split][language]:
            notes[f"{language}_questions_and_judgements"] = (
                "{:,} and {:,}, where {:,} and {:,} are published".format(*counts, *COUNTS[split][language])
            )
        passages[language] = Corpus(
            language, (collection,), _FIELDS, Judgements(judgements, qrels), prefix, counts=notes,
            published=PASSAGES[language],
        )
    notes["languages_without_passages_left_out"] = ", ".join(sorted(LANGUAGES.keys() - passages.keys()))
    return PreparedDataset(
        name=name, passages=passages, topics=asked, qrels=judged, pairs=tuple(pairs), origin=ORIGIN, licence=LICENCE,
        notes=notes,
    )


def _check_asked(ids: Iterable[str], path: Path, questions: Topics, asked: Path) -> None:
    """Raises InputError, with file and line, for an id in the first column of a file that no English question has."""
    for id_ in ids:
        if id_ not in questions:
            raise InputError(
                f"{asked.name} has no question {id_!r}", remedy="take both files from the same place", path=path,
                line=first_line(path, 0, id_),
            )


def _collections(source: Path) -> dict[str, Path]:
    """Language -> its passages, for the languages that have any."""
    found: dict[str, Path] = {}
    for language, long in LANGUAGES.items():
        for place in (f"passages-v1.0/{long}_passages.jsonl", f"{long}_passages.jsonl"):
            for path in (source / place, source / f"{place}.gz"):
                if path.is_file():
                    found.setdefault(language, path)
    if not found:
        raise InputError(
            "no passages-v1.0/hausa_passages.jsonl, nor that of somali, swahili or yoruba",
            remedy="take them from the Hugging Face data set CIRAL/ciral-corpus, or give --download", path=source,
        )
    return found


def _places(source: Path, language: str, split: str) -> tuple[Path, Path, Path]:
    """Where English questions, native questions and judgements are, or would be."""
    of_questions = split.removesuffix("-pools")
    places = []
    for kind, suffix in (("topics", of_questions), ("topics", f"{of_questions}-native"), ("qrels", split)):
        file = f"{kind}.ciral-v1.0-{language}-{suffix}.tsv"
        flat = source / file
        places.append(flat if flat.is_file() else source / f"ciral-{LANGUAGES[language]}" / kind / file)
    return places[0], places[1], places[2]
