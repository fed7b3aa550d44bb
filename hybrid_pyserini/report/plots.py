"""Evaluations as one picture: mono, cross and multi on the left, the rank distance (language bias) on the right.

It stands in a README about 800 pixels wide, on a white or a dark page, and is read in colour, by colour-blind readers,
and in black and white: the colours differ in lightness, further models are hatched as well, and the figure stands at
the end of each bar (``picture_style.py``).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybrid_pyserini.atomic import replacing_file
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation.settings import SETTINGS
from hybrid_pyserini.report.picture_style import (
    METADATA,
    OPEN,
    SIZE,
    TITLE_SIZE,
    bar_looks,
    legend_columns,
    matplotlib_style,
    set_scale,
    wrap,
)
from hybrid_pyserini.report.tables import rank_distance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_MODELS = 12
"""More bars would be thinner than the figures above them."""

NO_FIGURE = "no figure"

_WIDTH = 8.0  # inches: 768 pixels as SVG
_LINE = 0.17  # inches from one line of text to the next
_LEFT, _RIGHT = 4.2, 2.7  # inches of text that fit into a panel; what is longer is broken, never cut


def check_picture(path: Path, models: Sequence[str]) -> None:
    """Raise InputError if the file's suffix is no known format, or if there are more models than a picture holds."""
    if path.suffix.lower() not in METADATA:
        raise InputError(
            f"a picture ends in {', '.join(METADATA)}, and this name in {path.suffix!r}", remedy="choose one of them",
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
    with matplotlib_style(), replacing_file(path) as aside:
        figure.savefig(aside, format=suffix[1:], metadata=METADATA[suffix])


def settings_figure(evaluations: Sequence[Mapping[str, Any]]) -> "Figure":
    """Two panels over evaluations of one data set (at least one), models in the order given.

    Left: the first measure, a group of bars for mono, cross and multi each. Right: the rank distance in the pool, an
    open bar where it is a bound. Where a mean is null, 'no figure' stands in the bar's place.
    """
    with matplotlib_style():
        from matplotlib.figure import Figure

        names = [wrap(evaluation["model"], _RIGHT, SIZE) for evaluation in evaluations]
        height = max(3.6, sum(map(_lines, names)) * _LINE + 1.6)  # inches
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(3, 2), gridspec_kw={"wspace": 0.06})
        looks = bar_looks(len(evaluations))
        _draw_settings(left, evaluations, looks)
        _draw_rank_distances(right, evaluations, looks, names)
        figure.legend(
            left.containers, names, loc="outside upper center", ncols=legend_columns(names, _WIDTH), frameon=False,
        )
        return figure


def _lines(name: str) -> float:
    """Lines a model takes in the right panel: its name's, the bar below, and some space."""
    return name.count("\n") + 3.0


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
    what = wrap(f"{measure} on {evaluations[0]['dataset']}", _LEFT, TITLE_SIZE)
    axes.set_title(f"{what}\nhigher is better")


def _draw_rank_distances(
    axes: "Axes", evaluations: Sequence[Mapping[str, Any]], looks: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> None:
    """A bar a model below its name, from the top down, with its figure to the right."""
    distances = [evaluation["language_bias"]["rank_distance"] for evaluation in evaluations]
    start = set_scale(axes, [distance["mean"] for distance in distances if distance["mean"] is not None])
    line = 0.0
    for evaluation, distance, look, name in zip(evaluations, distances, looks, names, strict=True):
        line += _lines(name)
        axes.annotate(name, (start, line - 1.7), (3, 1), textcoords="offset points", va="bottom")
        text, end = NO_FIGURE, start
        if distance["mean"] is not None:
            text, end = rank_distance(evaluation), max(start, distance["mean"])
            axes.barh(line - 1.1, end - start, 1.2, start, **(OPEN if distance["bound"] else look))
        axes.annotate(text, (end, line - 1.1), (3, 0), textcoords="offset points", va="center")
    spare = max(0.0, 9.0 - line) / 2  # else a single bar would fill the panel
    axes.set_ylim(line + spare, -spare)
    axes.set_yticks([])
    notes = ["ranks (log axis)" if axes.get_xscale() == "log" else "ranks"]
    if any(distance["bound"] and distance["mean"] is not None for distance in distances):
        notes.append("open bar: upper bound, passages unranked")
    axes.set_xlabel("\n".join(notes), loc="left")
    axes.set_title("Rank distance in the pool\nsmaller is better")
