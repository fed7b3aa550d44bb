"""Systems on the data they were trained for and on other data sets: the mean over the others, the worst, and the drop.

The drop is the in-domain figure minus the mean over the other data sets, each counting the same. Every data set is
resampled by its own clusters, on its own; as they share no question, the draws of a mean over data sets are the means
of theirs. Its interval has the degrees of freedom of the data set with the fewest clusters, which makes it too long
rather than too short. Seeds are the same models on every data set, so that what differs between them is taken over the
combined figure (``intervals.py``).

The record is plain: ``in_domain`` and ``others`` (data sets), ``measures``, ``systems``, ``settings``, ``clusters``
(data set -> what is resampled, and how many), ``remarks``, ``method``, ``made_by``. ``settings`` holds, by setting,
measure and system, ``datasets`` (data set -> mean, low, high, sd), the same of ``mean`` and ``drop``, and ``worst`` (a
data set). A setting that one of the data sets lacks is null.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from tqdm import tqdm

from hybrid_pyserini.comparison import bootstrap, intervals
from hybrid_pyserini.comparison.differences import mean_estimates
from hybrid_pyserini.comparison.evaluations import read_evaluations
from hybrid_pyserini.comparison.grid import Grid, make_grid
from hybrid_pyserini.comparison.intervals import Seeds
from hybrid_pyserini.comparison.systems import System
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation.settings import SETTINGS
from hybrid_pyserini.provenance import made_by
from hybrid_pyserini.workspace import Workspace

SCHEMA = "hybrid-pyserini domain shift 1"


def domain_shift(
    workspace: Workspace, in_domain: str, others: Sequence[str], systems: Sequence[System],
    measures: Sequence[str] | None = None,
) -> dict[str, Any]:
    """The record. ``measures``: by ir-measures' names; None: all that every system was evaluated with everywhere.

    Raises InputError for a data set that is named twice, and where systems cannot be compared on one of them.
    """
    datasets = [in_domain, *others]
    for name in datasets:
        if datasets.count(name) > 1:
            raise InputError(f"data set {name!r} is named {datasets.count(name)} times", remedy="name each once")
    grids, names = _grids(workspace, datasets, systems, measures)
    settings = {setting: _settings_place(grids, setting) for setting in SETTINGS}
    record: dict[str, Any] = {
        "schema": SCHEMA, "in_domain": in_domain, "others": list(others), "measures": names,
        "systems": [{"name": system.name, "models": list(system.models)} for system in systems],
        "settings": {setting: None if places is None else {} for setting, places in settings.items()},
    }
    for measure in tqdm(names, desc="comparing", unit="measure", disable=None):
        seeds = {
            system.name: {
                name: grid.topic_scores(system, measure, seed=number).seeds
                for number, (name, grid) in enumerate(grids.items())
            }
            for system in systems
        }
        for setting, places in settings.items():
            if places is not None:
                record["settings"][setting][measure] = {
                    system: _of_system(grids, of_datasets, places) for system, of_datasets in seeds.items()
                }
    return record | {
        "remarks": {
            f"settings.{setting}": "null: not all data sets have it, or all of its pairs evaluated"
            for setting, places in settings.items() if places is None
        },
        "clusters": {
            name: {"of": grid.sample.clusters.kind, "count": grid.sample.clusters.count} for name, grid in grids.items()
        },
        "method": {
            "interval": "Student's t with the standard error of a bootstrap over each data set's clusters; seeds, "
            "where there are several, as a second random factor",
            "level": intervals.LEVEL, "bootstrap_draws": bootstrap.DRAWS,
        },
        "made_by": made_by(
            in_domain=in_domain, others=list(others),
            systems={system.name: list(system.models) for system in systems}, measures=names,
        ),
    }


def _grids(
    workspace: Workspace, datasets: Sequence[str], systems: Sequence[System], measures: Sequence[str] | None
) -> tuple[dict[str, Grid], list[str]]:
    """Each data set's grid, and the measures that all have."""
    models = [model for system in systems for model in system.models]
    grids, of_all = {}, []
    for name in datasets:
        info = workspace.dataset(name)
        evaluated, names, _ = read_evaluations(workspace, info, models, measures)
        grids[name], _ = make_grid(workspace, info, evaluated)
        of_all.append(names)
    common = [measure for measure in of_all[0] if all(measure in names for names in of_all)]
    if not common:
        raise InputError(
            "there is no measure that all data sets were evaluated with", remedy="run 'hybrid-pyserini evaluate' with "
            "the same --measures"
        )
    return grids, common


def _settings_place(grids: Mapping[str, Grid], setting: str) -> dict[str, int] | None:
    """Data set -> the column of the setting's mean over all query languages; None where one of them lacks it."""
    places = {
        name: column for name, grid in grids.items() for column, mean in enumerate(grid.means)
        if mean.setting == setting and mean.of_all
    }
    return places if len(places) == len(grids) else None


def _of_system(
    grids: Mapping[str, Grid], seeds: Mapping[str, Seeds], places: Mapping[str, int]
) -> dict[str, Any]:
    """One system's figures in a setting."""
    in_domain, *others = grids
    alone = {name: seeds[name].column(places[name]) for name in grids}
    counts = {name: grid.sample.clusters.count for name, grid in grids.items()}
    datasets = {name: mean_estimates(counts[name], alone[name])[0] for name in grids}
    mean = Seeds(
        np.mean([alone[name].means for name in others], axis=0), np.mean([alone[name].drawn for name in others], axis=0)
    )
    drop = Seeds(alone[in_domain].means - mean.means, alone[in_domain].drawn - mean.drawn)
    return {
        "datasets": datasets,
        "mean": mean_estimates(min(counts[name] for name in others), mean)[0],
        "drop": mean_estimates(min(counts.values()), drop)[0],
        "worst": min(others, key=lambda name: alone[name].means.mean()),
    }
