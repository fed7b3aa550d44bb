"""``pyserini``: Pyserini's own commands, with our encoders among theirs and Java taken care of."""

import argparse
import os

from hybrid_pyserini.errors import InputError

_EXAMPLES = """examples:
  hybrid-pyserini pyserini search.faiss --help
  hybrid-pyserini pyserini search.faiss --encoder-class hybrid --encoder models/hybrid \\
      --index indexes/xquad-r/hybrid/en --topics topics/xquad-r/topics.xquad-r.de.tsv --output run.de-en.txt
  hybrid-pyserini pyserini encode input --corpus collections/xquad-r/en.jsonl --fields text \\
      output --embeddings my-index --to-faiss \\
      encoder --encoder models/hybrid --encoder-class hybrid --fields text --dimension 768
  hybrid-pyserini pyserini search.lucene --dense --hnsw --ef-search 1000 --encoder-class hybrid \\
      --encoder models/hybrid --index my-lucene-index --topics ... --output ... --hits 1000 --batch-size 64 --threads 2
  hybrid-pyserini pyserini search.lucene --pretokenized --index indexes/xquad-r/bm25/sw --topics ... --output ..."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments. All that follows MODULE is Pyserini's, ``--help`` and ``--workspace`` too."""
    parser.description = (
        "Run 'python -m pyserini.MODULE' with a Java that it can run on, and with '--encoder-class hybrid' for "
        "checkpoints of hybrid-pyserini: their prompts, pooling and length are read from the checkpoint. Here "
        "'hybrid' means hybrid batches; Pyserini's search.hybrid is dense plus BM25."
    )
    parser.epilog = _EXAMPLES
    parser.add_argument("module", metavar="MODULE", help="search.faiss, encode, index.lucene, search.lucene, "
                        "eval.trec_eval, fusion, ...")
    parser.add_argument("rest", metavar="...", nargs=argparse.REMAINDER, help="the module's own arguments")


def run(arguments: argparse.Namespace) -> None:
    """Run the module in the workspace; its exit status is the command's."""
    try:
        os.chdir(arguments.workspace)
    except OSError as error:
        raise InputError(
            f"cannot be worked in ({error.strerror})", remedy="check --workspace", path=arguments.workspace
        ) from None
    from hybrid_pyserini.bridge.command import run_pyserini

    run_pyserini(arguments.module, arguments.rest)
