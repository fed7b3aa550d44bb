"""What ``evaluate`` wrote of the systems that are compared.

Only what can be compared gets through: evaluations of the runs, topics and qrels that are there now, of the same pairs,
queries and measures, at the same depth, without a hole between figures and per-query values.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ir_measures.measures.base import MeanAgg

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation.evaluation import judgement_hashes
from hybrid_pyserini.evaluation.measures import parse_measures
from hybrid_pyserini.evaluation.per_query import PairValues, read_per_query
from hybrid_pyserini.evaluation.pool.rank_distance import DISTANCES
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.provenance import sha256
from hybrid_pyserini.records import Pair
from hybrid_pyserini.workspace import DatasetInfo, Workspace


@dataclass(frozen=True)
class Evaluated:
    """One model's evaluation."""

    model: str
    record: Mapping[str, Any]
    """What stands in its JSON."""
    pairs: Mapping[Pair, PairValues]
    path: Path
    """Of the JSON."""


def read_evaluations(
    workspace: Workspace, info: DatasetInfo, models: Sequence[str], measures: Sequence[str] | None
) -> tuple[list[Evaluated], list[str], list[str]]:
    """The models' evaluations, checked; the measures: those given, by ir-measures' names, or else those that all were
    evaluated with; and the measures that for this reason are left out.

    Raises InputError for the first thing that forbids to compare them.
    """
    evaluated = [_read(workspace, info, model) for model in models]
    first = evaluated[0]
    names, left_out = _common_measures(evaluated)
    if measures is not None:
        names, left_out = [str(measure) for measure in parse_measures(measures)], []
    elif not names:
        raise InputError(
            "there is no measure that all were evaluated with", remedy="run 'hybrid-pyserini evaluate' for all of them"
        )
    for other in evaluated:
        _check_measures(other, names)
        _check_values(other, names)
    for other in evaluated[1:]:
        _check_alike(first, other)
    return evaluated, names, left_out


def _common_measures(evaluated: Sequence[Evaluated]) -> tuple[list[str], list[str]]:
    """The measures that all were evaluated with, as the first has them, and those that only some were."""
    of_all = [list(one.record["settings"]["mono"]) for one in evaluated]
    everything = list(dict.fromkeys(measure for measures in of_all for measure in measures))
    common = [measure for measure in everything if all(measure in measures for measures in of_all)]
    return common, [measure for measure in everything if measure not in common]


def _again(info: DatasetInfo, model: str) -> str:
    return f"run 'hybrid-pyserini evaluate {info.name} --model {model}' again"


def _read(workspace: Workspace, info: DatasetInfo, model: str) -> Evaluated:
    """A model's evaluation; raises InputError for none, and for one of other files than are there now."""
    path = workspace.evaluation(info.name, model)
    if not path.exists():
        raise InputError(
            f"{model!r} has no evaluation on {info.name}",
            remedy=f"run 'hybrid-pyserini evaluate {info.name} --model {model}' first", path=path,
        )
    record = read_json(path)
    try:
        pairs = [Pair(*pair.split("-")) for pair in record["pairs"]]
        runs, judged_by = record["runs"], record["judged_by"]
        _ = record["settings"]["mono"], record["language_bias"][DISTANCES], record["pool"]["passages"]
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"an evaluation of another form ({error} is missing)", remedy=_again(info, model), path=path
        ) from None
    for name, digest in runs.items():
        file = path.parent / name
        if not file.exists() or sha256(file) != digest:
            what = "changed since it was evaluated" if file.exists() else "evaluated, but not there any more"
            raise InputError(what, remedy=_again(info, model), path=file)
    undeclared = [str(pair) for pair in pairs if pair not in info.pairs]
    if undeclared or judgement_hashes(workspace, info.name, pairs) != judged_by:
        raise InputError(
            f"{model!r} was evaluated with other topics or qrels of {info.name} than are there now",
            remedy=_again(info, model), path=path,
        )
    return Evaluated(model, record, read_per_query(workspace.per_query(info.name, model)), path)


def _check_measures(evaluated: Evaluated, measures: Sequence[str]) -> None:
    there = list(evaluated.record["settings"]["mono"])
    for measure in measures:
        if measure not in there:
            raise InputError(
                f"{evaluated.model!r} was not evaluated with {measure} (but with {' '.join(there)})",
                remedy="evaluate all with the same measures, or choose with --measures", path=evaluated.path,
            )
        if not isinstance(parse_measures([measure])[0].aggregator(), MeanAgg):
            raise InputError(f"{measure} is no mean over queries", remedy="leave it out with --measures")


def _check_values(evaluated: Evaluated, measures: Sequence[str]) -> None:
    """Raise InputError unless every pair's figures are numbers, and the means of its per-query values."""
    remedy = "run 'hybrid-pyserini evaluate' again"
    if evaluated.pairs.keys() != {Pair(*pair.split("-")) for pair in evaluated.record["pairs"]}:
        raise InputError("the per-query values are of other pairs", remedy=remedy, path=evaluated.path)
    distances = evaluated.record["language_bias"][DISTANCES]["by_query_language"]
    for pair, values in evaluated.pairs.items():
        figures = {measure: evaluated.record["pairs"][str(pair)][measure] for measure in measures}
        if pair.setting == "multi" and pair.query in distances:
            figures[DISTANCES] = distances[pair.query]
        for measure, figure in figures.items():
            if not isinstance(figure, int | float) or not math.isfinite(figure):
                raise InputError(f"{measure} of {pair} is {figure}, no number", remedy=remedy, path=evaluated.path)
            if measure not in values.values or not math.isclose(
                figure, values.values[measure].mean(), rel_tol=1e-9, abs_tol=1e-12
            ):
                raise InputError(
                    f"{measure} of {pair} is not the mean of its per-query values", remedy=remedy, path=evaluated.path
                )


def _check_alike(first: Evaluated, other: Evaluated) -> None:
    """Raise InputError where two evaluations are not of the same thing."""
    both = f"{first.model!r} and {other.model!r} cannot be compared"
    for depth in ("hits", "pool_hits"):
        a, b = first.record.get(depth), other.record.get(depth)
        if None not in (a, b) and a != b:
            raise InputError(f"{both}: {depth} {a} and {b}", remedy="search with the same --hits and --pool-hits")
    a, b = (one.record["pool"]["passages"] for one in (first, other))
    if None not in (a, b) and a != b:
        raise InputError(f"{both}: their pools have {a} and {b} passages", remedy="index and search the same passages")
    if first.pairs.keys() != other.pairs.keys():
        differing = sorted(map(str, first.pairs.keys() ^ other.pairs.keys()))
        some = " ".join(differing[:5]) + (" ..." if len(differing) > 5 else "")
        raise InputError(
            f"{both}: only one was evaluated on {some}", remedy="evaluate both on the same --pairs", path=other.path
        )
    for pair, values in first.pairs.items():
        if values.query_ids != other.pairs[pair].query_ids:
            odd = min(set(values.query_ids) ^ set(other.pairs[pair].query_ids))
            raise InputError(
                f"{both}: in {pair} only one was scored on query {odd!r}", remedy="evaluate both again", path=other.path
            )


def question_values(
    evaluated: Evaluated, questions: Mapping[str, int], pairs: Sequence[Pair], measure: str
) -> np.ndarray:
    """A measure's values [questions, pairs], 0 where a question is not scored in a pair, and in pairs that do not have
    the measure, as only pools have rank distances; ``questions``: id -> row."""
    values = np.zeros((len(questions), len(pairs)))
    for column, pair in enumerate(pairs):
        if measure in evaluated.pairs[pair].values:
            rows = [questions[query_id] for query_id in evaluated.pairs[pair].query_ids]
            values[rows, column] = evaluated.pairs[pair].values[measure]
    return values
