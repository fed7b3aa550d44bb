"""A workspace whose systems' figures are known by hand: two languages, six questions, ten passages a language.

A system puts a question's relevant passages at the same ranks in every pair, so its mono, cross and multi RR are equal.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from hybrid_pyserini.evaluation.evaluation import evaluate
from hybrid_pyserini.evaluation.measures import parse_measures
from hybrid_pyserini.records import Pair
from hybrid_pyserini.trec import Hit, RankedPassage, write_qrels, write_ranks, write_run, write_topics
from hybrid_pyserini.workspace import DatasetInfo, Workspace

LANGUAGES = ("de", "en")
QUESTIONS = tuple(f"q{number}" for number in range(1, 7))
PAIRS = tuple(Pair(q, p) for q in LANGUAGES for p in (*LANGUAGES, "all"))
MEASURES = ("RR", "R@1")

GOOD, POOR = (1, 1, 2, 1, 1, 1), (2, 2, 2, 1, 4, 2)
"""The first relevant passage's rank for each question: RR 5.5 / 6 and 3.25 / 6, R@1 5 / 6 and 1 / 6."""


def make(root: Path) -> Workspace:
    """The data set ``six`` with the evaluated systems ``good`` and ``poor``: in the pool the second relevant passage
    stands 3 and 5 ranks below the first, for the first question of ``good`` 4."""
    workspace = Workspace(root)
    add_dataset(workspace, "six")
    add_system(workspace, "good", GOOD, (4, 3, 3, 3, 3, 3))
    add_system(workspace, "poor", POOR, (5,) * 6)
    return workspace


def add_dataset(workspace: Workspace, dataset: str, pairs: Sequence[Pair] = PAIRS) -> None:
    """Write topics, qrels and ``dataset.json``; the same for every name."""
    for language in LANGUAGES:
        write_topics(workspace.topics(dataset, language), dict.fromkeys(QUESTIONS, "?"))
    for passages in (*LANGUAGES, "all"):
        write_qrels(workspace.qrels(dataset, passages), {
            question: dict.fromkeys(_relevant(question, passages), 1) for question in QUESTIONS
        })
    DatasetInfo(dataset, LANGUAGES, tuple(pairs)).write(workspace.dataset_file(dataset))


def add_system(
    workspace: Workspace, model: str, ranks: Sequence[int], distances: Sequence[int] | None, dataset: str = "six"
) -> None:
    """Write and evaluate a model's runs; without ``distances`` it has no ranks and nothing but the first in a pool."""
    for pair in workspace.dataset(dataset).pairs:
        rankings, ranked = {}, []
        for place, question in enumerate(QUESTIONS):
            wanted = [ranks[place]]
            if pair.setting == "multi" and distances:
                wanted.append(ranks[place] + distances[place])
            rankings[question] = _ranking(question, pair.passage, wanted)
            places = {hit.docid: rank for rank, hit in enumerate(rankings[question], start=1)}
            ranked += [RankedPassage(question, d, places[d], 1.0, 20) for d in _relevant(question, pair.passage)]
        write_run(workspace.run(dataset, model, pair), rankings.items(), model)
        if pair.setting == "multi" and distances:
            write_ranks(workspace.ranks(dataset, model, pair), ranked)
    evaluate_all(workspace, model, pairs=workspace.dataset(dataset).pairs, dataset=dataset)


def evaluate_all(
    workspace: Workspace, *models: str, pairs: Sequence[Pair] = PAIRS, dataset: str = "six"
) -> None:
    for model in models:
        evaluate(workspace, workspace.dataset(dataset), model, pairs, parse_measures(MEASURES))


def _relevant(question: str, passages: str) -> list[str]:
    return [f"{language}:{question[1:]}" for language in LANGUAGES if passages in (language, "all")]


def _ranking(question: str, passages: str, ranks: Sequence[int]) -> list[Hit]:
    """All passages, the relevant ones at ``ranks``, those without one at the end."""
    pool = [f"{language}:{n}" for language in LANGUAGES if passages in (language, "all") for n in range(1, 11)]
    relevant = _relevant(question, passages)
    wanted: Mapping[int, str] = dict(zip(ranks, relevant, strict=False))
    last = relevant[len(ranks):]
    others = iter([docid for docid in pool if docid not in relevant] + last)
    return [Hit(wanted.get(rank) or next(others), 1 / rank) for rank in range(1, len(pool) + 1)]
