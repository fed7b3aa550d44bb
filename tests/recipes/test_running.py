"""Running a recipe: resuming, what a change makes stale, failures; on words, with a model of one layer."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import BinaryIO

import pytest
import torch
from recipe_of_words import write_recipe, write_words
from steps_here import run_here

from hybrid_pyserini.cli import main
from hybrid_pyserini.jsonl import read_json, write_json
from hybrid_pyserini.recipes import resolving, running
from hybrid_pyserini.recipes.journal import Journal, State
from hybrid_pyserini.recipes.reading import read_recipe
from hybrid_pyserini.recipes.resolving import resolve
from hybrid_pyserini.recipes.running import _last_said, run_steps
from hybrid_pyserini.recipes.step import Step
from hybrid_pyserini.workspace import Workspace

ONE_MODEL = ("[x-x-mono, hybrid]", "[hybrid]")


@pytest.fixture
def words(tmp_path: Path) -> Path:
    return write_words(tmp_path / "words")


def run(recipe: Path, words: Path, *more: str) -> int:
    return main(["run", str(recipe), "--set", f"DATA={words}", "--workspace", str(words.parent / "ws"), *more])


def begun(err: str) -> list[str]:
    """The steps that were begun."""
    return [line.split(": ", 1)[1] for line in err.splitlines() if line.startswith("== ")]


def states(out: str) -> list[str]:
    """The states of the steps that ``--dry-run`` shows."""
    return [line.split()[1] for line in out.splitlines() if "hybrid-pyserini" in line]


@pytest.mark.usefixtures("in_this_process")
def test_a_recipe_runs_to_its_end_and_then_there_is_nothing_to_do(
    tmp_path: Path, words: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write_recipe(tmp_path, ("tolerance:", "compare: true\ntolerance:"))
    assert run(recipe, words) == 0
    out, err = capsys.readouterr()
    assert begun(err) == [
        "prepare words", "examples words-train", "init small-1",
        *(f"{what} {model}" for model in ("x-x-mono-1", "hybrid-1")
          for what in ("train", "index words", "search words", "evaluate words")),
        "compare words (markdown)", "compare words (json)",
    ]
    workspace = words.parent / "ws"
    assert read_json(workspace / "runs" / "words" / "eval.words.hybrid-1.json")["hits"] == 10
    assert "Table 1" in (workspace / "reports" / "words" / "compare.words.md").read_text(encoding="utf-8")
    assert "hybrid-1    words     finished  finished  finished  finished" in out
    assert "trained" in (workspace / "recipes" / "words" / "train-hybrid-1.log").read_text(encoding="utf-8")
    assert run(recipe, words) == 0
    assert begun(capsys.readouterr().err) == []
    assert run(recipe, words, "--dry-run") == 0
    assert set(states(capsys.readouterr().out)) == {"finished"}
    only_what_depends_on_a_change_is_done_again(recipe, words, capsys)


def only_what_depends_on_a_change_is_done_again(
    recipe: Path, words: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = recipe.read_text().replace("strategies: [x-x-mono, hybrid]", (
        "strategies: [x-x-mono]\n  systems: {hybrid: {strategy: hybrid, max_steps: 5}}"
    ))
    recipe.write_text(changed)
    assert run(recipe, words, "--dry-run") == 0
    out = capsys.readouterr().out
    assert states(out) == ["finished"] * 7 + ["stale"] * 6
    assert "--max_steps is '3' there, '5' now" in out and "'train hybrid-1' has changed" in out
    assert run(recipe, words) == 0
    assert begun(capsys.readouterr().err) == [
        "train hybrid-1", "index words hybrid-1", "search words hybrid-1", "evaluate words hybrid-1",
        "compare words (markdown)", "compare words (json)",
    ]
    assert read_json(words.parent / "ws" / "models" / "hybrid-1" / "training.json")["steps"] == 5


@pytest.mark.slow
def test_an_interrupted_training_goes_on_and_ends_as_an_undisturbed_one(
    tmp_path: Path, words: Path, request: pytest.FixtureRequest
) -> None:
    """SIGTERM reaches ``run`` alone, as from a service manager; it ends the step, and the next run goes on. SIGINT is
    ignored, as in what a shell starts in the background, and still ends the step."""
    recipe = write_recipe(tmp_path, ONE_MODEL, ("batch-size: 8", "batch-size: 8, save_steps: 50"))
    alone, disturbed = tmp_path / "alone", tmp_path / "disturbed"
    arguments = ["run", str(recipe), "--set", f"DATA={words}", "--set", "STEPS=400", "--workspace"]
    process = subprocess.Popen(
        [sys.executable, "-m", "hybrid_pyserini", *arguments, str(disturbed)], stderr=subprocess.PIPE, text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN) and None,
    )
    work = disturbed / "models" / "hybrid-1.training"
    deadline = time.monotonic() + 240
    while not list(work.glob("checkpoint-*/complete")) and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert not (disturbed / "models" / "hybrid-1").exists(), "the training was over before it could be stopped"
    reached = max(int(folder.name.split("-")[1]) for folder in work.glob("checkpoint-*"))
    assert 0 < reached < 400
    request.getfixturevalue("in_this_process")
    torch.set_num_threads(1)
    for workspace in (disturbed, alone):
        assert main([*arguments, str(workspace)]) == 0
    weights = [(folder / "models" / "hybrid-1" / "model.safetensors").read_bytes() for folder in (alone, disturbed)]
    assert weights[0] == weights[1]
    log = (disturbed / "recipes" / "words" / "train-hybrid-1.log").read_text(encoding="utf-8")
    assert "trained" in log


@pytest.mark.slow
def test_processes_train_together(tmp_path: Path, words: Path, monkeypatch: pytest.MonkeyPatch,
                                  capfd: pytest.CaptureFixture[str]) -> None:
    """Two by torchrun; and what went wrong is what the command said."""
    recipe = write_recipe(tmp_path, ONE_MODEL, ("seeds: [1]", "seeds: [1]\n  processes: 2"))
    steps, by_torchrun = steps_of(recipe, words), running._run_command

    def run_command(command: Sequence[str], log: Path, lock: BinaryIO) -> tuple[int, str]:
        return (by_torchrun if "torch.distributed.run" in command else run_here)(command, log, lock)

    monkeypatch.setattr(running, "_run_command", run_command)
    assert "torchrun --standalone --nproc-per-node 2 -m hybrid_pyserini train" in steps[3].typed(Workspace(tmp_path))
    assert run(recipe, words) == 0
    record = read_json(words.parent / "ws" / "models" / "hybrid-1" / "training.json")
    assert (record["hardware"]["processes"], record["steps"]) == (2, 3)
    write_recipe(tmp_path, ONE_MODEL, ("seeds: [1]", "seeds: [1]\n  processes: 2"), ("batch-size: 8", "batch-size: 98"))
    capfd.readouterr()
    assert run(recipe, words) == 2
    assert "step 'train hybrid-1' failed with exit status 1: hybrid-pyserini train: source" in capfd.readouterr().err


def steps_of(recipe: Path, words: Path) -> list[Step]:
    return resolve(read_recipe(recipe, {"DATA": str(words)}), Workspace(words.parent / "ws"))


@pytest.mark.usefixtures("in_this_process")
def test_a_failed_step_ends_it_or_all_that_needs_it(
    tmp_path: Path, words: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write_recipe(tmp_path, (
        "strategies: [x-x-mono, hybrid]", "systems: {large: {batch-size: 99}, hybrid: {}}"  # of 60 examples
    ), ("tolerance:", "compare: true\ntolerance:"))
    assert run(recipe, words) == 2
    err = capsys.readouterr().err
    log = words.parent / "ws" / "recipes" / "words" / "train-large-1.log"
    assert err.splitlines()[-1].startswith(
        "hybrid-pyserini run: recipe 'words': step 'train large-1' failed with exit status 2: hybrid-pyserini "
        "train: source 'words-train' has 60 examples"
    )
    assert f"(its output: {log})" in err.splitlines()[-1] and "60 examples" in log.read_text(encoding="utf-8")
    assert begun(err) == ["prepare words", "examples words-train", "init small-1", "train large-1"]
    outcome = run_steps(
        read_recipe(recipe, {"DATA": str(words)}), steps_of(recipe, words), Workspace(words.parent / "ws"),
        keep_going=True,
    )
    assert set(outcome.failed) == {"train large-1"}
    assert outcome.left == dict.fromkeys([
        "index words large-1", "search words large-1", "evaluate words large-1", "compare words (markdown)",
        "compare words (json)",
    ], "train large-1")
    assert outcome.done == [f"{what} hybrid-1" for what in ("train", "index words", "search words", "evaluate words")]


def finish(journal: Journal, steps: Sequence[Step], root: Path) -> None:
    """Pretend that every step was done."""
    by_name = {step.name: step for step in steps}
    for step in steps:
        file = root / step.made.replace("*", "de")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(step.name)
        standing = next(each for each in journal.standings(steps) if each.step == step)
        journal.finish(standing, [by_name[need] for need in step.needs])


TRAINED = ["train hybrid-1", "index words hybrid-1", "search words hybrid-1", "evaluate words hybrid-1", "compare",
           "report words"]
SEARCHED = ["search words hybrid-1", "evaluate words hybrid-1", "bm25 words", "evaluate words bm25", "compare",
            "report words"]


@pytest.mark.parametrize(("old", "new", "stale"), [
    ("about: Words", "about: Other words", []),
    ("STEPS: {about: optimizer steps, default: 3}", "STEPS: {about: steps, default: 3}", []),
    ("STEPS: {about: optimizer steps, default: 3}", "STEPS: {about: steps, default: 4}", TRAINED),
    ("examples: [words-train]\ninit", "examples: [{name: words-train, source: \"${DATA}/train.jsonl\"}]\ninit", [
        "examples words-train", "init small-1", *TRAINED
    ]),
    ("layers: 1", "layers: 2", ["init small-1", *TRAINED]),
    ("batch-size: 8", "batch-size: 10", TRAINED),
    ("batch-size: 8", "batch-size: 8, temperature: 0.1", TRAINED),
    ("strategies: [hybrid]", "systems: {hybrid: {alpha: 0.25}}", TRAINED),
    ("strategies: [hybrid]", "systems: {hybrid: {strategy: x-y}}", TRAINED),
    ("seeds: [1]", "seeds: [1]\n  processes: 2", []),  # the weights of one process, but for rounding
    ("hits: 10", "hits: 5", SEARCHED),
    ("hits: 10", "hits: 10, gzip: true", SEARCHED),
    ("measures: [AP, R@1]", "measures: [AP]", ["evaluate words hybrid-1", "evaluate words bm25", "compare",
                                               "report words"]),
    ("compare: true", "compare: {measures: [AP]}", ["compare"]),
    ("report: true", "report: {worst: 3}", ["report words"]),
    ("report: true", "report: false", []),
    ("tolerance: {measures: 0.1", "tolerance: {measures: 0.2", []),
])
def test_a_change_makes_stale_what_depends_on_it(
    tmp_path: Path, words: Path, old: str, new: str, stale: list[str]
) -> None:
    """Each key of a recipe."""
    whole = (ONE_MODEL, ("tolerance:", "baselines: [bm25]\ncompare: true\nreport: true\ntolerance:"))
    recipe, root = write_recipe(tmp_path, *whole), words.parent / "ws"
    finish(Journal.open(Workspace(root), "words"), steps_of(recipe, words), root)
    steps = steps_of(write_recipe(tmp_path, *whole, (old, new)), words)
    standings = Journal.open(Workspace(root), "words").standings(steps)
    expected = {part for name in stale for part in (
        ("compare words (markdown)", "compare words (json)") if name == "compare" else (name,)
    )}
    assert {each.step.name for each in standings if each.state == State.STALE} == expected
    assert {each.state for each in standings} <= {State.STALE, State.FINISHED}


def test_another_model_of_the_hub_is_another_start(
    tmp_path: Path, words: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the stores are there already, so that nothing but its name tells it."""
    monkeypatch.setattr(resolving, "not_on_hub", lambda _: "")
    root = words.parent / "ws"
    write_json(root / "examples" / "words-train" / "manifest.json", {"languages": ["de", "en"]})
    changes = (
        ONE_MODEL, ("examples: [words-train]\ninit", "init"),
        ("{layers: 1, width: 64, pieces: 300, max-length: 32}", "HUB"),
    )
    recipe = write_recipe(tmp_path, *changes, ("HUB", "some/encoder"))
    finish(Journal.open(Workspace(root), "words"), steps_of(recipe, words), root)
    steps = steps_of(write_recipe(tmp_path, *changes, ("HUB", "some/other")), words)
    standings = {each.step.name: each for each in Journal.open(Workspace(root), "words").standings(steps)}
    assert standings["train hybrid-1"].state == State.STALE
    assert standings["train hybrid-1"].why == "--init is 'some/encoder' there, 'some/other' now"


def test_a_path_may_be_named_like_another_word(
    tmp_path: Path, words: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``words`` is the data set's name too; the same folder by another path is the same."""
    recipe, root = write_recipe(tmp_path, ONE_MODEL), words.parent / "ws"
    monkeypatch.chdir(tmp_path)
    finish(Journal.open(Workspace(root), "words"), steps_of(recipe, Path("words")), root)
    standings = Journal.open(Workspace(root), "words").standings(steps_of(recipe, words))
    assert {each.state for each in standings} == {State.FINISHED}


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize("interrupted", ["train hybrid-1", "index words hybrid-1"])
def test_what_was_interrupted_and_then_changed_is_begun_again(
    tmp_path: Path, words: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, interrupted: str
) -> None:
    """A checkpoint, or some languages' indexes, of the recipe as it was: its own, so it may replace them."""
    recipe = write_recipe(tmp_path, ONE_MODEL, ("batch-size: 8", "batch-size: 8, save_steps: 1"))
    with monkeypatch.context() as patched:
        place = "hybrid_pyserini.training.trainer.mark_complete" if "train" in interrupted else (
            "hybrid_pyserini.indexing.indexing._Build.write")
        interrupt_the_second_time(patched, place)
        assert run(recipe, words) == 2
    assert f"step '{interrupted}' failed with exit status 130" in capsys.readouterr().err
    left = "models/hybrid-1.training" if "train" in interrupted else "indexes/words/hybrid-1/de"
    assert (words.parent / "ws" / left).is_dir()
    recipe.write_text(recipe.read_text().replace("learning_rate: 1e-3", "learning_rate: 2e-3"))
    assert run(recipe, words, "--dry-run") == 0
    assert "--learning_rate is '1e-3' there, '2e-3' now" in capsys.readouterr().out
    assert run(recipe, words) == 0
    record = read_json(words.parent / "ws" / "models" / "hybrid-1" / "training.json")
    assert record["training_arguments"]["learning_rate"] == 2e-3


def interrupt_the_second_time(patched: pytest.MonkeyPatch, name: str) -> None:
    """Have a function of the package end its second call as Ctrl-C does."""
    original, calls = resolve_name(name), []

    def interrupt(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(*arguments)

    patched.setattr(name, interrupt)


@pytest.mark.usefixtures("in_this_process")
def test_what_something_else_has_begun_is_never_replaced(
    tmp_path: Path, words: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, root = write_recipe(tmp_path, ONE_MODEL), words.parent / "ws"
    theirs = root / "models" / "hybrid-1.training"
    write_json(theirs / "training.json", {"settings": {"strategy": "x-y"}})
    for rate in ("1e-3", "2e-3"):
        recipe.write_text(recipe.read_text().replace("learning_rate: 1e-3", f"learning_rate: {rate}"))
        assert run(recipe, words) == 2
        assert "an unfinished training of other settings" in capsys.readouterr().err
    assert (theirs / "training.json").is_file()


def test_of_torchruns_words_the_commands_own_count() -> None:
    said = "hybrid-pyserini train: no\nTraceback\n  x\n=====\n"
    assert _last_said(said) == "hybrid-pyserini train: no"
    assert _last_said("one\rtwo\n\n") == "two" and _last_said("") == ""


def test_what_was_made_is_known_again(tmp_path: Path, words: Path) -> None:
    recipe, root = write_recipe(tmp_path, ONE_MODEL), words.parent / "ws"
    steps = steps_of(recipe, words)
    finish(Journal.open(Workspace(root), "words"), steps, root)

    def standings() -> dict[str, tuple[State, str]]:
        journal = Journal.open(Workspace(root), "words")
        return {each.step.name: (each.state, each.why) for each in journal.standings(steps_of(recipe, words))}

    assert {state for state, _ in standings().values()} == {State.FINISHED}
    record = root / "models" / "hybrid-1" / "training.json"
    record.write_text("another training's")
    assert standings()["train hybrid-1"] == (State.STALE, "something else has been put in its place since")
    assert standings()["index words hybrid-1"] == (State.STALE, "'train hybrid-1' is done again first")
    record.unlink()
    assert standings()["train hybrid-1"] == (State.MISSING, "")
    assert standings()["search words hybrid-1"][0] == State.STALE
    assert standings()["init small-1"][0] == State.FINISHED


def test_the_same_step_from_another_place_is_finished(tmp_path: Path, words: Path) -> None:
    """Where the data and the workspace lie does not matter, what is in them does."""
    recipe, root = write_recipe(tmp_path, ONE_MODEL, ("tolerance:", "tolerance:")), words.parent / "ws"
    finish(Journal.open(Workspace(root), "words"), steps_of(recipe, words), root)
    (tmp_path / "moved").mkdir()
    moved_words, moved = words.rename(tmp_path / "moved" / "data"), root.rename(tmp_path / "moved" / "ws")
    steps = steps_of(recipe, moved_words)
    assert {each.state for each in Journal.open(Workspace(moved), "words").standings(steps)} == {State.FINISHED}


def test_two_runs_at_once_are_refused(tmp_path: Path, words: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import fcntl

    lock = words.parent / "ws" / "recipes" / "words.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert run(write_recipe(tmp_path), words) == 2
    assert "recipe 'words' is being run here already" in capsys.readouterr().err
