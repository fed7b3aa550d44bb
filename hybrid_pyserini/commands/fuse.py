"""``fuse``: runs of several systems fused, or one system's runs per language merged into the pool."""

import argparse

from hybrid_pyserini.bridge.fusion import METHODS
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.workspace import Workspace


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Fuse the runs that systems have on a data set, pair by pair and for the pools, with Pyserini's fusion; or, "
        "with --pool, merge one system's runs per passage language into runs of the pool. Writes runs of a system of "
        "its own, that 'evaluate', 'compare' and 'report' take. Finished pairs are kept when it is run again."
    )
    parser.epilog = (
        "example: hybrid-pyserini fuse xquad-r bm25 hybrid                        # the system rrf-bm25-hybrid\n"
        "         hybrid-pyserini fuse xquad-r hybrid --pool round-robin          # the system hybrid+round-robin\n"
        "         hybrid-pyserini fuse xquad-r hybrid bm25 --method interpolation --alpha 0.7 --output mix-7"
    )
    parser.add_argument("dataset", metavar="DATASET", help="a data set of this workspace")
    parser.add_argument("systems", metavar="SYSTEM", nargs="+", help="two or more systems that have runs, 'bm25' "
                        "included; one with --pool")
    parser.add_argument("--method", choices=METHODS, help="Pyserini's: "
                        "reciprocal rank fusion, weighted sum of two, mean, sum of scores normalised to 0..1 (default: "
                        "rrf)")
    parser.add_argument("--alpha", type=float, metavar="X", help="weight of the first system in an interpolation; the "
                        "second has 1 - X (default: 0.5)")
    parser.add_argument("--rrf-k", type=int, metavar="N", help="a passage at rank r gets 1 / (N + r) (default: 60)")
    parser.add_argument("--pool", choices=("round-robin", "normalised"), help="merge q-all from the q-p runs of one "
                        "system: languages in turn, or by scores normalised to 0..1 in each language")
    parser.add_argument("--output", metavar="NAME", help="the new system's name (default: METHOD-SYSTEM-SYSTEM, or "
                        "SYSTEM+POOL)")
    parser.add_argument("--pairs", metavar="Q-P,...", help="only these language pairs; q-all is the pool "
                        "(default: all that the data set declares)")
    parser.add_argument("--hits", type=int, metavar="N", help="passages a query in a run (default: as in the systems' "
                        "runs)")
    parser.add_argument("--pool-hits", type=int, metavar="N", help="the same in runs of the pool (default: as --hits, "
                        "where that is given)")
    parser.add_argument("--gzip", action="store_true", help="write runs gzipped, as run.<...>.txt.gz")
    parser.add_argument("--overwrite", action="store_true", help="make the pairs again, and replace all runs of other "
                        "settings")


def run(arguments: argparse.Namespace) -> None:
    """Fuse or merge, and print one line for each run."""
    workspace = Workspace(arguments.workspace)
    options = {
        name: getattr(arguments, name) for name in ("output", "pairs", "hits", "pool_hits", "gzip", "overwrite")
    }
    if arguments.pool:
        from hybrid_pyserini.baselines.pool_merging import merge_pool

        for name in ("method", "alpha", "rrf_k"):
            if getattr(arguments, name) is not None:
                raise InputError(f"--pool has no --{name.replace('_', '-')}", remedy="leave one of them out")
        if len(arguments.systems) > 1:
            raise InputError(
                f"--pool is of one system, not {len(arguments.systems)}", remedy="merge each by itself"
            )
        fused = merge_pool(workspace, arguments.dataset, arguments.systems[0], arguments.pool, **options)
    else:
        from hybrid_pyserini.baselines.fusion import fuse

        fused = fuse(
            workspace, arguments.dataset, arguments.systems, method=arguments.method or "rrf", alpha=arguments.alpha,
            rrf_k=arguments.rrf_k, **options,
        )
    for each in fused:
        print(f"{each.pair}\t{each.run}\t{'kept' if each.kept else 'written'}")
