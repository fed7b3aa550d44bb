"""Figures held against expected ones: on a recipe of words that was run, and on the demo's committed figures."""

import argparse
import importlib
import importlib.resources
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from recipe_of_words import write_recipe, write_words
from steps_here import run_here

from hybrid_pyserini.cli import main
from hybrid_pyserini.commands.reproduce import _without_place
from hybrid_pyserini.demo.expected import cells
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json, write_json
from hybrid_pyserini.recipes import running
from hybrid_pyserini.recipes.expected import read_expected
from hybrid_pyserini.recipes.reading import read_recipe
from hybrid_pyserini.recipes.shipped import expected_file, find_recipe

DEMO = Path(__file__).parents[2] / "runs" / "demo" / "expected.json"


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the recipe, its data, its expected figures and a workspace in which it was run."""
    folder = tmp_path_factory.mktemp("reproduced")
    write_words(folder / "words")
    recipe = write_recipe(folder, ("[x-x-mono, hybrid]", "[hybrid]"))
    arguments = [str(recipe), "--set", f"DATA={folder / 'words'}", "--workspace", str(folder / "ws")]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(running, "_run_command", run_here)
        assert main(["run", *arguments]) == 0
    assert main(["reproduce", *arguments, "--record"]) == 0
    return folder


@pytest.fixture
def folder(reproduced: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(reproduced, tmp_path / "copy"))


def reproduce(folder: Path, *more: str) -> int:
    return main(["reproduce", str(folder / "words.yaml"), "--set", f"DATA={folder / 'words'}", "--workspace",
                 str(folder / "ws"), *more])


def change(file: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    value = read_json(file)
    edit(value)
    write_json(file, value)


def verdicts(out: str) -> dict[str, str]:
    """Figure -> what is said of it."""
    lines = [line.split(None, 2)[2] for line in out.splitlines() if line.startswith("words ")]
    split = [line.split("  ") for line in lines]
    return {parts[0].strip(): parts[-1].strip() for parts in split}


def test_a_recipe_is_reproduced(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert reproduce(folder, "--check") == 0
    out, err = capsys.readouterr()
    assert set(verdicts(out).values()) == {"OK"}
    assert set(verdicts(out)) == {
        *(f"{setting} {measure}" for setting in ("mono", "cross", "multi") for measure in ("AP", "R@1")),
        "rank distance",
    }
    assert out.splitlines()[-1] == "7 OK, 0 OKish, 0 FAIL" and "==" not in err


def test_one_changed_figure_fails_at_its_cell(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def edit(value: dict[str, Any]) -> None:
        value["cells"]["words"]["hybrid-1"]["cross AP"] += 0.1001
        value["cells"]["words"]["hybrid-1"]["mono AP"] += 0.05
        value["cells"]["words"]["hybrid-1"]["multi AP"] += 0.00009

    change(folder / "words.expected.json", edit)
    assert reproduce(folder, "--check") == 1
    out = capsys.readouterr().out
    said = verdicts(out)
    assert (said["cross AP"], said["mono AP"], said["multi AP"]) == ("FAIL", "OKish", "OK")
    assert out.splitlines()[-1] == "5 OK, 1 OKish, 1 FAIL"


@pytest.mark.usefixtures("in_this_process")
def test_a_failed_step_is_a_fail_and_never_a_number(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The evaluation of the earlier run still lies there, with all the right figures."""
    (folder / "ws" / "models" / "hybrid-1" / "model.safetensors").write_bytes(b"nothing")
    (folder / "ws" / "runs" / "words" / "run.words.hybrid-1.json").unlink()
    assert reproduce(folder, "--check") == 1
    out = capsys.readouterr().out
    assert all(each.startswith("FAIL (step 'search words hybrid-1' failed: ") for each in verdicts(out).values())
    assert out.splitlines()[-1] == "0 OK, 0 OKish, 7 FAIL"
    assert [line.split()[-1] for line in out.splitlines() if " - " in line] != []


@pytest.mark.usefixtures("in_this_process")
def test_only_the_evaluation(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is made anew from the runs, whatever lies there; nothing else is run or needed."""
    change(folder / "ws" / "runs" / "words" / "eval.words.hybrid-1.json", lambda value: value.update(settings={}))
    shutil.rmtree(folder / "ws" / "models")
    shutil.rmtree(folder / "words")
    assert reproduce(folder, "--check", "--evaluate-only") == 0
    out, err = capsys.readouterr()
    assert [line for line in err.splitlines() if line.startswith("==")] == ["== 1 of 1: evaluate words hybrid-1"]
    assert out.splitlines()[-1] == "7 OK, 0 OKish, 0 FAIL"
    next((folder / "ws" / "runs" / "words").glob("run.words.hybrid-1.de-en.txt")).unlink()
    assert reproduce(folder, "--check", "--evaluate-only") == 1
    assert "FAIL (step 'evaluate words hybrid-1' failed: " in capsys.readouterr().out


def test_nothing_unfinished_is_recorded(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither what was made from another recipe, nor what is not there."""
    recipe, before = folder / "words.yaml", (folder / "words.expected.json").read_bytes()
    recipe.write_text(recipe.read_text().replace("measures: [AP, R@1]", "measures: [AP, R@10]"))
    assert reproduce(folder, "--record") == 2
    err = capsys.readouterr().err
    assert "'evaluate words hybrid-1' is stale (--measures is 'AP R@1' there, 'AP R@10' now); run" in err
    (folder / "ws" / "recipes" / "words.json").unlink()
    assert reproduce(folder, "--record") == 2
    assert "'evaluate words hybrid-1' is missing; run the recipe first" in capsys.readouterr().err
    assert (folder / "words.expected.json").read_bytes() == before


def test_pyserinis_form(folder: Path) -> None:
    assert reproduce(folder, "--2cr", str(folder / "2cr.yaml")) == 0
    (condition,) = yaml.safe_load((folder / "2cr.yaml").read_text())["conditions"]
    assert condition["name"] == "hybrid-1"
    assert condition["command"] == "hybrid-pyserini search words --model hybrid-1 --hits 10"
    expected = read_json(folder / "words.expected.json")["cells"]["words"]["hybrid-1"]
    datasets = {each["dataset"]: each["scores"] for each in condition["datasets"]}
    assert datasets["words.cross"] == [
        {measure: round(expected[f"cross {measure}"], 4) for measure in ("AP", "R@1")}
    ]
    assert datasets["words.multi"][0]["rank distance"] == round(expected["rank distance"], 4)


def test_pyserinis_own_runner_reads_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As far as it goes without scoring: conditions, data sets and commands, by its loop over ``beir.yaml``."""
    assert reproduce(folder, "--2cr", str(folder / "beir.yaml")) == 0
    runner = importlib.import_module("pyserini.2cr.beir")
    monkeypatch.setattr(importlib.resources, "files", lambda _: folder)
    capsys.readouterr()
    runner.list_conditions()
    assert capsys.readouterr().out == "hybrid-1\n"
    runner.run_conditions(argparse.Namespace(
        all=True, condition=None, dataset=None, directory=str(folder), display_commands=True, dry_run=True,
        skip_eval=True,
    ))
    out = capsys.readouterr().out
    assert [line for line in out.splitlines() if "dataset:" in line] == [
        f"  - dataset: words.{setting}" for setting in ("mono", "cross", "multi")
    ]
    assert "hybrid-pyserini search words --model hybrid-1 --hits 10" in " ".join(out.replace("\\", "").split())


def test_the_demos_cells_are_its_first_seeds_figures() -> None:
    expected = read_json(DEMO)
    assert expected["cells"] == {"demo": cells(expected["sizes"]["full"]["models"])}
    recipe = read_recipe(find_recipe("demo"))
    assert expected_file(recipe.path) == DEMO
    assert recipe.tolerance == expected["tolerance"]
    assert {cell.row for cell in read_expected(DEMO, recipe)} == {
        model for models in recipe.systems.values() for model in models
    }


@pytest.mark.parametrize(("content", "message"), [
    ({"cells": {"demo": {"hybrid-41": {"mono AP": 1}}}}, "figures of 'hybrid-41' on 'demo', which the recipe does not"),
    ({"cells": {"demo": {"hybrid": {"mono AP": "1"}}}}, "demo hybrid mono AP: '1' is no number"),
    ({"cells": {"demo": {"hybrid": {"mono AP": float("nan")}}}}, "demo hybrid mono AP: nan is no number"),
    ({"cells": {"demo": []}}, "'demo' is no object"),
    ({"cells": {}}, "no expected figure"),
    ({}, "'cells' is no object"),
    (None, "no expected figures of 'demo'; they stand in a clone of the project; give --expected FILE"),
])
def test_expected_files_that_are_none(tmp_path: Path, content: dict[str, Any] | None, message: str) -> None:
    path = tmp_path / "expected.json"
    if content is not None:
        path.write_text(json.dumps(content))
    with pytest.raises(InputError) as caught:
        read_expected(path, read_recipe(find_recipe("demo")))
    assert message in str(caught.value)


def test_a_recorded_command_does_not_say_where_data_lie(tmp_path: Path) -> None:
    assert _without_place(f"DATA={tmp_path}") == "DATA=..."
    assert _without_place("STEPS=100") == "STEPS=100"
    assert _without_place(f"TEXT=a={tmp_path}/not-there") == f"TEXT=a={tmp_path}/not-there"
