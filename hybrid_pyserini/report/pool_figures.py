"""What the evaluations say of the pool, by system: one of several seeds has the mean over its models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from hybrid_pyserini.report.table_formats import Cell, Table
from hybrid_pyserini.report.tables import NONE, pool_rows

SAME_LANGUAGE = "SameLanguage@"


@dataclass(frozen=True)
class SameLanguage:
    """The share of the pool's top K that is in the query's language."""

    measure: str
    by_system: Mapping[str, Mapping[str, float]]
    """System -> query language -> share; only those systems that have one."""
    unbiased: Mapping[str, float]
    """Query language -> its share of the relevant passages."""


def pool_tables(evaluations: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Table]:
    """The pool's measures by system, and the same-language share by query language; those that have a figure."""
    header, rows = pool_rows([_mean_of_models(system, of) for system, of in evaluations.items()])
    tables = []
    if header[1:]:
        tables.append(Table("The pool's own measures", header, [list(map(Cell, row)) for row in rows]))
    shares = same_language(evaluations)
    if shares is not None:
        names = list(shares.by_system)
        tables.append(Table(
            f"{shares.measure}, by query language", [shares.measure, *names, "unbiased"],
            [
                [
                    Cell(language), *(Cell(_share(shares.by_system[name].get(language))) for name in names),
                    Cell(_share(unbiased)),
                ]
                for language, unbiased in shares.unbiased.items()
            ],
        ))
    return tables


def _share(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}"


def _mean_of_models(system: str, evaluations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """An evaluation's ``pool`` and ``language_bias`` with means over the models; null where one of them is."""
    pool = {"AP(full)": _mean([of.get("pool", {}).get("AP(full)", {}) for of in evaluations])}
    names = dict.fromkeys(name for of in evaluations for name in of["language_bias"])
    bias = {name: _mean([of["language_bias"].get(name, {}) for of in evaluations]) for name in names}
    return {"model": system, "pool": pool, "language_bias": bias}


def _mean(figures: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {"mean": _mean_or_none([of.get("mean") for of in figures])}
    found["bound"] = any(of.get("bound") for of in figures)
    if all("unbiased" in of for of in figures):
        found["unbiased"] = _mean_or_none([of["unbiased"] for of in figures])
    return found


def _mean_or_none(values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return fmean(there) if there and len(there) == len(values) else None


def same_language(evaluations: Mapping[str, Sequence[Mapping[str, Any]]]) -> SameLanguage | None:
    """The shares of the systems that have them; None where none has, or where they are of different K."""
    found: dict[str, dict[str, float]] = {}
    unbiased: dict[str, float] = {}
    measures = set()
    for system, of_models in evaluations.items():
        shares = [
            (name, figures) for of in of_models for name, figures in of["language_bias"].items()
            if name.startswith(SAME_LANGUAGE) and figures["by_query_language"]
        ]
        if len(shares) < len(of_models):
            continue
        measures |= {name for name, _ in shares}
        languages = shares[0][1]["by_query_language"]
        found[system] = {
            language: fmean(figures["by_query_language"][language] for _, figures in shares) for language in languages
        }
        unbiased = dict(shares[0][1]["unbiased_by_query_language"])
    if len(measures) != 1:
        return None
    return SameLanguage(measures.pop(), found, unbiased)
