"""Passage groups where a data set names none: the connected components of questions that share an answering passage.

Two questions that the same passage answers belong together, in whichever language that passage is; so do their other
passages, which are its translations or answer the same. In XQuAD-R this gives 489 groups of answer sentences.
"""

from collections.abc import Hashable, Iterable


def group_questions(answered: Iterable[tuple[str, Hashable]]) -> dict[str, str]:
    """Question id -> group, from (question id, key of a passage that answers it); a question may occur many times.

    A group is named by the first of its questions in the given order. All passages that answer a question are in the
    question's group.
    """
    earlier: dict[str, str] = {}  # question -> a question of its group that came before it, or itself: a forest
    order: dict[str, int] = {}
    first_question: dict[Hashable, str] = {}

    def root(question: str) -> str:
        while earlier[question] != question:
            earlier[question] = question = earlier[earlier[question]]  # halves the path, so that the next walk is short
        return question

    for question, passage in answered:
        earlier.setdefault(question, question)
        order.setdefault(question, len(order))
        roots = root(question), root(first_question.setdefault(passage, question))
        earlier[max(roots, key=order.__getitem__)] = min(roots, key=order.__getitem__)
    return {question: root(question) for question in earlier}
