"""Which of several processes this is, where they share out work and do not talk to each other."""

import os
from dataclasses import dataclass

from hybrid_pyserini.errors import InputError


@dataclass(frozen=True)
class Share:
    """Which of several processes this is, when they share out the shards: ``number`` from 0 to ``of`` - 1."""

    number: int = 0
    of: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.number < self.of:
            raise InputError(
                f"shard {self.number} of {self.of}", remedy="give --shard-id from 0 to one less than --shard-num"
            )

    @classmethod
    def of_this_process(cls, shard_id: int | None, shard_num: int | None) -> "Share":
        """As given with ``--shard-id`` and ``--shard-num``, or this process' among those of a torchrun."""
        if (shard_id is None) != (shard_num is None):
            raise InputError("one of --shard-id and --shard-num without the other", remedy="give both or none")
        if not {"RANK", "WORLD_SIZE"} <= os.environ.keys():
            return cls() if shard_id is None or shard_num is None else cls(shard_id, shard_num)
        if shard_id is not None:
            raise InputError("--shard-id under torchrun, which shares out the shards itself", remedy="leave it out")
        return cls(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]))
