"""Evaluation speed against the ir_measures command: the 132 runs of XQuAD-R, six measures, the same figures.

    python tests/benchmarks/evaluate_speed.py

Topics and qrels are XQuAD-R's own. A run holds 100 passages a query with made-up scores of three decimals, so that
dozens of them are equal; the relevant ones are near the top. Ours is ``hybrid-pyserini evaluate`` as one process,
imports, per-query values and hashes of the runs included; theirs is one process of ``ir_measures`` a run, one after the
other. Both take turns; seconds are medians over the rounds, by the clock and of the processor, which other work on the
machine disturbs less. Every mean of every run is compared in all its digits. Memory is the peak of a process (so on
Linux and macOS only). The last line is one JSON object; the ratio is ours over theirs in speed by the clock. The
defaults take four minutes and 700 MB of disk.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hybrid_pyserini.cli import main as command
from hybrid_pyserini.collection import read_collection
from hybrid_pyserini.records import Pair
from hybrid_pyserini.trec import docid_order, read_qrels, read_topics, writing_run
from hybrid_pyserini.workspace import Workspace

SHARED_DATA = Path(os.environ.get("HYBRID_PYSERINI_DATA", Path(__file__).parents[3] / "shared" / "data"))
DATASET, MODEL, HITS = "xquad-r", "made-up", 100
MEASURES = ("AP", "nDCG@10", "R@1", "R@10", "R@100", "RR")
Figures = dict[tuple[str, str], float]
"""(Pair, measure) -> mean."""


@dataclass(frozen=True)
class Used:
    """What a system took for all runs."""

    figures: Figures
    seconds: float
    """By the clock."""
    cpu_seconds: float
    memory_mb: float
    """The peak of its largest process."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="measurements a system (default: %(default)s)")
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's for temporary files)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        if command(["prepare", DATASET, "--source", str(SHARED_DATA / DATASET), "--workspace", folder]):
            sys.exit("set HYBRID_PYSERINI_DATA to the folder that holds xquad-r/")
        workspace = Workspace(Path(folder))
        write_runs(workspace)
        report(workspace, arguments.rounds)


def write_runs(workspace: Workspace) -> None:
    """A run of every pair; scores are uniform, and one is added to those of relevant passages."""
    random = np.random.default_rng(42)
    info = workspace.dataset(DATASET)
    docids = {
        language: [passage.id for passage in read_collection(workspace.collection(DATASET, language))]
        for language in info.languages
    }
    docids["all"] = [docid for language in info.languages for docid in docids[language]]
    for pair in info.pairs:
        listed = docids[pair.passage]
        columns = [listed[position] for position in docid_order(listed)]  # equal scores then stand in trec_eval's order
        write_made_up(workspace, pair, columns, random)


def write_made_up(workspace: Workspace, pair: Pair, docids: list[str], random: np.random.Generator) -> None:
    """One run; ``docids`` are in the order of equal scores."""
    names = [docid.encode() for docid in docids]
    column_of = {docid: column for column, docid in enumerate(docids)}
    qrels = read_qrels(workspace.qrels_of(DATASET, pair))
    with writing_run(workspace.run(DATASET, MODEL, pair), MODEL) as run:
        for qid in read_topics(workspace.topics(DATASET, pair.query)):
            scores = random.integers(1000, size=len(docids)) / 1000
            scores[[column_of[docid] for docid in qrels[qid]]] += 0.9
            best = np.argsort(-scores, kind="stable")[:HITS]
            run.write(qid, [names[column] for column in best], scores[best].astype(np.float32).tolist())


def report(workspace: Workspace, rounds: int) -> None:
    """Measure both systems in turn; print the table and the JSON line."""
    systems = {"ir_measures, a process a run": theirs, "hybrid-pyserini evaluate": ours}
    used: dict[str, list[Used]] = {name: [] for name in systems}
    for _ in range(rounds):
        for name, system in systems.items():
            used[name].append(system(workspace))
    seconds = {name: statistics.median(one.seconds for one in of_system) for name, of_system in used.items()}
    runs = len(workspace.dataset(DATASET).pairs)
    print(f"{runs} runs of {DATASET}, {HITS} passages a query, {' '.join(MEASURES)}")
    print(f"{'':<32}{'seconds':>10}{'CPU s':>10}{'ms a run':>10}{'peak MB':>10}")
    for name, of_system in used.items():
        cpu, peak = statistics.median(one.cpu_seconds for one in of_system), max(one.memory_mb for one in of_system)
        print(f"{name:<32}{seconds[name]:>10.1f}{cpu:>10.1f}{1000 * seconds[name] / runs:>10.0f}{peak:>10.0f}")
    (their_name, first), (our_name, last) = used.items()
    print(json.dumps({
        "vs_ir_measures": round(seconds[their_name] / seconds[our_name], 2),
        "equal": equal(first[0].figures, last[0].figures),
    }))


def equal(figures: Figures, others: Figures) -> bool:
    """Up to the order in which a mean is summed."""
    return figures.keys() == others.keys() and all(abs(figures[key] - others[key]) < 1e-12 for key in figures)


def theirs(workspace: Workspace) -> Used:
    """Every run by a process of its own."""
    figures: Figures = {}
    seconds, cpu_seconds, memory_mb = 0.0, 0.0, 0.0
    for pair in workspace.dataset(DATASET).pairs:
        said, took, cpu, peak = watched([
            sys.executable, "-m", "ir_measures", "--places", "-1", str(workspace.qrels_of(DATASET, pair)),
            str(workspace.run(DATASET, MODEL, pair)), *MEASURES,
        ])
        seconds, cpu_seconds, memory_mb = seconds + took, cpu_seconds + cpu, max(memory_mb, peak)
        for line in said.splitlines():
            measure, value = line.split("\t")
            figures[str(pair), measure] = float(value)
    return Used(figures, seconds, cpu_seconds, memory_mb)


def ours(workspace: Workspace) -> Used:
    """All runs by one process."""
    _, *took = watched([
        sys.executable, "-m", "hybrid_pyserini", "evaluate", DATASET, "--model", MODEL, "--measures", *MEASURES,
        "--workspace", str(workspace.root),
    ])
    pairs = json.loads(workspace.evaluation(DATASET, MODEL).read_text(encoding="utf-8"))["pairs"]
    figures = {(pair, measure): value for pair, of_pair in pairs.items() for measure, value in of_pair.items()}
    return Used(figures, *took)


def watched(arguments: list[str]) -> tuple[str, float, float, float]:
    """Run a process; return its standard output, its seconds by the clock and of the processor, and the peak of its
    memory in MB."""
    with tempfile.TemporaryFile() as complaints:
        started = time.perf_counter()
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=complaints, text=True)
        assert process.stdout
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            complaints.seek(0)
            sys.exit(complaints.read().decode())
    memory_mb = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return said, seconds, usage.ru_utime + usage.ru_stime, memory_mb


if __name__ == "__main__":
    main()
