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


def rank_distance(evaluation: Mapping[str, Any], which: str = "mean") -> str:
    """The rank distance (``mean`` or ``normalised``); ``<=`` marks an upper bound."""
    figures = evaluation["language_bias"]["rank_distance"]
    if figures[which] is None:
        return NONE
    return f"{'<= ' if figures['bound'] else ''}{figures[which]:.{1 if which == 'mean' else 4}f}"


def _by_setting(settings: Mapping[str, Mapping[str, float | None]], measure: str) -> list[str]:
    values = [settings[setting][measure] for setting in SETTINGS]
    return [NONE if value is None else f"{value:.3f}" for value in values]
