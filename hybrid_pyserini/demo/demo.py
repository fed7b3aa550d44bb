"""The demo: the main job from nothing to the paper's table, on built-in data, offline, in minutes on two cores.

Each phase is the room that the command of the same name uses, so what works here works on one's own data. Run again,
finished phases are kept: an interrupted demo goes on where it stopped.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

import torch
from transformers import TrainingArguments

from hybrid_pyserini import trec
from hybrid_pyserini.baselines.bm25 import bm25
from hybrid_pyserini.data.sources.example_source import read_examples
from hybrid_pyserini.demo.data import DATASET, TRAINING_SOURCE, DemoData, demo_dataset
from hybrid_pyserini.demo.names import LANGUAGES
from hybrid_pyserini.demo.preparing import prepare_built_in
from hybrid_pyserini.encoder.encoder import Encoder, choose_dtype
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation.evaluation import evaluate
from hybrid_pyserini.evaluation.measures import parse_measures
from hybrid_pyserini.indexing.indexing import build_index_with
from hybrid_pyserini.jsonl import read_json, write_json
from hybrid_pyserini.provenance import differences, made_by
from hybrid_pyserini.records import ALL, Pair
from hybrid_pyserini.search.search import search_with
from hybrid_pyserini.training.examples import ExampleStore, keep_or_build_store, source_hashes
from hybrid_pyserini.training.init import init
from hybrid_pyserini.training.settings import TrainSettings, trainer_defaults
from hybrid_pyserini.training.training import train
from hybrid_pyserini.workspace import BM25, Workspace

MEASURES = ("AP", "nDCG@10", "R@100")
INITIAL_MODEL = "small"
PAIR_HITS, POOL_HITS = 100, 1000


@dataclass(frozen=True)
class DemoSize:
    """How much the demo does."""

    strategies: tuple[str, ...]
    steps: int
    languages: tuple[str, ...] = LANGUAGES
    layers: int = 2
    width: int = 128
    pieces: int = 8000
    # Chosen on the validation questions: a small encoder that starts from nothing learns the more without dropout.
    learning_rate: float = 1e-3
    dropout: float = 0.0
    save_steps: int = 100

    @property
    def models(self) -> tuple[str, ...]:
        """The rows of the table; a trained model has its strategy's name."""
        return (BM25, *self.strategies)


FULL = DemoSize(strategies=("x-x-mono", "x-y", "hybrid"), steps=1000)
QUICK = DemoSize(strategies=("hybrid",), steps=600)
SHORTENED = DemoSize(strategies=("x-x-mono", "x-y", "hybrid"), steps=200, languages=("de", "zh"), save_steps=100)
"""For tests: a minute or two, and hybrid is already the best of the three in cross, multi and rank distance."""


def run_demo(workspace: Workspace, size: DemoSize, seed: int) -> list[dict[str, Any]]:
    """Do all of it; return the evaluations of ``size.models``, in that order.

    Raises InputError for a workspace that holds a demo of another size, seed or version of CLDR.
    """
    say = _numbered_phases(len(size.strategies) * 2 + 4)
    say(f"data: facts from CLDR, as questions and passages in {len(size.languages)} languages")
    data = demo_dataset(size.languages)
    _claim(workspace, size, seed, data)
    (info, _), _ = prepare_built_in(workspace, DATASET, data)
    store = _store(workspace)
    say(f"init: an encoder of {size.layers} layers, {size.width} wide, and a tokenizer learned from the texts")
    initial = _initial_model(workspace, store, size, seed)
    for strategy in size.strategies:
        say(f"train {strategy}: {size.steps} steps")
        _train(workspace, store, initial, strategy, size, seed)
    for strategy in size.strategies:
        say(f"index and search with {strategy}: {len(info.pairs)} pairs and pools")
        encoder = Encoder.load(str(workspace.root / "models" / strategy))
        build_index_with(encoder, workspace, info, strategy)
        search_with(encoder, workspace, info, strategy, hits=PAIR_HITS, pool_hits=POOL_HITS)
    say("index and search with bm25")
    bm25(workspace, DATASET, hits=PAIR_HITS, pool_hits=POOL_HITS)
    say("evaluate")
    measures = parse_measures(MEASURES)
    return [evaluate(workspace, info, model, info.pairs, measures) for model in size.models]


def _numbered_phases(phases: int) -> Callable[[str], None]:
    """A function that announces the next phase on stderr, above its progress bar."""
    numbers = count(1)
    return lambda phase: print(f"\n== {next(numbers)} of {phases}: {phase}", file=sys.stderr, flush=True)


def _claim(workspace: Workspace, size: DemoSize, seed: int, data: DemoData) -> None:
    """Write down which demo the workspace is for; raises InputError where it is for another one."""
    record = workspace.root / "demo.json"
    settings = json.loads(json.dumps(asdict(size))) | {"seed": seed, "data": data.sha256}
    if not record.exists():
        write_json(record, made_by(**settings))
    elif differing := differences(read_json(record)["arguments"], settings):
        raise InputError(
            f"another demo's folder ({'; '.join(differing)})", path=workspace.root,
            remedy="give another one with --workspace, or remove this one",
        )


def _store(workspace: Workspace) -> ExampleStore:
    source = workspace.source(TRAINING_SOURCE)
    folder = workspace.examples(TRAINING_SOURCE)
    return keep_or_build_store(folder, read_examples(source, scratch=workspace.root), source_hashes([source]))[0]


def _initial_model(workspace: Workspace, store: ExampleStore, size: DemoSize, seed: int) -> Path:
    folder = workspace.new_model(INITIAL_MODEL)
    init(
        folder, (text for e in store for text in (*e.queries.values(), *e.positives.values())), layers=size.layers,
        width=size.width, pieces=size.pieces, seed=seed, max_length=128, dropout=size.dropout,
        learned_from=store.sources,
    )
    return folder


def _train(
    workspace: Workspace, store: ExampleStore, initial: Path, strategy: str, size: DemoSize, seed: int
) -> None:
    output = workspace.new_model(strategy)
    settings = TrainSettings(examples=(str(store.folder),), init=str(initial), strategy=strategy)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    arguments = TrainingArguments(**trainer_defaults(output) | {
        "max_steps": size.steps, "save_steps": size.save_steps, "learning_rate": size.learning_rate, "warmup_steps": 50,
        "seed": seed, "bf16": choose_dtype("auto", device) == "bf16",
    })
    train(settings, arguments, output)


def first_question(workspace: Workspace, language: str) -> tuple[str, set[str]]:
    """The first test question in a language, and the passages of the pool that answer it."""
    query_id, query = next(iter(trec.read_topics(workspace.topics(DATASET, language)).items()))
    return query, set(trec.read_qrels(workspace.qrels_of(DATASET, Pair(language, ALL)))[query_id])
