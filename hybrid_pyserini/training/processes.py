"""The processes of a torchrun: which one this is, and what they agree on."""

from collections.abc import Callable
from typing import TypeVar

import torch.distributed as dist

Value = TypeVar("Value")


def process_rank() -> tuple[int, int]:
    """(rank, number of processes) of a torchrun; (0, 1) outside one."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return 0, 1


def from_rank_zero(decide: Callable[[], Value]) -> Value:
    """What rank 0 decides, for all: files that one process writes or removes must not be read by another meanwhile."""
    rank, processes = process_rank()
    decided = [decide() if rank == 0 else None]
    if processes > 1:
        dist.broadcast_object_list(decided, src=0)
    return decided[0]  # type: ignore[return-value]


def leave_processes() -> None:
    """Take leave of the others before this process ends; one that just ends may abort those still talking to it."""
    if process_rank()[1] > 1:
        dist.destroy_process_group()


def wait_for_all() -> None:
    """Return once every process is here."""
    if process_rank()[1] > 1:
        dist.barrier()
