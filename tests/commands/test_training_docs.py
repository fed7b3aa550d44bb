"""docs/training.md names what the commands take, with the defaults that they have."""

import argparse
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hybrid_pyserini.commands import examples, init, mine, train
from hybrid_pyserini.training.settings import PAPER_DEFAULTS, REPLACED

PAGE = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")


def table(heading: str) -> dict[str, str]:
    """First cell -> second cell, of the table under a heading; the marks of code are left out."""
    section = PAGE.split(f"\n### {heading}\n", 1)[1].split("\n##", 1)[0]
    rows = [line.split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {_plain(row[0].removeprefix("| ")).split()[0]: _plain(row[1]) for row in rows[1:]}


def _plain(cell: str) -> str:
    return re.sub(r"`|\s*\|$", "", cell).strip()


def arguments(command: ModuleType) -> dict[str, Any]:
    """Argument, as it is typed -> default."""
    parser = argparse.ArgumentParser(add_help=False)
    command.configure(parser)
    return {(action.option_strings or [str(action.metavar)])[0]: action.default for action in parser._actions}


@pytest.mark.parametrize("command", [train, examples, mine, init], ids=lambda command: command.__name__)
def test_every_argument_is_there_with_its_default(command: ModuleType) -> None:
    documented = table(f"`{command.__name__.rpartition('.')[2]}`")
    taken = arguments(command)
    assert list(documented) == list(taken)
    numbers_and_words = {name: str(value) for name, value in taken.items() if isinstance(value, int | float | str)
                         and not isinstance(value, bool)}
    assert {name: documented[name] for name in numbers_and_words} == numbers_and_words


def test_every_trainer_argument_with_another_default_is_there() -> None:
    documented = table("TrainingArguments with other defaults")
    fixed = {f"--{name}": str(value) for name, value in PAPER_DEFAULTS.items()}
    assert {name: documented[name] for name in fixed} == fixed


def test_every_refused_trainer_argument_is_there() -> None:
    assert set(table("TrainingArguments that are refused")) >= {f"--{name}" for name in REPLACED}
