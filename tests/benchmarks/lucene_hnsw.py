"""Lucene's HNSW indexes of 10^5 vectors against faiss' Flat: time and memory to build, size, recall, speed of search.

    python tests/benchmarks/lucene_hnsw.py [--vectors 100000] [--queries 1000] [--ef-search 100 300] [--folder FOLDER]

The vectors are generated: a mixture of 1,000 clusters, of length 1, in 384 dimensions. Within and between clusters the
variance falls as 1/i over the directions, as it does in embeddings: plain Gaussian vectors have no near neighbours, and
HNSW is at its worst there. All is rotated at random, so that no axis stands out; Lucene's int8 cuts off an axis that
does. A query is a passage with noise, at a cosine of about 0.8.

Indexes are built by write_hnsw_index with its defaults, on one thread. They are searched by Pyserini's own commands,
search.lucene and search.faiss, each run in a process of its own, with queries that are encoded already, in batches of
64 on two threads; systems alternate. Queries a second are as the command's progress bar says: without the start of the
process, with the writing of the run. Memory is sampled: anonymous, imports included, and beside it what of the index's
files is mapped and resident; so on Linux only. Recall is the share of Flat's 100 best.

It prints a table, and as its last line one JSON object. The defaults take nine minutes of processor time, and less of
the clock's on two free cores: searches use both.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

DIMENSION, CLUSTERS, HITS, NOISE = 384, 1000, 100, 0.8
LUCENE = ("plain", "int8")
_RATE = re.compile(r"([\d.]+)(it/s|s/it)\]")


@dataclass(frozen=True)
class Used:
    """What a process took."""

    said: str
    anonymous_mb: int
    """The peak."""
    mapped_mb: int
    """The peak of what is resident of the files below one folder."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=int, default=100_000, help="how many (default: %(default)s)")
    parser.add_argument("--queries", type=int, default=1000, help="how many (default: %(default)s)")
    parser.add_argument("--ef-search", nargs="+", type=int, default=[100, 300], help="candidates of an HNSW search")
    parser.add_argument("--rounds", type=int, default=3, help="searches a system (default: %(default)s)")
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's for temporary files)")
    parser.add_argument("--build", nargs=2, metavar=("KIND", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.build:
        kind, folder = arguments.build
        build(kind, Path(folder))
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        generate(Path(folder), arguments.vectors, arguments.queries)
        report(Path(folder), arguments.ef_search, arguments.rounds)


def generate(folder: Path, vectors: int, queries: int) -> None:
    """Passages as an array and as a Flat index; queries in the forms that both commands read."""
    import faiss
    import pandas

    random = np.random.default_rng(42)
    spread = 1 / np.sqrt(np.arange(1, DIMENSION + 1, dtype=np.float32))
    rotation = np.linalg.qr(random.standard_normal((DIMENSION, DIMENSION)))[0].astype(np.float32)
    centres = draw(random, CLUSTERS, spread)
    passages = unit((centres[random.integers(CLUSTERS, size=vectors)] + draw(random, vectors, spread)) @ rotation)
    near = random.choice(vectors, queries, replace=False)
    asked = unit(passages[near] + NOISE * unit(draw(random, queries, spread) @ rotation))
    np.save(folder / "passages.npy", passages)
    flat = faiss.IndexFlatIP(DIMENSION)
    flat.add(passages)
    (folder / "flat").mkdir()
    faiss.write_index(flat, str(folder / "flat" / "index"))
    (folder / "flat" / "docid").write_text("".join(f"{docid}\n" for docid in ids(0, vectors)))
    texts = [json.dumps(vector) for vector in asked.tolist()]
    (folder / "topics.tsv").write_text("".join(f"q{number}\t{text}\n" for number, text in enumerate(texts)))
    (folder / "queries").mkdir()
    pandas.DataFrame({"text": texts, "embedding": list(asked)}).to_pickle(folder / "queries" / "embedding.pkl")


def draw(random: np.random.Generator, number: int, spread: np.ndarray) -> np.ndarray:
    return random.standard_normal((number, DIMENSION), dtype=np.float32) * spread


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def ids(start: int, end: int) -> list[str]:
    return [f"d{number}" for number in range(start, end)]


def report(folder: Path, candidates: Sequence[int], rounds: int) -> None:
    """Build, search, and print what it took."""
    built = {kind: run([sys.executable, __file__, "--build", kind, str(folder)], folder / kind) for kind in LUCENE}
    size = {kind: sum(file.stat().st_size for file in (folder / kind).iterdir()) >> 20 for kind in ("flat", *LUCENE)}
    systems = {"flat": search_flat(folder)} | {
        f"{kind} {ef}": search_lucene(folder, kind, ef) for kind in LUCENE for ef in candidates
    }
    searched: dict[str, list[Used]] = {name: [] for name in systems}
    for number in range(rounds):
        for name in systems if number % 2 == 0 else reversed(systems):
            searched[name].append(run(systems[name], folder / name.split()[0]))
            print(f"round {number + 1}, {name}: {rate(searched[name][-1].said):.1f} queries/s", file=sys.stderr)
    best = read_run(folder / "run.flat")
    figures = {}
    for name, runs in searched.items():
        figures[name] = {
            "recall": round(recall(read_run(folder / f"run.{name}"), best), 4),
            "queries_per_second": round(statistics.median(rate(each.said) for each in runs), 1),
            "anonymous_mb": max(each.anonymous_mb for each in runs), "mapped_mb": max(each.mapped_mb for each in runs),
        }
    print_tables(built, size, figures)


def print_tables(built: dict[str, Used], size: dict[str, int], figures: dict[str, dict[str, float]]) -> None:
    print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| index | build s | build CPU s | build anonymous MB | size MB |\n|---|---:|---:|---:|---:|")
    builds = {kind: json.loads(used.said.splitlines()[-1]) for kind, used in built.items()}
    for kind, used in built.items():
        print(f"| {kind} | {builds[kind]['seconds']} | {builds[kind]['cpu_seconds']} | {used.anonymous_mb} | "
              f"{size[kind]} |")
    print(f"| flat | | | | {size['flat']} |\n")
    print(f"| search, ef | recall@{HITS} | queries/s | anonymous MB | mapped MB |\n|---|---:|---:|---:|---:|")
    for name, row in figures.items():
        print(f"| {name} | {' | '.join(str(value) for value in row.values())} |")
    print(json.dumps({
        "build": {
            kind: {**builds[kind], "anonymous_mb": used.anonymous_mb, "size_mb": size[kind]}
            for kind, used in built.items()
        },
        "flat_size_mb": size["flat"], "search": figures,
        "vs_flat": {
            name: round(row["queries_per_second"] / figures["flat"]["queries_per_second"], 3)
            for name, row in figures.items()
        },
    }))


def build(kind: str, folder: Path) -> None:
    """Build one index, in this process."""
    from hybrid_pyserini.bridge.lucene_vectors import write_hnsw_index

    passages = np.load(folder / "passages.npy", mmap_mode="r")

    def batches() -> Iterator[tuple[list[str], np.ndarray]]:
        for start in range(0, len(passages), 2048):
            yield ids(start, min(start + 2048, len(passages))), np.asarray(passages[start:start + 2048])

    started, cpu = time.perf_counter(), time.process_time()
    write_hnsw_index(folder / kind, batches(), int8=kind == "int8")
    print(json.dumps({
        "seconds": round(time.perf_counter() - started, 1), "cpu_seconds": round(time.process_time() - cpu, 1),
    }))


def search_flat(folder: Path) -> list[str]:
    return [*pyserini("search.faiss", folder, "flat", "flat"), "--encoded-queries", str(folder / "queries")]


def search_lucene(folder: Path, kind: str, candidates: int) -> list[str]:
    return [*pyserini("search.lucene", folder, kind, f"{kind} {candidates}"), "--dense", "--hnsw", "--ef-search",
            str(candidates)]


def pyserini(module: str, folder: Path, index: str, name: str) -> list[str]:
    """Pyserini's own command, with Java taken care of."""
    return [sys.executable, "-m", "hybrid_pyserini", "pyserini", module, "--index", str(folder / index), "--topics",
            str(folder / "topics.tsv"), "--output", str(folder / f"run.{name}"), "--hits", str(HITS), "--batch-size",
            "64", "--threads", "2"]


def run(command: list[str], index: Path) -> Used:
    """Run a command, and watch its memory and what it maps of ``index``."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        anonymous = mapped = 0
        while process.poll() is None:
            anonymous = max(anonymous, anonymous_kib(process.pid))
            mapped = max(mapped, mapped_kib(process.pid, index))
            time.sleep(0.2)
        said.seek(0)
        text = said.read()
    if process.returncode:
        sys.exit(f"{' '.join(command)}\n{text[-3000:]}")
    return Used(text, anonymous >> 10, mapped >> 10)


def anonymous_kib(pid: int) -> int:
    """Of a process; 0 where it has ended."""
    return sum(int(line.split()[1]) for line in lines(pid, "status") if line.startswith("RssAnon:"))


def mapped_kib(pid: int, folder: Path) -> int:
    """What a process has resident of the files that it maps below a folder; 0 where it has ended."""
    resident, inside = 0, False
    for line in lines(pid, "smaps"):
        if re.match(r"[0-9a-f]+-", line):
            inside = f" {folder}/" in line
        elif inside and line.startswith("Rss:"):
            resident += int(line.split()[1])
    return resident


def lines(pid: int, name: str) -> list[str]:
    try:
        return Path(f"/proc/{pid}/{name}").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return []


def rate(said: str) -> float:
    """Queries a second over the whole search: what the progress bar says when it is full."""
    number, unit_of_it = _RATE.findall(said)[-1]
    return float(number) if unit_of_it == "it/s" else 1 / float(number)


def read_run(path: Path) -> dict[str, set[str]]:
    """Query -> its hits."""
    found: dict[str, set[str]] = {}
    for line in path.read_text().splitlines():
        query, _, docid, *_ = line.split()
        found.setdefault(query, set()).add(docid)
    return found


def recall(found: dict[str, set[str]], best: dict[str, Any]) -> float:
    return statistics.mean(len(found[query] & hits) / len(hits) for query, hits in best.items())


if __name__ == "__main__":
    main()
