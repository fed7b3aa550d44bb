"""``init``: a small encoder with a tokenizer learned from given text."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.workspace import Workspace


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the model's name; it becomes models/NAME")
    parser.add_argument("--examples", nargs="+", default=[], metavar="STORE",
                        help="stores whose queries and positives the tokenizer is learned from")
    parser.add_argument("--text", nargs="+", default=[], type=Path, metavar="FILE",
                        help="plain text files to learn from as well, one text a line")
    parser.add_argument("--layers", type=int, default=3, help="transformer layers (default: %(default)s)")
    parser.add_argument("--width", type=int, default=192,
                        help="hidden size, a multiple of 64 (default: %(default)s)")
    parser.add_argument("--pieces", type=int, default=8000, help="most tokenizer pieces (default: %(default)s)")
    parser.add_argument("--max-length", type=int, default=256, help="most tokens of a text (default: %(default)s)")
    parser.add_argument("--dropout", type=float, default=0.1,
                        help="in training; 0 learns faster where much is to be learned (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=42, help="of the random weights (default: %(default)s)")
    parser.add_argument("--overwrite", action="store_true", help="make the model again if it is there")
    parser.epilog = "example: hybrid-pyserini init small --examples xquad-r-train --layers 3 --width 192"


def run(arguments: argparse.Namespace) -> None:
    workspace = Workspace(arguments.workspace)
    output = workspace.new_model(arguments.name)
    wanted = {
        name: getattr(arguments, name) for name in ("layers", "width", "pieces", "max_length", "dropout", "seed")
    }
    stores = [workspace.examples_store(name) for name in arguments.examples]
    if not stores and not arguments.text:
        raise InputError("no text to learn a tokenizer from", remedy="give --examples or --text")
    from hybrid_pyserini.training.init import init

    encoder = init(
        output, _texts(stores, arguments.text), **wanted, learned_from=_hashes(stores, arguments.text),
        overwrite=arguments.overwrite,
    )
    if encoder is None:
        print(f"kept {output}")
        return
    parameters = sum(parameter.numel() for parameter in encoder.model.parameters())
    print(f"{output}: {parameters / 1e6:.1f} million parameters, {len(encoder.tokenizer)} pieces")


def _hashes(stores: list[Path], files: list[Path]) -> dict[str, str]:
    """Store or file name -> SHA-256 of its texts; raises InputError for one that is not there."""
    from hybrid_pyserini.training.examples import ExampleStore, source_hashes

    return {store.name: ExampleStore(store).sha256 for store in stores} | source_hashes(files)


def _texts(stores: list[Path], files: list[Path]) -> Iterator[str]:
    from hybrid_pyserini.jsonl import read_lines
    from hybrid_pyserini.training.examples import ExampleStore

    for store in stores:
        for example in ExampleStore(store):
            yield from example.queries.values()
            yield from example.positives.values()
    for file in files:
        for _, line in read_lines(file):
            yield line
