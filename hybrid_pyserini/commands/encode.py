"""``encode``: a data set's passages -> vectors, by one process or many."""

import argparse

from hybrid_pyserini.workspace import Workspace


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Encode a prepared data set's passages with a model into shards of 8,192 passages under "
        "vectors/<dataset>/<model>/, from which 'index' builds its indexes. Finished shards are kept when the command "
        "is run again. Under torchrun the processes, each with its own GPU, share out the shards; jobs of a scheduler "
        "do with --shard-id and --shard-num."
    )
    parser.epilog = (
        "examples: hybrid-pyserini encode xquad-r --model hybrid --dtype auto\n"
        "          torchrun --nproc-per-node 8 -m hybrid_pyserini encode miracl --model hybrid --dtype auto\n"
        "          hybrid-pyserini encode miracl --model hybrid --shard-id 3 --shard-num 16"
    )
    add_encoding_arguments(parser)
    parser.add_argument("--shard-id", type=int, metavar="I", help="which of the jobs this is, from 0")
    parser.add_argument("--shard-num", type=int, metavar="N", help="the number of jobs")
    parser.add_argument("--overwrite", action="store_true", help="encode again what is encoded")


def add_encoding_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say what is encoded, and how."""
    parser.add_argument("dataset", metavar="DATASET", help="a data set of this workspace, as 'prepare' named it")
    parser.add_argument("--model", required=True, metavar="M", help="a model's name in this workspace, its path, or "
                        "its name on the hub")
    parser.add_argument("--dtype", choices=("fp32", "bf16", "int8", "auto"),
                        help="what the model computes in; auto is bf16 where the processor has it, else fp32; "
                        "int8 is for processors that have no bf16, and says how close it comes (default: that of the "
                        "vectors that are there, or fp32)")
    parser.add_argument("--chunk-tokens", type=int, metavar="N",
                        help="most tokens that the model takes at a time, padding included; fewer take less memory "
                        "(default: 2048, on a GPU 16384)")


def run(arguments: argparse.Namespace) -> None:
    """Encode, and print one line for each language."""
    from hybrid_pyserini.indexing.encoding import encode
    from hybrid_pyserini.share import Share

    encoded = encode(
        Workspace(arguments.workspace), arguments.dataset, arguments.model, dtype=arguments.dtype,
        chunk_tokens=arguments.chunk_tokens, overwrite=arguments.overwrite,
        share=Share.of_this_process(arguments.shard_id, arguments.shard_num),
    )
    for each in encoded:
        missing = f", {each.missing} still missing" if each.missing else ""
        print(f"{each.language}\t{each.passages} passages\t{each.folder}\t{each.encoded} of {each.shards} shards "
              f"encoded now{missing}")
