"""Which questions are kept from training: one per territory, for the test or for tuning.

The model must find the passage of a held-out question from parts it met apart: the territory through another of its
relations, the relation through other territories. So a territory gives away one question at most, and only if it has
another one left. The choice looks random and is fixed: the order of SHA-256 hashes of names.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from hybrid_pyserini.demo.facts import Fact

TEST_QUESTIONS = 160
VALIDATION_QUESTIONS = 80


class HeldOut(NamedTuple):
    """Question ids; no territory occurs in both."""

    test: frozenset[str]
    validation: frozenset[str]


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def choose_held_out(facts: Iterable[Fact]) -> HeldOut:
    """Choose a question of each territory, then the territories for the test and, after them, those for tuning."""
    questions: dict[str, set[str]] = defaultdict(set)
    for fact in facts:
        if fact.relation.about_territory:
            questions[fact.subject].add(fact.question_id)
    territories = sorted((territory for territory, ids in questions.items() if len(ids) > 1), key=_hash)
    chosen = [min(questions[territory], key=_hash) for territory in territories]
    end = TEST_QUESTIONS + VALIDATION_QUESTIONS
    return HeldOut(frozenset(chosen[:TEST_QUESTIONS]), frozenset(chosen[TEST_QUESTIONS:end]))
