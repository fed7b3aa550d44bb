"""A domain shift as tables: a row a system, a column a data set, then the mean of the others, the worst, the drop."""

import json
from collections.abc import Mapping
from typing import Any

from hybrid_pyserini.report.comparison_tables import figure_text
from hybrid_pyserini.report.table_formats import Cell, Table, best_two, render_tables
from hybrid_pyserini.workspace import is_bm25


def render(record: Mapping[str, Any], form: str, *, terminal: bool = False) -> str:
    """The record as table, markdown, latex or json, ending in a line break."""
    if form == "json":
        return json.dumps(record, ensure_ascii=False, indent=2) + "\n"
    return render_tables(shift_tables(record), shift_notes(record), form, terminal=terminal)


def shift_tables(record: Mapping[str, Any]) -> list[Table]:
    """A table for each setting of the first measure, then of the others."""
    return [
        _table(record, setting, measure)
        for measure in record["measures"] for setting, of in record["settings"].items() if of is not None
    ]


def _table(record: Mapping[str, Any], setting: str, measure: str) -> Table:
    of_systems = record["settings"][setting][measure]
    in_domain, others = record["in_domain"], record["others"]
    columns = {
        name: {system: of["datasets"][name] for system, of in of_systems.items()} for name in (in_domain, *others)
    }
    columns["mean of others"] = {system: of["mean"] for system, of in of_systems.items()}
    ranked = {name: _ranked(figures) for name, figures in columns.items()}
    worst = {system: of["datasets"][of["worst"]] for system, of in of_systems.items()}
    places = _ranked(worst)
    rows = [
        [
            Cell(system["name"]), *(ranked[name][system["name"]] for name in columns),
            Cell(
                f"{figure_text(worst[system['name']], 3, half=False)} ({of_systems[system['name']]['worst']})",
                places[system["name"]].place,
            ),
            Cell(_drop(of_systems[system["name"]]["drop"])),
        ]
        for system in record["systems"]
    ]
    return Table(
        f"{measure}, {setting}: {in_domain} and other data sets", [measure, *columns, "worst", "drop"], rows
    )


def _ranked(figures: Mapping[str, Mapping[str, Any]]) -> dict[str, Cell]:
    """System -> its figure with half of its interval, the best and the second best told apart."""
    places = best_two({system: round(of["mean"], 3) for system, of in figures.items()})
    return {system: Cell(figure_text(of, 3, half=True), places[system]) for system, of in figures.items()}


def _drop(of: Mapping[str, Any]) -> str:
    interval = "" if of["low"] is None else f" [{of['low']:+.3f}, {of['high']:+.3f}]"
    return f"{of['mean']:+.3f}{interval}"


def shift_notes(record: Mapping[str, Any]) -> list[str]:
    """What a reader of the tables must know."""
    clusters = ", ".join(f"{of['count']} {of['of']}s of {name}" for name, of in record["clusters"].items())
    single = [
        system["name"] for system in record["systems"]
        if len(system["models"]) == 1 and not is_bm25(system["models"][0])
    ]
    notes = [
        f"± half of the 95% interval: {clusters}, each data set by itself; and seeds, where there are several.",
        f"drop: {record['in_domain']} minus the mean of the others, with its 95% interval.",
    ]
    if single:
        notes.append(f"{', '.join(single)}: one model each, so nothing is said about other seeds.")
    return notes + [f"{place.removeprefix('settings.')}: {said}." for place, said in record["remarks"].items()]
