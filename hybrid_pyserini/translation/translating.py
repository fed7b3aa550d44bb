"""Translation of blocks of texts into parts, by one process or shared out among many.

A process takes every so-manieth block of all languages; the parts that are there are kept, so an interrupted process
goes on with those that are missing. Two processes must not translate the same block at once.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tqdm import tqdm

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.share import Share
from hybrid_pyserini.translation.parts import Block

if TYPE_CHECKING:  # the translator imports torch
    from hybrid_pyserini.translation.translator import Translation, Translator

Item = TypeVar("Item")

BLOCK = 256
"""Examples or queries in a part: enough sentences that those of a batch are about equally long, and what an
interruption loses at most."""


@dataclass(frozen=True)
class HowToTranslate:
    """What the commands that translate have in common."""

    model: str
    """A model's name in the workspace, its path, or its name on the hub."""
    beams: int = 5
    dtype: str = "fp32"
    batch_tokens: int | None = None

    def __post_init__(self) -> None:
        if self.batch_tokens is not None and self.batch_tokens < 1:
            raise InputError(f"batches of {self.batch_tokens} tokens", remedy="give --batch-tokens 1 or more; try 512")


def settings_of(translator: "Translator", source: str, target: str) -> dict[str, Any]:
    """What of the model decides a translation from one language into another; raises InputError for a language that
    the model does not have."""
    return {
        "model": translator.fingerprint, "beams": translator.beams, "dtype": translator.dtype,
        "from": translator.code(source), "to": translator.code(target), "block": BLOCK,
    }


def blocks_of(items: Iterator[Item]) -> Iterator[list[Item]]:
    """The items, block by block."""
    while block := list(islice(items, BLOCK)):
        yield block


def translate_missing(
    translator: "Translator", blocks: Callable[[], Iterator[Block]], share: Share, *, stale_too: bool = False,
    batch_tokens: int | None = None,
) -> int:
    """Translate the blocks whose parts are missing, as far as they are this process' share. Return how many blocks
    there are in all.

    ``blocks`` gives all of them; it is called twice, and read to the end before any is translated: a broken line in the
    source shows before hours of work. ``stale_too``: replace the parts that were made from something else, which raise
    InputError otherwise. Parts that were made from the same are kept: they could not become others.
    """
    mine: set[int] = set()
    texts, place = 0, -1
    for place, block in enumerate(blocks()):
        finished = block.parts.is_finished(block.number, stale_is_missing=stale_too)
        if place % share.of == share.number and not finished:
            mine.add(place)
            texts += len(block.texts)
    quiet = not texts or int(os.environ.get("RANK", 0)) > 0
    with tqdm(total=texts, unit=" texts", disable=quiet) as progress:
        for number, block in enumerate(blocks() if mine else ()):
            if number in mine:
                progress.set_description(f"{block.parts.source} to {block.parts.target}")
                _translate(translator, block, batch_tokens, progress)
    return place + 1


def _translate(translator: "Translator", block: Block, batch_tokens: int | None, progress: tqdm) -> None:
    parts = block.parts
    found: dict[int, Translation] = {}
    for number, translation in translator.translate(
        block.texts, parts.source, parts.target, batch_tokens=batch_tokens
    ):
        found[number] = translation
        progress.update()
    parts.write(block.number, [found[number] for number in range(len(block.texts))])


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else does what the block does in this folder at the same time; another process waits."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
