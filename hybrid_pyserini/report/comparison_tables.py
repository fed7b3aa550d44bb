"""A comparison as the paper's tables: 1, the settings and the rank distance; 2, by query language; 3, further measures;
4, by groups of languages where there are any, which the paper has not; published figures beside ours, where there are
any; and below them the differences of each two systems with their tests.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hybrid_pyserini.comparison.families import RANK_DISTANCE, of_all_languages
from hybrid_pyserini.comparison.grid import INTO
from hybrid_pyserini.evaluation.settings import SETTINGS
from hybrid_pyserini.records import Pair
from hybrid_pyserini.report.comparison_csv import comparison_csv
from hybrid_pyserini.report.comparison_notes import comparison_notes
from hybrid_pyserini.report.table_formats import Cell, Table, best_two, render_tables
from hybrid_pyserini.report.tables import NONE

ALPHA = 0.05

Figures = Mapping[str, Mapping[str, Any]]
"""System -> its figure's mean, low, high."""


def render(record: Mapping[str, Any], form: str, *, terminal: bool = False) -> str:
    """The comparison as table, markdown, latex, csv or json, ending in a line break; ``terminal``: the table with bold
    and underlined figures."""
    if form == "json":
        return json.dumps(record, ensure_ascii=False, indent=2) + "\n"
    if form == "csv":
        return comparison_csv(record)
    return render_tables(comparison_tables(record), comparison_notes(record), form, terminal=terminal)


def comparison_tables(record: Mapping[str, Any]) -> list[Table]:
    """All tables of a comparison that have a figure, with the columns that have one."""
    first, *others = record["measures"]
    tables = [
        _setting_table(record, 1, first), *_language_tables(record, first),
        *(_setting_table(record, 3, measure) for measure in others), *_group_tables(record, first),
        *_published_tables(record), _seed_table(record, first), _difference_table(record, first),
    ]
    return [shown for shown in map(_with_figures, tables) if len(shown.header) > 1]


def _with_figures(table: Table) -> Table:
    """The table without the columns that have no figure."""
    kept = [0] + [
        column for column in range(1, len(table.header)) if any(row[column].text != NONE for row in table.rows)
    ]
    return Table(
        table.title, [table.header[column] for column in kept],
        [[row[column] for column in kept] for row in table.rows],
    )


def _setting_table(record: Mapping[str, Any], number: int, measure: str) -> Table:
    """Systems by settings, each figure with half of its interval; in Table 1 the rank distance too, if there is one."""
    columns = [(setting, measure) for setting in SETTINGS]
    title = f"Table {number}: {measure} on {record['dataset']}"
    distances = record["settings"]["multi"].get(RANK_DISTANCE, {}).values()
    if number == 1 and any(of["mean"] is not None for of in distances):
        columns.append(("multi", RANK_DISTANCE))
        title += ", and rank distance in the pool"
    cells = [
        _compared(record, {}, setting, of, record["settings"][setting].get(of, {}), half=True)
        for setting, of in columns
    ]
    header = [measure, *(RANK_DISTANCE if of == RANK_DISTANCE else setting for setting, of in columns)]
    return Table(title, header, [
        [Cell(system["name"]), *(column[system["name"]] for column in cells)] for system in record["systems"]
    ])


def _language_tables(record: Mapping[str, Any], first: str) -> list[Table]:
    """Query languages by systems, a table a setting and one of the rank distance; the last row is the mean."""
    return [
        _by_table(record, title, setting, measure, [
            *((language, {"language": language}, of) for language, of in record["by_query_language"].items()),
            ("mean", {}, record["settings"]),
        ])
        for title, setting, measure in _by_titles(record, 2, (*SETTINGS,), first, "by query language")
    ]


def _group_tables(record: Mapping[str, Any], first: str) -> list[Table]:
    """Groups of languages by systems, in the same way; none without groups."""
    if not record["groups"]:
        return []
    return [
        _by_table(record, title, setting, measure, [
            (f"{group} ({' '.join(record['groups'][group])})", {"group": group}, of)
            for group, of in record["by_group"].items()
        ])
        for title, setting, measure in _by_titles(
            record, 4, (SETTINGS[0], SETTINGS[1], INTO, SETTINGS[2]), first, "by group of query languages"
        )
    ]


def _by_titles(
    record: Mapping[str, Any], number: int, settings: Sequence[str], first: str, by: str
) -> Iterator[tuple[str, str, str]]:
    """(Title, setting, measure) of the tables of the first measure and of the rank distance."""
    for setting in settings:
        of = by.replace("query languages", "passage languages") if setting == INTO else by
        yield f"Table {number}: {first} on {record['dataset']}, {setting.split(',')[0]}, {of}", setting, first
    yield f"Table {number}: {RANK_DISTANCE} on {record['dataset']}, {by}", "multi", RANK_DISTANCE


def _by_table(
    record: Mapping[str, Any], title: str, setting: str, measure: str,
    rows: Sequence[tuple[str, Mapping[str, str], Mapping[str, Any]]],
) -> Table:
    """``rows``: what a row is called, how its differences say where they are, its settings."""
    names = [system["name"] for system in record["systems"]]
    cells = []
    for name, place, settings in rows:
        compared = _compared(record, place, setting, measure, settings[setting].get(measure, {}))
        cells.append([Cell(name), *(compared[system] for system in names)])
    corner = measure if measure == RANK_DISTANCE else f"{measure}, {setting}"
    return Table(title, [corner, *names], cells)


def _compared(
    record: Mapping[str, Any], place: Mapping[str, str], setting: str, measure: str, figures: Figures, *,
    half: bool = False,
) -> dict[str, Cell]:
    """System -> its cell among those it is set against; ``place``: of which language or group, if not of all languages.

    Bounds and what has no figure take no place, and where all print the same none is the best. What prints the same as
    the best has no dagger.
    """
    distance = measure == RANK_DISTANCE
    digits = 1 if distance else 3
    shown = {
        name: round(of["mean"], digits)
        for name, of in figures.items() if of["mean"] is not None and not of.get("bound")
    }
    places = best_two(shown, smallest=distance)
    best = (min if distance else max)(shown, key=lambda name: figures[name]["mean"], default=None)
    worse = _worse_than(record, best, place, setting, measure)
    cells = {}
    for system in record["systems"]:
        name = system["name"]
        of = figures.get(name, {"mean": None})
        same_as_best = best is not None and shown.get(name) == shown[best]
        cells[name] = Cell(figure_text(of, digits, half), places.get(name, 0), name in worse and not same_as_best)
    return cells


def figure_text(of: Mapping[str, Any], digits: int, half: bool) -> str:
    """A mean, ``<=`` before a bound; with ``half``, half of its interval behind it."""
    if of["mean"] is None:
        return NONE
    text = f"{'<= ' if of.get('bound') else ''}{of['mean']:.{digits}f}"
    if half and of["low"] is not None:
        text += f" ±{(of['high'] - of['low']) / 2:.{digits}f}"
    return text


def _worse_than(
    record: Mapping[str, Any], best: str | None, of: Mapping[str, str], setting: str, measure: str
) -> set[str]:
    """The systems that differ from the best one, with Holm's correction."""
    place = {"language": None, "group": None, **of, "setting": setting, "measure": measure}
    return {
        row["a"] if row["b"] == best else row["b"] for row in record["differences"]
        if best in (row["a"], row["b"]) and place.items() <= row.items() and significant(row["p_holm"])
    }


def significant(p: float | None) -> bool:
    """Whether a corrected p says so; null says nothing."""
    return p is not None and p < ALPHA


def _published_tables(record: Mapping[str, Any]) -> list[Table]:
    """Published figures beside those of the compared systems, within a language: a table a measure, without marks, for
    nothing is tested here. The last row is the mean over the languages that the data set has here."""
    names = [system["name"] for system in record["systems"]]
    tables = []
    for measure, of_systems in record.get("published", {}).get("figures", {}).items():
        rows = []
        for language in (*next(iter(of_systems.values()))["languages"], None):
            settings = record["settings"] if language is None else record["by_query_language"][language]
            ours = settings["mono"].get(measure, {})
            theirs = [of["mean"] if language is None else of["languages"][language] for of in of_systems.values()]
            figures = [*(ours.get(name, {"mean": None}) for name in names), *({"mean": mean} for mean in theirs)]
            if language is not None or any(of["mean"] is not None for of in figures):
                rows.append([Cell(language or "mean"), *(Cell(figure_text(of, 3, half=False)) for of in figures)])
        header = [f"{measure}, mono", *names, *(f"{name} (published)" for name in of_systems)]
        tables.append(Table(f"Published: {measure} on {record['dataset']}, within a language", header, rows))
    return tables


def _seed_table(record: Mapping[str, Any], first: str) -> Table:
    """Mean and standard deviation over the seeds of the systems that have several."""
    columns = [*((setting, first) for setting in SETTINGS), ("multi", RANK_DISTANCE)]
    rows = []
    for system in record["systems"]:
        if len(system["models"]) == 1:
            continue
        cells = [Cell(f"{system['name']} ({len(system['models'])})")]
        for setting, measure in columns:
            of = record["settings"][setting].get(measure, {}).get(system["name"], {"mean": None})
            digits = 1 if measure == RANK_DISTANCE else 3
            sd = f" ({of['sd']:.{digits}f})" if of.get("sd") is not None else ""
            cells.append(Cell(figure_text(of, digits, half=False) + sd))
        rows.append(cells)
    header = ["system (seeds)", *(RANK_DISTANCE if of == RANK_DISTANCE else setting for setting, of in columns)]
    return Table(f"Seeds: {first} on {record['dataset']}, mean (standard deviation over seeds)", header, rows)


def _difference_table(record: Mapping[str, Any], first: str) -> Table:
    """Each two systems in each setting of the first measure, and in the rank distance."""
    rows = []
    for row in record["differences"]:
        if not of_all_languages(row) or row["measure"] not in (first, RANK_DISTANCE):
            continue
        distance = row["measure"] == RANK_DISTANCE
        digits = 1 if distance else 3
        interval = NONE if row["low"] is None else f"[{row['low']:+.{digits}f}, {row['high']:+.{digits}f}]"
        rows.append([Cell(text) for text in (
            f"{row['a']} - {row['b']}", RANK_DISTANCE if distance else row["setting"],
            f"{row['difference']:+.{digits}f}", interval, _p(row["p"]), _p(row["p_holm"]),
            _p(row["p_randomisation_holm"]), NONE if row["d_z"] is None else f"{row['d_z']:+.2f}",
            f"{row['wins']}-{row['ties']}-{row['losses']}",
            NONE if distance else "{}-{}".format(*_significant_pairs(record, row)),
        )])
    header = [
        "systems", "in", "difference", "95% interval", "p", "p (Holm)", "randomisation", "d_z", "pairs w-t-l",
        "signif.",
    ]
    title = f"Differences of each two systems: {first} on {record['dataset']}"
    if any(row[1].text == RANK_DISTANCE for row in rows):
        title += ", and rank distance"
    return Table(title, header, rows)


def _significant_pairs(record: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[int, int]:
    """In how many of a setting's pairs the first system is significantly above the second, and below it."""
    place = {name: row[name] for name in ("measure", "a", "b")}
    found = [
        of_pair["difference"] for of_pair in record["pair_differences"]
        if place.items() <= of_pair.items() and _setting_of(of_pair["pair"]) == row["setting"]
        and significant(of_pair["p_t_holm"])
    ]
    return sum(difference > 0 for difference in found), sum(difference < 0 for difference in found)


def _setting_of(pair: str) -> str:
    return Pair(*pair.split("-")).setting


def _p(p: float | None) -> str:
    return NONE if p is None else "<.0001" if p < 0.0001 else f"{p:.4f}".removeprefix("0")
