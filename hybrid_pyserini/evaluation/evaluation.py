"""One model's runs on one data set -> the evaluation: every pair, the means, language bias, the inputs' hashes.

Written as ``eval.<dataset>.<model>.json`` (what stands in it: `evaluate`'s return value) and, query by query, as
``eval.<dataset>.<model>.per_query.parquet`` (``per_query.py``). Both are made anew by each call, so they never mix runs
of different times.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from math import fsum
from pathlib import Path
from typing import Any

from ir_measures import Measure
from tqdm import tqdm

from hybrid_pyserini.atomic import replacing_file
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation.per_query import writing_per_query
from hybrid_pyserini.evaluation.pool.pool_measures import AP_FULL, DEPTH, PoolMeasure, Pools, measure_pools
from hybrid_pyserini.evaluation.pool.pool_ranks import PoolRanks, read_pool_ranks
from hybrid_pyserini.evaluation.run_scoring import RunFile, score_files
from hybrid_pyserini.evaluation.settings import QuerySums, average, language_groups, micro_average
from hybrid_pyserini.jsonl import write_json
from hybrid_pyserini.provenance import made_by, sha256
from hybrid_pyserini.records import Pair, Qrels
from hybrid_pyserini.search.run_manifest import RunManifest, check_runs
from hybrid_pyserini.trec import read_qrels, read_topics, scored_qrels
from hybrid_pyserini.workspace import DatasetInfo, Workspace

SCHEMA = "hybrid-pyserini evaluation 1"


def evaluate(
    workspace: Workspace, info: DatasetInfo, model: str, pairs: Sequence[Pair], measures: Sequence[Measure],
    bias_at: int = DEPTH,
) -> dict[str, Any]:
    """Score a model's runs of the ``pairs``, write the evaluation, and return what stands in its JSON.

    ``bias_at`` is the k of the measures of language bias that look at the pool's top k. Means follow the pairs that the
    data set declares. With some of them left out a mean is null, and ``remarks`` says why under the null's place
    ('settings.cross'). Raises InputError for whatever is missing or broken.
    """
    check_runs(workspace, info, model, pairs)
    scored = scored_of_pairs(workspace, info.name, pairs)
    ranks = _read_ranks(workspace, info.name, model, scored)
    depth = _depth(workspace.run_manifest(info.name, model))
    names = [str(measure) for measure in measures]
    with replacing_file(workspace.per_query(info.name, model)) as aside:
        cells, pool_measures = _score_all(
            workspace, info, model, scored, measures, aside, Pools(bias_at, ranks, depth["pool_hits"])
        )
        means, mean_remarks = _mean_records(info, cells, names)
        pool, pool_remarks = _pool_records(info, ranks, pool_measures)
        record = {
            "schema": SCHEMA,
            "dataset": info.name,
            "model": model,
            **depth,
            "languages": list(info.languages),
            "language_groups": language_groups(info.languages),
            **means,
            "pairs": {str(pair): cell.means for pair, cell in cells.items()},
            "queries": {str(pair): cell.queries for pair, cell in cells.items()},
            **pool,
            "remarks": mean_remarks
            | {f"pairs.{pair}": cell.remark for pair, cell in cells.items() if cell.remark}
            | pool_remarks,
            "runs": _hashes(workspace.found_run, info.name, model, pairs)
            | _hashes(workspace.ranks, info.name, model, ranks),
            "judged_by": judgement_hashes(workspace, info.name, pairs),
            "made_by": made_by(
                dataset=info.name, model=model, measures=names, pairs=[str(pair) for pair in pairs], bias_at=bias_at
            ),
        }
        write_json(workspace.evaluation(info.name, model), record)
    return record


def judgement_hashes(workspace: Workspace, dataset: str, pairs: Iterable[Pair]) -> dict[str, str]:
    """File name -> SHA-256 of the topics and qrels that score the ``pairs``, of those that are there."""
    paths = {
        path.name: path for pair in pairs
        for path in (workspace.topics(dataset, pair.query), workspace.qrels_of(dataset, pair))
    }
    return {name: sha256(path) for name, path in sorted(paths.items()) if path.exists()}


def scored_of_pairs(workspace: Workspace, dataset: str, pairs: Iterable[Pair]) -> dict[Pair, Qrels]:
    """The judgements of every pair's scored queries, each file read once; raises InputError where a pair has none."""
    topics_in, qrels_in = cache(read_topics), cache(read_qrels)
    scored = {}
    for pair in pairs:
        topics, qrels = workspace.topics(dataset, pair.query), workspace.qrels_of(dataset, pair)
        scored[pair] = scored_qrels(topics_in(topics), qrels_in(qrels))
        if not scored[pair]:
            raise InputError(
                f"no query of {topics.name} has a relevant passage here, so {pair} has nothing to score",
                remedy="prepare the data set again", path=qrels,
            )
    return scored


@dataclass(frozen=True)
class _Cell:
    """What the evaluation keeps of a pair once its per-query values are written."""

    means: dict[str, float]
    sums: QuerySums
    queries: dict[str, int]
    remark: str | None


def _score_all(
    workspace: Workspace, info: DatasetInfo, model: str, scored: dict[Pair, Qrels], measures: Sequence[Measure],
    per_query: Path, pools: Pools,
) -> tuple[dict[Pair, _Cell], list[PoolMeasure]]:
    """Score the runs of the ``scored`` pairs, then the pools, writing per-query values to a parquet file."""
    cells = {}
    results = score_files(measures, [
        RunFile(workspace.found_run(info.name, model, pair), judged, pools.k if pair.setting == "multi" else 0)
        for pair, judged in scored.items()
    ])
    with closing(results), writing_per_query(per_query) as write:
        bar = tqdm(results, desc=f"evaluating {model}", unit="run", total=len(scored))
        for pair, result in zip(scored, bar, strict=True):
            figures = result.figures
            write(pair, figures.values)
            sums = {measure: fsum(values.values()) for measure, values in figures.values.items()}
            cells[pair] = _Cell(figures.means, QuerySums(sums, figures.scored), figures.queries, result.remark)
            if pair.setting == "multi":
                pools.add(pair, scored[pair], result.top)
        pool_measures = measure_pools(workspace, info, pools)
        for pool_measure in pool_measures:
            for pair, values in pool_measure.values.items():
                write(pair, {pool_measure.name: values})
    return cells, pool_measures


def _mean_records(
    info: DatasetInfo, cells: dict[Pair, _Cell], measures: Sequence[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """``settings`` and the other means over pairs, and the remarks on them."""
    means = average(info.pairs, {pair: cell.means for pair, cell in cells.items()}, measures)
    micro, micro_remarks = micro_average(info.pairs, {pair: cell.sums for pair, cell in cells.items()}, measures)
    return {
        "settings": means.settings, "settings_micro": micro, "by_query_language": means.by_query_language,
        "by_passage_language": means.by_passage_language, **means.by_group,
    }, means.remarks | micro_remarks


def _read_ranks(
    workspace: Workspace, dataset: str, model: str, scored: dict[Pair, Qrels]
) -> dict[Pair, PoolRanks]:
    """The relevant passages' ranks in every pool among the ``scored`` pairs; empty if the model has no ranks file.

    A run from elsewhere comes without ranks. Ranks for some of the pools only are a fault: raises InputError.
    """
    paths = {pair: workspace.ranks(dataset, model, pair) for pair in scored if pair.setting == "multi"}
    if not any(path.exists() for path in paths.values()):
        return {}
    ranks = {pair: read_pool_ranks(path, scored[pair]) for pair, path in paths.items()}
    sizes = {of_pool.size for of_pool in ranks.values()}
    if len(sizes) > 1:
        raise InputError(
            f"the ranks of {model!r} on {dataset} come from pools of different sizes: "
            f"{' '.join(map(str, sorted(sizes)))}", remedy="search all pools again",
        )
    return ranks


def _pool_records(
    info: DatasetInfo, ranks: dict[Pair, PoolRanks], measures: Sequence[PoolMeasure]
) -> tuple[dict[str, Any], dict[str, str]]:
    """``pool`` and ``language_bias`` of the evaluation, and the remarks on them."""
    declared = [pair for pair in info.pairs if pair.setting == "multi"]
    pool: dict[str, Any] = {"passages": next((of_pool.size for of_pool in ranks.values()), None)}
    bias: dict[str, Any] = {}
    remarks = {}
    for measure in measures:
        name, section = ("pool", pool) if measure.name == AP_FULL else ("language_bias", bias)
        section[measure.name], remarks[f"{name}.{measure.name}"] = measure.record(declared)
    return {"pool": pool, "language_bias": bias}, {place: remark for place, remark in remarks.items() if remark}


def _depth(manifest: Path) -> dict[str, int | None]:
    """How many passages a query the runs hold at most; None for runs from elsewhere, which have no manifest."""
    made = RunManifest.read(manifest) if manifest.exists() else None
    return {"hits": made.hits if made else None, "pool_hits": made.pool_hits if made else None}


def _hashes(
    path_of: Callable[[str, str, Pair], Path], dataset: str, model: str, pairs: Iterable[Pair]
) -> dict[str, str]:
    """File name -> SHA-256 of the files of the ``pairs``."""
    paths = [path_of(dataset, model, pair) for pair in pairs]
    return {path.name: sha256(path) for path in paths}
