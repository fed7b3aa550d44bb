"""A text as its sentences, which is what translation models were trained on, and their translations as a text again.

Given several at once, such a model may leave some out. A sentence too few is found rather than one too many: two that
are translated together lose less than two halves. So a full stop does not end one behind a capitalised word of up to
three letters or a single letter (``Dr.``, ``z. B.``), nor before a small letter or a digit.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hybrid_pyserini.languages import script

_END = re.compile(
    r"(?P<wide>[。！？｡]+[」』”’）)]*)(?P<after_wide>\s*)"
    r"|(?P<mark>[.!?…؟۔।॥]+[\"'”’»)\]]*)(?P<after_mark>\s+)"
    r"|(?P<line>\s*\n\s*)"
)
_LAST_WORD = re.compile(r"(?:^|\W)(\w{1,3})\.$")
_WITHOUT_BLANKS = {"Hans", "Hant", "Jpan"}
"""The scripts that have no blank between sentences."""


class Sentence(NamedTuple):
    """A part of a text, and the white space behind it."""

    text: str
    gap: str


def sentences(text: str) -> list[Sentence]:
    """The sentences of a text, in order; white space around it is left out."""
    text = text.strip()
    found = []
    start = 0
    for end in _END.finditer(text):
        kind = str(end.lastgroup).removeprefix("after_")
        stop = end.start() if kind == "line" else end.end(kind)
        before, following = text[max(0, stop - 5) : stop], text[end.end() : end.end() + 1]
        if kind == "mark" and "\n" not in end[0] and not _ends(before, following):
            continue
        found.append(Sentence(text[start:stop], text[stop : end.end()]))
        start = end.end()
    return [*found, Sentence(text[start:], "")] if start < len(text) else found


def _ends(before: str, following: str) -> bool:
    """Whether a sentence ends between these characters."""
    word = _LAST_WORD.search(before)
    abbreviation = word and (len(word[1]) == 1 or word[1][0].isupper())
    return not (abbreviation or following.islower() or following.isdigit())


def halves(sentence: Sentence) -> tuple[Sentence, Sentence]:
    """A sentence that is too long for a model, cut at the white space that is nearest to its middle; one without any,
    in the middle."""
    text, gap = sentence
    middle = len(text) // 2
    blanks = list(re.finditer(r"\s+", text))
    if not blanks:
        return Sentence(text[:middle], ""), Sentence(text[middle:], gap)
    cut = min(blanks, key=lambda blank: abs(blank.start() - middle))
    return Sentence(text[: cut.start()], cut[0]), Sentence(text[cut.end():], gap)


def joined(translations: Sequence[str], gaps: Sequence[str], language: str) -> str:
    """The translations of a text's sentences as one text in ``language``: line ends stay, and what else stood between
    two sentences is what stands there in that language, a blank or nothing."""
    return "".join(_alternating(translations, gaps, "" if script(language) in _WITHOUT_BLANKS else " "))


def _alternating(translations: Sequence[str], gaps: Sequence[str], between: str) -> Iterator[str]:
    for place, (translation, gap) in enumerate(zip(translations, gaps, strict=True)):
        yield translation
        if place < len(translations) - 1:
            yield gap if "\n" in gap else between
