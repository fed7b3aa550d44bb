"""The demo's figures over several seeds: mean, standard deviation and the values themselves.

    OMP_NUM_THREADS=1 python -m hybrid_pyserini.demo.expected --workspace FOLDER --output runs/demo/expected.json

runs the demo once per size and seed, each in a folder of its own, and goes on where it was stopped.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from hybrid_pyserini.demo.data import DATASET
from hybrid_pyserini.demo.demo import FULL, QUICK, SHORTENED, DemoSize, run_demo
from hybrid_pyserini.jsonl import write_json
from hybrid_pyserini.provenance import made_by
from hybrid_pyserini.workspace import BM25, Workspace

SEEDS = (42, 43, 44)
SIZES = {"full": FULL, "quick": QUICK, "shortened": SHORTENED}
TOLERANCE = {"measures": 0.08, "rank distance": 0.5}
"""How far one run may be from the mean: of measures, absolutely; of the rank distance, as a share of the mean. Wider
than the spread over seeds: other processors and numbers of threads round otherwise, and some have no bf16."""


def figures(evaluation: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """A model's figures under one-line names: ``mono AP`` ... ``multi R@100`` and ``rank distance``."""
    for setting, measures in evaluation["settings"].items():
        for measure, value in measures.items():
            yield f"{setting} {measure}", value
    yield "rank distance", evaluation["language_bias"]["rank_distance"]["mean"]


def summary(evaluations: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Evaluations by seed, and in each by model -> model -> figure -> mean, sd (of a sample) and values by seed."""
    models: dict[str, dict[str, list[float]]] = {}
    for seed in evaluations:
        for evaluation in seed:
            for name, value in figures(evaluation):
                models.setdefault(evaluation["model"], {}).setdefault(name, []).append(round(value, 6))
    return {
        model: {
            name: {"mean": round(mean(values), 6), "sd": round(stdev(values), 6), "values": values}
            for name, values in by_name.items()
        }
        for model, by_name in models.items()
    }


def measure(root: Path, size: DemoSize) -> dict[str, Any]:
    """Run a demo of this size with every seed, in ``root/seed-<seed>``."""
    by_seed = [run_demo(Workspace(root / f"seed-{seed}"), size, seed) for seed in SEEDS]
    return {"size": asdict(size), "models": summary(by_seed)}


def main(argv: Sequence[str]) -> None:
    """Measure every size and write the file."""
    parser = argparse.ArgumentParser(prog="python -m hybrid_pyserini.demo.expected", description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args(argv)
    sizes = {name: measure(arguments.workspace / name, size) for name, size in SIZES.items()}
    command = f"OMP_NUM_THREADS=1 {parser.prog} --workspace FOLDER --output runs/demo/expected.json"
    write_json(arguments.output, {
        "command": command, "seeds": SEEDS, "tolerance": TOLERANCE, "cells": {DATASET: cells(sizes["full"]["models"])},
        "sizes": sizes, "made_by": made_by(),
    })


def cells(models: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, dict[str, float]]:
    """The figures of the first seed, by the names that the recipe ``demo`` gives its models."""
    named = {model if model == BM25 else f"{model}-{SEEDS[0]}": by_name for model, by_name in models.items()}
    return {
        model: {name: figure["values"][0] for name, figure in by_name.items()} for model, by_name in named.items()
    }


if __name__ == "__main__":
    main(sys.argv[1:])
