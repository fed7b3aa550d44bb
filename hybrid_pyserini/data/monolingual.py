"""Data sets whose languages have nothing to do with each other, such as MIRACL: each asks its own questions of its own
passages, so that pairs are monolingual and there is no pool. Ids of two languages may be the same by accident.

Query ids and passage ids get ``<language>:`` before them, in all languages, where some occur in several: a query id is
one question in all languages of a workspace, and a passage id one passage.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.formats.corpus import Corpus, Judgements, first_line
from hybrid_pyserini.data.judged_examples import judged_examples
from hybrid_pyserini.data.unique_ids import PassingIds
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair, ParallelExample, Qrels, Topics
from hybrid_pyserini.trec import read_qrels, read_topics, scored_qrels

_FIRST = 10_000
"""So many passages of each language show as a rule that ids collide: article numbers do from the first on."""


@dataclass(frozen=True)
class Split:
    """One language's questions of a split, and the judgements of its passages."""

    topics: Topics
    judged: Judgements
    topics_path: Path


@dataclass(frozen=True)
class Training:
    """One language's examples to train on."""

    query_ids: Collection[str]
    examples: Callable[[str, str], Iterator[ParallelExample]]
    """What to put before query ids and before passage ids -> the examples."""
    left_out: int = 0
    """How many questions have no relevant passage."""


@dataclass(frozen=True)
class Language:
    """What a data set has in one language."""

    corpus: Corpus
    asked: Split
    """The questions that are searched for."""
    train: Training | None = None


def training_of(split: Split, corpus: Corpus) -> Training:
    """The examples of a split whose passages' texts are in the corpus."""
    scored = scored_qrels(split.topics, split.judged.qrels)
    return Training(
        scored, lambda of_queries, of_passages: judged_examples(
            corpus.language, {query_id: split.topics[query_id] for query_id in scored},
            Judgements(scored, split.judged.path, split.judged.docid_column), corpus.numbered(),
            of_queries=of_queries, of_passages=of_passages,
        ), len(split.topics) - len(scored),
    )


def read_split(topics: Path, qrels: Path) -> Split:
    """Read TSV topics and TREC qrels; raises InputError, with file and line, for a judged query that no topic is."""
    split = Split(read_topics(topics), Judgements(read_qrels(qrels), qrels), topics)
    check_asked(split)
    return split


def check_asked(split: Split) -> None:
    """Raise InputError, with file and line, for judgements of a query that the topics do not have."""
    for query_id in split.judged.qrels:
        if query_id not in split.topics:
            raise InputError(
                f"{split.topics_path.name} has no query {query_id!r}", remedy="copy or download both files again",
                path=split.judged.path, line=first_line(split.judged.path, 0, query_id),
            )


def monolingual_dataset(
    name: str, languages: Mapping[str, Language], *, origin: str, licence: str, notes: dict[str, Any]
) -> PreparedDataset:
    """The data set of these languages, and of the splits to train on a source of examples called ``<name>-train``.

    ``notes`` are added to, also while passages pass. Raises InputError for a language without a question that has a
    relevant passage.
    """
    of_queries = _prefixes({language: each.asked.topics for language, each in languages.items()})
    if any(of_queries.values()):
        notes["query_ids"] = "prefixed with '<language>:', because some occur in several languages"
    of_passages = dict.fromkeys(languages, "")
    if len(languages) > 1 and _share_an_id([each.corpus for each in languages.values()]):
        notes["docids"] = "prefixed with '<language>:', because some occur in several languages"
        of_passages = {language: f"{language}:" for language in languages}
    for language, each in languages.items():
        if not scored_qrels(each.asked.topics, each.asked.judged.qrels):
            raise InputError(
                f"no {language} question has a relevant passage", remedy="check that topics and qrels share ids",
                path=each.asked.judged.path,
            )
    return PreparedDataset(
        name=name,
        passages={
            language: replace(each.corpus, prefix=of_passages[language], counts=notes)
            for language, each in languages.items()
        },
        topics={
            language: {f"{of_queries[language]}{query_id}": query for query_id, query in each.asked.topics.items()}
            for language, each in languages.items()
        },
        qrels={
            language: qrels_with_prefixes(each.asked.judged.qrels, of_queries[language], of_passages[language])
            for language, each in languages.items()
        },
        pairs=tuple(Pair(language, language) for language in languages),
        training=_training(name, languages, of_passages, notes),
        origin=origin, licence=licence, notes=notes,
    )


def _prefixes(query_ids: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Language -> what to put before its query ids."""
    collide = len(set().union(*query_ids.values())) < sum(map(len, query_ids.values()))
    return {language: f"{language}:" if collide else "" for language in query_ids}


def _share_an_id(corpora: Collection[Corpus]) -> bool:
    """Whether some passage id occurs in several languages: in their first passages, else in all, which are read."""
    def placed(most: int | None) -> Iterator[tuple[str, str]]:
        return (
            (passage.id, corpus.language) for corpus in corpora for _, _, passage in islice(corpus.numbered(), most)
        )

    for most in (_FIRST, None):
        docids = PassingIds()
        for docid, _ in placed(most):
            docids.add(docid)
        if docids.repetition(partial(placed, most)) is not None:
            return True
    return False


def qrels_with_prefixes(qrels: Qrels, of_queries: str, of_passages: str) -> Qrels:
    """Judgements with something before their query ids and passage ids."""
    return {
        f"{of_queries}{query_id}": {f"{of_passages}{docid}": relevance for docid, relevance in judged.items()}
        for query_id, judged in qrels.items()
    }


def _training(
    name: str, languages: Mapping[str, Language], of_passages: Mapping[str, str], notes: dict[str, Any]
) -> dict[str, Iterator[ParallelExample]]:
    """The source of examples of all languages, if any has some; what they leave out is entered into ``notes``."""
    there = {language: each.train for language, each in languages.items() if each.train}
    if not there:
        return {}
    notes["training_questions_without_a_relevant_passage_left_out"] = sum(each.left_out for each in there.values())
    of_queries = _prefixes({language: each.query_ids for language, each in there.items()})
    examples = (each.examples(of_queries[language], of_passages[language]) for language, each in there.items())
    return {f"{name}-train": chain.from_iterable(examples)}
