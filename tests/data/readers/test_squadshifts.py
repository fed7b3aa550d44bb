"""SQuADShifts: a hand-made file in its layout, the published files counted another way, and what is refused."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hybrid_pyserini.cli import main
from hybrid_pyserini.data.readers import squadshifts
from hybrid_pyserini.data.sources.example_source import read_examples
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair, ParallelExample, Passage
from hybrid_pyserini.training.examples import ExampleStore


def asked(question_id: str, question: str) -> dict[str, Any]:
    return {"id": question_id, "question": question, "answers": [{"text": "a", "answer_start": 0}]}


def wiki() -> list[dict[str, Any]]:
    """Three paragraphs, the last equal to the first but for white space at its ends."""
    return [
        {"title": "Tea", "split": "test", "paragraphs": [
            {"context": "a cup of tea\nwith milk\n", "qas": [asked("w1", "What is it?"), asked("w2", "With  what?")]},
            {"context": "a pot", "qas": [asked("w3", "What is\nit?")]},
        ]},
        {"title": "Tea again", "paragraphs": [{"context": " a cup of tea\nwith milk", "qas": [asked("w4", "Why?")]}]},
    ]


def written(folder: Path, **parts: list[dict[str, Any]]) -> Path:
    folder.mkdir(exist_ok=True)
    for part, articles in parts.items():
        (folder / f"{part}_v1.0.json").write_text(json.dumps({"version": "1.0", "data": articles}))
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    reddit = [{"title": "R", "paragraphs": [{"context": "a pot", "qas": [asked("r1", "What is it?")]}]}]
    return written(tmp_path / "source", new_wiki=wiki(), reddit=reddit)


def test_equal_paragraphs_are_one_passage_and_each_question_has_its_own(source: Path) -> None:
    dataset = squadshifts.read(source, "squadshifts")
    cup = "a cup of tea\nwith milk"
    assert list(dataset.passages["en"]) == [
        Passage("new_wiki-00000", cup, cup, "Tea", "new_wiki-00000", "en"),
        Passage("new_wiki-00001", "a pot", "a pot", "Tea", "new_wiki-00001", "en"),
    ]
    assert dataset.qrels == {"en": {
        "w1": {"new_wiki-00000": 1}, "w2": {"new_wiki-00000": 1}, "w3": {"new_wiki-00001": 1},
        "w4": {"new_wiki-00000": 1}, "r1": {"new_wiki-00001": 1},
    }}
    assert (dataset.pairs, dataset.pool) == ((Pair("en", "en"),), False)
    assert dataset.notes["paragraphs_equal_to_an_earlier_one"] == 2


def test_questions_worded_alike_know_each_others_paragraphs(source: Path) -> None:
    examples = {example.id: example for example in squadshifts.read(source, "squadshifts").training["squadshifts"]}
    assert examples["w2"] == ParallelExample(
        id="w2", group="new_wiki-00000", queries={"en": "With what?"}, positives={"en": "a cup of tea\nwith milk"}
    )
    assert examples["w1"].other_groups == ("new_wiki-00001",)
    assert examples["w3"].other_groups == examples["r1"].other_groups == ("new_wiki-00000",)


def test_prepared_and_made_a_store_by_the_commands(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = tmp_path / "w"
    assert main(["prepare", "squadshifts", "--source", str(source), "--workspace", str(workspace)]) == 0
    shown = capsys.readouterr().out
    assert "files: new_wiki_v1.0.json, reddit_v1.0.json" in shown
    assert "training source squadshifts: 5 examples" in shown
    assert main(["examples", "squadshifts", "--workspace", str(workspace)]) == 0
    store = ExampleStore(workspace / "examples" / "squadshifts")
    assert (len(store), store.languages) == (5, ("en",))


def test_the_published_files_counted_another_way(real_squadshifts: Path, tmp_path: Path) -> None:
    """The oracle counts texts in the files' bytes, without the layout."""
    dataset = squadshifts.read(real_squadshifts, "squadshifts")
    published = {"amazon_reviews": 9885, "new_wiki": 7938, "nyt": 10065, "reddit": 9803}  # Miller et al., table 1
    contexts: set[str] = set()
    asked_ids: list[str] = []
    for path in real_squadshifts.glob("*_v1.0.json"):
        text = path.read_text()
        ids = re.findall(r'"id": ?"([0-9a-f]{24})"', text)
        assert len(ids) == published[path.name.removesuffix("_v1.0.json")]
        asked_ids += ids
        found = re.findall(r'"context": ?("(?:[^"\\]|\\.)*")', text)
        contexts |= {json.loads(context).strip() for context in found}
    assert sorted(dataset.topics["en"]) == sorted(asked_ids)
    assert {passage.text for passage in dataset.passages["en"]} == contexts
    by_docid = {passage.id: passage for passage in dataset.passages["en"]}
    assert len(by_docid) == len(contexts)
    examples = list(dataset.training["squadshifts"])
    assert [example.id for example in examples] == list(dataset.topics["en"])
    for example in examples[::97]:
        (docid,) = dataset.qrels["en"][example.id]
        assert by_docid[docid].text == example.positives["en"]


def test_the_source_is_read_back_as_it_was(source: Path, tmp_path: Path) -> None:
    assert main(["prepare", "squadshifts", "--source", str(source), "--workspace", str(tmp_path / "w")]) == 0
    examples = list(squadshifts.read(source, "squadshifts").training["squadshifts"])
    assert list(read_examples(tmp_path / "w" / "sources" / "squadshifts.jsonl")) == examples


def test_a_folder_without_any_of_the_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none of SQuADShifts' files here: amazon_reviews_v1\.0\.json, ") as raised:
        squadshifts.files(tmp_path)
    assert raised.value.path == tmp_path


@pytest.mark.parametrize(("change", "found"), [
    (lambda d: d[0].pop("title"), "article 1: 'title' is missing or no string"),
    (lambda d: d[1].pop("paragraphs"), "article 2: 'paragraphs' is missing or no list"),
    (lambda d: d[0]["paragraphs"][1].pop("context"), "article 1 (Tea), paragraph 2: 'context' is missing or no string"),
    (lambda d: d[0]["paragraphs"][1].update(context=" \n"), "article 1 (Tea), paragraph 2: the context is empty"),
    (lambda d: d[0]["paragraphs"][0]["qas"][1].update(question=" "),
     "article 1 (Tea), paragraph 1: question 'w2' is empty"),
    (lambda d: d[0]["paragraphs"][0]["qas"][1].update(id="w 2"),
     "article 1 (Tea), paragraph 1: question id 'w 2' contains a blank"),
    (lambda d: d[0]["paragraphs"][0]["qas"][1].update(answers=[]),
     "article 1 (Tea), paragraph 1: question 'w2' has no answer"),
    (lambda d: d[1]["paragraphs"][0]["qas"][0].update(id="w1"),
     "article 2 (Tea again), paragraph 1: question id 'w1' occurs twice"),
])
def test_broken_files_are_refused_with_the_place(
    tmp_path: Path, change: Callable[[list[dict[str, Any]]], object], found: str
) -> None:
    articles = wiki()
    change(articles)
    source = written(tmp_path / "source", new_wiki=articles)
    with pytest.raises(InputError) as raised:
        squadshifts.read(source, "squadshifts")
    assert (raised.value.path, raised.value.problem) == (source / "new_wiki_v1.0.json", found)
