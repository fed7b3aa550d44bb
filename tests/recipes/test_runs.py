"""What is committed under ``runs/``: tables have the expected figures, and so have README and the docs."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hybrid_pyserini.recipes.reading import read_recipe
from hybrid_pyserini.recipes.shipped import find_recipe, shipped_recipes

ROOT = Path(__file__).parents[2]
RUNS = ROOT / "runs"
TABLES = sorted(RUNS.glob("*/compare.*.md"))
COLUMNS = ["mono", "cross", "multi"]
ALPHAS = {"alpha 0: x-y": "alpha-000", ".25": "alpha-025", ".5": "alpha-050", ".75": "alpha-075",
          "1: x-x-mono": "alpha-100"}
STRATEGIES = {"x-x-mono": "alpha-100", "x-y": "alpha-000", "hybrid": "alpha-050"}

Rows = dict[str, list[list[float]]]
"""Name of the row -> its cells' numbers: the figure, half of its interval and so on, as far as they are there."""


def expected(recipe: str, dataset: str) -> dict[str, Any]:
    """System -> its figures, means over seeds."""
    record = json.loads((RUNS / recipe / "expected.json").read_text(encoding="utf-8"))
    return {
        system: {name: figure["mean"] for name, figure in figures.items()}
        for system, figures in record["systems"][dataset].items()
    }


def numbers(cell: str) -> list[float]:
    """Without what the mark-up adds; ``1,926.7`` and ``.5`` are numbers too."""
    return [float(found) for found in re.findall(r"[-+]?\d*\.\d+", cell.replace(",", ""))]


def table(text: str, corner: str, first: str = "") -> tuple[list[str], Rows]:
    """Columns and rows of the first table with ``corner`` in its corner, and ``first`` where its first row begins.

    An empty first cell stands for the one above; where the second is text, the name is both: ``mono bm25``.
    """
    start = re.search(rf"^\| {re.escape(corner)} +\|.*\n.*\n\| {re.escape(first)}", text, re.MULTILINE)
    assert start, corner
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text[start.start():].split("\n\n")[0].splitlines()
    ]
    above, rows = "", {}
    for name, *cells in lines[2:]:
        above = name or above
        if numbers(cells[0]):
            rows[above] = [numbers(cell) for cell in cells]
        else:
            rows[f"{above} {cells[0]}"] = [numbers(cell) for cell in cells[1:]]
    return lines[0][1:], rows


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def section(heading: str, page: Path = ROOT / "docs" / "results.md") -> str:
    return read(page).split(f"## {heading}")[1].split("\n## ")[0]


def first_numbers(rows: Rows, count: int = 1) -> dict[str, list[list[float]]]:
    return {name: [cell[:count] for cell in cells] for name, cells in rows.items()}


def test_every_recipe_that_compares_and_was_run_has_its_tables() -> None:
    run = set()
    for name in shipped_recipes():
        recipe = read_recipe(find_recipe(name))
        if recipe.compare and (RUNS / name).is_dir() and name not in ("demo", "paper-labse", "paper-xlm-r"):
            run |= {(name, search.dataset) for search in recipe.search}
    assert {(path.parent.name, path.name.split(".")[1]) for path in TABLES} == run and len(run) == 5


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.parent.name)
def test_a_comparison_is_of_the_expected_figures(path: Path) -> None:
    means = expected(path.parent.name, path.name.split(".")[1])
    columns, found = table(read(path), "AP")
    assert columns == [*COLUMNS, "rank distance"] and found.keys() == means.keys()
    for system, (*figures, distance) in found.items():
        assert [figure[0] for figure in figures] == [round(means[system][f"{column} AP"], 3) for column in COLUMNS]
        assert distance[0] == pytest.approx(means[system]["rank distance"], abs=0.051)


@pytest.mark.parametrize(("file", "recipe", "systems"), [
    ("demo-alpha-sweep/strategies.demo.md", "demo-alpha-sweep", {"bm25": "bm25", **STRATEGIES}),
    ("xquad-r-heldout/fused.xquad-r-heldout.md", "xquad-r-heldout", {"bm25": "bm25", "hybrid": "hybrid"}),
])
def test_further_comparisons_are_of_the_same_runs(file: str, recipe: str, systems: dict[str, str]) -> None:
    means = expected(recipe, Path(file).name.split(".")[1])
    _, found = table(read(RUNS / file), "AP")
    for name, system in systems.items():
        assert [cell[0] for cell in found[name][:3]] == [round(means[system][f"{column} AP"], 3) for column in COLUMNS]


@pytest.mark.parametrize("setting", COLUMNS)
def test_the_shift_is_of_the_expected_figures(setting: str) -> None:
    datasets = ["demo-seen", "demo-time-zone", "demo-script"]
    means = {dataset: expected("domain-shift", dataset) for dataset in datasets}
    text = read(RUNS / "domain-shift" / "shift.md").split(f"**AP, {setting}: ")[1]
    columns, found = table(text, "AP")
    assert columns == [*datasets, "mean of others", "worst", "drop"]
    assert found.keys() == means["demo-seen"].keys()
    for system, cells in found.items():
        seen, *others = (means[dataset][system][f"{setting} AP"] for dataset in datasets)
        mean = sum(others) / 2
        figures = [seen, *others, mean, min(others), seen - mean]
        assert [cell[0] for cell in cells] == pytest.approx(figures, abs=0.00051)


@pytest.mark.parametrize("measure", ["AP", "R@100"])
def test_readme_has_the_held_out_figures(measure: str) -> None:
    readme = section("The main job, on XQuAD-R", ROOT / "README.md")
    path = RUNS / "xquad-r-heldout" / "compare.xquad-r-heldout.md"
    assert table(readme, measure) == table(read(path), measure)


@pytest.mark.parametrize(("recipe", "heading", "names"), [
    ("demo-alpha-sweep", "Alpha, from 0 to 1", {"bm25": "bm25", **ALPHAS}),
    ("mnrl-shuffled", "Beside sentence-transformers' loss on shuffled pairs", {
        "mnrl-shuffled": "mnrl-shuffled", "hybrid": "hybrid",
    }),
    ("scaling", "Languages, examples, size", {
        f"{languages}, {examples}, {size}": f"{languages}-{examples}-{size}"
        for languages in ("four", "eleven") for examples in ("quarter", "all") for size in ("little", "big")
    }),
])
def test_results_has_the_figures_of_a_comparison(recipe: str, heading: str, names: dict[str, str]) -> None:
    columns, found = table(section(heading), "AP")
    compared, rows = table(read(RUNS / recipe / "compare.demo.md"), "AP")
    assert columns == compared
    assert {names[name]: cells for name, cells in first_numbers(found, 2).items()} == rows


def test_results_has_the_figures_of_languages_with_little_training_data() -> None:
    columns, found = table(section("Languages with little training data, and with none"), "AP")
    text = read(RUNS / "low-resource" / "compare.demo.md")
    groups = {}
    for setting in COLUMNS:
        systems, rows = table(text, f"AP, {setting}", "full (")
        assert columns == ["", *systems]
        groups |= {f"{setting} {name}": cells for name, cells in rows.items()}
    assert found == groups


def test_results_has_the_figures_of_relations_never_trained_on() -> None:
    columns, found = table(section("Relations that were never trained on"), "AP")
    text, rows = read(RUNS / "domain-shift" / "shift.md"), {}
    for setting in COLUMNS:
        named, of_setting = table(text.split(f"**AP, {setting}: ")[1], "AP")
        rows |= {f"{setting} {system}": [*cells[:4], cells[5]] for system, cells in of_setting.items()}
    assert columns == ["", *named[:4], "drop"] and found == rows


def test_the_docs_have_the_fused_figures() -> None:
    measured = section("Measured", ROOT / "docs" / "fusion.md").replace("| | AP", "| system | AP")
    columns, found = table(measured, "system")
    text = read(RUNS / "xquad-r-heldout" / "fused.xquad-r-heldout.md")
    ap, recall = (first_numbers(table(text, measure)[1]) for measure in ("AP", "R@100"))
    assert columns == ["AP mono", "cross", "multi", "R@100 mono", "cross", "multi"]
    assert found == {system: ap[system][:3] + recall[system][:3] for system in ("bm25", "hybrid", "rrf")}
