"""``demo``: everything on the built-in data, offline, ending with the table of the paper's form."""

import argparse
from pathlib import Path

from hybrid_pyserini.workspace import Workspace

COLUMNS = """\
mono: query and passages in one language, mean over 11. cross: in two languages, mean over 110 pairs. multi: passages of
all languages in one pool, mean over 11 query languages. rank distance: lowest minus highest rank of a question's
relevant passages in the pool's full ranking; smaller is less biased towards a language (/ (N-1): as a share of the
pool). BM25 ranks only passages that share a word with the question, so its distance is a bound.
bm25: words alone. x-x-mono: trained on monolingual batches. x-y: on cross-lingual ones. hybrid: on both, by chance."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.set_defaults(workspace=Path(".demo"))
    parser.add_argument("--quick", action="store_true", help="hybrid and BM25 only, fewer steps")
    parser.add_argument("--seed", type=int, default=42, help="of weights, batches and dropout (default: %(default)s)")
    parser.epilog = (
        "Works in .demo/ unless --workspace says otherwise. Run it again and it goes on where it was stopped.\n"
        "example: hybrid-pyserini demo --quick"
    )


def run(arguments: argparse.Namespace) -> None:
    """Run the demo and print the table, a question with its answers, and what to try next."""
    from hybrid_pyserini.demo.demo import FULL, QUICK, answered_question, run_demo
    from hybrid_pyserini.report.tables import setting_tables

    workspace = Workspace(arguments.workspace)
    evaluations = run_demo(workspace, QUICK if arguments.quick else FULL, arguments.seed)
    print(f"\n{setting_tables(evaluations)}\n\n{COLUMNS}\n")
    print("The first test question, in German, and the pool's best passages by 'hybrid':")
    print("\n".join(answered_question(workspace, "hybrid")))
    print(f"\n{_next_steps(workspace.root)}")


def _next_steps(root: Path) -> str:
    return f"""\
Everything lies in {root}/: collections, topics, models, indexes, runs. Try next:
  hybrid-pyserini evaluate demo --model hybrid --by-language --workspace {root}
  hybrid-pyserini pyserini search.faiss --encoder-class auto --encoder {root}/models/hybrid --pooling mean --l2-norm \\
    --query-prefix "Query:" --index {root}/indexes/demo/hybrid/all --topics {root}/topics/demo/topics.demo.th.tsv \\
    --hits 10 --output {root}/run.th-all.txt
  head -n 3 {root}/runs/demo/run.demo.hybrid.el-zh.txt    # Greek questions, Chinese passages"""
