"""DPR: training data and retrieval results, as its README has them."""

import json
from pathlib import Path
from typing import Any

import pytest
from written_files import read_source, write

from hybrid_pyserini.data.sources.readers import dpr
from hybrid_pyserini.errors import InputError


def passage(title: str, text: str, **more: Any) -> dict[str, Any]:
    return {"title": title, "text": text, **more}


TRAIN = [
    {"dataset": "nq_train_psgs_w100", "question": "big little lies how many episodes", "answers": ["seven"],
     "positive_ctxs": [passage("Big Little Lies", "series garnered", score=1000, passage_id="18768923"),
                       passage("Other", "also has seven")],
     "negative_ctxs": [passage("x", "y")],
     "hard_negative_ctxs": [passage("Little Lies", f"song {n}", psg_id=str(n)) for n in range(5)]},
    {"question": "unanswered", "answers": [], "positive_ctxs": [], "negative_ctxs": [], "hard_negative_ctxs": []},
    {"question": "same passage", "answers": ["x"], "positive_ctxs": [passage("Big Little Lies", "series garnered")],
     "negative_ctxs": [], "hard_negative_ctxs": []},
]
RESULTS = [
    {"question": "Who founded Zynga?", "answers": ["Mark Pincus"], "ctxs": [
        passage("Zynga", "a firm", id="wiki:1", score="82.1", has_answer=False),
        passage("", "Mark Pincus did", id="wiki:2", score="80", has_answer=True),
        passage("Farm", "a game", id="wiki:3", score="79", has_answer=False),
    ]},
    {"question": "Who founded it?", "answers": ["?"], "ctxs": [
        passage("Zynga", "a firm", id="wiki:1", score="82.1", has_answer=False)]},
]


def test_training_data(tmp_path: Path) -> None:
    write(tmp_path / "in" / "biencoder-nq-train.json.gz", json.dumps(TRAIN, indent=4))
    examples, notes = read_source("dpr", tmp_path / "in", tmp_path)
    assert list(examples) == ["biencoder-nq-train:0", "biencoder-nq-train:2"]
    first, last = examples.values()
    assert first.positives == {"en": "Big Little Lies series garnered"}
    assert [each.text for each in first.negatives["en"]] == [f"Little Lies song {n}" for n in range(3)]
    assert first.group == last.group
    assert notes == {
        "questions_without_a_positive_left_out": 1, "further_positives_left_out": 1, "negatives_left_out": 2,
    }


def test_retrieval_results(tmp_path: Path) -> None:
    write(tmp_path / "in" / "entity questions.json", json.dumps(RESULTS))
    examples, notes = read_source("dpr", tmp_path / "in", tmp_path)
    (example,) = examples.values()
    assert example.id == "entity_questions:0"
    assert example.positives == {"en": "Mark Pincus did"}
    assert [each.text for each in example.negatives["en"]] == ["Zynga a firm", "Farm a game"]
    assert notes == {"questions_without_a_positive_left_out": 1}


@pytest.mark.parametrize(("change", "found"), [
    ({"positive_ctxs": None}, "'positive_ctxs' is missing or no list"),
    ({"positive_ctxs": [{"title": "t"}]}, "'text' is missing or no string"),
    ({"ctxs": [{"title": "", "text": "t", "has_answer": "yes"}]}, "'has_answer' is missing or no true or false"),
    ({"question": 3}, "the query is missing or no string"),
])
def test_what_is_wrong_is_named_with_the_line(tmp_path: Path, change: dict[str, Any], found: str) -> None:
    rows = [json.dumps(row) for row in (TRAIN[0], TRAIN[0] | change)]
    path = write(tmp_path / "a.json", "[\n" + ",\n".join(rows) + "]")
    with pytest.raises(InputError, match=found) as raised:
        read_source("dpr", tmp_path, tmp_path)
    assert (raised.value.path, raised.value.line) == (path, 3)


@pytest.mark.parametrize("other", ["a c.json.gz", "a_c.json"])
def test_files_whose_ids_would_be_the_same(tmp_path: Path, other: str) -> None:
    for name in ("a c.json", other):
        write(tmp_path / name, json.dumps(TRAIN))
    with pytest.raises(InputError, match=r"a.c\.json.*: named as a c\.json is, .* keep one of them, or rename it"):
        dpr.files(tmp_path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no .json or .json.gz file here"):
        dpr.files(tmp_path)
