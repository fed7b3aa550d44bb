"""The demo's facts under a shift of domain: two relations are searched for that were never trained on.

``demo-seen`` has the demo's test questions about the other relations, and is in the domain of the source
``demo-seen-train``; ``demo-time-zone`` and ``demo-script`` have all questions of one unseen relation each. All three
search the same passages, those of all facts. What an unseen relation is called, in all languages, stands in no
training text; the territories and languages that it is asked of do.
"""

from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.demo.data import DemoData, Questions, facts_by_question, prepared, questions_of
from hybrid_pyserini.demo.facts import Relation, collect_facts
from hybrid_pyserini.records import Topics

NAME = "demo-shift"
"""What ``prepare`` makes all of them by."""
IN_DOMAIN = "demo-seen"
TRAINING_SOURCE = "demo-seen-train"
UNSEEN = {"demo-time-zone": Relation.TIME_ZONE, "demo-script": Relation.SCRIPT}
"""Data set -> the relation that its questions are about."""


def prepared_shift(data: DemoData) -> list[PreparedDataset]:
    """The three data sets, the training source with the first."""
    by_question = facts_by_question(collect_facts())
    examples = [example for example in data.train_examples if _seen(example.id)]
    asked = {
        name: [question_id for question_id in by_question if _relation(question_id) == relation]
        for name, relation in UNSEEN.items()
    }
    return [
        prepared(IN_DOMAIN, data, _only_seen(data.test), {TRAINING_SOURCE: examples}),
        *(prepared(name, data, questions_of(ids, by_question, data.languages), {}) for name, ids in asked.items()),
    ]


def _relation(fact_or_question: str) -> str:
    """``currency.CH.CHF``, ``currency.CH`` -> ``currency``."""
    return fact_or_question.split(".")[0]


def _seen(fact_or_question: str) -> bool:
    return _relation(fact_or_question) not in UNSEEN.values()


def _only_seen(questions: Questions) -> Questions:
    def of(asked: Topics) -> Topics:
        return {question_id: text for question_id, text in asked.items() if _seen(question_id)}

    return Questions(
        topics={language: of(topics) for language, topics in questions.topics.items()},
        qrels={
            language: {question_id: judged for question_id, judged in qrels.items() if _seen(question_id)}
            for language, qrels in questions.qrels.items()
        },
    )
