"""``search``: all language pairs and the pool -> TREC runs."""

import argparse

from hybrid_pyserini.workspace import Workspace


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Search a prepared and indexed data set with a model, exactly unless --factory says otherwise, and write one "
        "TREC run per language pair and per pool under runs/<dataset>/, and the ranks of the pool's relevant passages. "
        "Finished pairs are kept when the command is run again."
    )
    parser.epilog = "example: hybrid-pyserini search xquad-r --model hybrid --pairs de-en,en-all --hits 100"
    parser.add_argument("dataset", metavar="DATASET", help="a data set of this workspace, as 'prepare' named it")
    parser.add_argument("--model", required=True, metavar="M", help="a model's name in this workspace, its path, or "
                        "its name on the hub")
    add_run_arguments(parser)
    parser.add_argument("--factory", default="Flat", metavar="F", help="the indexes that 'index --factory F' built; "
                        "their runs are those of a system <model>+<factory> (default: Flat, exact)")
    parser.add_argument("--dtype", choices=("fp32", "bf16", "int8", "auto"),
                        help="what the model computes in; another one than the index's is refused (default: the "
                        "index's)")
    parser.add_argument("--overwrite", action="store_true", help="search the pairs again, and replace all runs of "
                        "other settings")


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say what is searched, and how runs are written."""
    parser.add_argument("--pairs", metavar="Q-P,...", help="only these language pairs; q-all is the pool "
                        "(default: all that the data set declares)")
    parser.add_argument("--hits", type=int, default=1000, metavar="N", help="passages a query in a run; fewer where "
                        "there are fewer passages (default: 1000)")
    parser.add_argument("--pool-hits", type=int, metavar="N", help="the same in runs of the pool (default: as --hits)")
    parser.add_argument("--gzip", action="store_true", help="write runs gzipped, as run.<...>.txt.gz")


def run(arguments: argparse.Namespace) -> None:
    """Search, and print one line for each run."""
    from hybrid_pyserini.search.search import search

    searched = search(
        Workspace(arguments.workspace), arguments.dataset, arguments.model, pairs=arguments.pairs,
        hits=arguments.hits, pool_hits=arguments.pool_hits, factory=arguments.factory, gzip=arguments.gzip,
        dtype=arguments.dtype, overwrite=arguments.overwrite,
    )
    for each in searched:
        print(f"{each.pair}\t{each.run}\t{'kept' if each.kept else 'written'}")
