"""A recipe on a terminal: each step's command with its state, and for each model what of it is done."""

from collections.abc import Iterable, Mapping, Sequence

from hybrid_pyserini.recipes.journal import Standing, State
from hybrid_pyserini.recipes.recipe import Recipe
from hybrid_pyserini.workspace import Workspace

_COLUMNS = ("trained", "indexed", "searched", "evaluated")
_COLUMN_OF = {
    "train": "trained", "mnrl": "trained", "index": "indexed", "search": "searched", "bm25": "searched",
    "evaluate": "evaluated",
}


def step_lines(standings: Sequence[Standing], workspace: Workspace) -> str:
    """One line a step, as it could be typed, and below it why it is not finished."""
    width, lines = len(str(len(standings))), []
    for number, standing in enumerate(standings, start=1):
        lines.append(f"{number:{width}}  {standing.state:8}  {standing.step.typed(workspace)}")
        if standing.why:
            lines.append(f"{'':{width + 12}}{standing.why}")
    return "\n".join(lines)


def cell_table(recipe: Recipe, standings: Iterable[Standing]) -> str:
    """A row for each model and data set; ``-`` where there is nothing to do."""
    states: dict[tuple[str, str, str], State] = {}
    for standing in standings:
        if column := _COLUMN_OF.get(standing.step.command):
            states[standing.step.model, standing.step.dataset, column] = standing.state
    models = [model for models in recipe.systems.values() for model in models]
    rows = [["model", "data set", *_COLUMNS]]
    for search in recipe.search:
        for model in models:
            rows.append([model, search.dataset, *(_cell(states, model, search.dataset, column) for column in _COLUMNS)])
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return "\n".join("  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
                     for row in rows)


def _cell(states: Mapping[tuple[str, str, str], State], model: str, dataset: str, column: str) -> str:
    state = states.get((model, "" if column == "trained" else dataset, column))
    return "-" if state is None else str(state)


def summary_line(standings: Sequence[Standing]) -> str:
    """How many steps stand where."""
    counts = {state: sum(standing.state == state for standing in standings) for state in State}
    return f"{len(standings)} steps: " + ", ".join(f"{count} {state}" for state, count in counts.items() if count)
