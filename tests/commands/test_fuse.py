"""The ``fuse`` command: what it prints and refuses, that evaluation and comparison take its runs, and what it needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from evaluated_workspace import GOOD, POOR, make

from hybrid_pyserini.cli import main
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.records import Pair
from hybrid_pyserini.trec import read_run
from hybrid_pyserini.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make(tmp_path)


def test_a_fused_system_is_evaluated_and_compared(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--workspace", str(workspace.root)]
    command = ["fuse", "six", "good", "poor", "--hits", "20", *at]
    for state in ("written", "kept"):
        assert main(command) == 0
        lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
        assert lines[0] == ["de-de", str(workspace.run("six", "rrf-good-poor", Pair("de", "de"))), state]
        assert [line[2] for line in lines] == [state] * 6
    assert main(["evaluate", "six", "--model", "rrf-good-poor", "--measures", "RR", "R@1", *at]) == 0
    assert main(["compare", "six", "good", "poor", "rrf-good-poor", *at]) == 0
    assert "rrf-good-poor" in capsys.readouterr().out
    evaluation = read_json(workspace.evaluation("six", "rrf-good-poor"))
    assert (evaluation["hits"], evaluation["pool"]["passages"]) == (20, 20)
    assert evaluation["language_bias"]["rank_distance"]["bound"] is False  # the runs hold the whole pool
    first = [hits[f"de:{number}"] for number, hits in enumerate(
        read_run(workspace.run("six", "rrf-good-poor", Pair("de", "de"))).values(), start=1)]
    assert first == pytest.approx([1 / (60 + a) + 1 / (60 + b) for a, b in zip(GOOD, POOR, strict=True)])


@pytest.mark.parametrize("how", ["round-robin", "normalised"])
def test_a_merged_pool_is_compared_with_the_exact_one(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    at = ["--workspace", str(workspace.root)]
    assert main(["fuse", "six", "good", "--pool", how, "--hits", "20", *at]) == 0
    assert main(["evaluate", "six", "--model", f"good+{how}", "--measures", "RR", "R@1", *at]) == 0
    assert main(["compare", "six", "good", f"good+{how}", *at]) == 0
    assert main(["report", "six", "good", f"good+{how}", *at]) == 0
    own, merged = (read_json(workspace.evaluation("six", model)) for model in ("good", f"good+{how}"))
    for setting in ("mono", "cross"):
        assert merged["settings"][setting] == own["settings"][setting]
    assert merged["settings"]["multi"] != own["settings"]["multi"]


@pytest.mark.parametrize(("arguments", "problem"), [
    (["good"], "one system is nothing to fuse"),
    (["good", "poor"], "nothing says how many passages a query the runs of 'good' hold; give --hits"),
    (["good", "poor", "--pool", "round-robin"], "--pool is of one system, not 2"),
    (["good", "--pool", "round-robin", "--rrf-k", "3"], "--pool has no --rrf-k"),
    (["good", "--pool", "normalised", "--method", "rrf"], "--pool has no --method"),
    (["good", "none", "--hits", "5"], "no runs of 'none' on six"),
])
def test_mistakes_are_one_line(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    assert main(["fuse", "six", *arguments, "--workspace", str(workspace.root)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("hybrid-pyserini fuse: ")
    assert problem in error
    assert error.count("\n") == 1


def test_neither_java_nor_torch_is_needed(workspace: Workspace) -> None:
    script = (
        "import sys\nfrom hybrid_pyserini.cli import main\nstatus = main(sys.argv[1:])\n"
        "print(status, sorted({'torch', 'transformers', 'jnius'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "fuse", "six", "good", "poor", "--hits", "20", "--pairs", "de-de",
         "--workspace", str(workspace.root)],
        env=os.environ | {"HYBRID_PYSERINI_JAVA": "/no/such/java"}, capture_output=True, text=True, timeout=120,
    )
    assert done.stdout.splitlines()[1:] == ["0 []"], done.stderr
