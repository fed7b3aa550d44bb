"""A loss or gradient that is no number: found at its step, with the examples it comes from, before a weight is lost."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.training.collator import PlannedBatches

_SHOWN = 3
"""Example ids that a message names."""


def check_loss(loss: Tensor, vectors: Tensor, candidates: Tensor, batches: PlannedBatches, step: int) -> None:
    """Raise InputError where the loss of a step is no number.

    ``vectors`` [texts, dimension] are those of this process's texts, as ``batches`` has them at this step;
    ``candidates`` [candidates, dimension] those of all processes' passages.
    """
    if torch.isfinite(loss):
        return
    bad = (~torch.isfinite(vectors).all(dim=1)).tolist()
    owners = batches.owners(step)
    if all(bad):
        what, remedy = "the weights give no numbers for any text", "lower --learning_rate or raise --warmup_steps"
    elif any(bad):
        what = f"{sum(bad)} of {len(bad)} texts have no vector, of examples {_some(owners, bad)}"
        remedy = "look at these examples"
    elif not torch.isfinite(candidates).all():
        what, remedy = "a passage of another process has no vector", "look at the examples that it names"
    else:
        what = f"every text has a vector; among the examples are {_some(owners, [True] * len(bad))}"
        remedy = "raise --temperature"
    raise InputError(f"step {step + 1}: the loss is {loss.item()}: {what}", remedy=remedy)


def _some(ids: Sequence[str], chosen: Sequence[bool]) -> str:
    """The first chosen ids, each once."""
    each = list(dict.fromkeys(i for i, is_chosen in zip(ids, chosen, strict=True) if is_chosen))
    return ", ".join(map(repr, each[:_SHOWN])) + (f" and {len(each) - _SHOWN} more" if len(each) > _SHOWN else "")


class CheckGradients(TrainerCallback):
    """Stop before the optimizer takes a gradient that is no number; fp16's scaler skips such steps by itself."""

    def __init__(self, batches: PlannedBatches) -> None:
        self.batches = batches

    def on_pre_optimizer_step(self, args: TrainingArguments, state: TrainerState, control: TrainerControl,
                              model: nn.Module | None = None, **_: object) -> None:
        if args.fp16 or model is None:
            return
        # All of them: with an infinite one, clipping makes that one NaN and every other zero.
        norms = torch.stack([p.grad.norm() for p in model.parameters() if p.grad is not None])
        if not torch.isfinite(norms).all():
            owners = self.batches.owners(state.global_step)
            raise InputError(
                f"step {state.global_step + 1}: a gradient is no number; among the examples are "
                f"{_some(owners, [True] * len(owners))}",
                remedy="lower --learning_rate or look at these examples",
            )
