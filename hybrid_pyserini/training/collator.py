"""Planned pairs -> what the model and the loss take: token chunks, positives' places, excluded candidates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch.utils.data import Dataset

from hybrid_pyserini.encoder.encoder import Encoder, TokenChunk
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Negative, ParallelExample
from hybrid_pyserini.training.batching import BatchPlan, PlannedPair
from hybrid_pyserini.training.examples import ExampleStore
from hybrid_pyserini.training.loss import excluded_candidates

Item = TypeVar("Item")

CHUNK_TOKENS = 1024
"""Tokens in a chunk of a training step, padding included: on two cores the fastest of 256, 512, 1024, 2048 and 4096."""


@dataclass(frozen=True, slots=True)
class LoadedPair:
    """A planned pair with its texts."""

    query: str
    positive: str
    negatives: tuple[Negative, ...]
    group: str
    known_groups: frozenset[str]


def load_pair(example: ParallelExample, planned: PlannedPair) -> LoadedPair:
    """The texts of a planned pair; hard negatives are in the passage's language."""
    return LoadedPair(
        query=example.queries[planned.query_language], positive=example.positives[planned.passage_language],
        negatives=example.negatives.get(planned.passage_language, ()), group=example.group,
        known_groups=frozenset({example.group, *example.other_groups}),
    )


class PlannedBatches(Dataset[dict[str, Any]]):
    """The batches of one process, by step: the global batch is planned, and this rank's slice of it collated.

    Raises InputError where the batch size does not divide by the number of processes.
    """

    def __init__(self, plan: BatchPlan, stores: Sequence[ExampleStore], encoder: Encoder, steps: int,
                 rank: int = 0, processes: int = 1, chunk_tokens: int = CHUNK_TOKENS) -> None:
        if plan.batch_size % processes:
            nearest = plan.batch_size // processes * processes
            raise InputError(
                f"a batch of {plan.batch_size} does not divide by {processes} processes",
                remedy=f"use --batch-size {nearest} or {nearest + processes}",
            )
        self.plan, self.stores, self.encoder, self.steps = plan, stores, encoder, steps
        self.rank, self.processes, self.chunk_tokens = rank, processes, chunk_tokens

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> dict[str, Any]:
        """The collated slice of a step's batch."""
        pairs = [load_pair(self.stores[p.source][p.example], p) for p in self.plan.batch(step)]
        return collate(pairs, self.encoder, self.rank, self.processes, self.chunk_tokens)

    def owners(self, step: int) -> list[str]:
        """The example id of each text of this rank's slice: queries, positives, hard negatives."""
        mine = _shares(self.plan.batch(step), self.processes)[self.rank]
        examples = [self.stores[p.source][p.example] for p in mine]
        ids = [example.id for example in examples]
        return ids + ids + [
            example.id for example, p in zip(examples, mine, strict=True) for _ in load_pair(example, p).negatives
        ]


def collate(
    pairs: Sequence[LoadedPair], encoder: Encoder, rank: int = 0, processes: int = 1,
    chunk_tokens: int = CHUNK_TOKENS,
) -> dict[str, Any]:
    """This rank's slice of a global batch, beside what it must know of the whole.

    Candidates stand by rank, and for each rank positives before hard negatives: the order in which the loss gathers
    them. Returns ``order`` [texts] (row of the model's output for each text, queries first), ``own`` [queries],
    ``excluded`` [queries, all candidates], ``counts`` (candidates of each process) and ``chunks``.
    """
    slices = _shares(pairs, processes)
    counts = [len(part) + sum(len(pair.negatives) for pair in part) for part in slices]
    groups = [
        group for part in slices
        for group in [pair.group for pair in part] + [n.group for pair in part for n in pair.negatives]
    ]
    mine, first = slices[rank], sum(counts[:rank])
    own = list(range(first, first + len(mine)))
    texts = [encoder.settings.query_prompt + pair.query for pair in mine]
    texts += [encoder.settings.document_prompt + pair.positive for pair in mine]
    texts += [encoder.settings.document_prompt + n.text for pair in mine for n in pair.negatives]
    order, chunks = _length_sorted_chunks(texts, encoder, chunk_tokens)
    return {
        "order": order, "own": torch.tensor(own), "counts": counts, "chunks": chunks,
        "excluded": excluded_candidates([pair.known_groups for pair in mine], own, groups),
    }


def _shares(batch: Sequence[Item], processes: int) -> list[Sequence[Item]]:
    """The slices of a global batch, by rank."""
    share = len(batch) // processes
    return [batch[rank * share : (rank + 1) * share] for rank in range(processes)]


def _length_sorted_chunks(
    texts: Sequence[str], encoder: Encoder, chunk_tokens: int
) -> tuple[torch.Tensor, list[TokenChunk]]:
    """Chunks of texts of about equal length, longest first, and for each text its row in their concatenation."""
    parts = list(encoder.length_sorted_chunks(encoder.tokenize(texts), chunk_tokens))
    order = torch.empty(len(texts), dtype=torch.long)
    order[torch.tensor([row for rows, _ in parts for row in rows])] = torch.arange(len(texts))
    return order, [chunk for _, chunk in parts]
