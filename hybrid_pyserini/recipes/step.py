"""A step of a recipe: one command of ours, what it needs, and how to know that it was done."""

import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.workspace import Workspace

WORKSPACE = "{workspace}/"
"""Stands at the beginning of words for the workspace's folder, so that a step is the same wherever that lies."""


@dataclass(frozen=True)
class Step:
    """One command."""

    name: str
    """Such as ``train hybrid-42``."""
    words: tuple[str, ...]
    """What one would type, without the program and ``--workspace``."""
    line: int
    """Of the recipe."""
    made: str
    """Pattern, below the workspace, of the small files that say what was made; there once the step is done."""
    needs: tuple[str, ...] = ()
    """Steps that come before."""
    inputs: tuple[Path, ...] = ()
    """Files that no step of the recipe makes."""
    places: frozenset[str] = frozenset()
    """Arguments that say where inputs lie: what counts is what is in them."""
    lacks: str = ""
    """What is not there and no step makes, with what to do; empty where nothing is lacking."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Argument, as it is typed -> its line in the recipe."""
    processes: int = 1
    dataset: str = ""
    model: str = ""

    @property
    def command(self) -> str:
        return self.words[0]

    def words_in(self, workspace: Workspace) -> list[str]:
        """The words, with the workspace."""
        root = workspace.root
        words = [
            str(root / word.removeprefix(WORKSPACE)) if word.startswith(WORKSPACE) else word for word in self.words
        ]
        return words if root == Path() else [*words, "--workspace", str(root)]

    def typed(self, workspace: Workspace) -> str:
        """The step as one could type it."""
        torchrun = f"torchrun --standalone --nproc-per-node {self.processes} -m hybrid_pyserini"
        program = "hybrid-pyserini" if self.processes == 1 else torchrun
        return f"{program} {shlex.join(self.words_in(workspace))}"

    def line_of(self, message: str) -> int:
        """The line of the argument that a message names; of the step, where it names none."""
        for argument, line in self.lines.items():
            if re.search(rf"{re.escape(argument)}(?![\w-])", message):
                return line
        return self.line


@contextmanager
def at_line(path: Path, line: int) -> Iterator[None]:
    """Say where in the recipe what is wrong stands."""
    try:
        yield
    except InputError as error:
        place = [str(part) for part in (error.path, error.line) if part is not None]
        there = f"{':'.join(place)}: " if place else ""
        raise InputError(f"{there}{error.problem}", remedy=error.remedy, path=path, line=line) from None
