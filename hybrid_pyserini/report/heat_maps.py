"""A figure of every language pair: of a system, and of the difference between two. Rows are query languages, columns
passage languages and the pool.

A heat map is a table of figures with a shade each: read by screen readers, searched, copied, and as sharp on a phone
as on paper, which a picture of it is not. Shades only get darker with the size of a figure, so that black and white
keeps their order; of a difference the sign stands before the figure, and negative cells are hatched too.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hybrid_pyserini.records import ALL
from hybrid_pyserini.report.comparison_tables import significant

LEVELS = 9
"""Shades beside white."""

_LEAST_SCALE = 0.05
"""A difference of less is never the darkest."""

_MARKS = (
    "Bold: significant, p < .05 by a paired t-test over the pair's queries, with Holm's correction for all pairs and "
    "each two systems."
)


@dataclass(frozen=True)
class HeatCell:
    """A figure as it is printed, and its shade."""

    text: str
    level: int
    """0, white, to ``LEVELS``, the darkest."""
    sign: int = 0
    """Of a difference."""
    significant: bool = False

    @property
    def classes(self) -> str:
        """The classes of the page's style sheet."""
        return f"{'n' if self.sign < 0 else 'p'}{self.level}" + " significant" * self.significant


@dataclass(frozen=True)
class HeatMap:
    """A table of shaded figures."""

    title: str
    note: str
    """What the shades mean."""
    marks: str
    """What bold and underlined figures are; empty where there are none."""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[HeatCell | None, ...]], ...]
    """Query language and its cells; None for a pair that was not evaluated."""
    legend: tuple[HeatCell, ...]


def system_heat_maps(record: Mapping[str, Any]) -> list[HeatMap]:
    """A heat map a system of the comparison's first measure, all on one scale from 0 to the highest figure of any."""
    measure = record["measures"][0]
    figures = {pair: of_pair[measure] for pair, of_pair in record["pairs"].items()}
    highest = max(max(of_systems.values()) for of_systems in figures.values()) or 1.0

    def cell(value: float) -> HeatCell:
        return HeatCell(_short(value, highest), min(LEVELS, int(value / highest * (LEVELS + 1))))

    shades = LEVELS + 1
    legend = [HeatCell(_short(highest * shade / shades, highest), shade) for shade in range(shades)]
    note = f"{measure}. Each shade begins at the figure in it; the highest of all systems is {highest:.3f}."
    return [
        _heat_map(
            f"{measure} of {name}", note, "", {pair: cell(of_systems[name]) for pair, of_systems in figures.items()},
            legend,
        )
        for name in (system["name"] for system in record["systems"])
    ]


def difference_heat_maps(record: Mapping[str, Any]) -> list[HeatMap]:
    """The last system minus each other in the comparison's first measure, each on a scale of its own: beside a baseline
    that is far below, the difference from a rival would be white. What is significant after Holm's correction for all
    pairs and systems is marked."""
    measure = record["measures"][0]
    last = record["systems"][-1]["name"]
    maps = []
    for other in (system["name"] for system in record["systems"][:-1]):
        rows = [
            row if row["a"] == last else row | {"difference": -row["difference"]}
            for row in record["pair_differences"] if row["measure"] == measure and {last, other} == {row["a"], row["b"]}
        ]
        furthest = max(_LEAST_SCALE, *(abs(row["difference"]) for row in rows))
        cells = {
            row["pair"]: _difference(row["difference"], furthest, marked=significant(row["p_t_holm"])) for row in rows
        }
        legend = [_difference(furthest * step / LEVELS, furthest) for step in range(-LEVELS, LEVELS + 1, 3)]
        note = (
            f"White is no difference; blue and +: {last} is above; orange, hatched and −: {other} is; the darkest: "
            f"±{furthest:.3f}."
        )
        maps.append(_heat_map(f"{measure} of {last} minus {other}", note, _MARKS, cells, legend))
    return maps


def _difference(difference: float, furthest: float, *, marked: bool = False) -> HeatCell:
    text = _short(abs(difference), furthest)
    if not float(text):
        return HeatCell("0", 0, 0, marked)
    sign = "+" if difference > 0 else "−"
    level = math.ceil(round(abs(difference) / furthest * LEVELS, 6))  # rounded: six ninths may come out just above 6
    return HeatCell(sign + text, level, 1 if difference > 0 else -1, marked)


def _heat_map(
    title: str, note: str, marks: str, cells: Mapping[str, HeatCell], legend: Sequence[HeatCell]
) -> HeatMap:
    pairs = [pair.split("-") for pair in cells]
    queries = sorted({query for query, _ in pairs})
    passages = sorted({passage for _, passage in pairs}, key=lambda language: (language == ALL, language))
    return HeatMap(title, note, marks, tuple(passages), tuple(
        (query, tuple(cells.get(f"{query}-{passage}") for passage in passages)) for query in queries
    ), tuple(legend))


def _short(value: float, highest: float) -> str:
    """A figure in as few letters as tell it: twelve of them stand beside each other on a phone."""
    if highest > 1:  # a count, such as NumRet
        return f"{value:.0f}"
    return "0" if value == 0 else f"{value:.2f}".removeprefix("0").replace("1.00", "1.0")
