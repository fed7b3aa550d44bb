"""SQuAD 1.1 and 2.0: the layout of the published files, unanswerable questions, and the published counts."""

import json
from pathlib import Path
from typing import Any

import pytest

from hybrid_pyserini.cli import main
from hybrid_pyserini.data.readers import squad_versions
from hybrid_pyserini.data.registry import READERS
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair


def asked(question_id: str, question: str, *, impossible: bool | None = None) -> dict[str, Any]:
    """A question as 1.1 has it, or, where ``impossible`` is said, as 2.0."""
    answers = [] if impossible else [{"text": "tea", "answer_start": 9}] * 3
    qa: dict[str, Any] = {"id": question_id, "question": question, "answers": answers}
    if impossible:
        qa["plausible_answers"] = [{"text": "cup", "answer_start": 2}]
    return qa if impossible is None else qa | {"is_impossible": impossible}


def data(*qas: dict[str, Any], version: str) -> str:
    """Two paragraphs of one article; the second has no question."""
    paragraphs = [{"context": "A cup of tea \n", "qas": list(qas)}, {"context": "A pot.", "qas": []}]
    return json.dumps({"data": [{"title": "Tea_(drink)", "paragraphs": paragraphs}], "version": version})


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(squad_versions, "QUESTIONS", {
        "dev-v1.1.json": 2, "train-v1.1.json": 1, "dev-v2.0.json": 3, "train-v2.0.json": 2,
    })
    folder = tmp_path / "squad"
    folder.mkdir()
    for name, text in {
        "dev-v1.1.json": data(asked("d1", "What is it?"), asked("d2", "What's  in it?"), version="1.1"),
        "train-v1.1.json": data(asked("t1", "What is\nit?"), version="1.1"),
        "dev-v2.0.json": data(
            asked("d1", "What is it?", impossible=False), asked("d2", "Who?", impossible=True),
            asked("d3", "Whose?", impossible=True), version="v2.0"),
        "train-v2.0.json": data(
            asked("t1", "What is it?", impossible=False), asked("t2", "Who?", impossible=True), version="v2.0"),
    }.items():
        (folder / name).write_text(text)
    return folder


def test_version_1_1(source: Path) -> None:
    dataset = READERS["squad"].read(source, "squad")
    assert {passage.id: passage.text for passage in dataset.passages["en"]} == {
        "dev-00000": "A cup of tea", "dev-00001": "A pot.",
    }
    assert dataset.topics == {"en": {"d1": "What is it?", "d2": "What's  in it?"}}
    assert dataset.qrels == {"en": {"d1": {"dev-00000": 1}, "d2": {"dev-00000": 1}}}
    assert dataset.articles == {"d1": "Tea_(drink)", "d2": "Tea_(drink)"}
    assert dataset.pairs == (Pair("en", "en"),)
    (example,) = dataset.training["squad-train"]
    assert (example.id, example.group, dict(example.queries), dict(example.positives)) == (
        "t1", "train-00000", {"en": "What is it?"}, {"en": "A cup of tea"},
    )


def test_version_2_0_leaves_out_what_cannot_be_answered(source: Path) -> None:
    dataset = READERS["squad-v2"].read(source, "squad-v2")
    assert dataset.topics == {"en": {"d1": "What is it?"}}
    assert [example.id for example in dataset.training["squad-v2-train"]] == ["t1"]
    assert dataset.notes["unanswerable_questions_left_out"] == 3
    assert len(list(dataset.passages["en"])) == 2  # a paragraph stays that no question is left of


@pytest.mark.parametrize("name", ["squad", "squad-v2"])
def test_prepared_by_the_command(
    name: str, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prepare", name, "--source", str(source), "--workspace", str(tmp_path / "w")]) == 0
    assert f"training source {name}-train: 1 examples" in capsys.readouterr().out
    assert {*READERS[name].training} == {f"{name}-train"}


@pytest.mark.parametrize(("file", "text", "found"), [
    ("dev-v1.1.json", data(asked("d1", "What?"), version="1.1"), "1 questions, where the published file has 2"),
    ("train-v1.1.json", data(asked("t1", "What?", impossible=True) | {"is_impossible": False}, version="1.1"),
     "question 't1' has no answer"),
    ("train-v1.1.json", '{"data": [', "broken JSON"),
])
def test_wrong_files_are_refused(source: Path, file: str, text: str, found: str) -> None:
    (source / file).write_text(text)
    with pytest.raises(InputError, match=found) as raised:
        READERS["squad"].read(source, "squad")
    assert raised.value.path == source / file


def test_both_files_are_needed(source: Path) -> None:
    (source / "train-v2.0.json").unlink()
    READERS["squad"].files(source)
    with pytest.raises(InputError, match=r"train-v2\.0\.json: no such file"):
        READERS["squad-v2"].files(source)
