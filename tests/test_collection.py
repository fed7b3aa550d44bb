"""Collections: what is written comes back; every defect is named with file and line."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybrid_pyserini.collection import check_id, read_collection, write_collection
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Passage

text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda value: value.strip())
ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
    lambda value: not any(character.isspace() for character in value)
)
passages = st.lists(
    st.builds(Passage, id=ids, text=text, contents=text, title=st.just("") | text, group=ids, language=ids),
    unique_by=lambda passage: passage.id,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(passages=passages)
def test_passages_come_back(tmp_path: Path, passages: list[Passage]) -> None:
    """Newlines, line separators and every script included."""
    path = tmp_path / "de.jsonl"
    assert write_collection(path, passages) == len(passages)
    assert list(read_collection(path)) == passages


def test_the_form_is_pyserinis(tmp_path: Path) -> None:
    write_collection(tmp_path / "de.jsonl", [Passage("de:1", "CO\n2", "T CO\n2", "T", "g", "de")])
    assert (tmp_path / "de.jsonl").read_text(encoding="utf-8") == (
        '{"id": "de:1", "text": "CO\\n2", "contents": "T CO\\n2", "title": "T", "group": "g", "language": "de"}\n'
    )


def write_rows(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_what_is_left_out_is_filled_in(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "zh_Hans.jsonl", {"id": "1", "text": "a"}, {"id": "2", "text": "", "contents": "b"})
    assert list(read_collection(path)) == [
        Passage("1", "a", "a", "", "1", "zh_Hans"), Passage("2", "", "b", "", "2", "zh_Hans"),
    ]


def test_null_is_as_good_as_nothing(tmp_path: Path) -> None:
    row = {"id": "1", "text": "a", "contents": None, "title": None, "group": None, "language": None}
    assert list(read_collection(write_rows(tmp_path / "de.jsonl", row))) == [Passage("1", "a", "a", "", "1", "de")]


@pytest.mark.parametrize(("row", "message"), [
    ({"text": "a"}, "passage id is missing or no string (None)"),
    ({"id": 7, "text": "a"}, "passage id is missing or no string (7)"),
    ({"id": "", "text": "a"}, "passage id is missing or no string ('')"),
    ({"id": "a b", "text": "a"}, "passage id 'a b' contains a blank"),
    ({"id": "a\u3000", "text": "a"}, "contains a blank"),
    ({"id": "a\n", "text": "a"}, "contains a blank"),
    ({"id": "good", "text": "a"}, "passage id 'good' occurs twice"),
    ({"id": "1"}, "passage '1' has no text"),
    ({"id": "1", "text": None}, "passage '1' has no text"),
    ({"id": "1", "contents": "a"}, "passage '1' has no text"),
    ({"id": "1", "text": ""}, "passage '1' has no text"),
    ({"id": "1", "text": " \n\u3000"}, "passage '1' has no text"),
    ({"id": "1", "text": "a", "contents": "  "}, "passage '1' has no text"),
    ({"id": "1", "text": 0}, "'text' of passage '1' is no string (0)"),
    ({"id": "1", "text": ["a"]}, "'text' of passage '1' is no string (['a'])"),
    ({"id": "1", "text": "a", "contents": 5}, "'contents' of passage '1' is no string (5)"),
    ({"id": "1", "text": "a", "title": 5}, "'title' of passage '1' is no string (5)"),
    ({"id": "1", "text": "a", "group": 5}, "'group' of passage '1' is no string (5)"),
    ({"id": "1", "text": "a", "language": 5}, "'language' of passage '1' is no string (5)"),
])
def test_a_defect_is_named_with_its_line(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    path = write_rows(tmp_path / "de.jsonl", {"id": "good", "text": "a"}, row)
    with pytest.raises(InputError) as error:
        list(read_collection(path))
    assert str(error.value).startswith(f"{path}:2: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_reading_is_lazy(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "de.jsonl", {"id": "good", "text": "a"}, {"id": "good", "text": "a"})
    assert next(read_collection(path)).id == "good"


def test_check_id_returns_the_id(tmp_path: Path) -> None:
    assert check_id("de:1_2", "passage id", tmp_path) == "de:1_2"
