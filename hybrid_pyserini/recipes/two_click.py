"""Expected figures in the YAML form of Pyserini's two-click reproductions (2CR), as ``pyserini/2cr/beir.yaml`` has it.

A condition is a model, with the command that makes its runs; its data sets are those of the recipe by setting
(``demo.cross``), and by query language where figures are (``demo.cross.de``).

Pyserini's runners read such a file, list its conditions and show their commands. They cannot score it: they score the
one run that a command writes to ``$output``, with trec_eval, by qrels that they know; a figure here is a mean over all
runs of a setting, and the rank distance is none of trec_eval's measures. ``reproduce --check`` does that.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from hybrid_pyserini.atomic import replacing_file
from hybrid_pyserini.recipes.expected import DISTANCE, Cell
from hybrid_pyserini.recipes.recipe import Recipe
from hybrid_pyserini.recipes.step import Step
from hybrid_pyserini.workspace import Workspace

_DECIMALS = 4
"""As Pyserini's."""


def write_two_click(path: Path, cells: Iterable[Cell], recipe: Recipe, steps: Sequence[Step]) -> None:
    """Write the cells as conditions, in the order in which they come."""
    conditions: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    for cell in cells:
        *language, setting, measure = cell.figure.split(" ") if not cell.figure.endswith(DISTANCE) else (
            *cell.figure.removesuffix(DISTANCE).split(), "multi", DISTANCE
        )
        name = ".".join([cell.dataset, setting, *language])
        scores = conditions.setdefault((cell.row, cell.dataset), {}).setdefault(name, {})
        scores[measure] = round(cell.expected, _DECIMALS)
    document = {"conditions": [
        {
            "name": row, "command": _command(recipe.systems.get(row, (row,))[0], dataset, steps),
            "datasets": [{"dataset": name, "scores": [scores]} for name, scores in datasets.items()],
        }
        for (row, dataset), datasets in conditions.items()
    ]}
    with replacing_file(path) as aside:
        aside.write_text(_dumped(document), encoding="utf-8")


def _command(model: str, dataset: str, steps: Sequence[Step]) -> str:
    """What makes a model's runs."""
    searching = (step for step in steps if step.command in ("search", "bm25"))
    return next(
        step.typed(Workspace(Path())) for step in searching if (step.model, step.dataset) == (model, dataset)
    )


def _dumped(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=10_000)
