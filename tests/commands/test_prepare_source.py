"""``prepare`` of training sources that come alone: its table, what it keeps and refuses, and their way into a store."""

import json
from pathlib import Path

import pytest

from hybrid_pyserini.cli import main
from hybrid_pyserini.training.examples import ExampleStore


@pytest.fixture
def duorc(tmp_path: Path) -> Path:
    film = {"id": "/m/1", "title": "Mars", "plot": "They came by train. They left on foot.", "qa": [
        {"id": "q1", "question": "How did they come?", "answers": ["by train"], "no_answer": False},
        {"id": "q2", "question": "How did they leave?", "answers": ["on foot"], "no_answer": False},
        {"id": "q3", "question": "Why?", "answers": [], "no_answer": True},
    ]}
    folder = tmp_path / "duorc"
    folder.mkdir()
    (folder / "SelfRC_train.json").write_text(json.dumps([film]))
    return folder


def prepare(workspace: Path, *arguments: str | Path) -> int:
    return main(["prepare", "--workspace", str(workspace), *map(str, arguments)])


def test_its_table_and_a_store_of_it(duorc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = tmp_path / "w"
    assert prepare(workspace, "duorc", "--source", duorc) == 0
    table = [
        "language     queries   positives   negatives",
        "en                 2           2           0",
        "all                2           2           0",
        "2 examples",
        "questions without an answer left out: 1",
    ]
    out = capsys.readouterr().out.splitlines()
    assert out == [f"training source duorc prepared: {workspace / 'sources/duorc.jsonl'}", *table]
    before = {path: path.stat().st_mtime_ns for path in workspace.rglob("*") if path.is_file()}
    assert {path.name for path in before} == {"duorc.jsonl", "duorc.json"}
    assert prepare(workspace, "duorc", "--source", duorc) == 0
    out = capsys.readouterr().out.splitlines()
    assert out == ["duorc is prepared already from these files: kept (--overwrite prepares it again)", *table]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert main(["examples", "duorc", "--workspace", str(workspace)]) == 0
    store = ExampleStore(workspace / "examples/duorc")
    assert (len(store), store.languages) == (2, ("en",))


def test_changed_files_are_refused_until_overwrite(
    duorc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = tmp_path / "w"
    prepare(workspace, "duorc", "--source", duorc)
    file = duorc / "SelfRC_train.json"
    file.write_text(file.read_text().replace("How did they come?", "How was it?"))
    capsys.readouterr()
    assert prepare(workspace, "duorc", "--source", duorc) == 2
    assert "from other files than these (SelfRC_train.json differ); give --overwrite" in capsys.readouterr().err
    assert prepare(workspace, "duorc", "--source", duorc, "--overwrite") == 0
    assert "How was it?" in (workspace / "sources/duorc.jsonl").read_text()


@pytest.mark.parametrize(("arguments", "found"), [
    (["duorc"], "no folder with the files; give --source FOLDER"),
    (["duorc", "--download"], "no address of 'duorc' is known"),
    (["duorc", "--source", "{duorc}", "--name", "x"], "always called 'duorc'; leave out --name"),
    (["duorc", "--source", "{duorc}", "--heldout"], "'duorc' is a training source: it has no held-out split"),
    (["dpr", "--source", "{duorc}"], "'dpr' needs a name; give --name"),
    (["dpr", "--source", "{duorc}", "--name", "a.b"], "'a.b' has other characters"),
    (["dpr", "--source", "{duorc}", "--name", "a"], "SelfRC_train.json:1: 'positive_ctxs' is missing or no list"),
    (["duorc", "--source", "{duorc}/nowhere"], "nowhere: no such folder"),
    (["wikiqa", "--source", "{duorc}"], "WikiQA-train.tsv: no such file"),
])
def test_what_is_wrong_is_one_line_and_leaves_nothing(
    arguments: list[str], found: str, duorc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prepare(tmp_path / "w", *(argument.format(duorc=duorc) for argument in arguments)) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert found in captured.err
    assert not list((tmp_path / "w").rglob("*"))


@pytest.mark.parametrize(("qa", "found"), [
    ([], "no examples in SelfRC_train.json; check the files"),
    ([{"id": "q", "question": "Why?", "answers": [], "no_answer": True}],
     "no examples in SelfRC_train.json; questions without an answer left out: 1; check the files"),
])
def test_files_without_an_example(
    qa: list[dict[str, object]], found: str, duorc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = {"id": "/m/1", "title": "Mars", "plot": "They came by train.", "qa": qa}
    (duorc / "SelfRC_train.json").write_text(json.dumps([film]))
    assert prepare(tmp_path / "w", "duorc", "--source", duorc) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"hybrid-pyserini prepare: {found}"
    assert not list((tmp_path / "w").rglob("*"))
