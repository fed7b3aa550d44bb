"""Training speed and memory against sentence-transformers: the same model, the same pairs, the same gradients.

    python tests/benchmarks/train_speed.py

Six layers, 384 wide, 32,000 pieces, from nothing; XQuAD-R's questions and sentences in en, de, ar and zh; batches of
64, texts of at most 128 tokens. Theirs is SentenceTransformerTrainer with MultipleNegativesRankingLoss, in fp32 (its
default) and bf16; ours is HybridTrainer in bf16, with and without --grad-cache. Each measurement is a process of its
own that trains some steps after two that do not count; systems alternate. A step's time is from the end of one step to
that of the next, batches included. Memory is the peak above import, weights and optimizer. The gradients of one batch
without dropout are compared first. The last line is one JSON object; ratios are ours over theirs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import torch
from transformers import TrainerCallback, TrainingArguments

SHARED_DATA = Path(os.environ.get("HYBRID_PYSERINI_DATA", Path(__file__).parents[3] / "shared" / "data"))
LANGUAGES = ("en", "de", "ar", "zh")
BATCH, MAX_LENGTH, TEMPERATURE, WARM_UP = 64, 128, 0.05, 2
SYSTEMS = {
    "st_fp32": "sentence-transformers, fp32", "st_bf16": "sentence-transformers, bf16",
    "ours_bf16": "hybrid-pyserini, bf16", "ours_grad_cache": "hybrid-pyserini, bf16, --grad-cache 1024",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=6, help="steps a measurement (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="measurements a system (default: %(default)s)")
    parser.add_argument("--measure", nargs=2, metavar=("SYSTEM", "WORKSPACE"), help=argparse.SUPPRESS)
    parser.add_argument("--gradients", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        system, workspace = arguments.measure
        print(json.dumps(measure(system, Path(workspace), arguments.steps, arguments.gradients)))
        return
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        report(Path(folder), arguments.steps, arguments.rounds)


def prepare(workspace: Path) -> None:
    """The model with and without dropout, and a store in which every question has a passage group of its own:
    sentence-transformers masks nothing."""
    from dataclasses import replace

    from hybrid_pyserini.cli import main as command
    from hybrid_pyserini.data.sources.example_source import read_examples
    from hybrid_pyserini.training.examples import build_store

    place = ["--workspace", str(workspace)]
    command(["prepare", "xquad-r", "--source", str(SHARED_DATA / "xquad-r"), "--heldout", *place])
    build_store(workspace / "examples" / "pairs", (
        replace(e, group=e.id, other_groups=(), queries={k: e.queries[k] for k in LANGUAGES},
                positives={k: e.positives[k] for k in LANGUAGES})
        for e in read_examples(workspace / "sources" / "xquad-r-train.jsonl")
    ))
    size = ["--layers", "6", "--width", "384", "--pieces", "32000", "--max-length", str(MAX_LENGTH)]
    command(["examples", "xquad-r-train", *place])  # all eleven languages, for a vocabulary of that size
    for name, dropout in (("model", "0.1"), ("still", "0")):
        command(["init", name, "--examples", "xquad-r-train", *size, "--dropout", dropout, *place])


def report(workspace: Path, steps: int, rounds: int) -> None:
    """Measure everything, and print it."""
    gradients = {}
    for system in SYSTEMS:
        run(system, workspace, 1, workspace / f"{system}.pt")
        gradients[system] = torch.load(workspace / f"{system}.pt", weights_only=True)
    cosines = {system: cosine(gradient, gradients["st_fp32"]) for system, gradient in gradients.items()}
    figures: dict[str, list[dict[str, float]]] = {system: [] for system in SYSTEMS}
    for number in range(rounds):
        for system in SYSTEMS if number % 2 == 0 else reversed(SYSTEMS):
            figures[system].append(run(system, workspace, steps))
            print(f"round {number + 1}, {system}: {figures[system][-1]}", file=sys.stderr)
    speed, memory = (
        {system: median(each[what] for each in figures[system]) for system in SYSTEMS} for what in ("pairs", "memory")
    )
    print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; medians of {rounds} rounds of {steps} steps\n")
    print("| system | pairs/s | memory, MB | gradient's cosine with theirs in fp32 |\n|---|---:|---:|---:|")
    for system, name in SYSTEMS.items():
        print(f"| {name} | {speed[system]:.1f} | {memory[system]:.0f} | {cosines[system]:.5f} |")
    print(json.dumps({
        "vs_st_fp32": round(speed["ours_bf16"] / speed["st_fp32"], 3),
        "vs_st_bf16": round(speed["ours_bf16"] / speed["st_bf16"], 3),
        "memory_vs_st": round(memory["ours_bf16"] / memory["st_bf16"], 3),
        "memory_vs_st_fp32": round(memory["ours_bf16"] / memory["st_fp32"], 3),
        "grad_cache_memory_vs_st": round(memory["ours_grad_cache"] / memory["st_bf16"], 3),
        "gradient_cosine": round(cosines["ours_bf16"], 6), "gradient_cosine_st_bf16": round(cosines["st_bf16"], 6),
    }))


def run(system: str, workspace: Path, steps: int, gradients: Path | None = None) -> dict[str, float]:
    """One measurement, in a process of its own."""
    more = ["--gradients", str(gradients)] if gradients else []
    done = subprocess.run(
        [sys.executable, __file__, "--measure", system, str(workspace), "--steps", str(steps), *more],
        capture_output=True, text=True, check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def cosine(gradient: dict[str, Any], other: dict[str, Any]) -> float:
    """Over all weights at once, in float64."""
    ours, theirs = (torch.cat([g[name].double().flatten() for name in sorted(other)]) for g in (gradient, other))
    return float(torch.nn.functional.cosine_similarity(ours, theirs, dim=0))


def measure(system: str, workspace: Path, steps: int, gradients: Path | None) -> dict[str, float]:
    """Pairs a second and peak memory in MB of one training; with ``gradients``, those of the first step instead."""
    model = workspace / "models" / ("still" if gradients else "model")
    options: dict[str, Any] = {
        "output_dir": str(workspace / "trainer"), "max_steps": 1 if gradients else WARM_UP + steps, "use_cpu": True,
        "bf16": "bf16" in system or "grad_cache" in system, "learning_rate": 1e-5, "save_strategy": "no",
        "report_to": "none", "disable_tqdm": True, "logging_strategy": "no",
    }
    make = sentence_transformers_trainer if system.startswith("st") else our_trainer
    trainer = make(model, workspace / "examples" / "pairs", options, system)
    watch = Watch(gradients)
    trainer.add_callback(watch)
    trainer.train()
    if gradients:
        return {}
    return {"pairs": BATCH / median(watch.step_seconds()[WARM_UP - 1:]), "memory": watch.memory_mb()}


def planned(model: Path, store_folder: Path, steps: int, chunk_tokens: int) -> Any:
    """The batches that every system is trained on."""
    from hybrid_pyserini.encoder.encoder import Encoder
    from hybrid_pyserini.training.batching import BatchPlan
    from hybrid_pyserini.training.collator import PlannedBatches
    from hybrid_pyserini.training.examples import ExampleStore

    store = ExampleStore(store_folder)
    plan = BatchPlan([store], "hybrid", BATCH, seed=42)
    return PlannedBatches(plan, [store], Encoder.load(str(model)), steps, chunk_tokens=chunk_tokens)


def our_trainer(model: Path, store: Path, options: dict[str, Any], system: str) -> Any:
    from hybrid_pyserini.training.collator import CHUNK_TOKENS
    from hybrid_pyserini.training.settings import PAPER_DEFAULTS
    from hybrid_pyserini.training.trainer import HybridTrainer

    batches = planned(model, store, options["max_steps"], CHUNK_TOKENS)
    return HybridTrainer(
        batches.encoder, TEMPERATURE, batches, None, recompute=system == "ours_grad_cache",
        args=TrainingArguments(**PAPER_DEFAULTS | options),
    )


def sentence_transformers_trainer(model: Path, store: Path, options: dict[str, Any], _: str) -> Any:
    from datasets import Dataset
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.losses import MultipleNegativesRankingLoss
    from torch.utils.data import BatchSampler, SequentialSampler

    from hybrid_pyserini.training.collator import load_pair

    batches = planned(model, store, options["max_steps"], BATCH)
    pairs = [
        load_pair(batches.stores[0][p.example], p)
        for step in range(options["max_steps"]) for p in batches.plan.batch(step)
    ]
    del batches
    encoder = SentenceTransformer(str(model), device="cpu")
    return SentenceTransformerTrainer(
        model=encoder, loss=MultipleNegativesRankingLoss(encoder, scale=1 / TEMPERATURE),
        train_dataset=Dataset.from_dict({"anchor": [p.query for p in pairs], "positive": [p.positive for p in pairs]}),
        args=SentenceTransformerTrainingArguments(
            **options, per_device_train_batch_size=BATCH, prompts={"anchor": "Query: ", "positive": "Passage: "},
            batch_sampler=lambda dataset, batch_size, drop_last, **_: BatchSampler(  # type: ignore[arg-type]
                SequentialSampler(dataset), batch_size, drop_last
            ),
        ),
    )


class Watch(TrainerCallback):
    """Times steps, and memory from the moment at which the model is there; with ``gradients``, saves them there."""

    def __init__(self, gradients: Path | None) -> None:
        self.gradients = gradients
        self.ends: list[float] = []

    def on_train_begin(self, *_: Any, model: Any, **__: Any) -> None:
        self.optimizer_bytes = 8 * sum(p.numel() for p in model.parameters() if p.requires_grad)
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
        self.before = status("VmRSS")

    def on_pre_optimizer_step(self, *_: Any, model: Any, **__: Any) -> None:
        if self.gradients:
            torch.save({name_of(n): p.grad for n, p in model.named_parameters() if p.grad is not None}, self.gradients)

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.ends.append(time.perf_counter())

    def step_seconds(self) -> list[float]:
        return [end - start for start, end in zip(self.ends, self.ends[1:], strict=False)]

    def memory_mb(self) -> float:
        return (status("VmHWM") - self.before - self.optimizer_bytes) / 2**20


def name_of(parameter: str) -> str:
    """The name within the transformer, whatever stands around it."""
    return parameter[min(parameter.index(part) for part in ("embeddings.", "encoder.layer") if part in parameter):]


def status(field: str) -> int:
    """Bytes, from this process's status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) * 1024


if __name__ == "__main__":
    main()
