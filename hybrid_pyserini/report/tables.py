"""Evaluations as the paper's tables: a row a model, a column a setting. Markdown that also reads well as plain text."""

from collections.abc import Mapping, Sequence
from typing import Any

from hybrid_pyserini.evaluation.settings import SETTINGS

NONE = "-"
"""Stands where there is no figure; the evaluation's remarks say why."""


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with aligned columns, the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        return "| " + " | ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]) + " |"

    rule = "|" + "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]) + "|"
    return "\n".join([line(header), rule, *map(line, rows)])


def setting_tables(evaluations: Sequence[Mapping[str, Any]]) -> str:
    """One table a measure: models by mono, cross and multi. The first also has the rank distance."""
    first, *others = evaluations[0]["settings"]["mono"]
    tables = [
        markdown(
            [first, *SETTINGS, "rank distance", "/ (N-1)"],
            [
                [e["model"], *_by_setting(e["settings"], first), rank_distance(e), rank_distance(e, "normalised")]
                for e in evaluations
            ],
        )
    ]
    for measure in others:
        rows = [[e["model"], *_by_setting(e["settings"], measure)] for e in evaluations]
        tables.append(markdown([measure, *SETTINGS], rows))
    return "\n\n".join(tables)


def model_table(evaluation: Mapping[str, Any]) -> str:
    """One model: a row a measure, a column a setting; the rank distance is of the pool, so it stands under multi."""
    settings = evaluation["settings"]
    rows = [[measure, *_by_setting(settings, measure)] for measure in settings["mono"]]
    distances = [["rank distance", "", "", rank_distance(evaluation)],
                 ["rank distance / (N-1)", "", "", rank_distance(evaluation, "normalised")]]
    return markdown(["", *SETTINGS], rows + distances)


def pair_table(evaluations: Sequence[Mapping[str, Any]]) -> str:
    """Every evaluated pair of every model, a column a measure."""
    measures = list(evaluations[0]["settings"]["mono"])
    rows = [
        [f"{e['model']} {pair}", *(f"{figures[measure]:.3f}" for measure in measures)]
        for e in evaluations for pair, figures in e["pairs"].items()
    ]
    return markdown(["pair", *measures], rows)


def pool_table(evaluations: Sequence[Mapping[str, Any]]) -> str:
    """`pool_rows` as a table; empty without any column."""
    header, rows = pool_rows(evaluations)
    return markdown(header, rows) if header[1:] else ""


def pool_rows(evaluations: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """What only the pool has, as header and a row a model: AP over the full ranking, and the measures of language bias.
    One that no model has a figure of has no column. ``<=`` and ``>=`` mark bounds."""
    cells = [_pool_cells(evaluation) for evaluation in evaluations]
    names = [name for name in dict.fromkeys(name for of_model in cells for name in of_model)
             if any(of_model.get(name, NONE) != NONE for of_model in cells)]
    rows = [
        [evaluation["model"], *(of_model.get(name, NONE) for name in names)]
        for evaluation, of_model in zip(evaluations, cells, strict=True)
    ]
    return ["pool", *names], rows


def _pool_cells(evaluation: Mapping[str, Any]) -> dict[str, str]:
    """Column -> cell of one model."""
    full = evaluation["pool"]["AP(full)"]
    cells = {"AP(full)": _bounded(full, ">= ", 3)}
    for name, figures in evaluation["language_bias"].items():
        if name == "Max@R":
            cells[name] = _bounded(figures, "<= ", 1)
        elif name != "rank_distance":
            cells[name] = _figure(figures["mean"])
        if "unbiased" in figures:
            cells["unbiased"] = _figure(figures["unbiased"])
    return cells


def _bounded(figures: Mapping[str, Any], sign: str, digits: int) -> str:
    """A mean, with the ``sign`` of a bound where it is one."""
    return f"{sign if figures['bound'] and figures['mean'] is not None else ''}{_figure(figures['mean'], digits)}"


def language_table(evaluation: Mapping[str, Any], measure: str) -> str:
    """One model by query language: its own pair, the mean of its cross pairs, its pool, its rank distance."""
    distances = evaluation["language_bias"]["rank_distance"]
    sign = "<= " if distances["bound"] else ""
    rows = [
        [
            language, *_by_setting(means, measure),
            f"{sign}{distances['by_query_language'][language]:.1f}" if language in distances["by_query_language"]
            else NONE,
        ]
        for language, means in evaluation["by_query_language"].items()
    ]
    return markdown([f"{evaluation['model']}, {measure}", *SETTINGS, "rank distance"], rows)


def table_by(grouping: str, evaluation: Mapping[str, Any], measure: str) -> str:
    """One model by language, or by a group of languages (script, resource): as query language in all three settings,
    and as passage language in cross. A group's row names its languages."""
    if grouping == "language":
        return language_table(evaluation, measure)
    queries, passages = evaluation[f"by_query_{grouping}"], evaluation[f"by_passage_{grouping}"]
    rows = [
        [
            f"{group} ({' '.join(languages)})",
            *(_figure(queries.get(group, {}).get(setting, {}).get(measure)) for setting in SETTINGS),
            _figure(passages.get(group, {}).get("cross", {}).get(measure)),
        ]
        for group, languages in evaluation["language_groups"][grouping].items()
    ]
    return markdown([f"{evaluation['model']}, {measure}, by {grouping}", *SETTINGS, "cross, passages"], rows)


def rank_distance(evaluation: Mapping[str, Any], which: str = "mean") -> str:
    """The rank distance (``mean`` or ``normalised``); ``<=`` marks an upper bound."""
    figures = evaluation["language_bias"]["rank_distance"]
    if figures[which] is None:
        return NONE
    return f"{'<= ' if figures['bound'] else ''}{figures[which]:.{1 if which == 'mean' else 4}f}"


def _by_setting(settings: Mapping[str, Mapping[str, float | None]], measure: str) -> list[str]:
    return [_figure(settings[setting][measure]) for setting in SETTINGS]


def _figure(value: float | None, digits: int = 3) -> str:
    return NONE if value is None else f"{value:.{digits}f}"
