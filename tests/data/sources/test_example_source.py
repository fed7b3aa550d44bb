"""Training sources: what is written is read back, both forms, and what is refused."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from hybrid_pyserini.data.sources.example_source import read_examples, write_examples
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Negative, ParallelExample

FULL = ParallelExample(
    id="q1", group="g1", queries={"de": "Wo?", "en": "Where\u2028?"}, positives={"en": "Here.\nThere."},
    negatives={"en": (Negative("Nowhere.", "g7"), Negative("Somewhere.", "g8"))}, other_groups=("g2", "g3"),
)
BARE = ParallelExample(id="q2", group="g2", queries={"zh": "谁？"}, positives={"zh": "我。"})

OWN: dict[str, Any] = {"id": "q1", "group": "g1", "queries": {"de": "Wo?"}, "positives": {"de": "Hier."}}
ROW: dict[str, Any] = {"id": "q1", "language": "de", "query": "Wo?", "positive": "Hier."}


def source(folder: Path, *rows: Any) -> Path:
    path = folder / "source.jsonl"
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return path


def sources(folder: Path, *files: list[Any]) -> list[Path]:
    """``0/source.jsonl``, ``1/source.jsonl`` and so on."""
    for number in range(len(files)):
        (folder / str(number)).mkdir()
    return [source(folder / str(number), *rows) for number, rows in enumerate(files)]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "source.jsonl"
    assert write_examples(path, [FULL, BARE]) == 2
    assert list(read_examples(path)) == [FULL, BARE]


def test_the_written_form_is_the_documented_one(tmp_path: Path) -> None:
    write_examples(tmp_path / "source.jsonl", [FULL, BARE])
    first, second = map(json.loads, (tmp_path / "source.jsonl").read_text().rstrip().split("\n"))
    assert first == {
        "id": "q1", "group": "g1", "queries": {"de": "Wo?", "en": "Where\u2028?"},
        "positives": {"en": "Here.\nThere."},
        "negatives": {"en": [{"text": "Nowhere.", "group": "g7"}, {"text": "Somewhere.", "group": "g8"}]},
        "other_groups": ["g2", "g3"],
    }
    assert second == {"id": "q2", "group": "g2", "queries": {"zh": "谁？"}, "positives": {"zh": "我。"}}


def test_gzip_is_read(tmp_path: Path) -> None:
    path = tmp_path / "source.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(OWN).encode()))
    assert [example.id for example in read_examples(path)] == ["q1"]


def test_the_own_form_is_streamed(tmp_path: Path) -> None:
    examples = read_examples(source(tmp_path, OWN, "{broken"))
    assert next(examples).id == "q1"
    with pytest.raises(InputError):
        next(examples)


def test_rows_of_one_id_become_one_example(tmp_path: Path) -> None:
    path = source(
        tmp_path,
        {"id": "b", "language": "de", "query": "Wo?", "positive": "Hier.", "group": "g", "negatives": ["Dort."]},
        {"id": "a", "language": "en", "query": "Who?", "positives": ["Me."]},
        {"id": "b", "language": "en", "query": "Where?", "positive": "Here.",
         "negatives": [{"text": "There.", "group": "h"}]},
    )
    both, single = read_examples(path)
    assert (both.id, both.group) == ("b", "g")
    assert both.queries == {"de": "Wo?", "en": "Where?"} and both.positives == {"de": "Hier.", "en": "Here."}
    assert both.negatives["en"] == (Negative("There.", "h"),)
    assert [negative.text for negative in both.negatives["de"]] == ["Dort."]
    assert single == ParallelExample(id="a", group="question:a", queries={"en": "Who?"}, positives={"en": "Me."})


def test_further_positives_become_examples_of_the_same_group(tmp_path: Path) -> None:
    path = source(
        tmp_path,
        {"id": "q", "language": "de", "query": "Wo?", "positives": ["Hier.", "Da.", "Dort."]},
        {"id": "q", "language": "en", "query": "Where?", "positives": ["Here.", "There."]},
    )
    examples = list(read_examples(path))
    assert [example.id for example in examples] == ["q", "q#2", "q#3"]
    assert {example.group for example in examples} == {"question:q"}
    assert {tuple(example.queries) for example in examples} == {("de", "en")}
    assert [dict(example.positives) for example in examples] == [
        {"de": "Hier.", "en": "Here."}, {"de": "Da.", "en": "There."}, {"de": "Dort."},
    ]


def test_rows_without_a_group_that_share_a_positive_are_one_group(tmp_path: Path) -> None:
    rows = [
        {"id": "e", "language": "de", "query": "Wohin?", "positive": "Hier.", "group": "f"},
        {"id": "a", "language": "de", "query": "Wo?", "positive": "Hier."},
        {"id": "b", "language": "de", "query": "Wann?", "positive": "Jetzt."},
        {"id": "c", "language": "de", "query": "Woher?", "positive": "Hier."},
        {"id": "d", "language": "nl", "query": "Waar?", "positive": "Hier."},
    ]
    groups = {example.id: example.group for example in read_examples(source(tmp_path, *rows))}
    assert groups == {
        "a": "question:a", "b": "question:b", "c": "question:a", "d": "question:d", "e": "f",
    }


def test_a_named_group_is_no_automatic_one(tmp_path: Path) -> None:
    rows = [ROW, {"id": "q2", "language": "de", "query": "Wann?", "positive": "Jetzt.", "group": "q1"}]
    ungrouped, grouped = read_examples(source(tmp_path, *rows))
    assert grouped.group == "q1" != ungrouped.group


def test_a_negative_without_a_group_has_that_of_the_positive_it_is(tmp_path: Path) -> None:
    """Also where the positive stands after it, is one of several, or is the question's own; only in its language."""
    rows = [
        ROW | {"id": "a", "negatives": ["Dort.", "Da.", "Jetzt.", "Hier.", "There."]},
        {"id": "b", "language": "de", "query": "Wohin?", "positives": ["Links.", "Dort."]},
        {"id": "c", "language": "de", "query": "Woher?", "positive": "Da.", "group": "g"},
        {"id": "d", "language": "en", "query": "Where?", "positive": "There."},
        {"id": "e", "language": "de", "query": "Wo denn?", "positive": "Dort."},
    ]
    groups = [negative.group for negative in next(read_examples(source(tmp_path, *rows))).negatives["de"]]
    assert groups[0] == "question:b" and groups[1] == "g" and groups[3] == "question:a"
    assert groups[2].startswith("text:") and groups[4].startswith("text:")


def test_questions_of_a_text_with_several_groups_know_them_all(tmp_path: Path) -> None:
    """Whichever of its groups "Hier." carries in a batch, no question that it answers takes it for a negative."""
    rows = [
        ROW | {"id": "a", "group": "f"},
        ROW | {"id": "b", "group": "g"},
        ROW | {"id": "c"},
        ROW | {"id": "d", "positive": "Da.", "group": "g"},
        ROW | {"id": "e", "positive": "Dort.", "negatives": ["Hier.", {"text": "Hier.", "group": "h"}]},
    ]
    *answered, other = read_examples(source(tmp_path, *rows))
    every = {"f", "g", "h", "question:c"}
    assert [example.group for example in answered] == ["f", "g", "question:c", "g"]
    assert [{example.group, *example.other_groups} for example in answered] == [every] * 4
    assert all(example.group not in example.other_groups for example in answered)
    assert other.other_groups == ()
    assert [negative.group for negative in other.negatives["de"]] == ["f", "h"]


def test_groups_over_files(tmp_path: Path) -> None:
    """Named groups are shared, automatic ones are not, even where a file's ids are the groups that another names."""
    files = sources(
        tmp_path,
        [ROW | {"id": "1"}, ROW | {"id": "2", "positive": "Da.", "group": "g"}],
        [ROW | {"id": "3"}, ROW | {"id": "4", "positive": "Da.", "group": "g"}, ROW | {"id": "5", "group": "1"}],
        [OWN | {"id": "6", "group": "3"}, OWN | {"id": "7", "group": "g"}],
    )
    groups = {example.id: example.group for example in read_examples(*files)}
    assert groups == {
        "1": "question:1", "2": "g", "3": "question:3", "4": "g", "5": "1", "6": "3", "7": "g",
    }


@pytest.mark.parametrize("row", [ROW, OWN])
def test_an_id_in_two_files_is_refused_where_it_is_repeated(row: dict[str, Any], tmp_path: Path) -> None:
    first, second = sources(tmp_path, [OWN], [row | {"id": "q2"}, row])
    examples = read_examples(first, second)
    assert next(examples).id == "q1"
    with pytest.raises(InputError) as raised:
        list(examples)
    assert (raised.value.path, raised.value.line) == (second, 2)
    assert raised.value.problem == f"example id 'q1' is in {first} already"


def test_a_later_file_is_not_read_before_its_turn(tmp_path: Path) -> None:
    examples = read_examples(source(tmp_path, OWN), tmp_path / "missing.jsonl")
    assert next(examples).id == "q1"
    with pytest.raises(InputError, match="no such file"):
        next(examples)


def test_equal_negatives_have_equal_groups(tmp_path: Path) -> None:
    rows = [ROW | {"negatives": ["Dort.", "Da."]}, ROW | {"id": "q2", "negatives": ["Dort."]}]
    first, second = read_examples(source(tmp_path, *rows))
    assert first.negatives["de"][0] == second.negatives["de"][0] != first.negatives["de"][1]


def without(row: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != key}


@pytest.mark.parametrize(
    ("rows", "line", "found"),
    [
        ([OWN, without(OWN, "id")], 2, "example id is missing"),
        ([OWN | {"id": "a b"}], 1, "example id 'a b' contains a blank"),
        ([OWN | {"id": "\ud83d"}], 1, "example id '\\ud83d' holds half a character"),
        ([OWN, OWN], 2, "example id 'q1' occurs twice"),
        ([without(OWN, "group")], 1, "passage group is missing"),
        ([OWN | {"queries": {"de": " "}}], 1, "the de query is empty"),
        ([OWN | {"positives": {"de": 7}}], 1, "the de positive is missing or no string (7)"),
        ([OWN | {"queries": {}}], 1, "'queries' has no language"),
        ([OWN | {"positives": {}}], 1, "'positives' has no language"),
        ([OWN | {"positives": ["Hier."]}], 1, "'positives' is missing or no object"),
        ([OWN | {"queries": {"zh-Hans": "谁？"}}], 1, "language code 'zh-Hans'"),
        ([OWN | {"queries": {"all": "Who?"}}], 1, "language code 'all' is reserved"),
        ([OWN | {"positive": "Hier."}], 1, "unknown field 'positive'"),
        ([OWN | {"negatives": {"de": ["Dort."]}}], 1, "the de negatives are no list of objects"),
        ([OWN | {"negatives": {"de": [{"text": "", "group": "g"}]}}], 1, "a de negative is empty"),
        ([OWN | {"negatives": {"de": [{"text": "Da.", "group": ""}]}}], 1, "a negative's passage group is missing"),
        ([OWN | {"other_groups": "g2"}], 1, "'other_groups' is no list"),
        ([OWN | {"other_groups": [2]}], 1, "passage group in 'other_groups' is missing or no string (2)"),
        ([OWN, ROW], 2, "unknown field 'language'"),
        ([OWN, "", "[]"], 3, "expected a JSON object"),
        ([OWN, "{"], 2, "broken JSON"),
        ([ROW, without(ROW, "id")], 2, "example id is missing"),
        ([ROW, ROW], 2, "example id 'q1' occurs twice in language 'de'"),
        ([ROW, ROW, "{"], 2, "example id 'q1' occurs twice in language 'de'"),
        ([ROW | {"query": ""}, "{"], 1, "the query is empty"),
        ([without(ROW, "language")], 1, "no 'language'"),
        ([ROW | {"language": "zh-Hans"}], 1, "language code 'zh-Hans'"),
        ([without(ROW, "query")], 1, "the query is missing"),
        ([without(ROW, "positive")], 1, "expected one of 'positive' and 'positives'"),
        ([ROW | {"positives": ["Hier."]}], 1, "expected one of 'positive' and 'positives'"),
        ([without(ROW, "positive") | {"positives": []}], 1, "'positives' is no list of texts"),
        ([ROW | {"negatives": "Dort."}], 1, "'negatives' is no list"),
        ([ROW | {"negatives": [""]}], 1, "a negative is empty"),
        ([ROW | {"negatives": [{"text": "Dort."}]}], 1, "a negative is missing or no string"),
        ([ROW | {"group": "g"}, ROW | {"language": "en", "group": "h"}], 2, "has group 'h' here and 'g' before"),
        ([ROW | {"group": "question:q1"}], 1, "passage group 'question:q1' starts with 'question:'"),
        ([ROW | {"negatives": [{"text": "Da.", "group": "question:q1"}]}], 1, "passage group 'question:q1' starts"),
        ([ROW | {"title": "x"}], 1, "unknown field 'title'"),
        ([without(ROW, "positive") | {"positives": ["Hier.", "Da."]}, ROW | {"id": "q1#2"}], 2, "'q1#2' occurs twice"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(rows: list[Any], line: int, found: str, tmp_path: Path) -> None:
    path = source(tmp_path, *rows)
    with pytest.raises(InputError) as raised:
        list(read_examples(path))
    assert (raised.value.path, raised.value.line) == (path, line)
    assert found in raised.value.problem


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no examples in the file"):
        list(read_examples(source(tmp_path)))
