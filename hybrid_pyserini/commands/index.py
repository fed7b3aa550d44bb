"""``index``: a data set's encoded passages as Pyserini dense indexes, per language and for the pool."""

import argparse
from typing import TYPE_CHECKING

from hybrid_pyserini.commands.encode import add_encoding_arguments
from hybrid_pyserini.workspace import Workspace

if TYPE_CHECKING:
    from hybrid_pyserini.indexing.indexing import Writer


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Write one Pyserini dense index per language and one for the pool, under indexes/<dataset>/<model>/, from the "
        "vectors of 'hybrid-pyserini encode'; what is not encoded yet is encoded first. Any index that faiss knows, "
        "and Lucene's HNSW: one that is not Flat lies under indexes/<dataset>/<model>+<factory>/. Finished indexes are "
        "kept when the command is run again."
    )
    parser.epilog = (
        "examples: hybrid-pyserini index xquad-r --model hybrid --dtype bf16\n"
        "          hybrid-pyserini index miracl --model hybrid --factory HNSW32 --parameters efSearch=128\n"
        "          hybrid-pyserini index miracl --model hybrid --factory IVF65536,PQ96 --parameters nprobe=64 --on-disk"
    )
    add_encoding_arguments(parser)
    parser.add_argument("--factory", default="Flat", metavar="F",
                        help="faiss' index factory string, such as HNSW32, IVF4096,PQ96 or SQ8; or LuceneHNSW; or "
                        "LuceneHNSW,int8 (default: Flat, exact)")
    parser.add_argument("--parameters", default="", metavar="NAME=VALUE,...",
                        help="faiss' parameters, such as efConstruction=200,efSearch=128 or nprobe=32, which are kept "
                        "in the index for whatever searches it; or M=16,efConstruction=100,threads=1 for Lucene's")
    parser.add_argument("--on-disk", action="store_true", help="leave the inverted lists of an IVF index on disk when "
                        "it is searched")
    parser.add_argument("--overwrite", action="store_true", help="build all indexes again, and encode again what was "
                        "encoded otherwise")


def run(arguments: argparse.Namespace) -> None:
    """Build the indexes and print one line for each."""
    from hybrid_pyserini.indexing.dense_index import IndexType, write_dense_index
    from hybrid_pyserini.indexing.indexing import build_index

    index_type = IndexType(arguments.factory, arguments.parameters, arguments.on_disk)
    built = build_index(
        Workspace(arguments.workspace), arguments.dataset, arguments.model, dtype=arguments.dtype,
        index_type=index_type, chunk_tokens=arguments.chunk_tokens, overwrite=arguments.overwrite,
        write=_lucenes_writer() if index_type.is_lucenes else write_dense_index,
    )
    for index in built:
        print(f"{index.language}\t{index.passages} passages\t{index.folder}\t{'kept' if index.kept else 'built'}")


def _lucenes_writer() -> "Writer":
    from hybrid_pyserini.bridge.java import ensure_java
    from hybrid_pyserini.bridge.lucene_index import write_lucene_index

    ensure_java()  # hours of encoding before it is needed
    return write_lucene_index
