"""MFAQ: pages of questions and answers, by language."""

from pathlib import Path
from typing import Any

import pytest
from written_files import read_source, write_lines

from hybrid_pyserini.data.sources.readers import mfaq
from hybrid_pyserini.data.sources.source_registry import SOURCE_READERS
from hybrid_pyserini.errors import InputError


def page(number: int, language: str, *pairs: tuple[str, str]) -> dict[str, Any]:
    return {
        "id": number, "domain": f"{number}.example", "language": language, "num_pairs": len(pairs),
        "qa_pairs": [{"question": question, "answer": answer, "language": language} for question, answer in pairs],
    }


def test_the_languages_that_are_there(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_lines(folder / "data/en/train.jsonl", [
        page(7, "en", ("Where?", "Here."), ("When?", "")), page(7, "en", ("Who?", "Here.")),
    ])
    write_lines(folder / "data/no/train.jsonl", [page(1, "no", ("Hvor?", "Her."), (" ", "Ja."))])
    write_lines(folder / "data/en/valid.jsonl", [page(9, "en", ("Not read?", "No."))])
    assert SOURCE_READERS["mfaq"].languages(folder) == ("en", "no")
    examples, notes = read_source("mfaq", folder, tmp_path)
    assert {id_: (dict(each.queries), dict(each.positives)) for id_, each in examples.items()} == {
        "en:1-0": ({"en": "Where?"}, {"en": "Here."}), "en:2-0": ({"en": "Who?"}, {"en": "Here."}),
        "no:1-0": ({"no": "Hvor?"}, {"no": "Her."}),
    }
    assert examples["en:1-0"].group == examples["en:2-0"].group != examples["no:1-0"].group
    assert notes == {"pairs_without_question_or_answer_left_out": 2}


@pytest.mark.parametrize(("change", "found"), [
    (lambda row: row.pop("qa_pairs"), "'qa_pairs' is missing or no list"),
    (lambda row: row["qa_pairs"][0].pop("answer"), "'answer' is missing or no string"),
])
def test_what_is_wrong_is_named_with_the_line(tmp_path: Path, change: Any, found: str) -> None:
    rows = [page(n, "de", ("Wo?", "Da.")) for n in range(3)]
    change(rows[2])
    path = write_lines(tmp_path / "data/de/train.jsonl", rows)
    with pytest.raises(InputError, match=found) as raised:
        read_source("mfaq", tmp_path, tmp_path)
    assert (raised.value.path, raised.value.line) == (path, 3)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of MFAQ's files here"):
        mfaq.files(tmp_path)
