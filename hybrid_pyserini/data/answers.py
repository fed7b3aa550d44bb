"""Whether a passage holds an answer: DPR's rule (arXiv 2004.04906), which CORA, BGE-M3 and Pyserini took over.

Passage and answer are normalised to NFD and split into runs of letters, digits and marks, and single other characters;
white space and control characters are left out. The passage holds the answer if it has the answer's tokens, in lower
case, in a row. ``AnswerIndex`` looks for all answers of a data set at once: a trie is walked from each token.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import regex

_TOKEN = regex.compile(r"[\p{L}\p{N}\p{M}]+|[^\p{Z}\p{C}]")
_ASCII_TOKEN = re.compile(r"[a-z0-9]+|[!-/:-@\[-`{-~]")
"""The same of ASCII text in lower case, in half the time."""

_END = ""
"""A key of the trie that is no token: behind it is the number of the answer that ends here."""


def tokens(text: str) -> list[str]:
    """The tokens of a text, in lower case."""
    if text.isascii():
        return _ASCII_TOKEN.findall(text.lower())
    return [token.lower() for token in _TOKEN.findall(unicodedata.normalize("NFD", text))]


class AnswerIndex:
    """Answers, each with its owner (the number of a question), to be looked for in passages."""

    def __init__(self, answers: Iterable[tuple[str, int]]) -> None:
        """An answer without a token, such as a blank, is in no passage."""
        self._trie: dict[str, Any] = {}
        self._ends: list[tuple[dict[str, Any], set[int]]] = []
        """By number of the answer: the node where it ends, and its owners."""
        self._answers_of: dict[int, set[int]] = {}
        for answer, owner in answers:
            node = self._trie
            for token in (path := tokens(answer)):
                node = node.setdefault(token, {})
            if path:
                number = node.setdefault(_END, len(self._ends))
                if number == len(self._ends):
                    self._ends.append((node, set()))
                self._ends[number][1].add(owner)
                self._answers_of.setdefault(owner, set()).add(number)

    def owners(self, passage: str) -> set[int]:
        """The owners of all answers that a passage holds."""
        words = tokens(passage)
        count, start = len(words), self._trie.get
        found: set[int] = set()
        for following, word in enumerate(words, start=1):
            node = start(word)
            while node is not None:
                if _END in node:
                    found.add(node[_END])
                node = node.get(words[following]) if following < count else None
                following += 1  # the loop's next word is the one behind this, however far the walk went
        return set().union(*(self._ends[number][1] for number in found))

    def forget(self, owner: int) -> None:
        """Look for an owner's answers no longer."""
        for number in self._answers_of.pop(owner, ()):
            node, owners = self._ends[number]
            owners.discard(owner)
            if not owners:
                del node[_END]
