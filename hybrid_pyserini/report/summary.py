"""A comparison in words: which system is best where, and whether that is more than chance."""

from collections.abc import Mapping, Sequence
from typing import Any

from hybrid_pyserini.comparison.families import RANK_DISTANCE, of_all_languages
from hybrid_pyserini.evaluation.settings import SETTINGS
from hybrid_pyserini.report.comparison_tables import figure_text, significant

_WHERE = {
    "mono": "Within a language (mono)", "cross": "Across languages (cross)",
    "multi": "In the pool of all languages (multi)",
}


def summary(record: Mapping[str, Any]) -> list[str]:
    """A sentence on the whole, one on each setting and on the rank distance, and what they leave open."""
    measure = record["measures"][0]
    places = [(setting, measure) for setting in SETTINGS] + [("multi", RANK_DISTANCE)]
    best = {place: _best(record, *place) for place in places}
    sentences = [_overall(best, measure), *(_sentence(record, place, name) for place, name in best.items())]
    single = [place.removeprefix("systems.") for place in record["remarks"] if place.startswith("systems.")]
    if single:
        models = "is one model" if len(single) == 1 else "are one model each"
        sentences.append(
            f"{_listed(single)} {models}: what is said here is about these models on other questions, "
            "and not about other seeds."
        )
    return [sentence for sentence in sentences if sentence]


def _best(record: Mapping[str, Any], setting: str, measure: str) -> str | None:
    """The best system in a place; None where none has a figure. Bounds are no figures to be best with."""
    means = {
        name: of["mean"] for name, of in record["settings"][setting].get(measure, {}).items()
        if of["mean"] is not None and not of.get("bound")
    }
    return (min if measure == RANK_DISTANCE else max)(means, key=lambda name: means[name], default=None)


def _overall(best: Mapping[tuple[str, str], str | None], measure: str) -> str:
    """Which system is best in how many places; it heads the report, so it is never empty."""
    places: dict[str, list[str]] = {}
    for (setting, of), name in best.items():
        if name is not None:
            places.setdefault(name, []).append("rank distance" if of == RANK_DISTANCE else setting)
    if not places:
        return "No mean is of all its language pairs, so no system is best; the notes below the tables say what lacks."
    if len(places) == 1:
        (name, where), = places.items()
        return f"{name} is best in {_listed(where)} ({measure}{_smaller(where)})."
    return "No system is best in everything: " + "; ".join(
        f"{name} in {_listed(where)}" for name, where in places.items()
    ) + f" ({measure})."


def _smaller(where: Sequence[str]) -> str:
    return "; of the rank distance, smaller is better" if "rank distance" in where else ""


def _sentence(record: Mapping[str, Any], place: tuple[str, str], best: str | None) -> str:
    """The best system of a place with its figure, and from which others it differs."""
    setting, measure = place
    if best is None:
        return ""
    distance = measure == RANK_DISTANCE
    figures = record["settings"][setting][measure]
    shown = figure_text(figures[best], 1 if distance else 3, half=True)
    head = (
        f"{best} has the smallest rank distance in the pool, {shown} ranks" if distance
        else f"{_WHERE[setting]}, {best} has the highest {measure}, {shown}"
    )
    p_of = {
        row["a"] if row["b"] == best else row["b"]: row["p_holm"] for row in record["differences"]
        if of_all_languages(row) and (row["setting"], row["measure"]) == place and best in (row["a"], row["b"])
    }
    parts = [
        f"{said} {_listed(names)}" for said, names in (
            ("significantly better than", [name for name, p in p_of.items() if significant(p)]),
            ("not significantly different from", [n for n, p in p_of.items() if p is not None and not significant(p)]),
            ("not tested against", [name for name in figures if name != best and p_of.get(name) is None]),
        ) if names
    ]
    return f"{head}: {'; '.join(parts)}." if parts else f"{head}."


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
