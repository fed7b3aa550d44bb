"""The ``pyserini`` command: which words are ours, which are Pyserini's, and how it ends."""

import subprocess
import sys
from pathlib import Path

import pytest

from hybrid_pyserini.bridge import command
from hybrid_pyserini.cli import main


@pytest.fixture
def passed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[object]:
    """What would be run, and where."""
    calls: list[object] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "run_pyserini", lambda *call: calls.append((*call, Path.cwd())))
    return calls


@pytest.mark.parametrize("arguments", [
    [],
    ["--help"],
    ["-h", "--version"],
    ["--index", "i", "--topics", "t", "--hits", "10", "--l2-norm"],
    ["input", "--corpus", "c", "--fields", "title", "text", "output", "--to-faiss", "encoder", "--encoder", "e"],
    ["--workspace", "theirs", "--w", "x", "-m", "map", "qrels", "run", "--", "-c"],
    ["search", "index", "bm25", "pyserini", "--encoder-class=hybrid"],
])
def test_all_behind_the_module_is_pyserinis_as_typed(passed_on: list[object], arguments: list[str]) -> None:
    assert main(["pyserini", "some.module", *arguments]) == 0
    assert passed_on == [("some.module", arguments, Path.cwd())]


def test_relative_paths_are_of_the_workspace(passed_on: list[object], tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    assert main(["pyserini", "--workspace", "work", "search.faiss", "--index", "indexes/x"]) == 0
    assert passed_on == [("search.faiss", ["--index", "indexes/x"], tmp_path / "work")]


def test_a_workspace_that_is_none_is_one_line(passed_on: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pyserini", "--workspace", "gone", "search.faiss"]) == 2
    assert capsys.readouterr().err == (
        "hybrid-pyserini pyserini: gone: cannot be worked in (No such file or directory); check --workspace\n"
    )
    assert not passed_on


def test_our_own_help_imports_no_pyserini() -> None:
    script = "import sys\nfrom hybrid_pyserini.cli import main\ntry:\n    main(['pyserini', '--help'])\n" \
             "finally:\n    print(sorted({'pyserini', 'jnius', 'torch'} & set(sys.modules)))\n"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "MODULE" in done.stdout
    assert "--encoder-class hybrid" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_no_module_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["pyserini"])
    assert ended.value.code == 2
    assert "MODULE" in capsys.readouterr().err


def test_an_unknown_module_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pyserini", "search.fais", "--index", "i"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("hybrid-pyserini pyserini: Pyserini has no command 'search.fais'")
    assert error.count("\n") == 1


@pytest.mark.java
def test_a_modules_own_help_is_pyserinis(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["pyserini", "search.faiss", "--help"])
    assert ended.value.code == 0
    assert "--prf-depth" in capsys.readouterr().out


@pytest.mark.java
def test_a_modules_exit_status_is_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["pyserini", "search.faiss", "--hits", "many"])
    assert ended.value.code == 2
    assert "invalid int value: 'many'" in capsys.readouterr().err


@pytest.mark.java
def test_a_mistake_in_the_checkpoint_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "topics.tsv").write_text("q1\triver\n")
    arguments = ["--index", str(tmp_path), "--topics", str(tmp_path / "topics.tsv"), "--output", str(tmp_path / "run")]
    encoder = ["--encoder-class", "hybrid", "--encoder", str(tmp_path / "no-model")]
    assert main(["pyserini", "search.faiss", *arguments, *encoder]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("hybrid-pyserini pyserini: ")
    assert "no-model" in error
    assert not (tmp_path / "run").exists()
