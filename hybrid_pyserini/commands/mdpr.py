"""``mdpr``: the mDPR baseline, as runs of the same names."""

import argparse

from hybrid_pyserini.commands.search import add_run_arguments
from hybrid_pyserini.encoder.known_encoders import MDPR_ON_HUB
from hybrid_pyserini.workspace import Workspace


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Encode and index a prepared data set with mDPR as Pyserini runs it (CLS, inner product, no prompts, 256 "
        "tokens), search all language pairs and the pool, and write one TREC run for each under runs/<dataset>/, and "
        "the ranks of the pool's relevant passages. Finished vectors, indexes and pairs are kept when the command is "
        "run again. For encoders with prompts or other pooling see 'adopt'."
    )
    parser.epilog = (
        "examples: hybrid-pyserini mdpr miracl --dtype auto --hits 100\n"
        "          hybrid-pyserini mdpr miracl --model /data/mdpr-tied-pft-msmarco"
    )
    parser.add_argument("dataset", metavar="DATASET", help="a data set of this workspace, as 'prepare' named it")
    parser.add_argument("--model", default=MDPR_ON_HUB, metavar="NAME_OR_PATH", help="a copy of mDPR, or another "
                        "checkpoint to run in the same way (default: %(default)s)")
    add_run_arguments(parser)
    parser.add_argument("--dtype", choices=("fp32", "bf16", "int8", "auto"),
                        help="what the model computes in (default: that of the vectors that are there, or fp32)")
    parser.add_argument("--overwrite", action="store_true", help="make the model, the indexes and the runs again")


def run(arguments: argparse.Namespace) -> None:
    """Make the model, index and search, and print one line for each run."""
    from hybrid_pyserini.baselines.mdpr import mdpr

    searched = mdpr(
        Workspace(arguments.workspace), arguments.dataset, model=arguments.model, pairs=arguments.pairs,
        hits=arguments.hits, pool_hits=arguments.pool_hits, gzip=arguments.gzip, dtype=arguments.dtype,
        overwrite=arguments.overwrite,
    )
    for each in searched:
        print(f"{each.pair}\t{each.run}\t{'kept' if each.kept else 'written'}")
