"""The report's curves over alpha, the probability of a monolingual batch."""

from collections.abc import Mapping, Sequence
from typing import Any

from hybrid_pyserini.comparison.families import RANK_DISTANCE
from hybrid_pyserini.evaluation.settings import SETTINGS
from hybrid_pyserini.report.picture import WIDTH, Picture, svg_of
from hybrid_pyserini.report.picture_style import INK, LOG_FROM, SIZE, matplotlib_style

_LINES = (("#004488", "o", "-"), ("#BB5566", "s", "--"), ("#997700", "^", ":"))
"""Of the settings: told apart by mark and dashes where there is no colour."""


def curve_pictures(record: Mapping[str, Any], alphas: Mapping[float, str]) -> list[Picture]:
    """The first measure over alpha in each setting, and the rank distance over alpha, with 95% intervals; ``alphas``:
    alpha -> system."""
    measure = record["measures"][0]
    settings = {
        setting: points for setting in SETTINGS if (points := _points(record, setting, measure, alphas))
    }
    pictures = []
    if settings:
        pictures.append(_curve("alpha", f"{measure} over alpha", "higher is better", settings))
    distances = _points(record, "multi", RANK_DISTANCE, alphas)
    if distances:
        pictures.append(_curve(
            "alpha-rank-distance", "Rank distance over alpha", "smaller is better", {RANK_DISTANCE: distances}
        ))
    return pictures


_Point = tuple[float, float, float, float]
"""alpha, mean, low, high."""


def _points(record: Mapping[str, Any], setting: str, measure: str, alphas: Mapping[float, str]) -> list[_Point]:
    """The systems that have a figure; bounds are none."""
    figures = record["settings"][setting].get(measure, {})
    points = []
    for alpha, name in sorted(alphas.items()):
        of = figures.get(name, {"mean": None})
        if of["mean"] is not None and not of.get("bound"):
            low, high = (of["mean"] if of[end] is None else of[end] for end in ("low", "high"))
            points.append((alpha, of["mean"], low, high))
    return points


def _curve(name: str, title: str, note: str, curves: Mapping[str, Sequence[_Point]]) -> Picture:
    with matplotlib_style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(WIDTH, 3.3), layout="constrained")
        axes = figure.subplots()
        for (label, points), (colour, marker, dashes) in zip(curves.items(), _LINES, strict=False):
            alphas, means, lows, highs = zip(*points, strict=True)
            axes.errorbar(
                alphas, means, label=label, color=colour, marker=marker, linestyle=dashes, markersize=5, linewidth=1.6,
                capsize=3, elinewidth=1.0, yerr=(
                    [max(0.0, mean - low) for mean, low in zip(means, lows, strict=True)],
                    [max(0.0, high - mean) for mean, high in zip(means, highs, strict=True)],
                ),
            )
        values = [mean for points in curves.values() for _, mean, _, _ in points]
        if RANK_DISTANCE not in curves:
            axes.set_ylim(0, max(1.0, *values))
        elif min(values) > 0 and max(values) > LOG_FROM * min(values):
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:,.10g}")
            note += "; log axis"
        else:
            axes.set_ylim(bottom=0)
        axes.set_xticks([alpha for alpha, *_ in max(curves.values(), key=len)])
        axes.xaxis.set_major_formatter("{x:.10g}")
        axes.grid(axis="y", color="#dddddd")
        axes.set_axisbelow(True)
        axes.set_xlabel(f"alpha: share of monolingual batches\n{note}; bars: 95% intervals", color=INK)
        figure.legend(
            loc="outside upper left", ncols=3, frameon=False, title=title, alignment="left",
            title_fontproperties={"weight": "bold", "size": SIZE + 1},
        )
        return Picture(name, title, _said_curve(title, curves), svg_of(figure))


def _said_curve(title: str, curves: Mapping[str, Sequence[_Point]]) -> str:
    parts = []
    for label, points in curves.items():
        digits = 1 if label == RANK_DISTANCE else 3
        parts.append(f"{label} " + ", ".join(f"{mean:.{digits}f} at {alpha:g}" for alpha, mean, *_ in points))
    return f"Curves. {title}: {'; '.join(parts)}."
