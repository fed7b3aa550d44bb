"""Dropout that is quick on a processor.

There torch draws one number for every value, which took a fifth of a training step. A mask needs 16 bits of chance a
value, so one draw of 64 bits serves four.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

_LEVELS = 1 << 16
_TORCHS_OWN = nn.functional.dropout


def quick_dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """``torch.nn.functional.dropout`` with ``p`` rounded to a multiple of 2**-16; the mean is kept exactly.

    Draws from torch's own generator, so that seeds and saved states mean what they do elsewhere.
    """
    dropped = round(p * _LEVELS)
    if not training or not 0 < dropped < _LEVELS:
        return _TORCHS_OWN(input, p, training, inplace)
    words = torch.empty(-(-input.numel() // 4), dtype=torch.int64).random_(-(1 << 63), None)
    chance = words.view(torch.int16)[: input.numel()].view(input.shape)  # uniform in [-levels / 2, levels / 2)
    kept = (chance >= dropped - _LEVELS // 2).to(input.dtype)
    return input * kept.mul_(_LEVELS / (_LEVELS - dropped))


@contextmanager
def quick_dropout_in_models() -> Iterator[None]:
    """While this holds, every dropout that a model asks torch for is quick; the one inside fused attention is not.

    Replaces torch's function: architectures call it in many ways, and activations that are computed again in the
    backward pass must meet the same one, which torch's own means of interception do not reach.
    """
    nn.functional.dropout = quick_dropout
    try:
        yield
    finally:
        nn.functional.dropout = _TORCHS_OWN
