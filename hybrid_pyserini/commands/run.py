"""``run``: a whole experiment from one file, going on where it was interrupted."""

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.recipes.shipped import shipped_recipes
from hybrid_pyserini.workspace import Workspace

if TYPE_CHECKING:
    from hybrid_pyserini.recipes.recipe import Recipe
    from hybrid_pyserini.recipes.step import Step


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_recipe_arguments(parser)
    parser.add_argument("--dry-run", action="store_true", help="show every step, as it could be typed, with its state "
                        "(finished, stale, missing, blocked) and what is lacking; start nothing")
    parser.add_argument("--keep-going", action="store_true", help="after a failed step, run what does not need it")
    parser.epilog = (
        f"shipped recipes: {', '.join(shipped_recipes())}\n"
        "docs/recipes.md says what stands in one. Shipped ones work in work/RECIPE unless --workspace says otherwise.\n"
        "\nexamples: hybrid-pyserini run demo\n"
        "          hybrid-pyserini run xquad-r-heldout --set XQUAD_R=path/to/xquad-r --dry-run\n"
        "          hybrid-pyserini run my-recipe.yaml"
    )


def add_recipe_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that name a recipe; the default of the workspace depends on it."""
    parser.set_defaults(workspace=None)
    parser.add_argument("recipe", metavar="RECIPE", help="a shipped recipe's name, or a YAML file")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="variables",
                        help="the value of one of the recipe's variables; may be given several times")


def run(arguments: argparse.Namespace) -> int:
    """Check the recipe, run what is not finished, and show the state of every cell."""
    from hybrid_pyserini.recipes.journal import Journal
    from hybrid_pyserini.recipes.overview import cell_table, step_lines, summary_line
    from hybrid_pyserini.recipes.running import run_steps

    workspace = workspace_of(arguments)
    recipe, steps = open_recipe(arguments, workspace)
    journal = Journal.open(workspace, recipe.name)
    if arguments.dry_run:
        standings = journal.standings(steps)
        print(f"{recipe.name}: {recipe.about}\n\n{step_lines(standings, workspace)}\n")
        print(f"{cell_table(recipe, standings)}\n\n{summary_line(standings)}")
        return 0
    outcome = run_steps(recipe, steps, workspace, keep_going=arguments.keep_going)
    standings = Journal.open(workspace, recipe.name).standings(steps)
    print(f"\n{cell_table(recipe, standings)}\n\n{summary_line(standings)}")
    sys.stdout.flush()
    if outcome.failed:
        name, problem = next(iter(outcome.failed.items()))
        more = f" ({len(outcome.failed) - 1} more failed)" if len(outcome.failed) > 1 else ""
        raise InputError(
            f"recipe {recipe.name!r}: step {name!r} failed{more} with {problem}", remedy="mend that and run it again"
        )
    return 0


def workspace_of(arguments: argparse.Namespace) -> Workspace:
    """The folder to work in: the one that was given; else the current one, of a shipped recipe one of its own."""
    own = Path("work") / arguments.recipe if arguments.recipe in shipped_recipes() else Path()
    return Workspace(arguments.workspace or own)


def open_recipe(arguments: argparse.Namespace, workspace: Workspace) -> tuple["Recipe", list["Step"]]:
    """The recipe and its steps; raises InputError, with the recipe's line, for whatever can be seen to be wrong with
    it before anything is started."""
    from hybrid_pyserini.recipes.reading import read_recipe
    from hybrid_pyserini.recipes.resolving import resolve
    from hybrid_pyserini.recipes.shipped import find_recipe
    from hybrid_pyserini.recipes.step import at_line

    recipe = read_recipe(find_recipe(arguments.recipe), _variables(arguments.variables))
    steps = resolve(recipe, workspace)
    for step in steps:
        try:
            _check_words(step, workspace)
        except InputError as error:
            with at_line(recipe.path, step.line_of(str(error))):
                raise
    return recipe, steps


def _variables(words: Sequence[str]) -> dict[str, str]:
    variables = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise InputError(f"--set {word}", remedy="give --set NAME=VALUE")
        variables[name] = value
    return variables


def _check_words(step: "Step", workspace: Workspace) -> None:
    """Have a step's command read its words, and check them as far as it can before it starts."""
    from hybrid_pyserini.recipes.document import VARIABLE

    if any(VARIABLE.search(word) for word in step.words):
        return
    name = f"hybrid_pyserini.commands.{step.command}"
    if importlib.util.find_spec(name) is None:
        raise InputError(f"this version has no command {step.command!r}", remedy="leave it out")
    module = importlib.import_module(name)
    parser = _Parser(prog=f"hybrid-pyserini {step.command}", add_help=False, allow_abbrev=False)
    parser.add_argument("--workspace", type=Path, default=workspace.root)
    module.configure(parser)
    arguments, rest = parser.parse_known_args(step.words[1:])
    if rest and not getattr(module, "PASSES_ON", False):
        parser.error(f"unknown: {' '.join(rest)}")
    arguments.rest = rest
    if check := getattr(module, "check", None):
        check(arguments)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with an InputError."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"'{self.prog}': {message}", remedy=f"see '{self.prog} --help'")
