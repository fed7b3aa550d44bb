"""Long texts as passages of 100 words, without overlap: as DPR cut Wikipedia (arXiv 2004.04906, section 4.1)."""

import re
from collections.abc import Iterator

WORDS = 100
_WORD = re.compile(r"\S+")


def blocks(text: str) -> Iterator[tuple[int, str]]:
    """Yield (place behind its last character, text with single blanks) of each block; the last may be shorter."""
    words: list[str] = []
    end = 0
    for found in _WORD.finditer(text):
        words.append(found[0])
        end = found.end()
        if len(words) == WORDS:
            yield end, " ".join(words)
            words = []
    if words:
        yield end, " ".join(words)
