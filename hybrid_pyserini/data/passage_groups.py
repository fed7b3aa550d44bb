"""Passage groups where a data set names none: the connected components of questions that share an answering passage.

Two questions that the same passage answers belong together, in whichever language that passage is; so do their other
passages, which are its translations or answer the same. In XQuAD-R this gives 489 groups of answer sentences.
"""

from collections.abc import Hashable, Iterable


class Components:
    """Connected components of the numbers 0, 1, 2, ..., each called by its smallest number (union-find)."""

    def __init__(self, earlier: "list[int] | memoryview[int]") -> None:
        """``earlier`` is [0, 1, 2, ...], and will hold at each number one of its component that is not greater."""
        self.earlier = earlier

    def root(self, number: int) -> int:
        """The smallest number of a component."""
        earlier = self.earlier
        while earlier[number] != number:
            # Halves the path, so that the next walk is short.
            earlier[number] = number = earlier[earlier[number]]
        return number

    def join(self, one: int, other: int) -> None:
        """Make one component of the components of two numbers."""
        roots = self.root(one), self.root(other)
        self.earlier[max(roots)] = min(roots)


def group_questions(answered: Iterable[tuple[str, Hashable]]) -> dict[str, str]:
    """Question id -> group, from (question id, key of a passage that answers it); a question may occur many times.

    A group is named by the first of its questions in the given order. All passages that answer a question are in the
    question's group.
    """
    numbers: dict[str, int] = {}
    first_question: dict[Hashable, int] = {}
    earlier: list[int] = []
    components = Components(earlier)
    for question, passage in answered:
        number = numbers.setdefault(question, len(numbers))
        if number == len(earlier):
            earlier.append(number)
        components.join(number, first_question.setdefault(passage, number))
    names = list(numbers)
    return {question: names[components.root(number)] for question, number in numbers.items()}
