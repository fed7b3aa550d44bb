"""Memory that steps no longer need is given back.

On a processor a step's tensors come in many sizes, and small things that stay, such as compiled matrix products, come
to lie between them. glibc keeps what was freed for itself, in pieces that later tensors do not fit into: without this a
training grew for some ten steps, to more than half again what it needed.
"""

import ctypes
import sys
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

_STEPS = 8
"""After every step it took a quarter of the time: the system clears each page that is asked for anew."""


class GiveMemoryBack(TrainerCallback):
    """Every few steps; does nothing where the C library is not glibc."""

    def __init__(self) -> None:
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if self._trim and state.global_step % _STEPS == 0:
            self._trim(0)
