"""Several systems on one data set: their means with intervals, and the tests of all their differences.

The record is plain and can be written as JSON: ``systems``; ``measures``, of which the first two tables show the first;
``clusters`` (what is resampled, and how many); ``settings`` (setting -> measure -> system -> mean, low, high, sd)
and ``by_query_language`` (language -> the same); ``groups`` (name -> languages) and ``by_group`` (name -> the same as
``settings``, with ``cross, passages``); ``pairs`` (pair -> measure -> system -> mean); ``differences`` of
means and ``pair_differences``, of each two systems (``differences.py``); ``published``, others' figures, where there
are any (``published.py``); ``remarks``; ``method``; ``made_by``. The rank distance stands under ``multi`` as if it were
a measure; there the smaller is the better, and wins.

Holm's correction (``families.py``) goes over each two systems, so that it holds too for a system that is set against
the best because it came out best.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import fmean
from typing import Any

from tqdm import tqdm

from hybrid_pyserini.comparison import bootstrap, intervals, significance
from hybrid_pyserini.comparison.clusters import articles_hash
from hybrid_pyserini.comparison.differences import (
    TopicScores,
    mean_differences,
    mean_estimates,
    pair_differences,
)
from hybrid_pyserini.comparison.evaluations import Evaluated, read_evaluations
from hybrid_pyserini.comparison.families import FAMILIES, RANK_DISTANCE, correct
from hybrid_pyserini.comparison.grid import INTO, Grid, Groups, Mean, make_grid
from hybrid_pyserini.comparison.published import published
from hybrid_pyserini.comparison.systems import System
from hybrid_pyserini.evaluation.pool.rank_distance import DISTANCES
from hybrid_pyserini.evaluation.settings import SETTINGS
from hybrid_pyserini.provenance import made_by
from hybrid_pyserini.workspace import DatasetInfo, Workspace, is_bm25

SCHEMA = "hybrid-pyserini comparison 1"


def compare(
    workspace: Workspace, info: DatasetInfo, systems: Sequence[System], measures: Sequence[str] | None = None,
    groups: Groups | None = None,
) -> dict[str, Any]:
    """The comparison. ``measures``: by ir-measures' names, of those that all were evaluated with; None: all of these.
    ``groups``: of languages, to take means by.

    Raises InputError where the systems cannot be compared (``systems.py``).
    """
    models = [model for system in systems for model in system.models]
    evaluated, names, left_out = read_evaluations(workspace, info, models, measures)
    grid, remarks = make_grid(workspace, info, evaluated, groups)
    record = _frame(info, systems, grid, names, groups or {})
    for measure in tqdm(names, desc="comparing", unit="measure", disable=None):
        of_systems = {system.name: grid.topic_scores(system, measure) for system in systems}
        _add_means(record, grid.means, measure, _estimates(grid, of_systems))
        _add_pairs(record, grid, measure, of_systems)
        _add_differences(record, grid, measure, of_systems)
    _add_rank_distances(record, grid, systems)
    correct(record)
    return record | published(record) | {
        "remarks": _measure_remarks(left_out) | _cluster_remarks(grid) | remarks | _seed_remarks(systems)
        | _distance_remarks(systems, grid),
        "method": _method(),
        "made_by": made_by(
            dataset=info.name, systems={system.name: list(system.models) for system in systems}, measures=names,
            articles=articles_hash(workspace, info.name),
        ),
    }


def _frame(
    info: DatasetInfo, systems: Sequence[System], grid: Grid, measures: Sequence[str], groups: Groups
) -> dict[str, Any]:
    """The record before any figure."""
    clusters = grid.sample.clusters
    return {
        "schema": SCHEMA, "dataset": info.name, "measures": measures, "languages": list(info.languages),
        "systems": [_system_record(system, grid.evaluated) for system in systems],
        "clusters": {"of": clusters.kind, "count": clusters.count, "questions": len(grid.questions)},
        "settings": {setting: {} for setting in SETTINGS},
        "by_query_language": {
            language: {setting: {} for setting in SETTINGS}
            for language in dict.fromkeys(pair.query for pair in info.pairs)
        },
        "groups": {group: list(languages) for group, languages in groups.items()},
        "by_group": {group: {setting: {} for setting in (*SETTINGS, INTO)} for group in groups},
        "pairs": {str(pair): {} for pair in grid.pairs},
        "differences": [], "pair_differences": [],
    }


def _system_record(system: System, evaluated: Mapping[str, Evaluated]) -> dict[str, Any]:
    first = evaluated[system.models[0]].record
    return {
        "name": system.name, "models": list(system.models), "hits": first.get("hits"),
        "pool_hits": first.get("pool_hits"),
    }


def _estimates(grid: Grid, systems: Mapping[str, TopicScores]) -> dict[str, list[dict[str, float | None]]]:
    return {name: mean_estimates(grid.sample.clusters.count, system.seeds) for name, system in systems.items()}


def _places(record: dict[str, Any], mean: Mean) -> dict[str, Any]:
    """Where the measures of a mean stand in the record."""
    if mean.language is not None:
        return record["by_query_language"][mean.language][mean.setting]
    return (record["settings"] if mean.group is None else record["by_group"][mean.group])[mean.setting]


def _add_means(
    record: dict[str, Any], means: Sequence[Mean], measure: str, of_systems: Mapping[str, Sequence[dict[str, Any]]]
) -> None:
    for column, mean in enumerate(means):
        _places(record, mean)[measure] = {name: estimates[column] for name, estimates in of_systems.items()}


def _add_pairs(record: dict[str, Any], grid: Grid, measure: str, of_systems: Mapping[str, TopicScores]) -> None:
    for column, pair in enumerate(grid.pairs):
        record["pairs"][str(pair)][measure] = {
            name: fmean(system.over_seeds[grid.sample.scored[:, column], column])
            for name, system in of_systems.items()
        }


def _add_differences(
    record: dict[str, Any], grid: Grid, measure: str, of_systems: Mapping[str, TopicScores]
) -> None:
    names = list(of_systems)
    for a, b in combinations(names, 2):
        head = {"measure": measure, "a": a, "b": b}
        record["differences"] += [
            {"language": mean.language, "group": mean.group, "setting": mean.setting, **head, **found}
            for mean, found in zip(
                grid.means, mean_differences(grid.sample, of_systems[a], of_systems[b]), strict=True
            )
        ]
        record["pair_differences"] += [
            {"pair": str(pair), **head, **found}
            for pair, found in zip(
                grid.pairs, pair_differences(grid.sample, of_systems[a], of_systems[b]), strict=True
            )
        ]


def _distance(evaluated: Evaluated) -> Mapping[str, Any]:
    return evaluated.record["language_bias"][DISTANCES]


def _untested(distance: Mapping[str, Any]) -> str | None:
    """Why a model's rank distance is not tested, where that is so."""
    if distance["bound"] is None:
        return "none: the runs have no ranks beside them"
    if distance["bound"]:
        return "an upper bound: it is not tested against full rankings"
    if not distance["by_query_language"]:
        return "constant by construction, so not shown: every query has one relevant passage"
    return None


def _add_rank_distances(record: dict[str, Any], grid: Grid, systems: Sequence[System]) -> None:
    """Rank distances under ``multi``; bounds without intervals and tests, and null where there is none."""
    distances = {
        system.name: grid.topic_scores(system, DISTANCES) for system in systems
        if not any(_untested(_distance(grid.evaluated[model])) for model in system.models)
    }
    multi = [(column, mean) for column, mean in enumerate(grid.means) if mean.setting == "multi"]
    estimates = _estimates(grid, distances)
    for column, mean in multi:
        _places(record, mean)[RANK_DISTANCE] = {
            system.name: estimates[system.name][column] | {"bound": False} if system.name in distances
            else _bound([_distance(grid.evaluated[model]) for model in system.models], mean)
            for system in systems
        }
    for a, b in combinations(distances, 2):
        found = mean_differences(grid.sample, distances[a], distances[b])
        record["differences"] += [
            {"language": mean.language, "group": mean.group, "setting": "multi", "measure": RANK_DISTANCE, "a": a,
             "b": b, **found[column], "wins": found[column]["losses"], "losses": found[column]["wins"]}
            for column, mean in multi
        ]


def _bound(of_models: Sequence[Mapping[str, Any]], of: Mean) -> dict[str, Any]:
    """The mean over models of an upper bound; null where a model has no figure."""
    languages = [pair.query for pair in of.pairs]
    figures = [of_model["by_query_language"] for of_model in of_models]
    known = all(by_language.keys() >= set(languages) for by_language in figures)
    mean = fmean(by_language[language] for by_language in figures for language in languages) if known else None
    return {"mean": mean, "low": None, "high": None, "sd": None, "bound": None if mean is None else True}


def _measure_remarks(left_out: Sequence[str]) -> dict[str, str]:
    if not left_out:
        return {}
    return {"measures": f"left out, as not all systems were evaluated with them: {' '.join(left_out)}"}


def _cluster_remarks(grid: Grid) -> dict[str, str]:
    clusters = grid.sample.clusters
    if clusters.count > 1:
        return {}
    return {"clusters": f"one {clusters.kind}: no intervals, no t-tests of means, and a randomisation's p is 1"}


def _seed_remarks(systems: Sequence[System]) -> dict[str, str]:
    """Of the systems that were trained; BM25 has no seed."""
    return {
        f"systems.{system.name}": "one model: intervals and tests say nothing about other seeds"
        for system in systems if len(system.models) == 1 and not is_bm25(system.models[0])
    }


def _distance_remarks(systems: Sequence[System], grid: Grid) -> dict[str, str]:
    remarks: dict[str, str] = {}
    if not any(mean.setting == "multi" for mean in grid.means):
        return remarks
    for system in systems:
        reasons = filter(None, (_untested(_distance(grid.evaluated[model])) for model in system.models))
        if said := "; ".join(dict.fromkeys(reasons)):
            remarks[f"rank_distance.{system.name}"] = said
    return remarks


def _method() -> dict[str, Any]:
    return {
        "interval": "Student's t with the standard error of a bootstrap over clusters; seeds, where there are several, "
        "as a second random factor (Satterthwaite's degrees of freedom)",
        "level": intervals.LEVEL, "bootstrap_draws": bootstrap.DRAWS, "randomisation_draws": significance.DRAWS,
        "seed": bootstrap.SEED, "correction": "Holm", "families": FAMILIES,
    }
