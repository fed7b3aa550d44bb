import math
import random

import pytest
import torch
import torch.nn.functional as F

from hybrid_pyserini.training.loss import excluded_candidates, gather_candidates, info_nce


def loss_by_loop(queries, candidates, own, known, groups, temperature) -> float:
    """Eq. 1 with masking, one number at a time."""
    total = 0.0
    for i, query in enumerate(queries):
        terms = {}
        for j, candidate in enumerate(candidates):
            if j == own[i] or groups[j] not in known[i]:
                terms[j] = math.exp(sum(a * b for a, b in zip(query, candidate, strict=True)) / temperature)
        total -= math.log(terms[own[i]] / sum(terms.values()))
    return total / len(queries)


@pytest.mark.parametrize("seed", range(5))
def test_loss_is_the_loops(seed: int) -> None:
    chance = random.Random(seed)
    torch.manual_seed(seed)
    queries = F.normalize(torch.randn(6, 8), dim=-1)
    candidates = F.normalize(torch.randn(11, 8), dim=-1)
    groups = [f"g{chance.randrange(5)}" for _ in range(11)]
    own = [5 + i for i in range(6)]
    known = [frozenset({groups[o], f"g{chance.randrange(5)}"}) for o in own]
    excluded = excluded_candidates(known, own, groups)
    ours = info_nce(queries, candidates, torch.tensor(own), excluded, 0.05)
    assert ours.item() == pytest.approx(
        loss_by_loop(queries.tolist(), candidates.tolist(), own, known, groups, 0.05), rel=1e-4
    )


def test_same_group_is_excluded_except_the_own_positive() -> None:
    """Queries 0 and 1 have translations of one passage; query 2's other known answer is candidate 3, a negative."""
    known = [frozenset({"a"}), frozenset({"a"}), frozenset({"b", "c"})]
    assert excluded_candidates(known, [0, 1, 2], ["a", "a", "b", "c"]).tolist() == [
        [False, True, False, False], [True, False, False, False], [False, False, False, True],
    ]


def test_excluded_candidates_get_no_gradient() -> None:
    candidates = torch.randn(4, 3, requires_grad=True)
    excluded = torch.tensor([[False, True, False, False]])
    info_nce(torch.randn(1, 3), candidates, torch.tensor([0]), excluded, 0.05).backward()
    assert candidates.grad is not None
    assert candidates.grad[1].abs().sum() == 0
    assert candidates.grad[2].abs().sum() > 0


def test_without_groups_it_is_sentence_transformers_loss(tiny_checkpoint) -> None:
    """MultipleNegativesRankingLoss (scale 20) on the same texts."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    model = SentenceTransformer(str(tiny_checkpoint), device="cpu").eval()
    queries, passages = ["river bread", "Stadt Brot", "花园"], ["river 1", "Stadt Musik", "花园 城市"]
    features = [model.preprocess(queries), model.preprocess(passages)]
    theirs = MultipleNegativesRankingLoss(model, scale=20.0)(features, labels=None)
    vectors = [torch.tensor(model.encode(texts)) for texts in (queries, passages)]
    own = torch.arange(3)
    ours = info_nce(*vectors, own, torch.zeros(3, 3, dtype=torch.bool), 1 / 20)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-4)


def test_one_process_gathers_itself() -> None:
    local = torch.randn(3, 2)
    assert gather_candidates(local, [3]) is local
