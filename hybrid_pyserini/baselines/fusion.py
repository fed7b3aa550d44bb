"""Fusion: several systems' runs of a pair made into one by ``pyserini.fusion``, as a system of its own.

Pyserini calls the fusion of dense and lexical runs hybrid search.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hybrid_pyserini.baselines.fused_runs import FusedPair, FusedSystem, Source
from hybrid_pyserini.bridge.fusion import METHODS, Run, fuse_runs
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.search.run_manifest import check_runs
from hybrid_pyserini.workspace import Workspace, choose_pairs

_QUERIES_A_BLOCK = 256
"""Bounds what Pyserini holds besides the runs; queries do not depend on each other."""


@dataclass(frozen=True)
class Fusion:
    """A method of Pyserini's, with its parameters; those that it does not have are None."""

    method: str = "rrf"
    alpha: float | None = None
    """Of ``interpolation``: the first run's weight; the second's is 1 - alpha."""
    rrf_k: int | None = None
    """Of ``rrf``: a passage at rank r of a run gets 1 / (rrf_k + r)."""

    @classmethod
    def of(cls, method: str, alpha: float | None, rrf_k: int | None) -> "Fusion":
        """With Pyserini's defaults; raises InputError for what the method does not have or cannot be."""
        if method not in METHODS:
            raise InputError(f"no method {method!r}", remedy=f"choose among {' '.join(METHODS)}")
        for name, value, owner in (("--alpha", alpha, "interpolation"), ("--rrf-k", rrf_k, "rrf")):
            if value is not None and method != owner:
                raise InputError(f"{method} has no {name}", remedy=f"leave it out, or give --method {owner}")
        if alpha is not None and not 0 <= alpha <= 1:
            raise InputError(f"alpha is {alpha}", remedy="give --alpha between 0 and 1")
        if rrf_k is not None and rrf_k < 0:
            raise InputError(f"the k of RRF is {rrf_k}", remedy="give --rrf-k 0 or more; usual is 60")
        if method == "interpolation":
            alpha = 0.5 if alpha is None else alpha
        if method == "rrf":
            rrf_k = 60 if rrf_k is None else rrf_k
        return cls(method, alpha, rrf_k)

    @property
    def parameters(self) -> dict[str, float]:
        values = {"alpha": self.alpha, "rrf_k": self.rrf_k}
        return {name: value for name, value in values.items() if value is not None}

    def combine(self, runs: Sequence[Run], query_ids: Sequence[str]) -> Iterator[tuple[str, Mapping[str, float]]]:
        """The fused scores of each query that has hits."""
        for start in range(0, len(query_ids), _QUERIES_A_BLOCK):
            block = query_ids[start : start + _QUERIES_A_BLOCK]
            of_block = [{query_id: run[query_id] for query_id in block if query_id in run} for run in runs]
            fused = fuse_runs(of_block, self.method, **self.parameters)
            yield from ((query_id, fused[query_id]) for query_id in block if query_id in fused)


def fuse(
    workspace: Workspace, dataset: str, systems: Sequence[str], *, method: str = "rrf", alpha: float | None = None,
    rrf_k: int | None = None, output: str | None = None, pairs: str | Sequence[str] | None = None,
    hits: int | None = None, pool_hits: int | None = None, gzip: bool = False, overwrite: bool = False,
) -> tuple[FusedPair, ...]:
    """Fuse the runs that two systems or more have on a data set; write runs, and ranks in the pool.

    ``output`` names the fused system, by default method and systems: ``rrf-bm25-hybrid``. ``hits`` and ``pool_hits``
    are by default those of the deepest runs; whatever they are, the runs are fused as deep as they are. Raises
    InputError for an unknown data set or pair, a system without a run of one of the pairs, parameters that the method
    does not have, a name that is another system's, and fused runs of other settings or of other runs than are there
    now, unless ``overwrite``.
    """
    info = workspace.dataset(dataset)
    fusion = Fusion.of(method, alpha, rrf_k)
    names = [workspace.model(system)[0] for system in systems]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"system {name!r} is named {names.count(name)} times", remedy="name each once")
    if len(names) < 2:
        raise InputError("one system is nothing to fuse", remedy="name two or more, or give --pool")
    if method == "interpolation" and len(names) != 2:
        raise InputError(
            f"interpolation is of two systems, not {len(names)}", remedy="choose another --method, or fuse in steps"
        )
    wanted = choose_pairs(info, pairs)
    for name in names:
        check_runs(workspace, info, name, wanted)
    system = FusedSystem.named(
        workspace, info, output or "-".join([method, *names]), names, method, **fusion.parameters
    )
    sources = {
        pair: Source([workspace.found_run(info.name, name, pair) for name in names], fusion.combine) for pair in wanted
    }
    return system.write(sources, system.form(hits, pool_hits, gzip), overwrite=overwrite)
