"""What all pictures share: colours, bars that are told apart in black and white, matplotlib's settings, the bytes.

Read in colour, by colour-blind readers, and in black and white: the colours differ in lightness, further systems are
hatched as well. The same figures give the same bytes, so that a committed picture can be checked. matplotlib is
imported only when a picture is made, and neither pyplot nor a display is used.
"""

import logging
import math
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

METADATA: dict[str, dict[str, Any]] = {  # by suffix; None leaves out a date or a version, which would change the bytes
    ".svg": {"Date": None, "Creator": None},
    ".png": {"Software": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
INK = "#222222"
# From light to dark in steps that survive black and white and every common colour blindness. The last, darkest one is
# for the last model given, mostly one's own. Beside each, what its hatch and outline are drawn in.
_COLOURS = (("#C7E4F9", INK), ("#DDAA33", INK), ("#BB5566", "white"), ("#004488", "white"))
_HATCHES = ("", "////", "....")
OPEN = {"facecolor": "white", "edgecolor": INK, "linestyle": (0, (3, 2)), "linewidth": 1.0}  # the bar of a bound
SIZE, TITLE_SIZE = 8.5, 10.0  # points
LOG_FROM = 20.0  # values further apart than this would leave the smallest bar invisible on a linear axis
_LONGEST_BAR = 0.68  # of a panel's width: the figure stands beside it
_STYLE = {
    "svg.hashsalt": "hybrid-pyserini",  # else the ids inside the SVG are drawn at random
    # Text as outlines: GitHub shows an SVG as an image, which may load no font. Left as text it would be set in a font
    # of the reader's, with other widths, and run into its neighbours.
    "svg.fonttype": "path",
    "font.size": SIZE,
    "axes.titlesize": TITLE_SIZE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.8,
    "savefig.dpi": 200,  # 1600 pixels as PNG: sharp where the page shows 800
    "savefig.facecolor": "white",  # not transparent: black letters would vanish on a dark page
}


@contextmanager
def matplotlib_style() -> Iterator[None]:
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


def bar_looks(systems: int) -> list[dict[str, Any]]:
    """How the bars of each system are filled: four colours plain, then hatched, then dotted."""
    colours = _COLOURS[-systems:]
    found = []
    for place in range(systems):
        colour, edge = colours[place % len(colours)]
        hatch = _HATCHES[place // len(_COLOURS)]
        found.append({"facecolor": colour, "edgecolor": edge, "hatch": hatch, "linewidth": 0.8})
    return found


def set_scale(axes: "Axes", means: Sequence[float]) -> float:
    """Scale the axis of rank distances, with room for the figures beside the bars; return where it starts."""
    from matplotlib.ticker import NullLocator

    above_zero = [mean for mean in means if mean > 0]
    most = max(above_zero, default=1.0)
    if most <= LOG_FROM * min(above_zero, default=1.0):
        return set_linear_scale(axes, means)
    first = min(0, math.floor(math.log10(min(above_zero))))  # mostly 1, a rank distance of two neighbours
    powers = range(first, math.floor(math.log10(most)) + 1)
    start = 10.0**first
    axes.set_xscale("log")
    axes.set_xlim(start, start * (most / start) ** (1 / _LONGEST_BAR))
    axes.set_xticks([10.0**power for power in powers[:: math.ceil(len(powers) / 5)]])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter("{x:,.10g}")
    axes.spines.bottom.set_bounds(start, most)
    return start


def set_linear_scale(axes: "Axes", values: Sequence[float]) -> float:
    """The same from 0 on, whatever the values: 0 is returned."""
    from matplotlib.ticker import MaxNLocator

    most = max(values, default=0.0)
    ticks = MaxNLocator(3, steps=[1, 2, 5, 10]).tick_values(0, most) if most else []
    axes.set_xlim(0, (most or 1.0) / _LONGEST_BAR)
    axes.set_xticks([tick for tick in ticks if tick <= most])
    axes.xaxis.set_major_formatter("{x:,.10g}")
    axes.spines.bottom.set_bounds(0, most or 1.0)
    return 0.0


def legend_columns(names: Sequence[str], width: float) -> int:
    """As many as fit into ``width`` inches, rows filled evenly."""
    longest = max(inches(line, SIZE) for name in names for line in name.split("\n"))
    fit = max(1, int(width / (longest + 0.65)))  # a column's swatch and margins are narrower than that
    return math.ceil(len(names) / math.ceil(len(names) / fit))


def wrap(text: str, width: float, size: float) -> str:
    """``text`` in lines of at most ``width`` inches when set in ``size`` points."""
    fitting = (
        letters for letters in range(len(text), 1, -1)
        if all(inches(line, size) <= width for line in textwrap.wrap(text, letters))
    )
    return "\n".join(textwrap.wrap(text, next(fitting, 1)))


def inches(line: str, size: float) -> float:
    """How wide a line is; an ``m`` takes three times the room of an ``i``, so letters cannot be counted instead."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    width, _, _ = text_to_path.get_text_width_height_descent(line, FontProperties(size=size), ismath=False)
    return float(width) / 72
