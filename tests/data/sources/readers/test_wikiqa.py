"""WikiQA: the form of its train file, and the reading of Hugging Face's loader, csv without quotes, beside ours."""

import csv
from pathlib import Path

import pytest
from written_files import read_source, write

from hybrid_pyserini.data.sources.readers import wikiqa
from hybrid_pyserini.errors import InputError

HEADER = "QuestionID\tQuestion\tDocumentID\tDocumentTitle\tSentenceID\tSentence\tLabel\n"
TRAIN = HEADER + """Q1\thow are glacier caves formed?\tD1\tGlacier cave\tD1-0\tA partly submerged glacier cave .\t0
Q1\thow are glacier caves formed?\tD1\tGlacier cave\tD1-1\tThe ice facade is 60 m high\t0
Q1\thow are glacier caves formed?\tD1\tGlacier cave\tD1-2\tIce formations in the Titlis glacier cave\t0
Q1\thow are glacier caves formed?\tD1\tGlacier cave\tD1-3\tA glacier cave is a cave formed within the ice .\t1
Q1\thow are glacier caves formed?\tD1\tGlacier cave\tD1-4\tGlacier caves are often called ice caves .\t0
Q2\tHow are the directions of the velocity and force vectors related\tD2\tMotion\tD2-0\tIn "physics , no .\t0
Q5\twhat is a "cave\tD5\tCave\tD5-0\tA cave is a "hollow .\t1
Q5\twhat is a "cave\tD5\tCave\tD5-1\tA glacier cave is a cave formed within the ice .\t1
Q6\twhat is hollow\tD5\tCave\tD5-0\tA hollow\u2028thing .\t1
Q6\twhat is hollow\tD5\tCave\tD5-1\tA cave is a "hollow .\t0
"""


def test_questions_with_their_answering_sentences(tmp_path: Path) -> None:
    path = write(tmp_path / "in" / wikiqa.FILE, TRAIN)
    examples, notes = read_source("wikiqa", tmp_path / "in", tmp_path)
    with path.open(encoding="utf-8", newline="") as file:  # as datasets/wiki_qa/wiki_qa.py reads it
        rows = list(csv.DictReader((line for line in file), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert {
        (each.id.split("#")[0], each.queries["en"], each.positives["en"]) for each in examples.values()
    } == {(row["QuestionID"], row["Question"], row["Sentence"]) for row in rows if row["Label"] == "1"}
    assert list(examples) == ["Q1", "Q5", "Q5#2", "Q6"]
    assert [each.text for each in examples["Q1"].negatives["en"]] == [
        "A partly submerged glacier cave .", "The ice facade is 60 m high", "Ice formations in the Titlis glacier cave",
    ]
    assert examples["Q1"].group == examples["Q5"].group == examples["Q5#2"].group  # they share a sentence
    assert examples["Q6"].negatives["en"][0].group == examples["Q5"].group
    assert notes == {"questions_that_no_sentence_answers_left_out": 1, "negatives_left_out": 1}


@pytest.mark.parametrize(("text", "line", "found"), [
    (TRAIN.replace("Label", "label"), 1, "the first line is not QuestionID<TAB>"),
    (TRAIN.replace("60 m high\t0", "60 m high"), 3, "expected QuestionID<TAB>.*, found 6 field"),
    (TRAIN.replace("60 m high\t0", "60 m high\t2"), 3, "the label is '2'"),
    (TRAIN + "Q1\thow are glacier caves formed?\tD1\tGlacier cave\tD1-9\tIce .\t1\n", 12, "'Q1' occurs twice"),
    (TRAIN.replace("how are glacier caves formed?", " "), 2, "the query is empty"),
])
def test_what_is_wrong_is_named_with_the_line(tmp_path: Path, text: str, line: int, found: str) -> None:
    path = write(tmp_path / wikiqa.FILE, text)
    with pytest.raises(InputError, match=found) as raised:
        read_source("wikiqa", tmp_path, tmp_path)
    assert (raised.value.path, raised.value.line) == (path, line)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"WikiQA-train\.tsv: no such file"):
        wikiqa.files(tmp_path)
