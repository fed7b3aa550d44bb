"""Hybrid batches: which queries and passages, in which languages, make up the batch of a step.

The idea of the paper (arXiv 2408.10536, section 2.2): a batch is monolingual (X-X-mono) with probability alpha and
cross-lingual (X-Y) otherwise, so that one encoder learns both. X-X and En-En are LAReQA's (arXiv 2004.05484).

A batch is a pure function of (seed, step). So a resumed run sees what an undisturbed one would, and every process plans
the same global batch and takes its slice of it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.training.keyed import KeyedPermutation, keyed_fraction, keyed_index
from hybrid_pyserini.training.source_mixing import SourceMixing

MONOLINGUAL, CROSS_LINGUAL, MIXED = "monolingual", "cross-lingual", "mixed"
"""The kinds of batch: one language; different languages in every pair; one language a pair, several a batch (X-X)."""

STRATEGIES = {
    "en-en": {MONOLINGUAL: 1.0},
    "x-x": {MIXED: 1.0},
    "x-x-mono": {MONOLINGUAL: 1.0},
    "x-y": {CROSS_LINGUAL: 1.0},
    "hybrid": {MONOLINGUAL: 0.5, CROSS_LINGUAL: 0.5},
}
"""Strategy -> kind of batch -> probability; ``hybrid``'s are alpha and 1 - alpha."""

_BY_SIZE = SourceMixing()


class Source(Protocol):
    """A set of parallel examples, by position."""

    name: str
    languages: tuple[str, ...]

    def __len__(self) -> int: ...

    def eligible(self, kind: str, language: str | None) -> Sequence[int]:
        """The positions of the examples that can stand in such a batch."""

    def languages_of(self, position: int) -> tuple[Sequence[str], Sequence[str]]:
        """The languages of an example's query, and of its positive."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What a batch is drawn from: a source's examples for one kind, and one language if monolingual."""

    source: int
    kind: str
    language: str | None


@dataclass(frozen=True, slots=True)
class PlannedPair:
    """One query of a batch and its positive: an example and the two languages."""

    source: int
    example: int
    query_language: str
    passage_language: str


class BatchPlan:
    """The batches of a training run, by step number from 0.

    ``batch_size`` is that of the global batch. Raises InputError for a strategy that the sources cannot supply, and
    for a stream with fewer examples than a batch.
    """

    def __init__(
        self, sources: Sequence[Source], strategy: str, batch_size: int, seed: int, alpha: float = 0.5,
        mixing: SourceMixing = _BY_SIZE,
    ) -> None:
        if strategy not in STRATEGIES:
            raise InputError(f"unknown strategy {strategy!r}", remedy=f"choose one of: {', '.join(STRATEGIES)}")
        if not 0 <= alpha <= 1:
            raise InputError(f"alpha {alpha} is no probability", remedy="choose it from 0 to 1")
        if batch_size < 2:
            raise InputError(
                f"a batch of {batch_size} has no other passage to tell the positive from",
                remedy="use a batch of 2 or more; the paper's is 100",
            )
        self.sources, self.batch_size, self.seed = sources, batch_size, seed
        self._tickets = mixing.tickets([len(source) for source in sources])
        kinds = {MONOLINGUAL: alpha, CROSS_LINGUAL: 1 - alpha} if strategy == "hybrid" else STRATEGIES[strategy]
        self._kinds = {kind: share for kind, share in kinds.items() if share > 0}
        self._eligible = self._find_streams(english_only=strategy == "en-en")
        self._suppliers = {kind: sorted({s.source for s in self._eligible if s.kind == kind}) for kind in self._kinds}
        self._check_streams(strategy)
        self._history: list[tuple[Stream, int]] = []
        self._drawn: Counter[Stream] = Counter()

    def _find_streams(self, *, english_only: bool) -> dict[Stream, Sequence[int]]:
        """Every stream that a batch can come from, with its examples. A source has no stream for what it lacks: one
        in a single language, or whose languages are not parallel, feeds monolingual batches only."""
        streams: dict[Stream, Sequence[int]] = {}
        for kind in self._kinds:
            for number, source in enumerate(self.sources):
                languages = [language for language in source.languages if language == "en" or not english_only]
                for language in languages if kind == MONOLINGUAL else [None]:
                    eligible = source.eligible(kind, language)
                    if len(eligible):
                        streams[Stream(number, kind, language)] = eligible
        return streams

    def _check_streams(self, strategy: str) -> None:
        for kind, sources in self._suppliers.items():
            if not sources:
                raise InputError(
                    f"no source has examples for the {kind} batches of {strategy!r}", remedy="add a source with "
                    f"{'queries and positives in two languages' if kind == CROSS_LINGUAL else 'both in one language'}"
                    ", or choose another strategy",
                )
        for stream, eligible in self._eligible.items():
            if len(eligible) < self.batch_size:
                what = f"{stream.kind} batches" + (f" in {stream.language}" if stream.language else "")
                raise InputError(
                    f"source {self.sources[stream.source].name!r} has {len(eligible)} examples for {what}, fewer than "
                    f"a batch of {self.batch_size}", remedy="use a smaller --batch-size, or more examples",
                )

    @property
    def idle_sources(self) -> list[str]:
        """The sources that no batch of the strategy can come from."""
        feeding = {stream.source for stream in self._eligible}
        return [source.name for number, source in enumerate(self.sources) if number not in feeding]

    def batch(self, step: int) -> list[PlannedPair]:
        """The global batch of a step.

        A stream's examples pass by in permutations, one a pass, each pass ending with its last whole batch.
        """
        stream, earlier = self._draw(step)
        eligible = self._eligible[stream]
        number, place = divmod(earlier, len(eligible) // self.batch_size)
        order = KeyedPermutation(
            len(eligible), self.seed, self.sources[stream.source].name, stream.kind, stream.language or "", number
        )
        start = place * self.batch_size
        return [
            self._pair(stream, int(eligible[order[start + i]]), step, i) for i in range(self.batch_size)
        ]

    def stream_of(self, step: int) -> Stream:
        """The stream that a step's batch comes from."""
        return self._draw(step)[0]

    def _draw(self, step: int) -> tuple[Stream, int]:
        """A step's stream, and how many earlier steps drew from it: that is where the stream stands."""
        while len(self._history) <= step:
            stream = self._draw_stream(len(self._history))
            self._history.append((stream, self._drawn[stream]))
            self._drawn[stream] += 1
        return self._history[step]

    def _draw_stream(self, step: int) -> Stream:
        """Kind by its share, then source by its tickets among those that have the kind, then language, uniformly."""
        fraction = keyed_fraction(self.seed, step, "kind")
        kind = MONOLINGUAL if fraction < self._kinds.get(MONOLINGUAL, 0.0) else list(self._kinds)[-1]
        sources = self._suppliers[kind]
        ticket = keyed_index(sum(self._tickets[source] for source in sources), self.seed, step, "source")
        for source in sources:
            ticket -= self._tickets[source]
            if ticket < 0:
                break
        if kind != MONOLINGUAL:
            return Stream(source, kind, None)
        languages = [stream.language for stream in self._eligible if (stream.source, stream.kind) == (source, kind)]
        return Stream(source, kind, languages[keyed_index(len(languages), self.seed, step, "language")])

    def _pair(self, stream: Stream, example: int, step: int, place: int) -> PlannedPair:
        """The languages of one pair, uniform over those that the example has for this kind of batch."""
        if stream.language is not None:
            return PlannedPair(stream.source, example, stream.language, stream.language)
        queries, passages = self.sources[stream.source].languages_of(example)
        choices = [(q, p) for q in queries for p in passages if (q == p) == (stream.kind == MIXED)]
        query, passage = choices[keyed_index(len(choices), self.seed, step, place, "languages")]
        return PlannedPair(stream.source, example, query, passage)
