"""A comparison as CSV, a line a figure: for spreadsheets and programs."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

_MEAN_COLUMNS = ("mean", "low", "high", "sd")
_DIFFERENCE_COLUMNS = (
    "difference", "low", "high", "p", "p_holm", "p_t", "p_t_holm", "p_randomisation", "p_randomisation_holm", "d_z",
    "wins", "ties", "losses",
)


def comparison_csv(record: Mapping[str, Any]) -> str:
    """What each figure is of, then its numbers; empty where there is none."""
    numbers = tuple(dict.fromkeys(_MEAN_COLUMNS + _DIFFERENCE_COLUMNS))
    out = io.StringIO()
    writer = csv.DictWriter(
        out,
        ("dataset", "of", "language", "group", "setting", "pair", "measure", "system", "against", "bound", *numbers),
        restval="", lineterminator="\n",
    )
    writer.writeheader()
    writer.writerows({"dataset": record["dataset"], **line} for line in _lines(record))
    return out.getvalue()


def _lines(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The figures: means, by query language too, pairs, published ones, differences of means and of pairs."""
    means: list[tuple[dict[str, str], Mapping[str, Any]]] = [({}, record["settings"])]
    means += [({"language": language}, settings) for language, settings in record["by_query_language"].items()]
    means += [({"group": group}, settings) for group, settings in record["by_group"].items()]
    for place, settings in means:
        for setting, measures in settings.items():
            for measure, systems in measures.items():
                for system, figures in systems.items():
                    yield {"of": "mean", **place, "setting": setting, "measure": measure, "system": system, **figures}
    for pair, measures in record["pairs"].items():
        for measure, systems in measures.items():
            for system, mean in systems.items():
                yield {"of": "pair", "pair": pair, "measure": measure, "system": system, "mean": mean}
    for measure, published in record.get("published", {}).get("figures", {}).items():
        for system, figures in published.items():
            for language, mean in {**figures["languages"], "": figures["mean"]}.items():
                yield {"of": "published", "language": language, "setting": "mono", "measure": measure,
                       "system": system, "mean": mean}
    for of, rows in (("difference", record["differences"]), ("pair difference", record["pair_differences"])):
        for row in rows:
            figures = dict(row)
            yield {"of": of, "system": figures.pop("a"), "against": figures.pop("b"), **figures}
