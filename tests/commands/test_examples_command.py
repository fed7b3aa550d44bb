"""The ``examples`` command: one store of several sources, and the sources that it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from hybrid_pyserini.cli import main
from hybrid_pyserini.training.examples import ExampleStore


def source(path: Path, *rows: dict[str, Any]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return str(path)


def row(question_id: str, language: str, **further: str) -> dict[str, Any]:
    return {"id": question_id, "language": language, "query": "?", "positive": "!", **further}


def run_examples(root: Path, *sources: str) -> int:
    return main(["examples", "both", "--workspace", str(root), "--source", *sources])


def test_several_sources_become_one_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [
        source(tmp_path / "a.jsonl", row("1", "de"), row("2", "de", group="g")),
        source(tmp_path / "b.jsonl", row("3", "nl"), row("4", "nl", group="g")),
    ]
    assert run_examples(tmp_path / "w", *files) == 0
    store = ExampleStore(tmp_path / "w" / "examples" / "both")
    assert [(example.id, example.group) for example in store] == [
        ("1", "question:1"), ("2", "g"), ("3", "question:3"), ("4", "g"),
    ]
    assert set(store.sources) == {"a.jsonl", "b.jsonl"}
    assert capsys.readouterr().out == f"{store.folder}: 4 examples in de nl\n"
    assert run_examples(tmp_path / "w", *files) == 0
    assert capsys.readouterr().out == f"kept {store.folder}: 4 examples in de nl\n"


def test_an_id_in_two_sources_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = source(tmp_path / "a.jsonl", row("1", "de"))
    second = source(tmp_path / "b.jsonl", row("2", "nl"), row("1", "nl"))
    assert run_examples(tmp_path / "w", first, second) == 2
    assert f"{second}:2: example id '1' is in {first} already" in capsys.readouterr().err
    assert not (tmp_path / "w" / "examples" / "both").exists()


def test_two_sources_of_one_name_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = source(tmp_path / "x" / "train.jsonl", row("1", "de"))
    second = source(tmp_path / "y" / "train.jsonl", row("2", "de"))
    assert run_examples(tmp_path / "w", first, second) == 2
    assert f"{second}: another source is named train.jsonl too; rename one of them" in capsys.readouterr().err
    assert not (tmp_path / "w" / "examples" / "both").exists()


def test_languages_and_share(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [row(str(number), language) for number in range(200) for language in ("de", "nl", "th")]
    file = source(tmp_path / "a.jsonl", *rows)
    selected = ["--languages", "de", "th=0.2", "--share", "0.5"]
    assert main(["examples", "some", "--workspace", str(tmp_path), "--source", file, *selected]) == 0
    store = ExampleStore(tmp_path / "examples" / "some")
    assert 70 < len(store) < 130
    assert store.languages == ("de", "th")
    thai = store.counts()["th"]
    assert 5 < thai < 40
    assert capsys.readouterr().out == f"{store.folder}: {len(store)} examples in de th\nth in {thai} of them\n"
    assert main(["examples", "some", "--workspace", str(tmp_path), "--source", file]) == 2
    assert "a store of another selection" in capsys.readouterr().err
