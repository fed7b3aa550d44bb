"""Arguments of a command in a recipe: with their lines, and as they are typed."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Option:
    """An argument of a command: ``--name value ...``."""

    values: tuple[str, ...]
    line: int


Options = Mapping[str, Option]
"""Name without hyphens in front -> its values."""


def words_of(options: Options) -> tuple[str, ...]:
    """Arguments as they are typed; what is true is given without a value, what is false is left out."""
    flags: dict[tuple[str, ...], tuple[str, ...] | None] = {("true",): (), ("false",): None}
    values = {name: flags.get(option.values, option.values) for name, option in options.items()}
    return tuple(word for name, each in values.items() if each is not None for word in (f"--{name}", *each))


def trainers_words_of(options: Options) -> tuple[str, ...]:
    """The same for TrainingArguments, all of which take true and false as values."""
    return tuple(word for name, option in options.items() for word in (f"--{name}", *option.values))


def lines_of(options: Options) -> dict[str, int]:
    return {f"--{name}": option.line for name, option in options.items()}
