"""``demo``: everything on the built-in data, offline, ending with the table of the paper's form."""

import argparse
import os
import shlex
import shutil
import sys
import time
from pathlib import Path

from hybrid_pyserini.records import ALL
from hybrid_pyserini.workspace import Workspace

COLUMNS = """\
mono: query and passages in one language, mean over 11. cross: in two languages, mean over 110 pairs. multi: passages of
all languages in one pool, mean over 11 query languages. rank distance: lowest minus highest rank of a question's
relevant passages in the pool's full ranking; smaller is less biased towards a language (/ (N-1): as a share of the
pool). BM25 ranks only passages that share a word with the question, so its distance is a bound.
bm25: words alone. x-x-mono: trained on monolingual batches. x-y: on cross-lingual ones. hybrid: on both, by chance."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.set_defaults(workspace=None)
    parser.add_argument("--quick", action="store_true", help="hybrid and BM25 only, fewer steps")
    parser.add_argument("--seed", type=int, default=42, help="of weights and batches (default: %(default)s)")
    parser.epilog = (
        "Works in .demo/ (with --quick, .demo-quick/) unless --workspace says otherwise. Run it again and it goes on\n"
        "where it was stopped.\n"
        "example: hybrid-pyserini demo --quick"
    )


def run(arguments: argparse.Namespace) -> None:
    """Run the demo and print the table, a question with its answers, and what to try next."""
    print("loading torch, transformers and faiss ...", file=sys.stderr, flush=True)
    from hybrid_pyserini.demo.demo import DATASET, FULL, QUICK, first_question, run_demo
    from hybrid_pyserini.report.answers import answer_lines
    from hybrid_pyserini.report.plots import settings_picture
    from hybrid_pyserini.report.tables import setting_tables
    from hybrid_pyserini.search.asking import ask

    started = time.monotonic()
    workspace = Workspace(arguments.workspace or Path(".demo-quick" if arguments.quick else ".demo"))
    evaluations = run_demo(workspace, QUICK if arguments.quick else FULL, arguments.seed)
    picture = workspace.root / "demo.svg"
    settings_picture(evaluations, picture)
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    print(f"\ndone; this run took {minutes} min {seconds} s", file=sys.stderr, flush=True)
    print(f"\n{setting_tables(evaluations)}\n\n{COLUMNS}\nThe same as a picture: {picture}\n")
    question, relevant = first_question(workspace, "de")
    print(f"A test question in German, answered by 'hybrid':\n  {question}")
    for passages, name in (("en", "the English passages"), (ALL, "the passages of all languages")):
        print(f"from {name}:")
        answers = ask(workspace, DATASET, "hybrid", question, passages=passages)
        for line, answer in zip(answer_lines(answers), answers, strict=True):
            print(f"{line}  [{'right' if answer.passage.id in relevant else 'wrong'}]")
    print(f"\n{_next_steps(str(workspace.root), question)}")


def _next_steps(folder: str, question: str) -> str:
    program, root = _program(), shlex.quote(folder)
    return f"""\
Everything lies in {folder}/: collections, topics, models, indexes, runs. Try next:
  {program} ask demo {shlex.quote(question)} --model hybrid --passages zh --workspace {root}
  {program} evaluate demo --model hybrid --by language --workspace {root}
  {program} pyserini search.faiss --encoder-class auto --encoder {root}/models/hybrid --pooling mean --l2-norm \\
    --query-prefix "Query:" --index {root}/indexes/demo/hybrid/all --topics {root}/topics/demo/topics.demo.th.tsv \\
    --hits 10 --output {root}/run.th-all.txt    # Pyserini's own encoder and search: Thai questions, all passages"""


def _program() -> str:
    """What to type to run this program again, from this folder."""
    name = "hybrid-pyserini"
    return name if shutil.which(name) else os.path.relpath(Path(sys.executable).parent / name)
