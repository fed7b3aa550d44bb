"""One model's runs on one data set -> the evaluation: every pair, the means, language bias, the inputs' hashes.

Written as ``eval.<dataset>.<model>.json`` (what stands in it: `evaluate`'s return value) and, query by query, as
``eval.<dataset>.<model>.per_query.parquet`` (``per_query.py``). Both are made anew by each call, so they never mix runs
of different times.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ir_measures import Measure
from tqdm import tqdm

from hybrid_pyserini.atomic import replacing_file
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation.language_bias import PoolDistances, pool_distances, summarise
from hybrid_pyserini.evaluation.per_query import writing_per_query
from hybrid_pyserini.evaluation.run_scoring import score_files
from hybrid_pyserini.evaluation.settings import average
from hybrid_pyserini.jsonl import read_json, write_json
from hybrid_pyserini.provenance import made_by, sha256
from hybrid_pyserini.records import Pair, Qrels
from hybrid_pyserini.trec import read_qrels, read_topics, scored_qrels
from hybrid_pyserini.workspace import DatasetInfo, Workspace

SCHEMA = "hybrid-pyserini evaluation 1"


def check_runs(workspace: Workspace, info: DatasetInfo, model: str, pairs: Sequence[Pair]) -> None:
    """Raise InputError if a run of one of the ``pairs`` is missing."""
    models = workspace.models_with_runs(info.name)
    if model not in models:
        raise InputError(
            f"no runs of {model!r} on {info.name} (there: {', '.join(models) or 'none'})",
            remedy="run 'hybrid-pyserini search' or 'bm25' first",
        )
    missing = [path for path in (workspace.found_run(info.name, model, pair) for pair in pairs) if not path.exists()]
    if missing:
        names = " ".join(path.name for path in missing[:5]) + (" ..." if len(missing) > 5 else "")
        raise InputError(
            f"{len(missing)} of {len(pairs)} runs are missing: {names}",
            remedy="search these pairs, or evaluate others with --pairs", path=missing[0].parent,
        )


def evaluate(
    workspace: Workspace, info: DatasetInfo, model: str, pairs: Sequence[Pair], measures: Sequence[Measure]
) -> dict[str, Any]:
    """Score a model's runs of the ``pairs``, write the evaluation, and return what stands in its JSON.

    Means follow the pairs that the data set declares. With some of them left out a mean is null, and ``remarks`` says
    why under the null's place ('settings.cross'). Raises InputError for whatever is missing or broken.
    """
    check_runs(workspace, info, model, pairs)
    scored = scored_of_pairs(workspace, info.name, pairs)
    pools = _read_pools(workspace, info.name, model, scored)
    names = [str(measure) for measure in measures]
    with replacing_file(workspace.per_query(info.name, model)) as aside:
        cells = _score_all(workspace, info.name, model, scored, measures, aside)
        means = average(info.pairs, {pair: cell.means for pair, cell in cells.items()}, names)
        rank_distance, null = _rank_distance(workspace, info, model, pairs, pools)
        record = {
            "schema": SCHEMA,
            "dataset": info.name,
            "model": model,
            **_depth(workspace.run_manifest(info.name, model)),
            "languages": list(info.languages),
            "settings": means.settings,
            "by_query_language": means.by_query_language,
            "by_passage_language": means.by_passage_language,
            "pairs": {str(pair): cell.means for pair, cell in cells.items()},
            "queries": {str(pair): cell.queries for pair, cell in cells.items()},
            "language_bias": {"rank_distance": rank_distance},
            "remarks": means.remarks
            | {f"pairs.{pair}": cell.remark for pair, cell in cells.items() if cell.remark}
            | ({"language_bias.rank_distance": null} if null else {}),
            "runs": _hashes(workspace.found_run, info.name, model, pairs)
            | _hashes(workspace.ranks, info.name, model, pools),
            "judged_by": judgement_hashes(workspace, info.name, pairs),
            "made_by": made_by(dataset=info.name, model=model, measures=names, pairs=[str(pair) for pair in pairs]),
        }
        write_json(workspace.evaluation(info.name, model), record)
    return record


def judgement_hashes(workspace: Workspace, dataset: str, pairs: Iterable[Pair]) -> dict[str, str]:
    """File name -> SHA-256 of the topics and qrels that score the ``pairs``."""
    paths = {
        path.name: path for pair in pairs
        for path in (workspace.topics(dataset, pair.query), workspace.qrels_of(dataset, pair))
    }
    return {name: sha256(path) for name, path in sorted(paths.items())}


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
    queries: dict[str, int]
    remark: str | None


def _score_all(
    workspace: Workspace, dataset: str, model: str, scored: dict[Pair, Qrels], measures: Sequence[Measure],
    per_query: Path,
) -> dict[Pair, _Cell]:
    """Score the runs of the ``scored`` pairs, writing their per-query values to a parquet file."""
    cells = {}
    results = score_files(
        measures, {workspace.found_run(dataset, model, pair): judged for pair, judged in scored.items()}
    )
    with closing(results), writing_per_query(per_query) as write:
        bar = tqdm(results, desc=f"evaluating {model}", unit="run", total=len(scored))
        for pair, result in zip(scored, bar, strict=True):
            write(pair, result.figures.values)
            cells[pair] = _Cell(result.figures.means, result.figures.queries, result.remark)
    return cells


def _read_pools(
    workspace: Workspace, dataset: str, model: str, scored: dict[Pair, Qrels]
) -> dict[Pair, PoolDistances]:
    """Rank distances of every pool among the ``scored`` pairs; empty if the model has no ranks file at all.

    A run from elsewhere comes without ranks. Ranks for some of the pools only are a fault: raises InputError.
    """
    paths = {pair: workspace.ranks(dataset, model, pair) for pair in scored if pair.setting == "multi"}
    if not any(path.exists() for path in paths.values()):
        return {}
    pools = {pair: pool_distances(path, scored[pair]) for pair, path in paths.items()}
    sizes = {pool.size for pool in pools.values()}
    if len(sizes) > 1:
        raise InputError(
            f"the ranks of {model!r} on {dataset} come from pools of different sizes: "
            f"{' '.join(map(str, sorted(sizes)))}", remedy="search all pools again",
        )
    return pools


def _rank_distance(
    workspace: Workspace, info: DatasetInfo, model: str, pairs: Sequence[Pair], pools: dict[Pair, PoolDistances]
) -> tuple[dict[str, Any], str | None]:
    """The ``rank_distance`` object, and why its means are null where they are."""
    rank_distance, null = summarise([pair for pair in info.pairs if pair.setting == "multi"], pools)
    without = [workspace.ranks(info.name, model, pair) for pair in pairs if pair.setting == "multi"]
    if without and not pools:
        null = f"null: the runs have no ranks beside them ({without[0].name} ...)"
    return rank_distance, null


def _depth(manifest: Path) -> dict[str, int | None]:
    """How many passages a query the runs hold at most; None for runs from elsewhere, which have no manifest."""
    made = read_json(manifest) if manifest.exists() else {}
    return {name: made.get(name) for name in ("hits", "pool_hits")}


def _hashes(
    path_of: Callable[[str, str, Pair], Path], dataset: str, model: str, pairs: Iterable[Pair]
) -> dict[str, str]:
    """File name -> SHA-256 of the files of the ``pairs``."""
    paths = [path_of(dataset, model, pair) for pair in pairs]
    return {path.name: sha256(path) for path in paths}
