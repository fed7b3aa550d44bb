"""Encoding speed against Pyserini and sentence-transformers: the same model, the same passages, the same vectors.

    python tests/benchmarks/encode_speed.py

Six layers, 384 wide, 32,000 pieces, from nothing; 1,500 sentences of XQuAD-R in en, de, ar and zh, shuffled. Pyserini's
is AutoDocumentEncoder with mean pooling, in its encode command's batches of 64; sentence-transformers' is
encode_document, in its batches of 32; ours is Encoder in fp32, int8 and bf16. Each system is a process of its own;
systems alternate. Times leave out loading. ``bound`` is what the matrix products alone would allow: tokens times twice
the parameters that are not embeddings, over the rate of a large bf16 product measured in the same process. Queries are
encoded one by one (median latency) and together. The last line is one JSON object; ratios are ours over theirs.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

SHARED_DATA = Path(os.environ.get("HYBRID_PYSERINI_DATA", Path(__file__).parents[3] / "shared" / "data"))
LANGUAGES = ("en", "de", "ar", "zh")
MAX_LENGTH, PASSAGES, QUERIES = 256, 1500, 64
SYSTEMS = {
    "pyserini": "Pyserini auto, batches of 64", "st": "sentence-transformers, batches of 32",
    "ours_fp32": "hybrid-pyserini, fp32", "ours_int8": "hybrid-pyserini, int8",
    "ours_bf16": "hybrid-pyserini, bf16",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="measurements a system (default: %(default)s)")
    parser.add_argument("--passages", type=int, default=PASSAGES, help="passages (default: %(default)s)")
    parser.add_argument("--measure", nargs=2, metavar=("SYSTEM", "WORKSPACE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        system, workspace = arguments.measure
        print(json.dumps(measure(system, Path(workspace))))
        return
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), arguments.passages)
        report(Path(folder), arguments.rounds)


def prepare(workspace: Path, passages: int) -> None:
    """The model, and the texts."""
    from hybrid_pyserini.cli import main as command
    from hybrid_pyserini.collection import read_collection
    from hybrid_pyserini.trec import read_topics
    from hybrid_pyserini.workspace import Workspace

    place = ["--workspace", str(workspace)]
    command(["prepare", "xquad-r", "--source", str(SHARED_DATA / "xquad-r"), *place])
    command(["prepare", "xquad-r", "--source", str(SHARED_DATA / "xquad-r"), "--heldout", *place])
    command(["examples", "xquad-r-train", *place])
    command(["init", "model", "--examples", "xquad-r-train", "--layers", "6", "--width", "384", "--pieces", "32000",
             "--max-length", str(MAX_LENGTH), *place])
    paths = Workspace(workspace)
    texts = [p.text for language in LANGUAGES for p in read_collection(paths.collection("xquad-r", language))]
    random.Random(42).shuffle(texts)
    queries = list(read_topics(paths.topics("xquad-r", "en")).values())[:QUERIES]
    (workspace / "texts.json").write_text(json.dumps({"passages": texts[:passages], "queries": queries}))


def report(workspace: Path, rounds: int) -> None:
    """Measure everything, and print it."""
    figures: dict[str, list[dict[str, float]]] = {system: [] for system in SYSTEMS}
    for number in range(rounds):
        for system in SYSTEMS if number % 2 == 0 else reversed(SYSTEMS):
            figures[system].append(run(system, workspace))
            print(f"round {number + 1}, {system}: {figures[system][-1]}", file=sys.stderr)
    middle = {
        system: {name: median(each[name] for each in measured) for name in measured[0]}
        for system, measured in figures.items()
    }
    vectors = {system: np.load(workspace / f"{system}.npy") for system in SYSTEMS}
    cosines = {system: float((each * vectors["st"]).sum(axis=1).min()) for system, each in vectors.items()}
    print(f"\n{os.cpu_count()} cores, {torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}; medians of "
          f"{rounds} rounds of {len(vectors['st'])} passages\n")
    print("| system | passages/s | share of the bound | one query, ms | queries/s together | least cosine with "
          "sentence-transformers' |\n|---|---:|---:|---:|---:|---:|")
    for system, name in SYSTEMS.items():
        of = middle[system]
        print(f"| {name} | {of['passages']:.0f} | {of['bound_share']:.2f} | {of['latency_ms']:.1f} | "
              f"{of['queries']:.0f} | {cosines[system]:.7f} |")

    def times(ours: str, theirs: str) -> float:
        return round(middle[ours]["passages"] / middle[theirs]["passages"], 3)

    print(json.dumps({
        "vs_pyserini": times("ours_bf16", "pyserini"), "vs_st": times("ours_bf16", "st"),
        "bound_share": round(middle["ours_bf16"]["bound_share"], 3), "min_cosine": cosines["ours_bf16"],
        "fp32_vs_pyserini": times("ours_fp32", "pyserini"), "fp32_vs_st": times("ours_fp32", "st"),
        "fp32_min_cosine": cosines["ours_fp32"], "int8_vs_fp32": times("ours_int8", "ours_fp32"),
        "int8_min_cosine": cosines["ours_int8"],
    }))


def run(system: str, workspace: Path) -> dict[str, float]:
    """One measurement, in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--measure", system, str(workspace)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def measure(system: str, workspace: Path) -> dict[str, float]:
    """Passages and queries a second, milliseconds a query, and the share of what matrix products allow."""
    texts = json.loads((workspace / "texts.json").read_text())
    model = workspace / "models" / "model"
    passages, queries = LOADERS[system](model)
    passages(texts["passages"][:64])  # what is made at the first call does not count
    seconds, vectors = timed(lambda: passages(texts["passages"]))
    np.save(workspace / f"{system}.npy", vectors)
    queries(texts["queries"][:1])
    together, _ = timed(lambda: queries(texts["queries"]))
    return {
        "passages": len(texts["passages"]) / seconds, "bound_share": bound(model, texts["passages"]) / seconds,
        "latency_ms": 1000 * median(timed(lambda q=query: queries([q]))[0] for query in texts["queries"]),
        "queries": len(texts["queries"]) / together,
    }


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


Encode = Callable[[list[str]], np.ndarray]


def pyserini(model: Path) -> tuple[Encode, Encode]:
    from hybrid_pyserini.bridge.pyserini_import import importable_pyserini

    with importable_pyserini():
        from pyserini.encode import AutoDocumentEncoder, AutoQueryEncoder
    documents = AutoDocumentEncoder(str(model), device="cpu", pooling="mean", l2_norm=True, prefix="Passage:")
    asked = AutoQueryEncoder(str(model), device="cpu", pooling="mean", l2_norm=True, prefix="Query:")
    return (
        lambda texts: np.concatenate([documents.encode(texts[i : i + 64]) for i in range(0, len(texts), 64)]),
        lambda texts: np.stack([asked.encode(text) for text in texts]),
    )


def sentence_transformers(model: Path) -> tuple[Encode, Encode]:
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(str(model), device="cpu")
    return encoder.encode_document, encoder.encode_query


def ours(dtype: str) -> Callable[[Path], tuple[Encode, Encode]]:
    def load(model: Path) -> tuple[Encode, Encode]:
        from hybrid_pyserini.encoder.encoder import Encoder

        encoder = Encoder.load(str(model), dtype=dtype, device="cpu")
        return encoder.encode_passages, encoder.encode_queries

    return load


LOADERS: dict[str, Callable[[Path], tuple[Encode, Encode]]] = {
    "pyserini": pyserini, "st": sentence_transformers, "ours_fp32": ours("fp32"),
    "ours_int8": ours("int8"), "ours_bf16": ours("bf16"),
}


def bound(model: Path, passages: list[str]) -> float:
    """Seconds that the passages' matrix products take at the rate of a large bf16 product."""
    from hybrid_pyserini.encoder.encoder import Encoder

    encoder = Encoder.load(str(model), device="cpu")
    tokens = sum(map(len, encoder.tokenize(["Passage: " + text for text in passages])))
    parameters = sum(p.numel() for name, p in encoder.model.named_parameters() if "embeddings" not in name)
    square = torch.randn(2048, 2048).bfloat16()
    rate = 2 * 2048**3 / min(timed(lambda: square @ square)[0] for _ in range(5))
    return tokens * 2 * parameters / rate


if __name__ == "__main__":
    main()
