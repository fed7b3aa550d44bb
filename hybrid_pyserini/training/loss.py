"""The loss: InfoNCE over the passages of the global batch, without the false negatives that parallel data bring.

Eq. 1 of arXiv 2408.10536, with temperature. In a batch of parallel data another query's positive is often the same
passage, or its translation: it carries the same passage group, and is left out instead of pushed away.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.distributed.nn.functional import all_gather


def excluded_candidates(
    known_groups: Sequence[frozenset[str]], own: Sequence[int], candidate_groups: Sequence[str]
) -> Tensor:
    """Which candidates a query must not be told from: bool [queries, candidates].

    ``known_groups``: per query, the groups known to answer it. ``own``: per query, its positive's place among the
    candidates, which is never excluded. ``candidate_groups``: per candidate, its passage group.
    """
    places: dict[str, list[int]] = {}
    for place, group in enumerate(candidate_groups):
        places.setdefault(group, []).append(place)
    excluded = torch.zeros(len(known_groups), len(candidate_groups), dtype=torch.bool)
    for query, known in enumerate(known_groups):
        excluded[query, [place for group in known for place in places.get(group, ())]] = True
    excluded[torch.arange(len(own)), torch.tensor(own)] = False
    return excluded


def info_nce(queries: Tensor, candidates: Tensor, own: Tensor, excluded: Tensor, temperature: float) -> Tensor:
    """Mean over the queries of -log softmax of the own positive.

    ``queries`` [queries, dimension] and ``candidates`` [candidates, dimension] are unit vectors, ``own`` [queries] the
    positives' places, ``excluded`` bool [queries, candidates]. In float32, or in float64 where the vectors are.
    """
    exact = torch.promote_types(queries.dtype, torch.float32)
    logits = queries.to(exact) @ candidates.to(exact).T / temperature
    logits = logits.masked_fill(excluded, -torch.inf)
    return torch.nn.functional.cross_entropy(logits, own)


def gather_candidates(local: Tensor, counts: Sequence[int]) -> Tensor:
    """All processes' candidates, in order of rank, with gradients to all of them.

    ``local`` [counts[rank], dimension]. Processes may bring different numbers: all pad to the largest for the gather.
    """
    if len(counts) == 1:
        return local
    padding = local.new_zeros(max(counts) - len(local), local.shape[1])
    gathered = all_gather(torch.cat([local, padding]))
    return torch.cat([part[:count] for part, count in zip(gathered, counts, strict=True)])
