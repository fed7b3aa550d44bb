"""A recipe's expected figures: written from a workspace, and held against what a workspace has.

``cells`` of the file: data set -> model, or system for the mean over its models -> figure -> value. A figure is called
``<setting> <measure>`` (``cross AP``), with a query language in front ``de cross AP``, or ``rank distance``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json, write_json
from hybrid_pyserini.provenance import made_by
from hybrid_pyserini.recipes.recipe import Recipe
from hybrid_pyserini.recipes.running import Outcome
from hybrid_pyserini.recipes.step import Step
from hybrid_pyserini.workspace import BM25, Workspace

ROUNDING = 1e-4
"""Of measures; of the rank distance as a share."""
DISTANCE = "rank distance"

OK, OKISH, FAIL = "OK", "OKish", "FAIL"
"""Within rounding; within the recipe's tolerance; neither, or no figure at all."""


@dataclass(frozen=True)
class Cell:
    """An expected figure."""

    dataset: str
    row: str
    """A model or a system."""
    figure: str
    expected: float


@dataclass(frozen=True)
class Verdict:
    """What became of a cell."""

    cell: Cell
    word: str
    """``OK``, ``OKish`` or ``FAIL``."""
    found: float | None
    why: str = ""
    """Where there is no figure: why not."""


def figures(evaluation: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    """An evaluation's figures by name."""
    for setting, measures in evaluation["settings"].items():
        for measure, value in measures.items():
            yield f"{setting} {measure}", value
    for language, settings in evaluation["by_query_language"].items():
        for setting, measures in settings.items():
            for measure, value in measures.items():
                yield f"{language} {setting} {measure}", value
    distance = evaluation["language_bias"]["rank_distance"]
    yield DISTANCE, distance["mean"]
    for language, value in (distance["by_query_language"] or {}).items():
        yield f"{language} {DISTANCE}", value


def read_expected(path: Path, recipe: Recipe) -> list[Cell]:
    """The cells of a file; raises InputError for a file that is none, or of systems that the recipe does not have."""
    if not path.is_file():
        raise InputError(
            f"no expected figures of {recipe.name!r}", path=path,
            remedy="they stand in a clone of the project; give --expected FILE, or write them with --record",
        )
    known = {*recipe.systems, *(model for models in recipe.systems.values() for model in models)}
    datasets = {search.dataset for search in recipe.search}
    cells = []
    for dataset, rows in _mapping(read_json(path).get("cells"), "cells", path).items():
        for row, values in _mapping(rows, dataset, path).items():
            if dataset not in datasets or row not in known:
                raise InputError(
                    f"figures of {row!r} on {dataset!r}, which the recipe does not have", path=path,
                    remedy=f"it has {', '.join(sorted(known))} on {', '.join(sorted(datasets))}",
                )
            for figure, value in _mapping(values, row, path).items():
                if not isinstance(value, int | float) or not isfinite(value):
                    raise InputError(f"{dataset} {row} {figure}: {value!r} is no number", remedy="mend it", path=path)
                cells.append(Cell(dataset, row, figure, value))
    if not cells:
        raise InputError("no expected figure", remedy="write some under 'cells'", path=path)
    return cells


def _mapping(value: Any, name: str, path: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{name!r} is no object", remedy="see docs/recipes.md", path=path)
    return value


def hold(
    cells: Iterable[Cell], recipe: Recipe, workspace: Workspace, steps: Sequence[Step], outcome: Outcome
) -> list[Verdict]:
    """Hold the workspace's evaluations against the cells. What comes from a step that failed is no figure."""
    broken = _broken(steps, outcome)
    evaluations: dict[tuple[str, str], dict[str, float | None]] = {}
    verdicts = []
    for cell in cells:
        found: list[float] = []
        why = ""
        for model in recipe.systems.get(cell.row, (cell.row,)):
            key = cell.dataset, model
            if key in broken:
                why = why or broken[key]
                continue
            if key not in evaluations:
                evaluations[key] = dict(figures(read_json(workspace.evaluation(*key))))
            value = evaluations[key].get(cell.figure)
            if value is None:
                why = why or f"{model!r} has no {cell.figure!r}"
            else:
                found.append(value)
        verdicts.append(
            Verdict(cell, FAIL, None, why) if why else _verdict(cell, fmean(found), recipe)
        )
    return verdicts


def _broken(steps: Sequence[Step], outcome: Outcome) -> dict[tuple[str, str], str]:
    """(Data set, model) -> why it has no figures: its evaluation, or what that needs, failed."""
    broken = {}
    for step in steps:
        if step.command == "evaluate":
            if step.name in outcome.failed:
                broken[step.dataset, step.model] = f"step {step.name!r} failed: {outcome.failed[step.name]}"
            elif step.name in outcome.left:
                name = outcome.left[step.name]
                broken[step.dataset, step.model] = f"step {name!r} failed: {outcome.failed[name]}"
    return broken


def _verdict(cell: Cell, found: float, recipe: Recipe) -> Verdict:
    """BM25 has nothing that is drawn or that processors round otherwise, so it has no tolerance."""
    scale = max(1.0, abs(cell.expected)) if cell.figure.endswith(DISTANCE) else 1.0
    tolerance = recipe.tolerance["rank distance" if cell.figure.endswith(DISTANCE) else "measures"]
    off = abs(found - cell.expected) / scale
    if off <= ROUNDING:
        return Verdict(cell, OK, found)
    return Verdict(cell, OKISH if off <= tolerance and cell.row != BM25 else FAIL, found)


def verdict_table(verdicts: Sequence[Verdict]) -> str:
    """A line a cell, and how many there are of each word."""
    rows = [("data set", "system", "figure", "expected", "found", "")]
    for verdict in verdicts:
        cell, found = verdict.cell, "-" if verdict.found is None else f"{verdict.found:.6g}"
        rows.append((cell.dataset, cell.row, cell.figure, f"{cell.expected:.6g}", found,
                     f"{verdict.word}{f' ({verdict.why})' if verdict.why else ''}"))
    widths = [max(len(row[place]) for row in rows) for place in range(5)]
    lines = ["  ".join([*(f"{cell:{width}}" for cell, width in zip(row, widths, strict=False)), row[5]]).rstrip()
             for row in rows]
    words = [verdict.word for verdict in verdicts]
    return "\n".join([*lines, "", ", ".join(f"{words.count(word)} {word}" for word in (OK, OKISH, FAIL))])


def record_expected(path: Path, recipe: Recipe, workspace: Workspace, command: str) -> None:
    """Write the figures that the workspace's evaluations have, with mean and deviation over the seeds of a system."""
    cells: dict[str, dict[str, dict[str, float]]] = {}
    systems: dict[str, dict[str, dict[str, Any]]] = {}
    for search in recipe.search:
        cells[search.dataset], systems[search.dataset] = {}, {}
        for system, models in recipe.systems.items():
            of_models = [_rounded(workspace, search.dataset, model) for model in models]
            cells[search.dataset] |= dict(zip(models, of_models, strict=True))
            systems[search.dataset][system] = {
                figure: _over_seeds([values[figure] for values in of_models]) for figure in of_models[0]
            }
    write_json(path, {"command": command, "recipe": recipe.name, "cells": cells, "systems": systems,
                      "made_by": made_by()})


def _rounded(workspace: Workspace, dataset: str, model: str) -> dict[str, float]:
    """The figures of all queries together."""
    evaluation = read_json(workspace.evaluation(dataset, model))
    overall = {name: value for name, value in figures({**evaluation, "by_query_language": {}}) if value is not None}
    return {name: round(value, 6) for name, value in overall.items() if name == DISTANCE or DISTANCE not in name}


def _over_seeds(values: Sequence[float]) -> dict[str, Any]:
    sd = round(stdev(values), 6) if len(values) > 1 else None
    return {"mean": round(fmean(values), 6), "sd": sd, "values": list(values)}
