"""The report's pictures, as SVG: bars by query language, and curves over alpha.

They are about 400 pixels wide, so that on a phone their letters are as large as those around them; what they show
stands in a table too.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hybrid_pyserini.comparison.families import RANK_DISTANCE
from hybrid_pyserini.evaluation.settings import SETTINGS
from hybrid_pyserini.report.picture_style import (
    INK,
    LOG_FROM,
    METADATA,
    OPEN,
    SIZE,
    bar_looks,
    legend_columns,
    matplotlib_style,
    set_linear_scale,
    set_scale,
    wrap,
)
from hybrid_pyserini.report.pool_figures import SameLanguage

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = ("rank-distance", "same-language", "alpha", "alpha-rank-distance")
"""Of all the pictures a report can have."""

_WIDTH = 4.2  # inches: 403 pixels
_BAR = 0.125  # inches of height
_LINES = (("#004488", "o", "-"), ("#BB5566", "s", "--"), ("#997700", "^", ":"))
"""Of the settings: told apart by mark and dashes where there is no colour."""


@dataclass(frozen=True)
class Picture:
    """A picture and what it shows in words, for those who do not see it."""

    name: str
    """Of its file, without the suffix."""
    title: str
    alt: str
    svg: bytes


@dataclass(frozen=True)
class Bar:
    """A figure of a system in a language."""

    value: float
    text: str
    bound: bool = False


def distance_picture(record: Mapping[str, Any]) -> Picture | None:
    """Rank distances by query language; None where no system has any."""
    names = [system["name"] for system in record["systems"]]
    bars: dict[str, list[Bar | None]] = {}
    for language, settings in record["by_query_language"].items():
        figures = settings["multi"].get(RANK_DISTANCE, {})
        bars[language] = [_distance_bar(figures.get(name, {"mean": None})) for name in names]
    if not any(bar for of_language in bars.values() for bar in of_language):
        return None
    title = "Rank distance in the pool, by query language"
    return Picture("rank-distance", title, _said(title, names, bars), _bars(title, "smaller is better", names, bars))


def _distance_bar(figures: Mapping[str, Any]) -> Bar | None:
    if figures["mean"] is None:
        return None
    bound = bool(figures.get("bound"))
    return Bar(figures["mean"], f"{'<= ' if bound else ''}{figures['mean']:,.0f}", bound)


def same_language_picture(shares: SameLanguage) -> Picture:
    """Shares of the query's own language by query language, with the unbiased value as a line across."""
    names = list(shares.by_system)
    bars: dict[str, list[Bar | None]] = {}
    for language in shares.unbiased:
        values = [shares.by_system[name].get(language) for name in names]
        bars[language] = [None if value is None else Bar(value, f"{value:.2f}") for value in values]
    title = f"{shares.measure}, by query language"
    note = "nearer the black line, the unbiased share, is better"
    return Picture("same-language", title, _said(title, names, bars), _bars(title, note, names, bars, shares.unbiased))


def _said(title: str, names: Sequence[str], bars: Mapping[str, Sequence[Bar | None]]) -> str:
    """The range of each system's bars, in words."""
    parts = []
    for place, name in enumerate(names):
        found = {
            language: bar for language, of_systems in bars.items() if (bar := of_systems[place]) is not None
        }
        if found:
            low, high = (pick(found, key=lambda language: found[language].value) for pick in (min, max))
            parts.append(f"{name} from {found[low].text} ({low}) to {found[high].text} ({high})")
    return f"Bar chart. {title}: {'; '.join(parts)}."


def _bars(
    title: str, note: str, names: Sequence[str], bars: Mapping[str, Sequence[Bar | None]],
    lines: Mapping[str, float] | None = None,
) -> bytes:
    """Languages from the top down, in each a bar a system; with ``lines`` a line across each language's."""
    with matplotlib_style():
        from matplotlib.figure import Figure
        from matplotlib.patches import Patch

        looks, labels = bar_looks(len(names)), [wrap(name, 1.6, SIZE) for name in names]
        columns = legend_columns(labels, _WIDTH)
        above = 0.75 + 0.2 * -(-len(names) // columns)
        figure = Figure(figsize=(_WIDTH, len(bars) * (len(names) + 0.8) * _BAR + above + 0.3), layout="constrained")
        axes = figure.subplots()
        values = [bar.value for of_language in bars.values() for bar in of_language if bar]
        start = set_scale(axes, values) if lines is None else set_linear_scale(axes, [*values, *lines.values()])
        for row, (language, of_systems) in enumerate(bars.items()):
            top = row * (len(names) + 0.8)
            for place, (bar, look) in enumerate(zip(of_systems, looks, strict=True)):
                middle = top + place + 0.5
                end = start if bar is None else max(start, bar.value)
                if bar is not None:
                    axes.barh(middle, end - start, 0.92, start, **(OPEN if bar.bound else look))
                if lines is not None and 0 <= lines[language] - end < 0.15:
                    end = lines[language]  # the figure would stand across the line
                axes.annotate(
                    "no figure" if bar is None else bar.text, (end, middle), (3, -0.5), textcoords="offset points",
                    va="center", fontsize=7,
                )
            if lines is not None:
                axes.vlines(lines[language], top, top + len(names), colors="black", linewidth=1.6)
        axes.set_ylim(len(bars) * (len(names) + 0.8) - 0.4, -0.4)
        axes.set_yticks([row * (len(names) + 0.8) + len(names) / 2 for row in range(len(bars))], list(bars))
        axes.tick_params(axis="y", length=0)
        notes = [f"{note}{'; log axis' if axes.get_xscale() == 'log' else ''}"]
        if any(bar and bar.bound for of_language in bars.values() for bar in of_language):
            notes.append("open bar: upper bound, passages unranked")
        axes.set_xlabel("\n".join(notes), loc="left")
        figure.legend(
            [Patch(**look) for look in looks], labels, loc="outside upper left", ncols=columns, frameon=False,
            title=title, alignment="left", title_fontproperties={"weight": "bold", "size": SIZE + 1},
        )
        return _svg(figure)


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

        figure = Figure(figsize=(_WIDTH, 3.3), layout="constrained")
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
        return Picture(name, title, _said_curve(title, curves), _svg(figure))


def _said_curve(title: str, curves: Mapping[str, Sequence[_Point]]) -> str:
    parts = []
    for label, points in curves.items():
        digits = 1 if label == RANK_DISTANCE else 3
        parts.append(f"{label} " + ", ".join(f"{mean:.{digits}f} at {alpha:g}" for alpha, mean, *_ in points))
    return f"Curves. {title}: {'; '.join(parts)}."


def _svg(figure: "Figure") -> bytes:
    written = io.BytesIO()
    figure.savefig(written, format="svg", metadata=METADATA[".svg"])
    return written.getvalue()
