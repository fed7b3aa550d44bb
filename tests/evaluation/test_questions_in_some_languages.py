"""MLQA-R's rule: questions exist in two, three or four languages, and a pair is scored on those with a relevant passage
in its passage language. Worked by hand: A is in de and en, B in de, en and es, C in all four."""

from pathlib import Path

import pytest

from hybrid_pyserini.evaluation.evaluation import evaluate
from hybrid_pyserini.evaluation.measures import parse_measures
from hybrid_pyserini.records import Pair
from hybrid_pyserini.trec import Hit, write_qrels, write_run, write_topics
from hybrid_pyserini.workspace import DatasetInfo, Workspace

LANGUAGES_OF = {"A": ["de", "en"], "B": ["de", "en", "es"], "C": ["de", "en", "es", "vi"]}
LANGUAGES = ("de", "en", "es", "vi")
PAIRS = tuple(Pair(q, p) for q in LANGUAGES for p in (*LANGUAGES, "all"))
MONO, CROSS = {"A": 1, "B": 2, "C": 3}, {"A": 2, "B": 3, "C": 4}
POOL = {"A": [1, 2], "B": [2, 3, 4], "C": [1, 3, 5, 7]}
POOL_AP = {"A": 1.0, "B": (1 / 2 + 2 / 3 + 3 / 4) / 3, "C": (1 + 2 / 3 + 3 / 5 + 4 / 7) / 4}


def questions(language: str) -> list[str]:
    return [question for question, languages in LANGUAGES_OF.items() if language in languages]


def hits(pair: Pair, question: str) -> list[Hit]:
    """Eight passages with the relevant ones at the question's ranks; none is relevant where it has none there."""
    there = [p for p in LANGUAGES_OF[question] if pair.passage in (p, "all")]
    ranks = POOL[question] if pair.passage == "all" else [(MONO if pair.setting == "mono" else CROSS)[question]]
    relevant = dict(zip(ranks, there, strict=False))
    return [
        Hit(f"{relevant[rank]}:{question}" if rank in relevant else f"other{rank}", 1 / rank) for rank in range(1, 9)
    ]


@pytest.fixture
def some(tmp_path: Path) -> Workspace:
    """The data set, and a model that answers every question of the query language, in every pair."""
    workspace = Workspace(tmp_path)
    DatasetInfo("some", LANGUAGES, PAIRS).write(workspace.dataset_file("some"))
    pool: dict[str, dict[str, int]] = {}
    for language in LANGUAGES:
        write_topics(workspace.topics("some", language), dict.fromkeys(questions(language), "?"))
        judged = {question: {f"{language}:{question}": 1} for question in questions(language)}
        write_qrels(workspace.qrels("some", language), judged)
        for question, passages in judged.items():
            pool.setdefault(question, {}).update(passages)
    write_qrels(workspace.qrels("some", "all"), pool)
    for pair in PAIRS:
        rankings = [(question, hits(pair, question)) for question in questions(pair.query)]
        write_run(workspace.run("some", "m", pair), rankings, "m")
    return workspace


def check(workspace: Workspace) -> None:
    record = evaluate(workspace, workspace.dataset("some"), "m", PAIRS, parse_measures(["AP"]))
    counted = {pair: (of_pair["scored"], of_pair["ignored"]) for pair, of_pair in record["queries"].items()}
    assert counted == {
        "de-de": (3, 0), "de-en": (3, 0), "de-es": (2, 1), "de-vi": (1, 2), "de-all": (3, 0),
        "en-de": (3, 0), "en-en": (3, 0), "en-es": (2, 1), "en-vi": (1, 2), "en-all": (3, 0),
        "es-de": (2, 0), "es-en": (2, 0), "es-es": (2, 0), "es-vi": (1, 1), "es-all": (2, 0),
        "vi-de": (1, 0), "vi-en": (1, 0), "vi-es": (1, 0), "vi-vi": (1, 0), "vi-all": (1, 0),
    }
    abc, bc, c = (1 / 2 + 1 / 3 + 1 / 4) / 3, (1 / 3 + 1 / 4) / 2, 1 / 4  # cross, by the questions scored
    assert {pair: figures["AP"] for pair, figures in record["pairs"].items()} == pytest.approx({
        "de-de": (1 + 1 / 2 + 1 / 3) / 3, "de-en": abc, "de-es": bc, "de-vi": c, "de-all": sum(POOL_AP.values()) / 3,
        "en-de": abc, "en-en": (1 + 1 / 2 + 1 / 3) / 3, "en-es": bc, "en-vi": c, "en-all": sum(POOL_AP.values()) / 3,
        "es-de": bc, "es-en": bc, "es-es": (1 / 2 + 1 / 3) / 2, "es-vi": c,
        "es-all": (POOL_AP["B"] + POOL_AP["C"]) / 2,
        "vi-de": c, "vi-en": c, "vi-es": c, "vi-vi": 1 / 3, "vi-all": POOL_AP["C"],
    })
    macro = {setting: figures["AP"] for setting, figures in record["settings"].items()}
    assert macro == pytest.approx({
        "mono": (2 * (11 / 6) / 3 + (5 / 6) / 2 + 1 / 3) / 4,
        "cross": (2 * abc + 4 * bc + 6 * c) / 12,
        "multi": (2 * sum(POOL_AP.values()) / 3 + (POOL_AP["B"] + POOL_AP["C"]) / 2 + POOL_AP["C"]) / 4,
    })
    micro = {setting: figures["AP"] for setting, figures in record["settings_micro"].items()}
    assert micro == pytest.approx({
        "mono": (2 * 11 / 6 + 5 / 6 + 1 / 3) / 9,
        "cross": (2 * 3 * abc + 4 * 2 * bc + 6 * c) / 20,
        "multi": (2 * POOL_AP["A"] + 3 * POOL_AP["B"] + 4 * POOL_AP["C"]) / 9,
    })
    assert record["by_query_language"]["es"]["cross"]["AP"] == pytest.approx((2 * bc + c) / 3)
    assert record["by_passage_language"]["es"]["cross"]["AP"] == pytest.approx((2 * bc + c) / 3)


def test_a_pair_is_scored_on_the_questions_with_a_passage_in_its_passage_language(some: Workspace) -> None:
    check(some)


def test_a_pairs_own_qrels_say_the_same(some: Workspace) -> None:
    """Passages in further languages, which the pairs' own qrels leave out, change nothing."""
    for pair in PAIRS:
        both = [question for question in questions(pair.query) if pair.passage in (*LANGUAGES_OF[question], "all")]
        write_qrels(some.qrels("some", pair), {
            question: {f"{p}:{question}": 1 for p in LANGUAGES_OF[question] if pair.passage in (p, "all")}
            for question in both
        })
    for passages in (*LANGUAGES, "all"):
        extra = {question: {"other1": 1, "other2": 1} for question in LANGUAGES_OF}
        write_qrels(some.qrels("some", passages), extra)
    check(some)


def test_a_question_that_is_not_answered_counts_zero_where_it_is_scored(some: Workspace) -> None:
    for pair in (Pair("en", "de"), Pair("en", "vi"), Pair("en", "all")):
        write_run(some.run("some", "m", pair), [(q, hits(pair, q)) for q in ("A", "C")], "m")
    record = evaluate(some, some.dataset("some"), "m", PAIRS, parse_measures(["AP"]))
    assert record["pairs"]["en-de"]["AP"] == pytest.approx((1 / 2 + 0 + 1 / 4) / 3)
    assert record["pairs"]["en-vi"]["AP"] == pytest.approx(1 / 4)  # B has no passage in vi: not scored there
    assert record["pairs"]["en-all"]["AP"] == pytest.approx((POOL_AP["A"] + 0 + POOL_AP["C"]) / 3)
    assert record["queries"]["en-vi"] == {"scored": 1, "unanswered": 0, "ignored": 1}
