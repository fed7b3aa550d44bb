"""Yahoo's nfL6: the fields that its README names."""

import json
from pathlib import Path

import pytest
from written_files import read_source, write

from hybrid_pyserini.data.sources.readers import yahoo_qa
from hybrid_pyserini.errors import InputError

ROWS = [
    {"main_category": "Education", "question": "How do I\nlearn?", "nbestanswers": ["Read.", "Ask."], "answer": "Read.",
     "id": "2020338"},
    {"main_category": "Food", "question": "Why tea?", "nbestanswers": ["Read."], "answer": "Read.", "id": "174790"},
    {"main_category": "Food", "question": "Why?", "nbestanswers": [], "answer": "", "id": "1"},
    {"main_category": "Food", "question": " ", "nbestanswers": [], "answer": "Tea.", "id": "2"},
    {"main_category": "Food", "question": "Why tea now?", "nbestanswers": [], "answer": "Tea.", "id": "174790"},
]


@pytest.mark.parametrize("name", yahoo_qa.FILES)
def test_questions_with_their_best_answer(tmp_path: Path, name: str) -> None:
    write(tmp_path / "in" / name, json.dumps(ROWS))
    examples, notes = read_source("yahoo-qa", tmp_path / "in", tmp_path)
    assert {id_: each.positives["en"] for id_, each in examples.items()} == {"2020338": "Read.", "174790": "Read."}
    assert examples["2020338"].queries["en"] == "How do I learn?"  # in one line, as in topics
    assert examples["2020338"].group == examples["174790"].group
    assert not examples["174790"].negatives
    assert notes == {"questions_without_text_or_answer_left_out": 2, "questions_whose_id_occurs_again_left_out": 1}


def test_what_is_wrong_is_named_with_the_line(tmp_path: Path) -> None:
    path = write(tmp_path / "nfL6.json", json.dumps([ROWS[0], {**ROWS[1], "answer": None}], indent=0))
    with pytest.raises(InputError, match="a positive is missing or no string") as raised:
        read_source("yahoo-qa", tmp_path, tmp_path)
    assert (raised.value.path, raised.value.line) == (path, 12)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nfL6\.json: no such file"):
        yahoo_qa.files(tmp_path)
