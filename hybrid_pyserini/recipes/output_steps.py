"""The last steps of a recipe: tables of all systems, a report, and how systems change from data set to data set."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hybrid_pyserini.comparison.systems import System
from hybrid_pyserini.recipes.options import lines_of, words_of
from hybrid_pyserini.recipes.recipe import Output, Recipe
from hybrid_pyserini.recipes.step import WORKSPACE, Step

_FORMS = (("markdown", "md"), ("json", "json"))
"""For people, and for programs."""


class Evaluated(NamedTuple):
    """What a data set's outputs are made of."""

    dataset: str
    steps: tuple[str, ...]
    """Those that evaluate the systems on it."""


def output_steps(recipe: Recipe, evaluated: Sequence[Evaluated]) -> Iterator[Step]:
    """What the recipe asks for, in ``reports/<recipe>/``."""
    systems = [System(name, models).typed for name, models in recipe.systems.items()]
    for each in evaluated:
        if recipe.compare:
            yield from _compare(recipe, recipe.compare, systems, each)
        if recipe.report:
            yield _report(recipe, recipe.report, systems, each)
    if recipe.shift:
        yield from _shift(recipe, recipe.shift, systems, evaluated)


def _compare(recipe: Recipe, output: Output, systems: Sequence[str], evaluated: Evaluated) -> Iterator[Step]:
    dataset = evaluated.dataset
    for form, ending in _FORMS:
        file = f"reports/{recipe.name}/compare.{dataset}.{ending}"
        words = ("compare", dataset, *systems, *words_of(output.options), "--format", form)
        yield Step(
            f"compare {dataset} ({form})", (*words, "--output", f"{WORKSPACE}{file}"), output.line, file,
            needs=evaluated.steps, lines=lines_of(output.options), dataset=dataset,
        )


def _report(recipe: Recipe, output: Output, systems: Sequence[str], evaluated: Evaluated) -> Step:
    dataset, folder = evaluated.dataset, f"reports/{recipe.name}/{evaluated.dataset}"
    swept = [
        f"{system.alpha:g}={system.name}" for system in (recipe.train.systems if recipe.train else ())
        if system.alpha is not None and system.options is None
    ]
    words = ("report", dataset, *systems, *(["--alpha", *swept] if len(swept) > 1 else []), *words_of(output.options))
    return Step(
        f"report {dataset}", (*words, "--output", f"{WORKSPACE}{folder}"), output.line, f"{folder}/index.html",
        needs=evaluated.steps, lines=lines_of(output.options), dataset=dataset,
    )


def _shift(recipe: Recipe, output: Output, systems: Sequence[str], evaluated: Sequence[Evaluated]) -> Iterator[Step]:
    """The first data set against the others."""
    datasets, steps = [each.dataset for each in evaluated], tuple(name for each in evaluated for name in each.steps)
    for form, ending in _FORMS:
        file = f"reports/{recipe.name}/shift.{ending}"
        words = ("shift", *datasets, "--systems", *systems, *words_of(output.options), "--format", form)
        yield Step(
            f"shift ({form})", (*words, "--output", f"{WORKSPACE}{file}"), output.line, file, needs=steps,
            lines=lines_of(output.options),
        )
