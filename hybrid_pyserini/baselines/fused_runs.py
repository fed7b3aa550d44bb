"""Runs made of other runs: written, recorded and kept as a search's are, as those of a system of its own.

Such a system ranks what the runs it was made from hold, and nothing else. In ``ranks`` files the other relevant
passages' ranks are empty, as BM25's are.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from hybrid_pyserini import trec
from hybrid_pyserini.bridge.fusion import Run
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.provenance import made_by
from hybrid_pyserini.records import ALL, Pair
from hybrid_pyserini.search.run_manifest import RunForm, RunManifest, begin, input_hashes
from hybrid_pyserini.trec import Hit, RankedPassage
from hybrid_pyserini.workspace import BM25, DatasetInfo, Workspace, check_name

_METHOD = "fusion"
"""Where the manifest of such runs, and of no others, has the method."""

Combine = Callable[[Sequence[Run], Sequence[str]], Iterable[tuple[str, Mapping[str, float]]]]
"""Runs, and the ids of the topics and of all their queries -> (query id, passage id -> score), where there are hits."""


@dataclass(frozen=True)
class Source:
    """What a run is made of, and how."""

    runs: Sequence[Path]
    combine: Combine


@dataclass(frozen=True)
class FusedPair:
    """One pair afterwards."""

    pair: Pair
    run: Path
    kept: bool
    """Whether it was finished before and has not been made again."""


@dataclass(frozen=True)
class FusedSystem:
    """A system whose runs are made of others' runs."""

    workspace: Workspace
    info: DatasetInfo
    name: str
    """In paths, and the runs' tag."""
    of: tuple[str, ...]
    """The systems whose runs it is made of."""
    method: dict[str, Any]
    """The method's name, as ``fusion``, and its parameters."""

    @classmethod
    def named(
        cls, workspace: Workspace, info: DatasetInfo, name: str, of: Sequence[str], method: str, **parameters: float
    ) -> "FusedSystem":
        """The system; raises InputError for a name that is a model's, or another kind of system's."""
        check_name(name, "system")
        manifest = workspace.run_manifest(info.name, name)
        taken = name in {BM25, *of, *workspace.models()}
        if taken or (manifest.exists() and _METHOD not in RunManifest.read(manifest).system):
            raise InputError(f"{name!r} is another system's name", remedy="give --output another name")
        return cls(workspace, info, name, tuple(of), {_METHOD: method, **parameters})

    def form(self, hits: int | None, pool_hits: int | None, gzip: bool) -> RunForm:
        """How the runs are written: by default as deep as the deepest of those that they are made of."""
        if hits is not None:
            return RunForm(hits, hits if pool_hits is None else pool_hits, gzip)
        paths = {system: self.workspace.run_manifest(self.info.name, system) for system in self.of}
        for system, path in paths.items():
            if not path.exists():
                raise InputError(
                    f"nothing says how many passages a query the runs of {system!r} hold", remedy="give --hits",
                    path=path,
                )
        manifests = [RunManifest.read(path) for path in paths.values()]
        if pool_hits is None:
            pool_hits = max(manifest.pool_hits for manifest in manifests)
        return RunForm(max(manifest.hits for manifest in manifests), pool_hits, gzip)

    def write(
        self, sources: Mapping[Pair, Source], form: RunForm, *, overwrite: bool
    ) -> tuple[FusedPair, ...]:
        """Make each pair's run of its ``sources``, and the pools' ranks where the systems it is made of have them."""
        wanted = list(sources)
        size = self._pool_size()
        settings = self._settings(sources, form, ranks=size is not None)
        manifest = begin(self.workspace, self.info, settings, wanted, overwrite=overwrite)
        unfinished = [pair for pair in wanted if str(pair) not in manifest.pairs]
        runs = {pair: self.workspace.run(self.info.name, self.name, pair, gzipped=form.gzip) for pair in wanted}
        for pair in tqdm(unfinished, unit=" pairs", disable=not unfinished):
            queries = self._write_pair(pair, runs[pair], sources[pair], form.depth(pair.passage), size)
            manifest = manifest.finish(self.workspace, self.info.name, {pair: {"queries": queries}})
        return tuple(FusedPair(pair, runs[pair], kept=pair not in unfinished) for pair in wanted)

    def _pool_size(self) -> int | None:
        """N, the number of passages in the pool; None unless each system has ranks in all pools, which say so."""
        pools = [pair for pair in self.info.pairs if pair.passage == ALL]
        paths = [self.workspace.ranks(self.info.name, system, pair) for system in self.of for pair in pools]
        if not paths or not all(path.exists() for path in paths):
            return None
        sizes = {ranked.size for path in paths for ranked in islice(trec.read_ranks(path), 1)}
        if len(sizes) > 1:
            raise InputError(
                f"the pools of {' '.join(self.of)} have {' and '.join(map(str, sorted(sizes)))} passages",
                remedy="index and search the same passages with all", path=paths[0].parent,
            )
        return sizes.pop() if sizes else None

    def _settings(self, sources: Mapping[Pair, Source], form: RunForm, *, ranks: bool) -> RunManifest:
        """The manifest of the runs that are to be, with no pair finished."""
        name, info = self.name, self.info
        runs = [path for source in sources.values() for path in source.runs]
        files = [self.workspace.topics(info.name, pair.query) for pair in sources]
        files += [self.workspace.qrels_of(info.name, pair) for pair in sources if ranks and pair.passage == ALL]
        inputs = input_hashes(self.workspace, dict.fromkeys(files))
        for path, digest in input_hashes(self.workspace, dict.fromkeys(runs)).items():
            inputs[path.removesuffix(".gz")] = digest  # or a run that has since been packed would not be compared
        return RunManifest(
            model=name, **asdict(form), system={**self.method, "of": list(self.of)}, inputs=inputs, ranks=ranks,
            made_by=made_by(dataset=info.name, model=name, of=list(self.of), **asdict(form), **self.method),
        )

    def _write_pair(self, pair: Pair, run: Path, source: Source, depth: int, size: int | None) -> int:
        """Write a pair's run, and where ``size`` is known the pool's ranks; return how many queries have hits."""
        topics = trec.read_topics(self.workspace.topics(self.info.name, pair.query))
        runs = [trec.read_run(path) for path in source.runs]
        query_ids = list(dict.fromkeys([*topics, *(query_id for one in runs for query_id in one)]))
        ranks = pair.passage == ALL and size is not None
        qrels = trec.read_qrels(self.workspace.qrels_of(self.info.name, pair)) if ranks else {}
        relevant = trec.relevant_passages(topics, qrels)
        ranked: dict[tuple[str, str], RankedPassage] = {
            (query_id, docid): RankedPassage(query_id, docid, None, None, size or 0)
            for query_id, docids in relevant.items() for docid in docids
        }
        queries = 0

        def rankings() -> Iterator[tuple[str, list[Hit]]]:
            nonlocal queries
            for query_id, scores in source.combine(runs, query_ids):
                ranking = _ranking(scores)
                for rank, hit in enumerate(ranking, start=1):
                    if passage := ranked.get((query_id, hit.docid)):
                        ranked[query_id, hit.docid] = replace(passage, rank=rank, score=hit.score)
                queries += 1
                yield query_id, ranking[:depth]

        trec.write_run(run, rankings(), self.name)
        if ranks:
            trec.write_ranks(self.workspace.ranks(self.info.name, self.name, pair), ranked.values())
        return queries


def _ranking(scores: Mapping[str, float]) -> list[Hit]:
    """Hits in the order in which they are read from the file: scores are written as float32."""
    rounded = np.array(list(scores.values()), dtype=np.float32).tolist()
    return trec.in_order(map(Hit, scores, rounded))
