import pytest
import torch
from scipy.stats import binomtest, chisquare
from torch import nn

from hybrid_pyserini.training.dropout import quick_dropout, quick_dropout_in_models


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_drops_that_share_and_keeps_the_mean(p: float) -> None:
    torch.manual_seed(7)
    ones = torch.ones(1000, 301)
    out = quick_dropout(ones, p)
    dropped = int((out == 0).sum())
    assert binomtest(dropped, ones.numel(), p).pvalue > 0.001
    assert out.unique().tolist() == pytest.approx([0, 1 / (1 - p)], rel=1e-4)


def test_neighbours_are_dropped_independently() -> None:
    """Four values share a draw of 64 bits: all sixteen patterns of four are equally likely at p = 0.5."""
    torch.manual_seed(7)
    dropped = (quick_dropout(torch.ones(40_000, 4), 0.5) == 0).long()
    counts = torch.bincount((dropped * torch.tensor([1, 2, 4, 8])).sum(dim=1), minlength=16)
    assert chisquare(counts.numpy()).pvalue > 0.001


def test_the_gradient_is_that_of_what_was_kept() -> None:
    values = torch.randn(50, 3, dtype=torch.float64, requires_grad=True)
    out = quick_dropout(values, 0.3)
    out.sum().backward()
    torch.testing.assert_close(values.grad, out.detach() / values.detach())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_the_seed_decides(dtype: torch.dtype) -> None:
    values = torch.ones(3, 5, 7, dtype=dtype)
    torch.manual_seed(1)
    first, second = quick_dropout(values, 0.5), quick_dropout(values, 0.5)
    torch.manual_seed(1)
    assert first.dtype == dtype
    assert torch.equal(quick_dropout(values, 0.5), first)
    assert not torch.equal(first, second)


@pytest.mark.parametrize(("p", "training"), [(0.0, True), (1.0, True), (0.5, False)])
def test_without_chance_it_is_torchs(p: float, training: bool) -> None:
    values = torch.randn(20)
    assert torch.equal(quick_dropout(values, p, training), nn.functional.dropout(values, p, training))


def test_models_meet_it_only_inside() -> None:
    """Outside, and after an error, torch's own: the same seed gives other masks."""
    def drawn() -> torch.Tensor:
        torch.manual_seed(5)
        return nn.Dropout(0.5)(torch.ones(100))

    before = drawn()
    with pytest.raises(RuntimeError), quick_dropout_in_models():
        inside = drawn()
        raise RuntimeError
    torch.manual_seed(5)
    assert torch.equal(inside, quick_dropout(torch.ones(100), 0.5))
    assert not torch.equal(inside, before)
    assert torch.equal(drawn(), before)
