"""DuoRC: its files' form, the blocks that answers are looked for in, and what is left out."""

import json
from pathlib import Path
from typing import Any

import pytest
from written_files import read_source, write

from hybrid_pyserini.data.sources.readers import duorc
from hybrid_pyserini.errors import InputError

PLOT = " ".join(f"word{n}" for n in range(150)) + " The train\narrives.  " + "more " * 60 + "Mars."


def asked(question_id: str, question: str, answers: list[str], no_answer: bool = False) -> dict[str, Any]:
    return {"id": question_id, "question": question, "answers": answers, "no_answer": no_answer}


def films() -> list[dict[str, Any]]:
    return [{"id": "/m/03vyhn", "title": " Ghosts of Mars ", "plot": PLOT, "qa": [
        asked("q-1", "How did they arrive?", ["by train", "the Train"]),
        asked("q-2", "Where?", ["mars"]),
        asked("q-3", "Who?", [], no_answer=True),
        asked("q-4", "Why?", ["because"]),
        asked("q-5", "Which word is the 99th?", ["word99 word100"]),
        asked("q-6", "First?", ["word5"]),
        asked("q-7", "What?", [""]),
    ]}]


def test_the_first_block_that_holds_an_answer(tmp_path: Path) -> None:
    write(tmp_path / "in" / "SelfRC_train.json", json.dumps(films()))
    other = films()
    other[0]["qa"] = other[0]["qa"][:1]  # ParaphraseRC asks SelfRC's questions again
    write(tmp_path / "in" / "ParaphraseRC_train.json", json.dumps(other, indent=1))
    examples, notes = read_source("duorc", tmp_path / "in", tmp_path)
    assert list(examples) == ["SelfRC:q-1", "SelfRC:q-2", "SelfRC:q-6", "ParaphraseRC:q-1"]
    words = PLOT.split()
    for id_, first in (("SelfRC:q-1", 100), ("SelfRC:q-2", 200), ("SelfRC:q-6", 0)):
        assert examples[id_].positives["en"] == "Ghosts of Mars " + " ".join(words[first : first + 100])
    assert notes == {"questions_without_an_answer_left_out": 2, "questions_whose_answers_no_block_holds_left_out": 2}


@pytest.mark.parametrize(("change", "found"), [
    (lambda film: film.pop("plot"), "'plot' is missing or no string"),
    (lambda film: film.update(title=None), "'title' is missing or no string"),
    (lambda film: film.update(qa={}), "'qa' is missing or no list"),
    (lambda film: film["qa"][0].pop("no_answer"), "'no_answer' is missing or no true or false"),
    (lambda film: film["qa"][0].update(answers=[1]), "'answers' is no list of strings"),
    (lambda film: film["qa"][0].update(question=""), "the query is empty"),
    (lambda film: film["qa"][1].update(id="q-1"), "example id 'SelfRC:q-1' occurs twice"),
])
def test_what_is_wrong_is_named_with_the_line(tmp_path: Path, change: Any, found: str) -> None:
    rows = [films()[0] | {"qa": []}, *films()]
    change(rows[1])
    path = write(tmp_path / "SelfRC_train.json", "[" + ",\n".join(map(json.dumps, rows)) + "]")
    with pytest.raises(InputError, match=found) as raised:
        read_source("duorc", tmp_path, tmp_path)
    assert (raised.value.path, raised.value.line) == (path, 2)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither of DuoRC's files here"):
        duorc.files(tmp_path)
