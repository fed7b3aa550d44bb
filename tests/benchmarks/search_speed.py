"""Search of every language pair, against Pyserini's own search a pair at a time: whole commands, as users type them.

    python tests/benchmarks/search_speed.py

XQuAD-R: 1,190 questions and about 1,183 sentences in each of eleven languages, 100 hits, fp32, over the indexes that
``hybrid-pyserini index`` built. The model has six layers, is 384 wide, and untrained; 32,000 pieces. Ours is one
``search`` of all 121 pairs, without the 11 pools. Theirs is ``pyserini search.faiss`` with ``--encoder-class auto`` and
its own defaults, which encode a question at a time; three pairs are measured, and 121 / 3 times their seconds counted.
One of them is also measured with ``--batch-size 64 --threads 2``, and counted 121 times. A command's time is that of
its process. Systems alternate. On a machine with other work, two threads wait for each other: there OMP_NUM_THREADS=1
gives ratios that can be repeated.

The same search with index and questions in bf16 is set beside them too, with how far it moves the three pairs' figures.

``equal`` compares Pyserini's runs with ours in fp32: rankings, up to swaps among passages whose scores differ by less
than 1e-5, and AP, nDCG@10 and R@100, which differ by less than 1e-4.

Then what our search costs over 2, 4, 8 and 11 languages and for the 11 pools, as commands, and what the scoring of
1,000 queries costs over random unit vectors, in this process, beside faiss; memory is the peak above the vectors, on
Linux. The last line is one JSON object; ``vs_pyserini`` is their seconds over ours.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import faiss
import numpy as np

from hybrid_pyserini.evaluation.measures import parse_measures, score_run
from hybrid_pyserini.records import Pair
from hybrid_pyserini.search.scoring import Passages, Queries
from hybrid_pyserini.trec import read_qrels, read_run
from hybrid_pyserini.workspace import Workspace

SHARED_DATA = Path(os.environ.get("HYBRID_PYSERINI_DATA", Path(__file__).parents[3] / "shared" / "data"))
LANGUAGES = ("en", "de", "ar", "zh", "es", "ru", "th", "vi", "el", "hi", "tr")
DATASET, MODEL, IN_BF16, HITS, QUERIES, WIDTH = "xquad-r", "model", "model-bf16", 100, 1000, 384
BATCHED = ("--batch-size", "64", "--threads", "2")
COMPARED: tuple[tuple[Pair, tuple[str, ...]], ...] = (
    (Pair("de", "en"), ()), (Pair("ru", "ru"), ()), (Pair("tr", "th"), ()), (Pair("de", "en"), BATCHED),
)
"""The first three's questions are together about as long, in tokens, as those of all languages, and so are German ones.
"""


class Cost(NamedTuple):
    """Of a command, from the start to the end of its process."""

    seconds: float
    processor_seconds: float
    """Of all its threads; others on the machine slow it down less than they do the clock's."""

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, of processors {self.processor_seconds:.1f} s, load {os.getloadavg()[0]:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2, help="searches of all pairs (default: %(default)s)")
    parser.add_argument("--passages", nargs="*", type=int, default=[10_000, 100_000, 1_000_000], metavar="N",
                        help="random passages to score (default: %(default)s)")
    arguments = parser.parse_args()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        prepare(workspace)
        report(workspace, arguments.rounds, arguments.passages)


def prepare(workspace: Workspace) -> None:
    """The data set, a model whose vocabulary is of its held-out part, and the index."""
    size = ["--layers", "6", "--width", str(WIDTH), "--pieces", "32000", "--max-length", "256"]
    for command in (
        ["prepare", "xquad-r", "--source", str(SHARED_DATA / "xquad-r")],
        ["prepare", "xquad-r", "--source", str(SHARED_DATA / "xquad-r"), "--heldout"],
        ["examples", "xquad-r-train"], ["init", MODEL, "--examples", "xquad-r-train", *size],
        ["index", DATASET, "--model", MODEL],
    ):
        say(f"{' '.join(command[:2])}: {run_command(workspace, *command)}")
    shutil.copytree(workspace.root / "models" / MODEL, workspace.root / "models" / IN_BF16)
    say(f"index, bf16: {run_command(workspace, 'index', DATASET, '--model', IN_BF16, '--dtype', 'bf16')}")


def report(workspace: Workspace, rounds: int, passages: Sequence[int]) -> None:
    """Measure everything, and print it."""
    pairs = pairs_of(LANGUAGES)
    ours: list[Cost] = []
    theirs: dict[tuple[str, ...], list[Cost]] = {(): [], BATCHED: []}
    for number, (pair, options) in enumerate(COMPARED):
        theirs[options].append(search_theirs(workspace, pair, options))
        say(f"{' '.join(('pyserini', str(pair), *options))}: {theirs[options][-1]}")
        if number < rounds:
            ours.append(search_ours(workspace, pairs))
            say(f"hybrid-pyserini, {len(pairs)} pairs: {ours[-1]}")
    same = [is_same(workspace, pair, options) for pair, options in COMPARED]
    figures = {pair: figures_of(workspace, workspace.run(DATASET, MODEL, pair), pair) for pair, _ in COMPARED}
    in_bf16 = search_ours(workspace, pairs, IN_BF16)
    moved = max(
        apart(figures[pair], figures_of(workspace, workspace.run(DATASET, IN_BF16, pair), pair)) for pair in figures
    )
    say(f"hybrid-pyserini in bf16: {in_bf16}; measures differ by {moved:.1e}")
    all_ours = Cost(*(median(each) for each in zip(*ours, strict=True)))
    all_theirs = {
        options: Cost(*(sum(each) * len(pairs) / len(costs) for each in zip(*costs, strict=True)))
        for options, costs in theirs.items()
    }
    print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {rounds} rounds\n")
    print(f"| {len(pairs)} pairs | s | processor s | ours is faster | by processor s |\n|---|---:|---:|---:|---:|")
    print(f"| hybrid-pyserini | {all_ours.seconds:.0f} | {all_ours.processor_seconds:.0f} | | |")
    speed = {}
    for options, cost in all_theirs.items():
        speed[options], by_processor = (t / o for t, o in zip(cost, all_ours, strict=True))
        print(f"| {' '.join(('pyserini', *options))} | {cost.seconds:.0f} | {cost.processor_seconds:.0f} | "
              f"{speed[options]:.1f} times | {by_processor:.1f} times |")
    speed_in_bf16 = all_theirs[()].seconds / in_bf16.seconds
    print(f"| hybrid-pyserini in bf16 | {in_bf16.seconds:.0f} | {in_bf16.processor_seconds:.0f} | | |")
    print(f"\nIn bf16 {speed_in_bf16:.1f} times as fast as Pyserini, which is in fp32; no figure of the three pairs "
          f"differs by more than {moved:.1e}.")
    by_languages = {n: search_ours(workspace, pairs_of(LANGUAGES[:n])) for n in (2, 4, 8)} | {11: all_ours}
    print("\n| languages | pairs | s | processor s |\n|---:|---:|---:|---:|")
    for count, cost in by_languages.items():
        print(f"| {count} | {count * count} | {cost.seconds:.1f} | {cost.processor_seconds:.1f} |")
    pools = search_ours(workspace, [f"{language}-all" for language in LANGUAGES])
    print(f"| 11 | 11 pools | {pools.seconds:.1f} | {pools.processor_seconds:.1f} |\n")
    print(f"| passages | ours, s for {QUERIES} queries | memory, MB | faiss, s |\n|---:|---:|---:|---:|")
    scored = {count: score_random(count) for count in passages}
    for count, cost_of in scored.items():
        print(f"| {count} | {cost_of['seconds']:.2f} | {cost_of['memory_mb']:.0f} | {cost_of['faiss_seconds']:.2f} |")
    print(json.dumps({
        "vs_pyserini": round(speed[()], 1), "equal": all(same), "vs_pyserini_batched": round(speed[BATCHED], 1),
        "vs_pyserini_processor": round(all_theirs[()].processor_seconds / all_ours.processor_seconds, 1),
        "bf16_vs_pyserini": round(speed_in_bf16, 1), "bf16_measures_apart": float(f"{moved:.1e}"),
        "seconds": round(all_ours.seconds, 1), "pool_seconds": round(pools.seconds, 1),
        "seconds_by_languages": {count: round(cost.seconds, 1) for count, cost in by_languages.items()},
        "scoring": scored,
    }))


def pairs_of(languages: Sequence[str]) -> list[str]:
    return [f"{query}-{passages}" for query, passages in product(languages, repeat=2)]


def search_ours(workspace: Workspace, pairs: Sequence[str], model: str = MODEL) -> Cost:
    """Search as for the first time."""
    shutil.rmtree(workspace.root / "runs", ignore_errors=True)
    return run_command(
        workspace, "search", DATASET, "--model", model, "--hits", str(HITS), "--pairs", ",".join(pairs),
        "--dtype", "bf16" if model == IN_BF16 else "fp32",
    )


def search_theirs(workspace: Workspace, pair: Pair, options: Sequence[str]) -> Cost:
    """Search one pair with Pyserini."""
    return run_command(
        workspace, "pyserini", "search.faiss", "--encoder-class", "auto", "--pooling", "mean", "--l2-norm",
        "--query-prefix", "Query:", "--encoder", f"models/{MODEL}", "--hits", str(HITS),
        "--index", str(workspace.index(DATASET, MODEL, pair.passage).relative_to(workspace.root)),
        "--topics", str(workspace.topics(DATASET, pair.query).relative_to(workspace.root)),
        "--output", stock_run(workspace, pair, options).name, *options,
    )


def stock_run(workspace: Workspace, pair: Pair, options: Sequence[str]) -> Path:
    return workspace.root / f"stock{'-batched' if options else ''}.{pair}.txt"


def run_command(workspace: Workspace, *arguments: str) -> Cost:
    """Run ``hybrid-pyserini ...`` as a process of its own."""
    started, used = time.perf_counter(), processor_seconds()
    done = subprocess.run(
        [sys.executable, "-m", "hybrid_pyserini", *arguments], cwd=workspace.root, capture_output=True, text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    return Cost(time.perf_counter() - started, processor_seconds() - used)


def processor_seconds() -> float:
    """Of all processes started here that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def is_same(workspace: Workspace, pair: Pair, options: Sequence[str]) -> bool:
    """Whether Pyserini's run of a pair is ours; says how far they are apart."""
    paths = workspace.run(DATASET, MODEL, pair), stock_run(workspace, pair, options)
    ours, theirs = map(read_run, paths)
    swapped = [swaps(hits, theirs.get(query_id, {})) for query_id, hits in ours.items()]
    difference = apart(*(figures_of(workspace, path, pair) for path in paths))
    say(f"{' '.join((str(pair), *options))}: {swapped.count(None)} of {len(swapped)} rankings differ; "
        f"{sum(count or 0 for count in swapped)} places swapped among equals; measures differ by {difference:.1e}")
    return theirs.keys() == ours.keys() and None not in swapped and difference < 1e-4


def figures_of(workspace: Workspace, run: Path, pair: Pair) -> dict[str, float]:
    return score_run(
        parse_measures(["AP", "nDCG@10", "R@100"]), read_qrels(workspace.qrels_of(DATASET, pair)), read_run(run)
    ).means


def apart(figures: Mapping[str, float], others: Mapping[str, float]) -> float:
    """The largest difference in a measure."""
    return max(abs(figures[name] - others[name]) for name in figures)


def swaps(ours: dict[str, float], theirs: dict[str, float]) -> int | None:
    """In how many places the rankings differ; None where they do so by more than 1e-5 of a score."""
    if len(ours) != len(theirs):
        return None
    count, lowest = 0, min(ours.values())
    for (docid, score), (their_docid, their_score) in zip(ours.items(), theirs.items(), strict=True):
        count += docid != their_docid
        # a passage that is not among ours has less than our lowest score
        if abs(their_score - score) > 1e-5 or abs(ours.get(their_docid, lowest) - score) > 1e-5:
            return None
    return count


@dataclass(frozen=True)
class RandomPassages:
    """Unit vectors in random directions."""

    language: str
    docids: Sequence[str]
    vectors: np.ndarray


def score_random(count: int) -> dict[str, float]:
    """What the scoring of 1,000 queries costs."""
    chance = np.random.default_rng(count)
    passages = RandomPassages("en", [f"d{i}" for i in range(count)], unit_vectors(chance, count))
    queries = Queries([f"q{i}" for i in range(QUERIES)], unit_vectors(chance, QUERIES))
    searched = Passages([passages])
    before = peak_mb(reset=True)
    seconds = timed(lambda: list(searched.search(queries, {"en": HITS})))
    memory = peak_mb() - before
    flat = faiss.IndexFlatIP(WIDTH)
    flat.add(passages.vectors)
    faiss_seconds = timed(lambda: flat.search(queries.vectors, HITS))
    return {"seconds": round(seconds, 3), "memory_mb": round(memory), "faiss_seconds": round(faiss_seconds, 3)}


def unit_vectors(chance: np.random.Generator, count: int) -> np.ndarray:
    vectors = chance.standard_normal((count, WIDTH), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def peak_mb(reset: bool = False) -> float:
    """The most memory that this process had resident, in MB; with ``reset`` it counts from now on."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
