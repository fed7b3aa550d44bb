"""The search for hard negatives in one passage language, and what is taken for one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from hybrid_pyserini.data.text import one_line
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.indexing.dense_index import check_finite
from hybrid_pyserini.mining.indexed_collection import IndexedCollection
from hybrid_pyserini.mining.known_groups import KnownGroups
from hybrid_pyserini.records import ParallelExample
from hybrid_pyserini.search.scoring import Passages, Queries
from hybrid_pyserini.training.examples import ExampleStore

if TYPE_CHECKING:  # the encoder imports torch
    from hybrid_pyserini.encoder.encoder import Encoder

_EXAMPLES_A_WINDOW = 2048
"""Encoded and searched at once: enough to sort by length, few enough to hold."""


@dataclass(frozen=True)
class MiningSettings:
    """What is taken for a hard negative. Raises InputError for numbers that cannot be."""

    negatives: int = 3
    """The most new ones for an example in a language."""
    depth: int = 100
    """The best passages of a question that are looked through."""
    relative_margin: float | None = None
    """Passages that score above (1 - margin) times the positive's score are left out, as too likely to be right: the
    meaning that sentence-transformers' ``mine_hard_negatives`` gives it."""

    def __post_init__(self) -> None:
        if self.negatives < 1:
            raise InputError(f"{self.negatives} negatives", remedy="give --negatives 1 or more")
        if self.depth < self.negatives:
            raise InputError(
                f"a depth of {self.depth} passages for {self.negatives} negatives",
                remedy="give --depth at least as many as --negatives, better ten times as many",
            )
        if self.relative_margin is not None and not 0 <= self.relative_margin <= 1:  # NaN is not either
            raise InputError(
                f"a relative margin of {self.relative_margin}",
                remedy="give --relative-margin from 0 to 1, such as 0.05",
            )


@dataclass(frozen=True)
class FoundNegatives:
    """The negatives of a store's examples in one passage language."""

    rows: np.ndarray
    """int32 [examples, negatives], in a file: rows of the collection, best first, then -1 where there are fewer."""
    asked: int
    """Examples that have a positive in the language."""
    few: int
    """Those of them with fewer negatives than were asked for."""
    total: int
    """Negatives of all examples."""

    def rows_of(self, example: int) -> list[int]:
        """The rows of one example's negatives, best first."""
        return [row for row in self.rows[example].tolist() if row >= 0]


@dataclass(frozen=True)
class LanguageSearch:
    """The search of one passage language."""

    encoder: "Encoder"
    settings: MiningSettings
    groups: KnownGroups
    language: str
    passages: Passages
    collection: IndexedCollection

    def negatives(self, store: ExampleStore, file: Path) -> FoundNegatives:
        """Search for every example that has a positive in the language; ``file`` takes what is found."""
        rows = np.memmap(file, np.int32, "w+", shape=(len(store), self.settings.negatives))
        rows[:] = -1
        asked = few = total = 0
        examples = ((i, example) for i, example in enumerate(store) if self.language in example.positives)
        with tqdm(total=len(store), desc=f"mining {self.language}", unit=" examples") as progress:
            while window := list(islice(examples, _EXAMPLES_A_WINDOW)):
                for (i, _), chosen in zip(window, self._choose([example for _, example in window]), strict=True):
                    rows[i, : len(chosen)] = chosen
                    asked, few, total = asked + 1, few + (len(chosen) < self.settings.negatives), total + len(chosen)
                    progress.update(i + 1 - progress.n)
            progress.update(len(store) - progress.n)  # the last ones have no positive in the language
        return FoundNegatives(rows, asked, few, total)

    def _choose(self, examples: Sequence[ParallelExample]) -> Iterator[list[int]]:
        """The rows of each example's negatives, best first."""
        ids = [example.id for example in examples]
        queries = self.encoder.encode_queries([_query(example, self.language) for example in examples])
        check_finite(ids, queries, "query")
        highest = self._highest_scores(examples, queries)
        found = self.passages.search(Queries(ids, queries), {self.language: self.settings.depth})
        hits = (of for block in found for of in zip(*self.passages.hits(block.best[self.language]), strict=True))
        for example, (docids, scores), score in zip(examples, hits, highest, strict=True):
            yield self._best(example, zip(map(bytes.decode, docids), scores, strict=True), score)

    def _highest_scores(self, examples: Sequence[ParallelExample], queries: np.ndarray) -> list[float]:
        """The score above which a passage is too likely to be right, for each example."""
        if self.settings.relative_margin is None:
            return [inf] * len(examples)
        positives = self.encoder.encode_passages([example.positives[self.language] for example in examples])
        check_finite([example.id for example in examples], positives, "positive")
        scores = np.einsum("qd,qd->q", queries, positives)
        return [(1 - self.settings.relative_margin) * score for score in scores.tolist()]

    def _best(self, example: ParallelExample, hits: Iterable[tuple[str, float]], highest: float) -> list[int]:
        """The rows of the best passages that do not answer the question, as far as is known, and that say what no
        other negative says."""
        answers = {example.group, *example.other_groups}
        texts = {one_line(negative.text) for negative in example.negatives.get(self.language, ())}
        rows: list[int] = []
        for docid, score in hits:
            if score > highest:
                continue
            row = self.passages.column[docid]
            passage = self.collection[row]
            text = one_line(passage.contents)
            if text not in texts and not answers & self.groups.names(passage.group):
                texts.add(text)
                rows.append(row)
            if len(rows) == self.settings.negatives:
                break
        return rows


def _query(example: ParallelExample, language: str) -> str:
    """The question that passages of a language are searched with: in that language; where the example lacks it, in
    English; where it lacks that too, in the first of its languages in alphabetical order."""
    for choice in (language, "en"):
        if choice in example.queries:
            return example.queries[choice]
    return example.queries[min(example.queries)]
