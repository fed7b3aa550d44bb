"""Indexes of 768 dimensions: how long they take to build and to search, and what they find, by type.

    python tests/benchmarks/index_types.py

100,000 unit vectors around 1,000 random directions, as ``index`` builds them: from shards of 8,192, trained on its
sample; 1,000 queries near vectors of the index, 100 hits, all of faiss' threads. Building is timed by the clock and
divided by the vectors; the time for other numbers of vectors follows from it, see docs/indexes.md. The last line is one
JSON object.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator

import faiss
import numpy as np

from hybrid_pyserini.indexing import faiss_index

DIMENSION, DIRECTIONS, SHARD, QUERIES, HITS = 768, 1000, 8192, 1000, 100
TYPES = {
    "Flat": "", "SQfp16": "", "SQ8": "", "HNSW32": "efConstruction=80,efSearch=128",
    "HNSW32,SQ8": "efConstruction=80,efSearch=128", "IVF1024,SQ8": "nprobe=32", "IVF1024,PQ96": "nprobe=32",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=int, default=100_000, help="in the index (default: %(default)s)")
    count = parser.parse_args().vectors
    chance = np.random.default_rng(0)
    vectors = near(chance, unit(chance.standard_normal((DIRECTIONS, DIMENSION), dtype=np.float32)), count)
    queries = near(chance, vectors, QUERIES)
    figures: dict[str, dict[str, float]] = {}
    best: np.ndarray | None = None
    for factory, parameters in TYPES.items():
        figures[factory], found = measure(factory, parameters, vectors, queries)
        best = found if best is None else best
        shared = sum(len(np.intersect1d(a, b)) for a, b in zip(found, best, strict=True))
        figures[factory]["recall"] = round(shared / best.size, 3)
        print(f"{factory}: {figures[factory]}", file=sys.stderr, flush=True)
    print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {count:,} vectors\n")
    print("| index | parameters | trained in, s | added, vectors/s | ms/query | recall@100 |")
    print("|---|---|---:|---:|---:|---:|")
    for factory, of in figures.items():
        print(f"| {factory} | {TYPES[factory]} | {of['train_s']:.0f} | {of['added_per_s']:,.0f} "
              f"| {of['query_ms']:.2f} | {of['recall']:.3f} |")
    print(json.dumps({"vectors": count, "types": figures}))


def measure(
    factory: str, parameters: str, vectors: np.ndarray, queries: np.ndarray
) -> tuple[dict[str, float], np.ndarray]:
    """Build and search one type; the figures, and the rows that were found."""
    passes: list[float] = []  # when the vectors began to pass, for training and for adding

    def shards() -> Iterator[np.ndarray]:
        passes.append(time.perf_counter())
        for start in range(0, len(vectors), SHARD):
            yield vectors[start : start + SHARD]

    started = time.perf_counter()
    index = faiss_index.build(factory, parameters, DIMENSION, len(vectors), shards)
    built = time.perf_counter()
    index.search(queries[:10], HITS)
    searching = time.perf_counter()
    _, found = index.search(queries, HITS)
    return {
        "train_s": round(passes[-1] - started, 1), "added_per_s": round(len(vectors) / (built - passes[-1])),
        "query_ms": round(1000 * (time.perf_counter() - searching) / len(queries), 3),
    }, found


def near(chance: np.random.Generator, centres: np.ndarray, count: int) -> np.ndarray:
    """Unit vectors near centres drawn at random, at a cosine of about .8."""
    noise = unit(chance.standard_normal((count, DIMENSION), dtype=np.float32))
    return unit(centres[chance.integers(len(centres), size=count)] + 0.75 * noise)


def unit(vectors: np.ndarray) -> np.ndarray:
    faiss.normalize_L2(vectors)
    return vectors


if __name__ == "__main__":
    main()
