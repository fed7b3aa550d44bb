"""Evaluations as one picture: mono, cross and multi on the left, the rank distance (language bias) on the right.

It stands in a README about 800 pixels wide, on a white or a dark page, and is read in colour, by colour-blind readers,
and in black and white: the colours differ in lightness, further models are hatched as well, and the figure stands at
the end of each bar. The same evaluations give the same bytes, so that a committed picture can be checked.

matplotlib is imported only when a picture is made, and neither pyplot nor a display is used.
"""

import logging
import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybrid_pyserini.atomic import replacing_file
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation.settings import SETTINGS
from hybrid_pyserini.report.tables import rank_distance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_MODELS = 12
"""More bars would be thinner than the figures above them."""

NO_FIGURE = "no figure"

_METADATA: dict[str, dict[str, Any]] = {  # by suffix; None leaves out a date or a version, which would change the bytes
    ".svg": {"Date": None, "Creator": None},
    ".png": {"Software": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
_INK = "#222222"
# From light to dark in steps that survive black and white and every common colour blindness. The last, darkest one is
# for the last model given, mostly one's own. Beside each, what its hatch and outline are drawn in.
_COLOURS = (("#C7E4F9", _INK), ("#DDAA33", _INK), ("#BB5566", "white"), ("#004488", "white"))
_HATCHES = ("", "////", "....")
_OPEN = {"facecolor": "white", "edgecolor": _INK, "linestyle": (0, (3, 2)), "linewidth": 1.0}  # the bar of a bound
_WIDTH = 8.0  # inches: 768 pixels as SVG
_LINE = 0.17  # inches from one line of text to the next
_LEFT, _RIGHT = 4.2, 2.7  # inches of text that fit into a panel; what is longer is broken, never cut
_SIZE, _TITLE_SIZE = 8.5, 10.0  # points
_LOG_FROM = 20.0  # values further apart than this would leave the smallest bar invisible on a linear axis
_STYLE = {
    "svg.hashsalt": "hybrid-pyserini",  # else the ids inside the SVG are drawn at random
    # Text as outlines: GitHub shows an SVG as an image, which may load no font. Left as text it would be set in a font
    # of the reader's, with other widths, and run into its neighbours.
    "svg.fonttype": "path",
    "font.size": _SIZE,
    "axes.titlesize": _TITLE_SIZE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.8,
    "savefig.dpi": 200,  # 1600 pixels as PNG: sharp where the page shows 800
    "savefig.facecolor": "white",  # not transparent: black letters would vanish on a dark page
}


def check_picture(path: Path, models: Sequence[str]) -> None:
    """Raise InputError if the file's suffix is no known format, or if there are more models than a picture holds."""
    if path.suffix.lower() not in _METADATA:
        raise InputError(
            f"a picture ends in {', '.join(_METADATA)}, and this name in {path.suffix!r}", remedy="choose one of them",
            path=path,
        )
    if len(models) > MOST_MODELS:
        raise InputError(
            f"{len(models)} models, and a picture holds {MOST_MODELS} at most",
            remedy="evaluate fewer at a time, or leave the picture out", path=path,
        )


def settings_picture(evaluations: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write the picture of `settings_figure`; the format is the suffix's. Raises InputError as `check_picture` does."""
    check_picture(path, [evaluation["model"] for evaluation in evaluations])
    suffix = path.suffix.lower()
    figure = settings_figure(evaluations)
    with _matplotlib_style(), replacing_file(path) as aside:
        figure.savefig(aside, format=suffix[1:], metadata=_METADATA[suffix])


def settings_figure(evaluations: Sequence[Mapping[str, Any]]) -> "Figure":
    """Two panels over evaluations of one data set (at least one), models in the order given.

    Left: the first measure, a group of bars for mono, cross and multi each. Right: the rank distance in the pool, an
    open bar where it is a bound. Where a mean is null, 'no figure' stands in the bar's place.
    """
    with _matplotlib_style():
        from matplotlib.figure import Figure

        names = [_wrap(evaluation["model"], _RIGHT, _SIZE) for evaluation in evaluations]
        height = max(3.6, sum(map(_lines, names)) * _LINE + 1.6)  # inches
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(3, 2), gridspec_kw={"wspace": 0.06})
        looks = _looks(len(evaluations))
        _draw_settings(left, evaluations, looks)
        _draw_rank_distances(right, evaluations, looks, names)
        figure.legend(
            left.containers, names, loc="outside upper center", ncols=_legend_columns(names), frameon=False,
        )
        return figure


@contextmanager
def _matplotlib_style() -> Iterator[None]:
    """Our style upon matplotlib's own defaults, whatever the user's matplotlibrc says.

    Where matplotlib may not write to the user's folders it keeps its list of fonts in a temporary one. The import warns
    of that; it is silenced, since a picture loses nothing by it.
    """
    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        import matplotlib.font_manager
        import matplotlib.style
    finally:
        log.setLevel(level)
    with matplotlib.style.context(["default", _STYLE]):
        yield


def _looks(models: int) -> list[dict[str, Any]]:
    """How the bars of each model are filled: four colours plain, then hatched, then dotted."""
    colours = _COLOURS[-models:]
    looks = []
    for place in range(models):
        colour, edge = colours[place % len(colours)]
        hatch = _HATCHES[place // len(_COLOURS)]
        looks.append({"facecolor": colour, "edgecolor": edge, "hatch": hatch, "linewidth": 0.8})
    return looks


def _lines(name: str) -> float:
    """Lines a model takes in the right panel: its name's, the bar below, and some space."""
    return name.count("\n") + 3.0


def _legend_columns(names: Sequence[str]) -> int:
    """As many as fit, rows filled evenly."""
    longest = max(_inches(line, _SIZE) for name in names for line in name.split("\n"))
    fit = max(1, int(_WIDTH / (longest + 0.65)))  # a column's swatch and margins are narrower than that
    return math.ceil(len(names) / math.ceil(len(names) / fit))


def _wrap(text: str, inches: float, size: float) -> str:
    """``text`` in lines of at most ``inches`` when set in ``size`` points."""
    fitting = (
        letters for letters in range(len(text), 1, -1)
        if all(_inches(line, size) <= inches for line in textwrap.wrap(text, letters))
    )
    return "\n".join(textwrap.wrap(text, next(fitting, 1)))


def _inches(line: str, size: float) -> float:
    """How wide a line is; an ``m`` takes three times the room of an ``i``, so letters cannot be counted instead."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    width, _, _ = text_to_path.get_text_width_height_descent(line, FontProperties(size=size), ismath=False)
    return float(width) / 72


def _draw_settings(axes: "Axes", evaluations: Sequence[Mapping[str, Any]], looks: Sequence[Mapping[str, Any]]) -> None:
    """Grouped bars of the first measure on an axis from 0 to 1, each with its figure above."""
    measure = next(iter(evaluations[0]["settings"]["mono"]))
    width = 0.87 / max(len(evaluations), 3)  # of the room of a group
    sideways = len(evaluations) > 4  # else the figures, wider than the bars, would run into each other
    top = 1.0
    for place, (evaluation, look) in enumerate(zip(evaluations, looks, strict=True)):
        values = [evaluation["settings"][setting][measure] for setting in SETTINGS]
        middles = [group + (place - (len(evaluations) - 1) / 2) * width for group in range(len(SETTINGS))]
        axes.bar(middles, [value or 0.0 for value in values], width, **look)
        for middle, value in zip(middles, values, strict=True):
            axes.annotate(
                NO_FIGURE if value is None else f"{value:.3f}", (middle, value or 0.0), (0, 2),
                textcoords="offset points", ha="center", va="bottom", fontsize=7,
                rotation=90 if sideways or value is None else 0,
            )
            top = max(top, value or 0.0)  # a measure such as NumRet exceeds 1
    axes.set_xlim(-0.5, len(SETTINGS) - 0.5)
    axes.set_ylim(0, top * (1.15 if sideways else 1.06))  # room for the figures; the axis itself ends at 1
    axes.spines.left.set_bounds(0, top)
    axes.set_xticks(range(3), ["mono\none language", "cross\ntwo languages", "multi\npool of all languages"])
    axes.tick_params(axis="x", length=0)
    what = _wrap(f"{measure} on {evaluations[0]['dataset']}", _LEFT, _TITLE_SIZE)
    axes.set_title(f"{what}\nhigher is better")


def _draw_rank_distances(
    axes: "Axes", evaluations: Sequence[Mapping[str, Any]], looks: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> None:
    """A bar a model below its name, from the top down, with its figure to the right."""
    distances = [evaluation["language_bias"]["rank_distance"] for evaluation in evaluations]
    start = _set_scale(axes, [distance["mean"] for distance in distances if distance["mean"] is not None])
    line = 0.0
    for evaluation, distance, look, name in zip(evaluations, distances, looks, names, strict=True):
        line += _lines(name)
        axes.annotate(name, (start, line - 1.7), (3, 1), textcoords="offset points", va="bottom")
        text, end = NO_FIGURE, start
        if distance["mean"] is not None:
            text, end = rank_distance(evaluation), max(start, distance["mean"])
            axes.barh(line - 1.1, end - start, 1.2, start, **(_OPEN if distance["bound"] else look))
        axes.annotate(text, (end, line - 1.1), (3, 0), textcoords="offset points", va="center")
    spare = max(0.0, 9.0 - line) / 2  # else a single bar would fill the panel
    axes.set_ylim(line + spare, -spare)
    axes.set_yticks([])
    notes = ["ranks (log axis)" if axes.get_xscale() == "log" else "ranks"]
    if any(distance["bound"] and distance["mean"] is not None for distance in distances):
        notes.append("open bar: upper bound, passages unranked")
    axes.set_xlabel("\n".join(notes), loc="left")
    axes.set_title("Rank distance in the pool\nsmaller is better")


def _set_scale(axes: "Axes", means: Sequence[float]) -> float:
    """Scale the axis of rank distances, with room for the figures beside the bars; return where it starts."""
    from matplotlib.ticker import MaxNLocator, NullLocator

    share = 0.68  # of the panel's width for the longest bar
    above_zero = [mean for mean in means if mean > 0]
    most = max(above_zero, default=1.0)
    if above_zero and most > _LOG_FROM * min(above_zero):
        first = min(0, math.floor(math.log10(min(above_zero))))  # mostly 1, a rank distance of two neighbours
        powers = range(first, math.floor(math.log10(most)) + 1)
        start = 10.0**first
        axes.set_xscale("log")
        axes.set_xlim(start, start * (most / start) ** (1 / share))
        axes.set_xticks([10.0**power for power in powers[:: math.ceil(len(powers) / 5)]])
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        start = 0.0
        axes.set_xlim(0, most / share)
        ticks = MaxNLocator(3, steps=[1, 2, 5, 10]).tick_values(0, most) if above_zero else []
        axes.set_xticks([tick for tick in ticks if tick <= most])
    axes.xaxis.set_major_formatter("{x:,.10g}")
    axes.spines.bottom.set_bounds(start, most)
    return start
