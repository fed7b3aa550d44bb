"""A recipe's baselines: BM25 and mDPR on every data set, and what mDPR lacks where it cannot be had."""

from pathlib import Path

import huggingface_hub
import pytest
from recipe_of_words import write_recipe, write_words
from tiny_architectures import in_hub_cache, mdpr

from hybrid_pyserini.cli import main
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.recipes.reading import read_recipe
from hybrid_pyserini.recipes.resolving import resolve
from hybrid_pyserini.workspace import Workspace

HUB_NAME = "castorini/mdpr-tied-pft-msmarco"


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is trained; the Hub cannot be reached, and its cache is the test's own."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    path = write_recipe(tmp_path, ("search:", "baselines: [bm25, mdpr]\ncompare: true\nsearch:"))
    head, _, tail = path.read_text().partition("examples: [words-train]\ninit")
    path.write_text(head + "baselines:" + tail.partition("baselines:")[2])
    return path


def test_each_is_a_command_with_the_searchs_depth(tmp_path: Path, recipe: Path) -> None:
    in_hub_cache(tmp_path / "hub", HUB_NAME, mdpr)
    given = {"DATA": str(write_words(tmp_path / "words"))}
    steps = {step.name: step for step in resolve(read_recipe(recipe, given), Workspace(tmp_path / "ws"))}
    for name in ("bm25", "mdpr"):
        assert (steps[f"{name} words"].words, steps[f"{name} words"].needs, steps[f"{name} words"].lacks) == (
            (name, "words", "--hits", "10"), ("prepare words",), ""
        )
        assert steps[f"evaluate words {name}"].needs == (f"{name} words",)


def test_without_its_weights_it_is_blocked(tmp_path: Path, recipe: Path) -> None:
    given = {"DATA": str(write_words(tmp_path / "words"))}
    steps = {step.name: step for step in resolve(read_recipe(recipe, given), Workspace(tmp_path / "ws"))}
    assert steps["mdpr words"].lacks.startswith(f"{HUB_NAME}: no model of the workspace, no folder, and not in")
    assert not steps["bm25 words"].lacks


def test_a_system_cannot_have_its_name(tmp_path: Path) -> None:
    path = write_recipe(tmp_path, ("search:", "baselines: mdpr\nsearch:"), ("[x-x-mono, hybrid]", "{mdpr: {}}"),
                        ("strategies:", "systems:"))
    with pytest.raises(InputError, match="a system called 'mdpr', which is the baseline"):
        read_recipe(path, {})


@pytest.mark.java
@pytest.mark.usefixtures("in_this_process")
def test_it_stands_beside_bm25(tmp_path: Path, recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    in_hub_cache(tmp_path / "hub", HUB_NAME, mdpr)
    root = tmp_path / "ws"
    command = ["run", str(recipe), "--set", f"DATA={write_words(tmp_path / 'words')}", "--workspace", str(root)]
    assert main(command) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "7 steps: 7 finished"
    assert read_json(root / "models" / "mdpr" / "adopt.json")["arguments"]["source"] == HUB_NAME
    table = (root / "reports" / "words" / "compare.words.md").read_text()
    assert "| bm25 " in table and "| mdpr " in table
    assert main([*command, "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "7 steps: 7 finished"
