"""Memory that a step no longer needs is given back before the next one.

On a processor a step's tensors come in many sizes, and small things that stay, such as compiled matrix products, come
to lie between them. glibc keeps what was freed for itself, in pieces that later tensors do not fit into: without this a
training grew for some ten steps, to more than half again what it needed.
"""

import ctypes
import sys
from typing import Any

from transformers import TrainerCallback


class GiveMemoryBack(TrainerCallback):
    """After each step; does nothing where the C library is not glibc."""

    def __init__(self) -> None:
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None

    def on_step_end(self, *_: Any, **__: Any) -> None:
        if self._trim:
            self._trim(0)
