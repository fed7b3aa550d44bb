"""A data set small enough to score by hand: two languages, three questions, four passages a language, their pool."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from hybrid_pyserini.collection import write_collection
from hybrid_pyserini.records import Pair, Passage
from hybrid_pyserini.trec import Hit, RankedPassage, write_qrels, write_ranks, write_run, write_topics
from hybrid_pyserini.workspace import DatasetInfo, Workspace

LANGUAGES = ("de", "en")
QUESTIONS = ("q1", "q2", "q3")
PAIRS = tuple(Pair(q, p) for q in LANGUAGES for p in (*LANGUAGES, "all"))

RANKS = {  # pair -> question -> ranks of its relevant passages; q2 has no line in de-en
    "de-de": {"q1": [1], "q2": [2], "q3": [4]},
    "de-en": {"q1": [2], "q3": [1]},
    "en-de": {"q1": [4], "q2": [4], "q3": [4]},
    "en-en": {"q1": [1], "q2": [1], "q3": [1]},
    "de-all": {"q1": [1, 3], "q2": [2, 8], "q3": [1, 2]},
    "en-all": {"q1": [1, 2], "q2": [1, 5], "q3": [3, 4]},
}


def relevant(question: str, passages: str) -> list[str]:
    """Question q1 is answered by the first passage of each language."""
    return [f"{language}:{question[1]}" for language in LANGUAGES if passages in (language, "all")]


def ranking(question: str, passages: str, ranks: Sequence[int]) -> list[Hit]:
    """The passages with the relevant ones at ``ranks``, scores falling from 1."""
    wanted = dict(zip(ranks, relevant(question, passages), strict=True))
    pool = [f"{language}:{number}" for language in LANGUAGES if passages in (language, "all") for number in range(1, 5)]
    others = iter(docid for docid in pool if docid not in wanted.values())
    return [
        Hit(wanted[rank] if rank in wanted else next(others), 1 / rank) for rank in range(1, len(pool) + 1)
    ]


def write_model(workspace: Workspace, model: str, ranks: Mapping[str, Mapping[str, Sequence[int]]]) -> None:
    """Runs, and ranks of the pools, with the relevant passages at ``ranks``."""
    for pair in PAIRS:
        of_pair = ranks[str(pair)]
        rankings = {question: ranking(question, pair.passage, of_pair[question]) for question in of_pair}
        write_run(workspace.run("toy", model, pair), rankings.items(), model)
        if pair.setting == "multi":
            write_ranks(workspace.ranks("toy", model, pair), [
                RankedPassage(question, docid, rank, 1 / rank, 8)
                for question in of_pair
                for rank, docid in zip(of_pair[question], relevant(question, "all"), strict=True)
            ])


@pytest.fixture
def toy(tmp_path: Path) -> Workspace:
    """The workspace with the data set ``toy`` and the runs of the model ``m``."""
    workspace = Workspace(tmp_path)
    for language in LANGUAGES:
        write_topics(workspace.topics("toy", language), {question: f"{question}?" for question in QUESTIONS})
        write_collection(workspace.collection("toy", language), (
            Passage(f"{language}:{number}", "text", "text", "", str(number), language) for number in range(1, 5)
        ))
    for passages in (*LANGUAGES, "all"):
        write_qrels(workspace.qrels("toy", passages), {
            question: dict.fromkeys(relevant(question, passages), 1) for question in QUESTIONS
        })
    DatasetInfo("toy", LANGUAGES, PAIRS).write(workspace.dataset_file("toy"))
    write_model(workspace, "m", RANKS)
    return workspace
