"""The command ``shift``: what it prints and writes, and its errors."""

import json
from pathlib import Path

import pytest
from evaluated_workspace import GOOD, add_dataset, add_system, make

from hybrid_pyserini.cli import main
from hybrid_pyserini.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = make(tmp_path)
    for dataset, poor in (("near", (1, 2, 1, 2, 4, 4)), ("far", (4, 4, 5, 4, 2, 1))):
        add_dataset(made, dataset)
        add_system(made, "good", GOOD, (3,) * 6, dataset)
        add_system(made, "poor", poor, (3,) * 6, dataset)
    return made


def shift(workspace: Workspace, *words: str) -> int:
    return main(["shift", "--workspace", str(workspace.root), *words])


def test_the_tables(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert shift(workspace, "six", "near", "far", "--systems", "good", "poor", "--measures", "RR") == 0
    out = capsys.readouterr().out
    titles = [line for line in out.splitlines() if line.startswith("RR, ")]
    assert titles == [f"RR, {setting}: six and other data sets" for setting in ("mono", "cross", "multi")]
    header, _, good, poor = (
        [cell.strip() for cell in line.split("|")[1:-1]] for line in out.split("\n\n")[1].splitlines()
    )
    assert header == ["RR", "six", "near", "far", "mean of others", "worst", "drop"]
    assert good[1].startswith("0.917 ±") and good[1].endswith("¹") and poor[1].endswith("²")
    assert good[4].startswith("0.917 ±") and good[6] == "+0.000 [" + good[6].split("[")[1]
    assert poor[5] == "0.408 (far)²"
    assert f"+{3.25 / 6 - (3.5 + 2.45) / 12:.3f} [" in poor[6]
    assert "six minus the mean of the others" in out and "good, poor: one model each" in out


def test_bm25_has_no_seeds(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    for dataset in ("six", "near"):
        add_system(workspace, "bm25", GOOD, (3,) * 6, dataset)
    assert shift(workspace, "six", "near", "--systems", "bm25", "poor") == 0
    assert "\npoor: one model each" in capsys.readouterr().out


def test_markdown_and_json_into_files(workspace: Workspace) -> None:
    words = ("six", "near", "--systems", "good", "poor")
    assert shift(workspace, *words, "--format", "json", "--output", str(workspace.root / "new" / "s.json")) == 0
    record = json.loads((workspace.root / "new" / "s.json").read_text())
    assert (record["in_domain"], record["others"], record["measures"]) == ("six", ["near"], ["RR", "R@1"])
    assert shift(workspace, *words, "--format", "markdown", "--output", str(workspace.root / "s.md")) == 0
    assert (workspace.root / "s.md").read_text().startswith("**RR, mono: six and other data sets**\n\n| RR ")


def test_one_system_is_enough(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert shift(workspace, "six", "far", "--systems", "poor", "--measures", "RR") == 0
    assert f"| poor | {3.25 / 6:.3f} ±" in capsys.readouterr().out


def test_errors_are_one_line(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    for words, problem in (
        (("six", "six", "--systems", "good", "poor"), "data set 'six' is named 2 times"),
        (("six", "no", "--systems", "good", "poor"), "'no'"),
        (("six", "near", "--systems", "good", "good"), "system 'good' is named 2 times"),
        (("six", "near", "--systems", "good", "poor", "--measures", "AP"), "was not evaluated with AP"),
        (("six", "near", "--systems", "good", "poor", "--output", str(workspace.root)), "a folder"),
    ):
        assert shift(workspace, *words) == 2, words
        err = capsys.readouterr().err.strip().splitlines()[-1]
        assert err.startswith("hybrid-pyserini shift: ") and problem in err
