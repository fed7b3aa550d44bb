"""The pool merged from one system's runs per language, by rank or by normalised score: the classical baselines.

They stand for search where each language has an index of its own and scores of one cannot be held against another's.
A dense model's can: ``search`` merges by the scores themselves, exactly.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, zip_longest

from hybrid_pyserini.baselines.fused_runs import Combine, FusedPair, FusedSystem, Source
from hybrid_pyserini.baselines.fusion import Fusion
from hybrid_pyserini.bridge.fusion import Run
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import ALL, Pair
from hybrid_pyserini.search.run_manifest import check_runs
from hybrid_pyserini.trec import Hit, in_order
from hybrid_pyserini.workspace import DatasetInfo, Workspace, choose_pairs


def round_robin(rankings: Sequence[Sequence[str]], first: int) -> list[str]:
    """Merge rankings: the best of each, then the second of each, and so on, each round from number ``first`` on."""
    turns = [*rankings[first:], *rankings[:first]]
    return [docid for docid in chain.from_iterable(zip_longest(*turns)) if docid is not None]


def _by_round_robin(runs: Sequence[Run], query_ids: Sequence[str]) -> Iterator[tuple[str, Mapping[str, float]]]:
    """The n-th query begins with the n-th language, so that no language is ahead in all. Scores are 1 / rank."""
    for place, query_id in enumerate(query_ids):
        rankings = [
            [docid for docid, _ in in_order(map(Hit._make, run.get(query_id, {}).items()))] for run in runs
        ]
        merged = round_robin(rankings, place % len(rankings))
        if merged:
            yield query_id, {docid: 1 / rank for rank, docid in enumerate(merged, start=1)}


POOLS: dict[str, Combine] = {"round-robin": _by_round_robin, "normalised": Fusion("normalize").combine}
"""Passages of different languages are different ones, so that a fusion of runs of one query is their merge."""


def merge_pool(
    workspace: Workspace, dataset: str, model: str, how: str, *, output: str | None = None,
    pairs: str | Sequence[str] | None = None, hits: int | None = None, pool_hits: int | None = None,
    gzip: bool = False, overwrite: bool = False,
) -> tuple[FusedPair, ...]:
    """Merge a system's runs per passage language into runs of the pool, ``how`` of ``POOLS``; write them, and ranks.

    The new system, ``<model>+<how>`` if ``output`` does not name it, has the old one's runs of pairs of languages, so
    that it can be evaluated and compared like any other. Options and errors are those of ``fuse``.
    """
    info = workspace.dataset(dataset)
    name = workspace.model(model)[0]
    wanted = choose_pairs(info, pairs)
    parts = {pair: _parts(info, pair) for pair in wanted}
    check_runs(workspace, info, name, list(dict.fromkeys(chain.from_iterable(parts.values()))))
    system = FusedSystem.named(workspace, info, output or f"{name}+{how}", [name], how)
    sources = {
        pair: Source(
            [workspace.found_run(info.name, name, part) for part in of_pair],
            POOLS[how] if pair.passage == ALL else _as_it_is,
        )
        for pair, of_pair in parts.items()
    }
    return system.write(sources, system.form(hits, pool_hits, gzip), overwrite=overwrite)


def _as_it_is(runs: Sequence[Run], query_ids: Sequence[str]) -> Iterator[tuple[str, Mapping[str, float]]]:
    (run,) = runs
    yield from ((query_id, run[query_id]) for query_id in query_ids if query_id in run)


def _parts(info: DatasetInfo, pair: Pair) -> list[Pair]:
    """The pairs that a pair's run is made of; raises InputError where the data set does not declare them."""
    if pair.passage != ALL:
        return [pair]
    parts = [Pair(pair.query, language) for language in info.passage_languages]
    undeclared = [str(part) for part in parts if part not in info.pairs]
    if undeclared:
        raise InputError(
            f"{pair} cannot be merged: {info.name} has no pair {' '.join(undeclared)}", remedy="choose other --pairs"
        )
    if len(parts) < 2:
        raise InputError(f"{pair} has one language: nothing to merge", remedy="choose other --pairs")
    return parts
