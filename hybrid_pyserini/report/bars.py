"""The report's bars by query language: rank distance, and the share of the query's own language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hybrid_pyserini.comparison.families import RANK_DISTANCE
from hybrid_pyserini.report.picture import WIDTH, Picture, svg_of
from hybrid_pyserini.report.picture_style import (
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

_BAR = 0.125  # inches of height


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
        columns = legend_columns(labels, WIDTH)
        above = 0.75 + 0.2 * -(-len(names) // columns)
        figure = Figure(figsize=(WIDTH, len(bars) * (len(names) + 0.8) * _BAR + above + 0.3), layout="constrained")
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
        return svg_of(figure)
