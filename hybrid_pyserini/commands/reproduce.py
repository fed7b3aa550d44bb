"""``reproduce``: a recipe again, and its figures held against those that are expected."""

import argparse
import shlex
from pathlib import Path

from hybrid_pyserini.commands.run import add_recipe_arguments, open_recipe, workspace_of
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.recipes.shipped import shipped_recipes


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_recipe_arguments(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true", help="run what is not finished, and hold every expected figure "
                      "against the one that came out; the exit status is 1 where one is FAIL")
    what.add_argument("--record", action="store_true", help="write the figures of this workspace's evaluations as the "
                      "expected ones; run the recipe first")
    what.add_argument("--2cr", type=Path, metavar="FILE", dest="two_click", help="write the expected figures in the "
                      "YAML form of Pyserini's two-click reproductions")
    parser.add_argument("--evaluate-only", action="store_true", help="with --check: run nothing but 'evaluate', on the "
                        "runs that are there, whether they were evaluated before or not")
    parser.add_argument("--expected", type=Path, metavar="FILE", help="the expected figures (default: of a shipped "
                        "recipe runs/RECIPE/expected.json in the project, of another RECIPE.expected.json beside it)")
    parser.epilog = (
        f"shipped recipes: {', '.join(shipped_recipes())}\n"
        "OK: within rounding (1e-4). OKish: within the tolerance that the recipe states. FAIL: neither, or no figure,\n"
        "because a step failed. A shipped recipe works in work/RECIPE unless --workspace says otherwise.\n\n"
        "example: hybrid-pyserini reproduce demo --check"
    )


def run(arguments: argparse.Namespace) -> int:
    """Check, record, or write the expected figures in another form; 1 where a check finds a FAIL."""
    from hybrid_pyserini.recipes.expected import FAIL, hold, read_expected, record_expected, verdict_table
    from hybrid_pyserini.recipes.journal import Journal
    from hybrid_pyserini.recipes.running import check_evaluated, run_steps
    from hybrid_pyserini.recipes.shipped import expected_file
    from hybrid_pyserini.recipes.two_click import write_two_click

    if arguments.evaluate_only and not arguments.check:
        raise InputError("--evaluate-only without --check", remedy="add --check")
    workspace = workspace_of(arguments)
    recipe, steps = open_recipe(arguments, workspace)
    expected = arguments.expected or expected_file(recipe.path)
    if arguments.record:
        check_evaluated(recipe, Journal.open(workspace, recipe.name).standings(steps))
        given = [word for variable in arguments.variables for word in ("--set", _without_place(variable))]
        command = ["hybrid-pyserini", "reproduce", arguments.recipe, *given, "--record"]
        record_expected(expected, recipe, workspace, shlex.join(command))
        print(f"wrote {expected}")
        return 0
    cells = read_expected(expected, recipe)
    if arguments.two_click:
        write_two_click(arguments.two_click, cells, recipe, steps)
        print(f"wrote {arguments.two_click}")
        return 0
    outcome = run_steps(recipe, steps, workspace, keep_going=True, evaluate_only=arguments.evaluate_only)
    verdicts = hold(cells, recipe, workspace, steps, outcome)
    print(f"\n{verdict_table(verdicts)}")
    return int(any(verdict.word == FAIL for verdict in verdicts))


def _without_place(variable: str) -> str:
    """``NAME=VALUE``; a value that is a path on this machine, where others have theirs elsewhere, becomes dots."""
    name, _, value = variable.partition("=")
    return f"{name}=..." if Path(value).exists() else variable
