"""``bm25``: the BM25 baseline, as runs of the same names."""

import argparse
from pathlib import Path

from hybrid_pyserini.workspace import Workspace


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Index a prepared data set with Lucene, each language as its words are written, search all language pairs and "
        "the pool with BM25, and write one TREC run for each under runs/<dataset>/, and the ranks of the pool's "
        "relevant passages. Finished indexes and pairs are kept when the command is run again. With queries in "
        "translation, the standard baseline across languages, it is a system of its own, named bm25+..., which "
        "'evaluate' and 'compare' take by that name."
    )
    parser.epilog = (
        "examples: hybrid-pyserini bm25 xquad-r --pairs de-de,de-en,de-all\n"
        "          hybrid-pyserini bm25 xquad-r --translate facebook/m2m100_418M      # the system bm25+m2m100_418M\n"
        "          hybrid-pyserini bm25 xquad-r --topics-translated german.tsv --pairs en-de   # bm25+translated"
    )
    parser.add_argument("dataset", metavar="DATASET", help="a data set of this workspace, as 'prepare' named it")
    parser.add_argument("--pairs", metavar="Q-P,...", help="only these language pairs; q-all is the pool "
                        "(default: all that the data set declares)")
    parser.add_argument("--hits", type=int, default=1000, metavar="N", help="passages a query in a run; fewer where "
                        "fewer share a word with the query (default: 1000)")
    parser.add_argument("--pool-hits", type=int, metavar="N", help="the same in runs of the pool (default: as --hits)")
    parser.add_argument("--gzip", action="store_true", help="write runs gzipped, as run.<...>.txt.gz")
    parser.add_argument("--k1", type=float, default=0.9, metavar="X", help="how much a word's further occurrences in a "
                        "passage count (default: 0.9, as in Pyserini)")
    parser.add_argument("--b", type=float, default=0.4, metavar="X", help="how much a passage's length counts, between "
                        "0 and 1 (default: 0.4, as in Pyserini)")
    translated = parser.add_mutually_exclusive_group()
    translated.add_argument("--topics-translated", type=Path, metavar="PATH", help="queries in the passages' language: "
                            "a folder as 'translate --topics' writes it, or the file of one pair, given by --pairs")
    translated.add_argument("--translate", metavar="M", help="translate the queries first, as 'translate --topics' "
                            "does: M2M-100 or NLLB, by its name in this workspace, its path, or its name on the hub")
    parser.add_argument("--threads", type=int, metavar="N", help="threads to search with (default: one a core)")
    parser.add_argument("--overwrite", action="store_true", help="index and search again, and replace all runs of "
                        "other settings")


def run(arguments: argparse.Namespace) -> None:
    """Index and search, and print one line for each run."""
    from hybrid_pyserini.baselines.bm25 import bm25

    searched = bm25(
        Workspace(arguments.workspace), arguments.dataset, pairs=arguments.pairs, hits=arguments.hits,
        pool_hits=arguments.pool_hits, gzip=arguments.gzip, k1=arguments.k1, b=arguments.b, threads=arguments.threads,
        topics_translated=arguments.topics_translated, translate=arguments.translate, overwrite=arguments.overwrite,
    )
    for each in searched:
        print(
            f"{each.pair}\t{each.run}\t{'kept' if each.kept else 'written'}\t{each.without_hits} of {each.queries} "
            f"queries without a hit{f', {each.untranslated} not translated' if each.untranslated else ''}"
        )
