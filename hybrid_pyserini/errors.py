"""The one error a user's input can cause: where, what was found, and what to do about it, in one line."""

from functools import partial
from os import PathLike
from typing import Any


class InputError(Exception):
    """Something the user gave is wrong. The command line prints it as one line and exits with status 2.

    ``problem`` says what was found and what was expected; ``remedy`` what to do; ``path`` and ``line`` (1-based) where.
    """

    def __init__(
        self, problem: str, *, remedy: str, path: str | PathLike[str] | None = None, line: int | None = None
    ) -> None:
        self.problem, self.remedy, self.path, self.line = problem, remedy, path, line
        where = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        super().__init__(" ".join(f"{where}{problem}; {remedy}".split()))

    def __reduce__(self) -> tuple[Any, ...]:
        """From one process to another."""
        return partial(InputError, self.problem, remedy=self.remedy, path=self.path, line=self.line), ()
