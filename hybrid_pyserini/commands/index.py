"""``index``: encode a data set's passages into Pyserini dense indexes, per language and for the pool."""

import argparse

from hybrid_pyserini.workspace import Workspace


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Encode a prepared data set's passages with a model and write one Pyserini dense index per language and one "
        "for the pool, under indexes/<dataset>/<model>/. Finished languages are kept when the command is run again."
    )
    parser.epilog = "example: hybrid-pyserini index xquad-r --model hybrid --dtype bf16"
    parser.add_argument("dataset", metavar="DATASET", help="a data set of this workspace, as 'prepare' named it")
    parser.add_argument("--model", required=True, metavar="M", help="a model's name in this workspace, its path, or "
                        "its name on the hub")
    parser.add_argument("--dtype", choices=("fp32", "bf16", "auto"), default="fp32",
                        help="what the model computes in; auto is bf16 where the processor has it (default: fp32)")
    parser.add_argument("--batch-size", type=int, default=32, metavar="N", help="passages a batch (default: 32)")
    parser.add_argument("--overwrite", action="store_true", help="build all indexes again")


def run(arguments: argparse.Namespace) -> None:
    """Build the indexes and print one line for each."""
    from hybrid_pyserini.indexing import build_index

    built = build_index(
        Workspace(arguments.workspace), arguments.dataset, arguments.model, dtype=arguments.dtype,
        batch_size=arguments.batch_size, overwrite=arguments.overwrite,
    )
    for index in built:
        print(f"{index.language}\t{index.passages} passages\t{index.folder}\t{'kept' if index.kept else 'built'}")
