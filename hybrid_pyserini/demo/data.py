"""The demo's data set: facts from CLDR as passages, test questions, tuning questions and training examples.

The collections hold the passages of all facts, those of held-out questions too: a search has to find them among the
others. Only training and held-out examples are apart. For one version of Babel, every byte is the same everywhere.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import babel

from hybrid_pyserini.data.dataset import PreparedDataset, all_pairs
from hybrid_pyserini.demo.facts import Fact, collect_facts
from hybrid_pyserini.demo.held_out import choose_held_out
from hybrid_pyserini.demo.names import LANGUAGES
from hybrid_pyserini.demo.wording import passage, question
from hybrid_pyserini.records import ParallelExample, Passage, Qrels, Topics

DATASET = "demo"
VALIDATION_DATASET = "demo-validation"
TRAINING_SOURCE = "demo-train"
VALIDATION_SOURCE = "demo-validation"


@dataclass(frozen=True)
class Questions:
    """Held-out questions in all languages. A question id (``currency.CH``) is the same question in each of them."""

    topics: dict[str, Topics]
    """Query language -> topics."""
    qrels: dict[str, Qrels]
    """Passage language -> judgements: every passage that states an answer is relevant, with 1."""


@dataclass(frozen=True)
class DemoData:
    """Everything the demo trains on and searches."""

    languages: tuple[str, ...]
    passages: dict[str, list[Passage]]
    """Language -> one passage per fact. Docid ``<language>:<fact>``, group ``<fact>``."""
    test: Questions
    validation: Questions
    """For tuning, so that the test questions decide nothing before the end."""
    train_examples: list[ParallelExample]
    """One per fact whose question is not held out."""
    validation_examples: list[ParallelExample]
    """The validation questions in the form of training examples, for a loss on questions not trained on."""

    @property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 of all of the data."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def demo_dataset(languages: tuple[str, ...] = LANGUAGES) -> DemoData:
    """Build the data in these languages; the same at every call and on every machine with this version of Babel.

    The facts, and which of them are held out, do not depend on ``languages``.
    """
    facts = collect_facts()
    held_out = choose_held_out(facts)
    by_question = facts_by_question(facts)
    training = by_question.keys() - held_out.test - held_out.validation
    return DemoData(
        languages=languages,
        passages={language: [_passage(fact, language) for fact in facts] for language in languages},
        test=questions_of(held_out.test, by_question, languages),
        validation=questions_of(held_out.validation, by_question, languages),
        train_examples=_examples(training, by_question, languages),
        validation_examples=_examples(held_out.validation, by_question, languages),
    )


def _docid(fact: Fact, language: str) -> str:
    return f"{language}:{fact.id}"


def _passage(fact: Fact, language: str) -> Passage:
    text = passage(fact, language)
    return Passage(
        id=_docid(fact, language), text=text, contents=text, title="", group=fact.id, language=language
    )


def facts_by_question(facts: Iterable[Fact]) -> dict[str, list[Fact]]:
    """Question id -> the facts that answer it."""
    by_question: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_question[fact.question_id].append(fact)
    return by_question


def questions_of(
    question_ids: Iterable[str], by_question: dict[str, list[Fact]], languages: tuple[str, ...]
) -> Questions:
    """Questions in the order of their ids, with all passages that answer them."""
    ordered = sorted(question_ids)
    return Questions(
        topics={
            language: {question_id: question(by_question[question_id][0], language) for question_id in ordered}
            for language in languages
        },
        qrels={
            language: {
                question_id: {_docid(fact, language): 1 for fact in by_question[question_id]}
                for question_id in ordered
            }
            for language in languages
        },
    )


def _examples(
    question_ids: Iterable[str], by_question: dict[str, list[Fact]], languages: tuple[str, ...]
) -> list[ParallelExample]:
    """An example per fact; the other answers of its question go into ``other_groups``, so that none is a negative."""
    return [
        ParallelExample(
            id=fact.id,
            group=fact.id,
            queries={language: question(fact, language) for language in languages},
            positives={language: passage(fact, language) for language in languages},
            other_groups=tuple(other.id for other in by_question[question_id] if other != fact),
        )
        for question_id in sorted(question_ids)
        for fact in by_question[question_id]
    ]


def prepared_demo(data: DemoData) -> PreparedDataset:
    """Data set ``demo``: the test questions over all passages, and the sources to train on."""
    training = {TRAINING_SOURCE: data.train_examples, VALIDATION_SOURCE: data.validation_examples}
    return prepared(DATASET, data, data.test, training)


def prepared_demo_validation(data: DemoData) -> PreparedDataset:
    """Data set ``demo-validation``: the tuning questions over the same passages."""
    return prepared(VALIDATION_DATASET, data, data.validation, {})


def prepared(
    name: str, data: DemoData, questions: Questions, training: dict[str, list[ParallelExample]]
) -> PreparedDataset:
    """A data set of these questions over all passages."""
    return PreparedDataset(
        name=name,
        passages=data.passages,
        topics=questions.topics,
        qrels=questions.qrels,
        pairs=all_pairs(data.languages, data.languages),
        training=training,
        origin=f"facts from CLDR (Unicode), through Babel {babel.__version__}, in the demo's own sentences",
        licence="Unicode-3.0 (CLDR), Apache-2.0 (sentences)",
        notes={"sha256_of_the_data": data.sha256},
    )
