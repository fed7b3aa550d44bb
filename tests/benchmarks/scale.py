"""Encoding and indexing of a million passages: memory, interruptions, and what approximate indexes cost and find.

    python tests/benchmarks/scale.py

Passages of 6 to 24 words, of 500 subjects, are generated; the encoder has one layer, 64 wide, from nothing. Each step
is the command that a user types, in a process of its own, whose anonymous memory (RssAnon: neither files nor libraries)
is read every 20 ms; the most is taken. ``encode`` runs at a tenth of the passages and at all; ``index`` builds from the
vectors alone, and its memory above that of an index of one shard is held against its file. At a tenth, ``encode`` is
killed three times and started again, and the index compared byte by byte with an undisturbed one. Approximate indexes
are searched by faiss with 1,000 generated queries, two threads, 100 hits: recall against Flat, queries a second. The
last line is one JSON object.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

QUERIES, HITS = 1000, 100
SUBJECTS, WORDS = 500, 8000
TYPES = {
    "HNSW32": "efConstruction=80,efSearch=128", "IVF1024,Flat": "nprobe=32", "IVF1024,PQ16": "nprobe=32", "SQ8": "",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=1_000_000, help="in all (default: %(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), arguments.passages)


def measure(root: Path, passages: int) -> None:
    """Everything, and the table."""
    small, large = root / "small", root / "large"
    make_model(root / "model")
    for workspace, count in ((root / "one", 8192), (small, passages // 10), (large, passages)):
        make_workspace(workspace, count, root / "model")
    encoding = {}
    for workspace, count in ((small, passages // 10), (large, passages)):
        encoding[count] = watched("encode", workspace)
        print(f"encode {count:,} passages: {encoding[count]}", file=sys.stderr)
    watched("encode", root / "one")
    constant = watched("index", root / "one")["anon_mb"]
    rows = []
    for count, workspace, factory, parameters in [
        (passages, large, "Flat", ""), (passages // 10, small, "Flat", ""),
        *((passages // 10, small, factory, parameters) for factory, parameters in TYPES.items()),
    ]:
        built = watched("index", workspace, "--factory", factory, "--parameters", parameters)
        built["file_mb"] = index_file(workspace, factory).stat().st_size / 1e6
        built["per_file"] = max(0, built["anon_mb"] - constant) / built["file_mb"]
        rows.append((count, factory, parameters, built))
        print(f"index {factory}, {count:,} passages: {built}", file=sys.stderr)
    resumed = resumed_equal(root / "resumed", small)
    report(encoding, rows, searched(small), resumed, constant)


def make_model(folder: Path) -> None:
    from hybrid_pyserini.training.init import init

    chance = random.Random(1)
    init(folder, [passage(chance) for _ in range(3000)], layers=1, width=64, pieces=4000, seed=1, max_length=64)


def passage(chance: random.Random) -> str:
    """Words of one subject, and some of any."""
    subject = random.Random(chance.randrange(SUBJECTS))
    own = [subject.randrange(WORDS) for _ in range(30)]
    words = [chance.choice(own) if chance.random() < .8 else chance.randrange(WORDS)
             for _ in range(chance.randint(6, 24))]
    return " ".join(map(word, words))


def word(number: int) -> str:
    syllables = ("ba", "ko", "ri", "mu", "te", "sa", "no", "li", "fe", "du", "pa", "gi", "zo", "hu", "ve", "ja")
    return "".join(syllables[number >> shift & 15] for shift in (0, 4, 8, 12))


def make_workspace(root: Path, passages: int, model: Path) -> None:
    from hybrid_pyserini.records import Pair
    from hybrid_pyserini.trec import write_topics
    from hybrid_pyserini.workspace import DatasetInfo, Workspace

    workspace, chance = Workspace(root), random.Random(passages)
    collection = workspace.collection("generated", "en")
    collection.parent.mkdir(parents=True)
    with collection.open("w") as file:
        for number in range(passages):
            file.write(json.dumps({"id": f"p{number}", "text": passage(chance)}) + "\n")
    write_topics(workspace.topics("generated", "en"), {f"q{number}": passage(chance) for number in range(QUERIES)})
    DatasetInfo("generated", ("en",), (Pair("en", "en"),)).write(workspace.dataset_file("generated"))
    (root / "models").mkdir()
    (root / "models" / "tiny").symlink_to(model)


def command(name: str, workspace: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "hybrid_pyserini", name, "generated", "--model", "tiny",
            "--workspace", str(workspace), *options]


def watched(name: str, workspace: Path, *options: str) -> dict[str, float]:
    """Run a command: its seconds, and the most anonymous memory it had."""
    start, most = time.perf_counter(), 0
    with started(name, workspace, *options) as process:
        while process.poll() is None:
            most = max(most, anonymous_kb(process.pid))
            time.sleep(.02)
    if process.returncode:
        sys.exit(f"{' '.join(process.args)} failed: run it to see why")
    return {"seconds": time.perf_counter() - start, "anon_mb": most * 1024 / 1e6}


def started(name: str, workspace: Path, *options: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command(name, workspace, *options), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def anonymous_kb(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:  # it has just ended
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")), 0)


def index_file(workspace: Path, factory: str) -> Path:
    from hybrid_pyserini.indexing.dense_index import IndexType
    from hybrid_pyserini.workspace import Workspace

    return Workspace(workspace).index("generated", IndexType(factory).name_with("tiny"), "en") / "index"


def resumed_equal(workspace: Path, undisturbed: Path) -> bool:
    """Kill ``encode`` three times, start it again, index, and compare every file of the index."""
    shutil.copytree(undisturbed, workspace, symlinks=True, ignore=lambda _, names: {"vectors", "indexes"} & set(names))
    shards = workspace / "vectors" / "generated" / "tiny" / "en"
    for kill in (1, 2, 3):
        with started("encode", workspace) as process:
            while len(list(shards.glob("[0-9]*"))) < 3 * kill and process.poll() is None:
                time.sleep(.001)
            process.send_signal(signal.SIGKILL)
        if process.returncode != -signal.SIGKILL:
            sys.exit("encode ended before it was killed: give more --passages")
    watched("encode", workspace)
    watched("index", workspace)
    ours, theirs = (index_file(each, "Flat").parent for each in (workspace, undisturbed))
    names = sorted(path.name for path in theirs.iterdir())
    return names == sorted(path.name for path in ours.iterdir()) and all(
        (ours / name).read_bytes() == (theirs / name).read_bytes() for name in names
    )


def searched(workspace: Path) -> dict[str, tuple[float, float]]:
    """Type -> (recall of Flat's hits, queries a second)."""
    import faiss

    from hybrid_pyserini.encoder.encoder import Encoder
    from hybrid_pyserini.trec import read_topics
    from hybrid_pyserini.workspace import Workspace

    paths = Workspace(workspace)
    texts = list(read_topics(paths.topics("generated", "en")).values())
    queries = Encoder.load(str(workspace / "models" / "tiny")).encode_queries(texts)
    exact: list[set[int]] = []
    figures = {}
    for factory in ("Flat", *TYPES):
        index = faiss.read_index(str(index_file(workspace, factory)))
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            _, rows = index.search(queries, HITS)
            seconds.append(time.perf_counter() - start)
        exact = exact or [set(row) for row in rows.tolist()]
        recall = sum(len(best & set(row)) for best, row in zip(exact, rows.tolist(), strict=True))
        figures[factory] = recall / HITS / len(texts), len(texts) / sorted(seconds)[1]
    return figures


def report(
    encoding: dict[int, dict[str, float]], rows: list[tuple[int, str, str, dict[str, float]]],
    found: dict[str, tuple[float, float]], resumed: bool, constant: float,
) -> None:
    print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| encode | seconds | passages/s | anonymous memory, MB |\n|---|---:|---:|---:|")
    for count, figures in encoding.items():
        print(f"| {count:,} passages | {figures['seconds']:.0f} | {count / figures['seconds']:.0f} | "
              f"{figures['anon_mb']:.0f} |")
    print(f"\nIndex of one shard: {constant:.0f} MB.\n")
    print("| index | passages | parameters | seconds | file, MB | memory above one shard's / file | recall@100 | "
          "queries/s |\n|---|---:|---|---:|---:|---:|---:|---:|")
    small = min(count for count, *_ in rows)
    for count, factory, parameters, built in rows:
        recall, speed = found[factory] if count == small else (None, None)
        print(f"| {factory} | {count:,} | {parameters} | {built['seconds']:.0f} | {built['file_mb']:.0f} | "
              f"{built['per_file']:.2f} | {'' if recall is None else f'{recall:.3f}'} | "
              f"{'' if speed is None else f'{speed:.0f}'} |")
    print(f"\nkilled three times and resumed, the index is {'byte-equal' if resumed else 'NOT equal'}")
    counts = sorted(encoding)
    print(json.dumps({
        "passages": counts[1], "encode_anon_mb_small": round(encoding[counts[0]]["anon_mb"]),
        "encode_anon_mb_large": round(encoding[counts[1]]["anon_mb"]), "resumed_equal": resumed,
        "flat_memory_per_file": round(rows[0][3]["per_file"], 3),
        "recall": {factory: round(recall, 3) for factory, (recall, _) in found.items()},
    }))


if __name__ == "__main__":
    main()
