"""What travels from room to room: passages, language pairs, parallel examples. Plain and frozen; nothing heavy."""

from collections.abc import Mapping
from dataclasses import dataclass, field

ALL = "all"
"""The passage "language" of the multilingual pool."""

Topics = dict[str, str]
"""Query id -> query, in file order."""

Qrels = dict[str, dict[str, int]]
"""Query id -> passage id -> relevance."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage of a collection. ``contents`` is what is encoded and what BM25 indexes.

    ``group`` is the passage group: an id that a passage shares with its translations.
    """

    id: str
    text: str
    contents: str
    title: str
    group: str
    language: str


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """A language pair ``q-p``: query language and passage language, ``all`` being the pool of all languages."""

    query: str
    passage: str

    def __str__(self) -> str:
        return f"{self.query}-{self.passage}"

    @property
    def setting(self) -> str:
        """``mono``, ``cross`` or ``multi``, as the paper's tables name them."""
        if self.passage == ALL:
            return "multi"
        return "mono" if self.query == self.passage else "cross"


@dataclass(frozen=True, slots=True)
class Negative:
    """A hard negative with its passage group, so that the loss can tell when it is a positive after all."""

    text: str
    group: str


@dataclass(frozen=True, slots=True)
class ParallelExample:
    """One training question in some languages, and a passage that answers it in some languages.

    ``group`` is the positive's passage group; ``other_groups`` are further groups known to answer the question, which
    the loss must not push away. ``negatives`` are hard negatives by language.
    """

    id: str
    group: str
    queries: Mapping[str, str]
    positives: Mapping[str, str]
    negatives: Mapping[str, tuple[Negative, ...]] = field(default_factory=dict)
    other_groups: tuple[str, ...] = ()
