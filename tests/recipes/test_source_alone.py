"""Recipes that prepare a training source without a data set: its step, what it gives, and its run."""

import json
from pathlib import Path

import pytest
from recipe_of_words import write_recipe, write_words

from hybrid_pyserini.cli import main
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.recipes.reading import read_recipe
from hybrid_pyserini.recipes.resolving import resolve
from hybrid_pyserini.recipes.step import Step
from hybrid_pyserini.workspace import Workspace


@pytest.fixture
def duorc(tmp_path: Path) -> Path:
    film = {"id": "/m/1", "title": "Mars", "plot": "They came by train.", "qa": [
        {"id": "q1", "question": "How did they come?", "answers": ["by train"], "no_answer": False}]}
    folder = tmp_path / "duorc"
    folder.mkdir()
    (folder / "SelfRC_train.json").write_text(json.dumps([film]))
    return folder


def steps_of(recipe: Path, workspace: Path, **given: str) -> dict[str, Step]:
    return {step.name: step for step in resolve(read_recipe(recipe, given), Workspace(workspace))}


def with_duorc(tmp_path: Path, duorc: Path, *more: tuple[str, str]) -> Path:
    return write_recipe(
        tmp_path, ("prepare:\n", f"prepare:\n  - {{dataset: duorc, source: {duorc}}}\n"),
        ("examples: [words-train]\ninit", "examples: [words-train, duorc]\ninit"), *more,
    )


def test_its_step_and_the_store_that_needs_it(tmp_path: Path, duorc: Path) -> None:
    words = write_words(tmp_path / "words")
    steps = steps_of(with_duorc(tmp_path, duorc), tmp_path / "ws", DATA=str(words))
    prepare, store = steps["prepare duorc"], steps["examples duorc"]
    assert prepare.words == ("prepare", "duorc", "--source", str(duorc))
    assert (prepare.inputs, prepare.lacks) == ((duorc / "SelfRC_train.json",), "")
    assert (store.needs, store.words) == (("prepare duorc",), ("examples", "duorc"))
    assert main(["prepare", "duorc", "--source", str(duorc), "--workspace", str(tmp_path / "ws")]) == 0
    assert (tmp_path / "ws" / prepare.made).is_file()


def test_its_languages_are_known(tmp_path: Path, duorc: Path) -> None:
    """A source in English alone feeds no pairs of two languages."""
    words = write_words(tmp_path / "words")
    recipe = with_duorc(tmp_path, duorc, ("train:\n  examples: [words-train]", "train:\n  examples: [duorc]"))
    with pytest.raises(InputError, match=r"pairs two languages, and each of its training sources has one \(en\)"):
        steps_of(recipe, tmp_path / "ws", DATA=str(words))


@pytest.mark.parametrize(("old", "new", "found"), [
    ("{dataset: duorc,", "{dataset: duorc, name: d,", "what 'duorc' is to be called; leave out 'name'"),
    ("{dataset: duorc,", "{dataset: duorc, heldout: true,", "'duorc' has no held-out split"),
    ("{dataset: duorc,", "{dataset: dpr,", "what 'dpr' is to be called; add 'name'"),
])
def test_what_is_wrong_is_said(tmp_path: Path, duorc: Path, old: str, new: str, found: str) -> None:
    recipe = with_duorc(tmp_path, duorc, (old, new))
    with pytest.raises(InputError, match=found):
        steps_of(recipe, tmp_path / "ws", DATA=str(write_words(tmp_path / "words")))


def test_prepared_twice_is_refused(tmp_path: Path, duorc: Path) -> None:
    line = f"  - {{dataset: duorc, source: {duorc}}}\n"
    with pytest.raises(InputError, match="'duorc' is prepared twice"):
        steps_of(with_duorc(tmp_path, duorc, (line, line * 2)), tmp_path / "ws", DATA="x")


def test_a_missing_folder_is_lacking_only(tmp_path: Path, duorc: Path) -> None:
    recipe = with_duorc(tmp_path, tmp_path / "nowhere")
    steps = steps_of(recipe, tmp_path / "ws", DATA=str(write_words(tmp_path / "words")))
    assert "nowhere: no such folder" in steps["prepare duorc"].lacks


@pytest.mark.slow
def test_run_and_run_again(
    tmp_path: Path, duorc: Path, in_this_process: None, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = with_duorc(tmp_path, duorc, ("[x-x-mono, hybrid]", "[x-x-mono]"))
    words = write_words(tmp_path / "words")
    typed = ["run", str(recipe), "--set", f"DATA={words}", "--set", "STEPS=1", "--workspace", str(tmp_path / "ws")]
    assert main(typed) == 0, capsys.readouterr().err
    assert (tmp_path / "ws/examples/duorc/manifest.json").is_file()
    capsys.readouterr()
    assert main([*typed, "--dry-run"]) == 0
    assert "9 steps: 9 finished" in capsys.readouterr().out
