"""What is committed under ``runs/``: tables have the expected figures, and so have README and docs/results.md."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TABLES = sorted((ROOT / "runs").glob("*/compare.*.md"))
COLUMNS = ("mono", "cross", "multi")


def expected(table: Path) -> dict[str, Any]:
    """System -> its figures, means over seeds, in the order of the table."""
    record = json.loads((table.parent / "expected.json").read_text(encoding="utf-8"))
    return {
        system: {name: figure["mean"] for name, figure in figures.items()}
        for system, figures in record["systems"][table.name.split(".")[1]].items()
    }


def rows(text: str, corner: str, names: str = "") -> dict[str, list[float]]:
    """Row -> the means of the first table that has ``corner`` in its corner and ``names`` before its first row."""
    pattern = rf"^\| {re.escape(corner)} +\|.*\n.*\n\| {re.escape(names)}"
    lines = text[re.search(pattern, text, re.MULTILINE).start():].split("\n\n")[0].splitlines()
    found = {}
    for line in lines[2:]:
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        found[name] = [float(re.search(r"[\d.]+", cell.replace(",", "")).group()) for cell in cells]
    return found


def grouped_rows(section: str) -> dict[tuple[str, str], list[float]]:
    """(First cell, the one above where it is empty; second cell) -> the numbers of the first table of a section."""
    above, found = "", {}
    for line in section[section.index("\n| AP |"):].strip().split("\n\n")[0].splitlines()[2:]:
        first, second, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        above = first or above
        found[above, second] = [float(re.match(r"[-+]?[\d.]+", cell).group()) for cell in cells]
    return found


def test_there_are_tables_of_all_recipes_that_compare() -> None:
    assert [table.parent.name for table in TABLES] == [
        "demo-alpha-sweep", "low-resource", "mnrl-shuffled", "scaling", "xquad-r-heldout",
    ]


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.parent.name)
def test_a_comparison_is_of_the_expected_figures(table: Path) -> None:
    means = expected(table)
    found = rows(table.read_text(encoding="utf-8"), "AP")
    assert found.keys() == means.keys()
    for system, figures in found.items():
        assert figures[:3] == [round(means[system][f"{column} AP"], 3) for column in COLUMNS]
        assert figures[3] == pytest.approx(means[system]["rank distance"], abs=0.051)


@pytest.mark.parametrize("measure", ["AP", "R@100"])
def test_readme_has_the_held_out_figures(measure: str) -> None:
    (table,) = (table for table in TABLES if table.parent.name == "xquad-r-heldout")
    means = expected(table)
    readme = (ROOT / "README.md").read_text(encoding="utf-8").split("## The main job, on XQuAD-R")[1]
    found = rows(readme, measure)
    assert list(found) == ["bm25", "x-x-mono", "x-y", "hybrid"]
    for system, figures in found.items():
        assert figures[:3] == [round(means[system][f"{column} {measure}"], 3) for column in COLUMNS]


@pytest.mark.parametrize(("recipe", "heading", "systems"), [
    ("demo-alpha-sweep", "## Alpha, from 0 to 1", 6), ("mnrl-shuffled", "## Beside sentence-transformers", 2),
    ("scaling", "## Languages, examples, size", 8),
])
def test_results_has_the_figures_of_a_comparison(recipe: str, heading: str, systems: int) -> None:
    (table,) = (table for table in TABLES if table.parent.name == recipe)
    means = expected(table)
    results = (ROOT / "docs" / "results.md").read_text(encoding="utf-8").split(heading)[1]
    found = list(rows(results, "AP").values())
    assert len(found) == len(means) == systems
    for figures, system in zip(found, means.values(), strict=True):
        assert figures[:3] == [round(system[f"{column} AP"], 3) for column in COLUMNS]
        assert figures[3] == pytest.approx(system["rank distance"], abs=0.051)


def test_results_has_the_figures_of_languages_with_little_training_data() -> None:
    (table,) = (table for table in TABLES if table.parent.name == "low-resource")
    section = (ROOT / "docs" / "results.md").read_text(encoding="utf-8").split("## Languages with little")[1]
    found = grouped_rows(section)
    groups = len(found) // len(COLUMNS)
    for place, setting in enumerate(COLUMNS):
        of_groups = rows(table.read_text(encoding="utf-8"), f"AP, {setting}", names="full (")
        assert list(found.values())[place * groups : (place + 1) * groups] == list(of_groups.values())


def test_results_has_the_figures_of_relations_never_trained_on() -> None:
    record = json.loads((ROOT / "runs" / "domain-shift" / "expected.json").read_text(encoding="utf-8"))["systems"]
    section = (ROOT / "docs" / "results.md").read_text(encoding="utf-8").split("## Relations that were never")[1]
    for (setting, system), figures in grouped_rows(section).items():
        seen, *others = (record[dataset][system][f"{setting} AP"]["mean"] for dataset in record)
        mean = sum(others) / len(others)
        assert figures == pytest.approx([seen, *others, mean, seen - mean], abs=0.00051)


def test_the_docs_have_the_fused_figures() -> None:
    table = (ROOT / "runs" / "xquad-r-heldout" / "fused.xquad-r-heldout.md").read_text(encoding="utf-8")
    section = (ROOT / "docs" / "fusion.md").read_text(encoding="utf-8").split("## Measured")[1]
    found = rows(section.replace("| | AP mono |", "| fused | AP mono |"), "fused")
    ap, recall = rows(table, "AP"), rows(table, "R@100")
    assert found == {system: ap[system][:3] + recall[system][:3] for system in ("bm25", "hybrid", "rrf")}
