"""Natural Questions: the simplified example of its ``text_utils.py``, and what is left out."""

from pathlib import Path
from typing import Any

import pytest
from written_files import read_source, write_lines

from hybrid_pyserini.data.sources.readers import natural_questions
from hybrid_pyserini.errors import InputError

ZIPPED = f"{natural_questions.FILE}.gz"


def asked(number: int, document: str, start: int, end: int, **more: Any) -> dict[str, Any]:
    return {
        "example_id": number, "document_url": "http://wikipedia.org/en/strings", "question_text": f"what is {number}",
        "document_text": document,
        "annotations": [{
            "long_answer": {"start_token": start, "end_token": end, "candidate_index": 0}, "yes_no_answer": "NONE",
            "short_answers": [{"start_token": 5, "end_token": 8}], "annotation_id": 7,
        }],
        "long_answer_candidates": [{"start_token": 0, "end_token": 12, "top_level": True}],
    } | more


EXAMPLE = asked(3902, "<P> A string is a list of characters in order . </P>", 0, 12)


def test_long_answers_that_are_paragraphs(tmp_path: Path) -> None:
    page = (
        "Strings - Wikipedia <H1> Strings </H1> <P> In a <_c </P> "
        '<Table> <Tr> <Td_colspan="2"> a\u180eb </Td> </Tr> </Table>'
    )
    write_lines(tmp_path / "in" / ZIPPED, [
        EXAMPLE, asked(-17, page, 6, 11), asked(5, page, 11, 17), asked(6, page, -1, -1), asked(7, page, 6, 11),
    ])
    examples, notes = read_source("natural-questions", tmp_path / "in", tmp_path)
    tokens = EXAMPLE["document_text"].split(" ")  # the snippet of text_utils.py
    assert examples["3902"].positives["en"] == " ".join(tokens[0:12]).removeprefix("<P> ").removesuffix(" </P>")
    assert examples["3902"].queries == {"en": "what is 3902"}
    assert {id_: each.positives["en"] for id_, each in examples.items() if id_ != "3902"} == {
        "-17": "In a <_c", "7": "In a <_c",
    }
    assert examples["-17"].group == examples["7"].group
    assert notes == {
        "questions_without_a_long_answer_left_out": 1, "questions_answered_by_a_table_or_list_left_out": 1,
    }


@pytest.mark.parametrize(("change", "found"), [
    ({"annotations": []}, "no annotation"),
    ({"annotations": [{}]}, "'long_answer' is missing or no object"),
    ({"annotations": [{"long_answer": {"start_token": 0}}]}, "'end_token' is missing or no whole number"),
    ({"document_text": "<P> A </P>"}, "the long answer is tokens 0 to 12 of 3"),
    ({"question_text": ""}, "the query is empty"),
    ({"example_id": "x"}, "'example_id' is missing or no whole number"),
    ({"example_id": 3902}, "'3902' occurs twice"),
])
def test_what_is_wrong_is_named_with_the_line(tmp_path: Path, change: dict[str, Any], found: str) -> None:
    path = write_lines(tmp_path / natural_questions.FILE, [EXAMPLE, EXAMPLE | {"example_id": 1} | change])
    with pytest.raises(InputError, match=found) as raised:
        read_source("natural-questions", tmp_path, tmp_path)
    assert (raised.value.path, raised.value.line) == (path, 2)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"simplified-nq-train\.jsonl\.gz: no such file"):
        natural_questions.files(tmp_path)
