"""Which p-values of a comparison are corrected together: Holm's correction over all that one table compares.

Each two systems are in it, in each of the table's cells. In Table 2, which is printed as a table a setting, that is a
measure's three settings; Table 3 is one of all further measures.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hybrid_pyserini.comparison.significance import holm

RANK_DISTANCE = "rank distance"
"""Stands among the measures of ``multi``."""

FAMILIES = {
    "settings": "mono, cross and multi of the first measure, and the rank distance",
    "other measures": "mono, cross and multi of all other measures",
    "by query language": "the query languages' mono, cross and multi, of each measure by itself",
    "by group": "the groups' mono, cross, cross by passages and multi, of each measure by itself",
    "pairs": "all language pairs, of each measure by itself",
}
"""What is corrected together."""


def of_all_languages(difference: Mapping[str, Any]) -> bool:
    """Whether a difference is of means over all query languages."""
    return difference["language"] is None and difference["group"] is None


def correct(record: Mapping[str, Any]) -> None:
    """Put ``<p>_holm`` beside each p of the record's ``differences`` and ``pair_differences``; null where p is."""
    first = record["measures"][0]
    _correct(record["differences"], lambda row: _family(row, first), ("p", "p_randomisation"))
    _correct(record["pair_differences"], lambda row: row["measure"], ("p_t", "p_randomisation"))


def _family(row: Mapping[str, Any], first: str) -> str:
    """Which table a difference of means stands in; ``first``: the first measure."""
    if row["language"] is not None:
        return f"by query language: {row['measure']}"
    if row["group"] is not None:
        return f"by group: {row['measure']}"
    return "settings" if row["measure"] in (first, RANK_DISTANCE) else "other measures"


def _correct(
    rows: Sequence[dict[str, Any]], family: Callable[[Mapping[str, Any]], str], names: Sequence[str]
) -> None:
    families: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        families.setdefault(family(row), []).append(row)
    for members in families.values():
        for name in names:
            tested = [row for row in members if row[name] is not None]
            adjusted = iter(holm([row[name] for row in tested]))
            for row in members:
                row[f"{name}_holm"] = None if row[name] is None else next(adjusted)
