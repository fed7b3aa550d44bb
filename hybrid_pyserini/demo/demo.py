"""The demo: the main job from nothing to the paper's table, on built-in data, offline, in minutes on two cores.

Each phase is the room that the command of the same name uses, so what works here works on one's own data. Run again,
finished phases are kept: an interrupted demo goes on where it stopped.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import TrainingArguments

from hybrid_pyserini import trec
from hybrid_pyserini.baselines.bm25 import bm25
from hybrid_pyserini.collection import read_collection
from hybrid_pyserini.data.dataset_writer import find_prepared, write_dataset
from hybrid_pyserini.data.example_source import read_examples
from hybrid_pyserini.demo.data import DATASET, TRAINING_SOURCE, demo_dataset, prepared_demo
from hybrid_pyserini.encoder import Encoder, choose_dtype
from hybrid_pyserini.evaluation.evaluation import evaluate
from hybrid_pyserini.evaluation.measures import parse_measures
from hybrid_pyserini.indexing import build_index_with
from hybrid_pyserini.records import ALL, Pair
from hybrid_pyserini.search import search_with
from hybrid_pyserini.training.examples import ExampleStore, keep_or_build_store, source_hashes
from hybrid_pyserini.training.init import init
from hybrid_pyserini.training.settings import TrainSettings, trainer_defaults
from hybrid_pyserini.training.training import train
from hybrid_pyserini.workspace import BM25, DatasetInfo, Workspace

MEASURES = ("AP", "nDCG@10", "R@100")
INITIAL_MODEL = "small"
PAIR_HITS, POOL_HITS = 100, 1000


@dataclass(frozen=True)
class DemoSize:
    """How much the demo does."""

    strategies: tuple[str, ...]
    steps: int
    layers: int = 2
    width: int = 128
    pieces: int = 8000

    @property
    def models(self) -> tuple[str, ...]:
        """The rows of the table; a trained model has its strategy's name."""
        return (BM25, *self.strategies)


FULL = DemoSize(strategies=("x-x-mono", "x-y", "hybrid"), steps=1000)
QUICK = DemoSize(strategies=("hybrid",), steps=600)


def run_demo(workspace: Workspace, size: DemoSize, seed: int) -> list[dict[str, Any]]:
    """Do all of it; return the evaluations of ``size.models``, in that order."""
    _say("data: facts from CLDR, as questions and passages in eleven languages")
    info = _prepare(workspace)
    store = _store(workspace)
    _say(f"init: an encoder of {size.layers} layers, {size.width} wide, with a tokenizer learned from the texts")
    initial = _initial_model(workspace, store, size, seed)
    for strategy in size.strategies:
        _say(f"train: {strategy}, {size.steps} steps")
        _train(workspace, store, initial, strategy, size, seed)
    for strategy in size.strategies:
        _say(f"index and search: {strategy}, {len(info.pairs)} pairs and pools")
        encoder = Encoder.load(str(workspace.root / "models" / strategy))
        build_index_with(encoder, workspace, info, strategy)
        search_with(encoder, workspace, info, strategy, hits=PAIR_HITS, pool_hits=POOL_HITS)
    _say("bm25")
    bm25(workspace, DATASET, hits=PAIR_HITS, pool_hits=POOL_HITS)
    _say("evaluate")
    measures = parse_measures(MEASURES)
    return [evaluate(workspace, info, model, info.pairs, measures) for model in size.models]


def _say(phase: str) -> None:
    print(f"\n== {phase}", file=sys.stderr)


def _prepare(workspace: Workspace) -> DatasetInfo:
    data = demo_dataset()
    sources = {"CLDR, through Babel": data.sha256}
    return find_prepared(workspace, DATASET, sources) or write_dataset(
        workspace, prepared_demo(data), sources, overwrite=False
    )


def _store(workspace: Workspace) -> ExampleStore:
    source = workspace.source(TRAINING_SOURCE)
    folder = workspace.examples(TRAINING_SOURCE)
    return keep_or_build_store(folder, read_examples(source), source_hashes([source]))[0]


def _initial_model(workspace: Workspace, store: ExampleStore, size: DemoSize, seed: int) -> Path:
    folder = workspace.new_model(INITIAL_MODEL)
    init(
        folder, (text for e in store for text in (*e.queries.values(), *e.positives.values())), layers=size.layers,
        width=size.width, pieces=size.pieces, seed=seed, max_length=128, learned_from=store.sources,
    )
    return folder


def _train(
    workspace: Workspace, store: ExampleStore, initial: Path, strategy: str, size: DemoSize, seed: int
) -> None:
    output = workspace.new_model(strategy)
    settings = TrainSettings(examples=(str(store.folder),), init=str(initial), strategy=strategy)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    arguments = TrainingArguments(**trainer_defaults(output) | {
        "max_steps": size.steps, "learning_rate": 1e-3, "warmup_steps": 50, "seed": seed, "save_steps": 100,
        "bf16": choose_dtype("auto", device) == "bf16",
    })
    train(settings, arguments, output)


def answered_question(workspace: Workspace, model: str, query_language: str = "de", best: int = 5) -> Iterator[str]:
    """The first test question, asked in one language of the pool of all: lines that show the best passages."""
    info = workspace.dataset(DATASET)
    query_id, query = next(iter(trec.read_topics(workspace.topics(DATASET, query_language)).items()))
    pair = Pair(query_language, ALL)
    hits = list(trec.read_run(workspace.run(DATASET, model, pair))[query_id].items())[:best]
    relevant = trec.read_qrels(workspace.qrels_of(DATASET, pair))[query_id]
    wanted = {docid for docid, _ in hits}
    texts = {
        passage.id: passage.contents for language in info.languages
        for passage in read_collection(workspace.collection(DATASET, language)) if passage.id in wanted
    }
    yield f"{query_language}: {query}"
    for rank, (docid, score) in enumerate(hits, start=1):
        verdict = "right" if docid in relevant else "wrong"
        yield f"  {rank}. {score:.3f} {verdict}  {docid.split(':')[0]}: {texts[docid]}"
