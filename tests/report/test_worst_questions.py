"""The worst questions of systems whose rankings are known by hand (``evaluated_workspace.py``)."""

from pathlib import Path

import pytest
from evaluated_workspace import PAIRS, QUESTIONS, add_system, evaluate_all, make
from reported_workspace import reported

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair
from hybrid_pyserini.report.worst_questions import worst_questions
from hybrid_pyserini.trec import RankedPassage, write_ranks, write_topics
from hybrid_pyserini.workspace import Workspace


def test_the_lowest_first_each_question_once(workspace: Workspace) -> None:
    found = worst_questions(workspace, workspace.dataset("six"), "poor", "RR", 10)
    assert [(one.query_id, one.value) for one in found] == [
        ("q5", 0.25), ("q1", 0.5), ("q2", 0.5), ("q3", 0.5), ("q6", 0.5), ("q4", 1.0),
    ]
    assert {one.pair for one in found} == {Pair("de", "all")}  # both languages are as bad: the first
    assert worst_questions(workspace, workspace.dataset("six"), "poor", "RR", 2) == found[:2]


def test_what_stands_above_the_answer(workspace: Workspace) -> None:
    one = worst_questions(workspace, workspace.dataset("six"), "poor", "RR", 1)[0]
    assert one.query.startswith("de q5?")
    assert [(passage.docid, passage.rank) for passage in one.relevant] == [("de:5", 4), ("en:5", 9)]
    assert (one.answer.docid, one.answer.rank, one.answer.language) == ("de:5", 4, "de")
    assert one.answer.text.startswith("de passage 5 <script>")
    assert [(passage.docid, passage.rank) for passage in one.above] == [("de:1", 1), ("de:2", 2), ("de:3", 3)]
    assert (one.above_count, one.above_by_language, one.counts) == (3, {"de": 3}, "")


def test_an_answer_at_the_top_is_not_what_is_missing(workspace: Workspace) -> None:
    """q4 of ``poor`` has its first relevant passage at rank 1, the other at 6: that one is the answer to look at."""
    one = worst_questions(workspace, workspace.dataset("six"), "poor", "RR", 10)[-1]
    assert (one.query_id, one.answer.docid, one.answer.rank) == ("q4", "en:4", 6)
    assert [passage.rank for passage in one.above] == [2, 3, 4, 5]
    assert one.above_count == 4


def test_with_nothing_above_a_question_is_left_out(tmp_path: Path) -> None:
    workspace = make(tmp_path)
    add_system(workspace, "perfect", (1,) * 6, (1,) * 6)
    assert worst_questions(workspace, workspace.dataset("six"), "perfect", "RR", 10) == []


def test_unranked_answers_and_ranks_beyond_the_run(tmp_path: Path) -> None:
    """The ranks' file knows the full ranking; the run here holds all 20 passages of it."""
    workspace = reported(tmp_path)
    for query in ("de", "en"):
        pair = Pair(query, "all")
        write_ranks(workspace.ranks("six", "poor", pair), [
            RankedPassage(question, f"{language}:{question[1:]}", rank, None if rank is None else 0.5, 500)
            for question in QUESTIONS for language, rank in (("de", 300), ("en", None))
        ])
    evaluate_all(workspace, "poor")
    one = worst_questions(workspace, workspace.dataset("six"), "poor", "RR", 1)[0]
    assert (one.answer.rank, one.above_count) == (300, 299)
    assert one.counts == "In all, 299 that are not judged relevant stand above; the run holds 18 of them: 9 de, 9 en"
    assert [(passage.docid, passage.rank) for passage in one.relevant] == [("de:5", 300), ("en:5", None)]


def test_without_a_pool_pairs_of_two_languages(tmp_path: Path) -> None:
    workspace = reported(tmp_path)
    evaluate_all(workspace, "poor", pairs=[pair for pair in PAIRS if pair.setting != "multi"])
    assert worst_questions(workspace, workspace.dataset("six"), "poor", "RR", 1)[0].pair == Pair("de", "en")


def test_without_collections_there_are_ids(tmp_path: Path) -> None:
    workspace = make(tmp_path)
    one = worst_questions(workspace, workspace.dataset("six"), "poor", "RR", 1)[0]
    assert (one.answer.docid, one.answer.language, one.answer.text) == ("de:5", None, "")
    assert one.above_by_language == {"?": 3}


def test_long_texts_are_cut_and_half_characters_replaced(tmp_path: Path) -> None:
    workspace = reported(tmp_path)
    path = workspace.collection("six", "de")
    lines = path.read_text(encoding="utf-8").replace("de passage 5", "\\ud83d " + 200 * "word ")
    path.write_text(lines, encoding="utf-8")
    one = worst_questions(workspace, workspace.dataset("six"), "poor", "RR", 1)[0]
    assert one.answer.text.startswith("? word word") and one.answer.text.endswith(" …")
    assert len(one.answer.text) <= 402


def test_a_long_query_is_cut(tmp_path: Path) -> None:
    """As a passage is: in ArguAna the queries are whole arguments."""
    workspace = reported(tmp_path)
    write_topics(workspace.topics("six", "de"), dict.fromkeys(QUESTIONS, "word " * 200))
    one = worst_questions(workspace, workspace.dataset("six"), "poor", "RR", 1)[0]
    assert one.query.startswith("word word") and one.query.endswith(" …") and len(one.query) <= 402


def test_an_id_that_is_no_string_is_not_what_is_looked_for(tmp_path: Path) -> None:
    workspace = reported(tmp_path)
    path = workspace.collection("six", "de")
    path.write_text('{"id": ["de:5"], "text": "x"}\n' + path.read_text(encoding="utf-8"), encoding="utf-8")
    one = worst_questions(workspace, workspace.dataset("six"), "poor", "RR", 1)[0]
    assert one.answer.text.startswith("de passage 5 ")


def test_a_broken_collection_is_one_line(tmp_path: Path) -> None:
    workspace = reported(tmp_path)
    workspace.collection("six", "de").write_text("{\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"de\.jsonl:1: broken JSON"):
        worst_questions(workspace, workspace.dataset("six"), "poor", "RR", 1)
