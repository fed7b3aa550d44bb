"""Recipes as steps: which commands, what each needs, and what cannot be combined."""

import argparse
import shlex
from pathlib import Path

import pytest
from recipe_of_words import write_recipe, write_words

from hybrid_pyserini.cli import main
from hybrid_pyserini.commands.run import open_recipe
from hybrid_pyserini.data.sources.example_source import write_examples
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.recipes.reading import read_recipe
from hybrid_pyserini.recipes.resolving import resolve
from hybrid_pyserini.recipes.shipped import find_recipe, shipped_recipes
from hybrid_pyserini.recipes.step import Step
from hybrid_pyserini.workspace import Workspace


@pytest.fixture
def words(tmp_path: Path) -> Path:
    return write_words(tmp_path / "words")


def steps_of(recipe: Path, workspace: Path, **given: str) -> list[Step]:
    return resolve(read_recipe(recipe, given), Workspace(workspace))


def test_the_steps_as_one_could_type_them(tmp_path: Path, words: Path) -> None:
    steps = steps_of(write_recipe(tmp_path), tmp_path / "ws", DATA=str(words))
    typed = [shlex.split(step.typed(Workspace(tmp_path / "ws"))) for step in steps]
    assert all(each[0] == "hybrid-pyserini" and each[-2:] == ["--workspace", str(tmp_path / "ws")] for each in typed)
    assert [" ".join(each[1:-2]) for each in typed] == [
        f"prepare own --name words --source {words}", "examples words-train",
        "init small-1 --layers 1 --width 64 --pieces 300 --max-length 32 --examples words-train --seed 1",
        *(line for model, strategy in (("x-x-mono-1", "x-x-mono"), ("hybrid-1", "hybrid")) for line in (
            f"train --examples words-train --init small-1 --output {model} --strategy {strategy} --seed 1 "
            "--batch-size 8 --max_steps 3 --learning_rate 1e-3 --use_cpu true --disable_tqdm true",
            f"index words --model {model}", f"search words --model {model} --hits 10",
            f"evaluate words --model {model} --measures AP R@1",
        )),
    ]
    assert steps[3].needs == ("examples words-train", "init small-1")
    assert set(steps[4].needs) == {"prepare words", "train x-x-mono-1"}


def test_every_step_stands_behind_what_it_needs(tmp_path: Path) -> None:
    for name in shipped_recipes():
        done: set[str] = set()
        for step in steps_of(find_recipe(name), tmp_path):
            assert done.issuperset(step.needs), (name, step)
            assert step.name not in done, (name, step.name)
            done.add(step.name)


def test_paths_are_relative_to_the_current_folder_and_the_workspace_is_left_out_where_it_is_that(
    tmp_path: Path, words: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = write_recipe(tmp_path, ("tolerance:", "compare: true\ntolerance:"))
    steps = steps_of(recipe, Path(), DATA="words")
    assert not any(step.lacks for step in steps)
    assert steps[-1].typed(Workspace(Path())) == (
        "hybrid-pyserini compare words x-x-mono=x-x-mono-1 hybrid=hybrid-1 --format json "
        "--output reports/words/compare.words.json"
    )


def test_seeds_of_one_system_are_compared_as_one(tmp_path: Path, words: Path) -> None:
    recipe = write_recipe(tmp_path, ("seeds: [1]", "seeds: [1, 2]"), ("tolerance:", "compare: true\ntolerance:"))
    (compare, _) = (step for step in steps_of(recipe, tmp_path, DATA=str(words)) if step.command == "compare")
    assert compare.words[2:4] == ("x-x-mono=x-x-mono-1,x-x-mono-2", "hybrid=hybrid-1,hybrid-2")
    assert len(compare.needs) == 4


def test_a_sweep_is_reported_as_one(tmp_path: Path, words: Path) -> None:
    recipe = write_recipe(
        tmp_path, ("[x-x-mono, hybrid]", "[x-x-mono, hybrid]\n  alpha: [0, 0.25]"),
        ("tolerance:", "report: {worst: 5}\ntolerance:"),
    )
    report = steps_of(recipe, tmp_path, DATA=str(words))[-1]
    assert report.words == (
        "report", "words", "x-x-mono=x-x-mono-1", "alpha-000=alpha-000-1", "alpha-025=alpha-025-1",
        "--alpha", "0=alpha-000", "0.25=alpha-025", "--worst", "5", "--output", "{workspace}/reports/words/words",
    )
    assert report.made == "reports/words/words/index.html"


@pytest.mark.parametrize(("data", "lacks"), [
    (None, "DATA is not set (the folder of words); give --set DATA=VALUE, or set it in the environment"),
    ("none", "none: no such folder; check the path"),
    ("", "nothing is named; give it a value"),
    ("empty", "empty/corpus: no such folder; put the files there as corpus/<language>.jsonl"),
])
def test_what_is_lacking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: str | None, lacks: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATA", raising=False)
    (tmp_path / "empty").mkdir()
    steps = steps_of(write_recipe(tmp_path), tmp_path, **({} if data is None else {"DATA": data}))
    assert steps[0].lacks.startswith(lacks)
    assert not any(step.lacks for step in steps[1:])


@pytest.mark.parametrize(("old", "new", "line", "message"), [
    ("dataset: own, name: words", "dataset: ouwn, name: words", 6, "unknown data set 'ouwn'; choose among"),
    ("dataset: own, name: words", "dataset: own", 6, "what 'own' is to be called; add 'name'"),
    ("dataset: own, name: words", "dataset: own, name: words, heldout: true", 6, "'own' has no held-out split"),
    ("examples: [words-train]\ninit", "examples: [words]\ninit", 7, "store 'words-train' is not among 'examples'"),
    ("strategies: [x-x-mono, hybrid]", "systems: {small: {}}", 11, "a system called 'small', which is an encoder"),
    ("words-train", "words", 7, "neither 'prepare' nor 'translate' gives the training source 'words'; name its file"),
])
def test_what_cannot_be_resolved(tmp_path: Path, words: Path, old: str, new: str, line: int, message: str) -> None:
    recipe = write_recipe(tmp_path, (old, new))
    with pytest.raises(InputError) as caught:
        steps_of(recipe, tmp_path, DATA=str(words))
    line = line if "among 'examples'" not in message else 9
    assert str(caught.value).startswith(f"{recipe}:{line}: {message}")


def test_pairs_of_two_languages_from_a_source_in_one(tmp_path: Path) -> None:
    words = write_words(tmp_path / "words", ["de"])
    with pytest.raises(InputError, match=r"words.yaml:11: 'hybrid' pairs two languages, and each .* has one \(de\)"):
        steps_of(write_recipe(tmp_path), tmp_path, DATA=str(words))
    for strategies in ("[x-x-mono]", "[x-x]", "[hybrid]\n  alpha: [1]"):
        assert steps_of(write_recipe(tmp_path, ("[x-x-mono, hybrid]", strategies)), tmp_path, DATA=str(words))
    with pytest.raises(InputError, match=r"'en-en' has no English training source \(but de\)"):
        steps_of(write_recipe(tmp_path, ("[x-x-mono, hybrid]", "[en-en]")), tmp_path, DATA=str(words))


def test_a_broken_training_source_is_seen_before_anything_starts(tmp_path: Path, words: Path) -> None:
    (words / "train.jsonl").write_text('{"id": "q1", "text": "?"}\n')
    with pytest.raises(InputError, match=r"words.yaml:6: .*train.jsonl:1: neither 'language' nor 'queries'"):
        steps_of(write_recipe(tmp_path), tmp_path, DATA=str(words))


@pytest.mark.parametrize(("old", "new", "line", "message"), [
    ("max_steps:", "max_stepz: 3, max_steps:", 13, "unknown: --max_stepz 3"),
    ("learning_rate: 1e-3", "learning_rate: fast", 13, "argument --learning_rate/--learning-rate: invalid float"),
    ("batch-size: 8", "batch-size: many", 13, "'hybrid-pyserini train': argument --batch-size: invalid int"),
    ("batch-size: 8", "patience: 3", 11, "early stopping without a validation set"),
    ("batch-size: 8", "gradient_accumulation_steps: 2", 13, "--gradient_accumulation_steps is not for this training"),
    ("max_steps: \"${STEPS}\", ", "", 11, "no number of steps"),
    ("hits: 10", "hits: all", 14, "expected a whole number from 1, found 'all'"),
    ("batch-size: 8", "batch-size: ²", 13, "'hybrid-pyserini train': argument --batch-size: invalid int value: '²'"),
    ("layers: 1", "layer: 1", 8, "'hybrid-pyserini init': unknown: --layer 1"),
    ("measures: [AP, R@1]", "measures: [mAP]", 15, "no measure 'mAP'"),
])
def test_arguments_are_read_by_the_commands_own_parsers(
    tmp_path: Path, words: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, line: int, message: str
) -> None:
    recipe = write_recipe(tmp_path, (old, new))
    status = main(["run", str(recipe), "--set", f"DATA={words}", "--workspace", str(tmp_path / "ws")])
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert f"hybrid-pyserini run: {recipe}:{line}: {message}" in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "ws").exists()


def test_a_missing_file_is_one_line_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write_recipe(tmp_path)
    status = main(["run", str(recipe), "--set", "DATA=none", "--workspace", str(tmp_path / "ws")])
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert err == f"hybrid-pyserini run: {recipe}:6: 'prepare words': none: no such folder; check the path\n"
    assert not (tmp_path / "ws").exists()


def test_stores_and_data_sets_that_are_there_already(tmp_path: Path, words: Path) -> None:
    workspace = tmp_path / "ws"
    write_examples(workspace / "sources" / "words-train.jsonl", [])
    recipe = write_recipe(tmp_path, ("prepare:\n  - {dataset: own, name: words, source: \"${DATA}\"}\n", ""))
    steps = {step.name: step for step in steps_of(recipe, workspace)}
    assert steps["examples words-train"].inputs == (workspace / "sources" / "words-train.jsonl",)
    assert "topics/words/dataset.json: no such file" in steps["index words hybrid-1"].lacks


def test_a_shipped_recipe_has_a_workspace_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", "demo", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert " missing   hybrid-pyserini prepare demo --workspace work/demo\n" in out
    assert out.splitlines()[-1] == "20 steps: 20 missing"
    assert main(["run", "demo", "--dry-run", "--workspace", "."]) == 0
    assert " missing   hybrid-pyserini prepare demo\n" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_an_encoder_that_is_there_counts_with_its_files_but_not_its_card(tmp_path: Path, words: Path) -> None:
    made = "{layers: 1, width: 64, pieces: 300, max-length: 32}"
    folder = tmp_path / "ws" / "models" / "mine"
    (folder / "2_Dense").mkdir(parents=True)
    for name in ("config.json", "2_Dense/model.safetensors", "README.md"):
        (folder / name).write_text("{}")
    (step,) = (
        step for step in steps_of(write_recipe(tmp_path, (made, "mine")), tmp_path / "ws", DATA=str(words))
        if step.name == "train hybrid-1"
    )
    assert set(step.inputs) == {folder / "config.json", folder / "2_Dense" / "model.safetensors"}
    assert step.needs == ("examples words-train",) and not step.lacks
    lacking = steps_of(write_recipe(tmp_path, (made, "./none")), tmp_path / "ws", DATA=str(words))
    assert {step.lacks for step in lacking if step.command == "train"} == {"./none: no such folder; check the path"}


def test_every_shipped_recipe_is_read_to_its_last_step(tmp_path: Path) -> None:
    for name in shipped_recipes():
        recipe, steps = open_recipe(argparse.Namespace(recipe=name, variables=[]), Workspace(tmp_path))
        assert recipe.name == name and steps


def test_the_demos_recipe_is_the_demo(tmp_path: Path) -> None:
    """The numbers of ``demo`` and those of its recipe are one."""
    from hybrid_pyserini.demo.demo import FULL, MEASURES, PAIR_HITS, POOL_HITS

    recipe = read_recipe(find_recipe("demo"))
    (init,) = recipe.inits
    assert init.options is not None and recipe.train is not None
    assert {name: float(option.values[0]) for name, option in init.options.items()} == {
        "layers": FULL.layers, "width": FULL.width, "pieces": FULL.pieces, "max-length": 128, "dropout": FULL.dropout,
    }
    assert tuple(system.strategy for system in recipe.train.systems) == FULL.strategies
    arguments = {name: option.values for name, option in recipe.train.options.items()}
    assert [float(arguments[name][0]) for name in ("max_steps", "learning_rate", "save_steps", "warmup_steps")] == [
        FULL.steps, FULL.learning_rate, FULL.save_steps, 50
    ]
    assert recipe.evaluate.options["measures"].values == MEASURES
    assert {name: int(option.values[0]) for name, option in recipe.search[0].options.items()} == {
        "hits": PAIR_HITS, "pool-hits": POOL_HITS
    }


def test_a_store_of_a_part_of_what_another_step_gives(tmp_path: Path, words: Path) -> None:
    part = "{name: part, source: words-train, languages: [de, en=0.5], share: 0.9}"
    part = f"examples:\n  - words-train\n  - {part}\ninit"
    recipe = write_recipe(
        tmp_path, ("examples: [words-train]\ninit", part), ("examples: [words-train]", "examples: part"),
    )
    steps = {step.name: step for step in steps_of(recipe, tmp_path / "ws", DATA=str(words))}
    assert steps["examples part"].needs == ("prepare words",)
    assert steps["examples part"].words_in(Workspace(tmp_path / "ws"))[:-2] == [
        "examples", "part", "--source", str(tmp_path / "ws" / "sources" / "words-train.jsonl"),
        "--languages", "de", "en=0.5", "--share", "0.9",
    ]
    assert "examples part" in steps["train hybrid-1"].needs


def test_a_store_in_one_language_feeds_no_cross_lingual_batch(tmp_path: Path, words: Path) -> None:
    part = "examples:\n  - {name: part, source: words-train, languages: [de]}\ninit"
    recipe = write_recipe(
        tmp_path, ("examples: [words-train]\ninit", part), ("examples: [words-train]", "examples: part"),
    )
    with pytest.raises(InputError, match="'hybrid' pairs two languages, and each of its training sources has one"):
        steps_of(recipe, tmp_path, DATA=str(words))


SEVERAL = ("strategies: [x-x-mono, hybrid]", "systems:\n    one: {init: wide}\n    two: {examples: part, init: little}")
INITS = "init:\n  little: {layers: 1, width: 64}\n  wide: {layers: 1, width: 128, seed: 7}\n"


def several(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    recipe = write_recipe(
        tmp_path, SEVERAL, ("examples: [words-train]\ninit",
                            "examples: [words-train, {name: part, source: words-train, share: 0.5}]\ninit"),
    )
    text = recipe.read_text()
    start, end = text.index("init:"), text.index("train:")
    text = text[:start] + INITS + text[end:]
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    recipe.write_text(text)
    return recipe


def test_systems_with_encoders_and_stores_of_their_own(tmp_path: Path, words: Path) -> None:
    recipe = several(tmp_path, ("seeds: [1]", "seeds: [1, 2]"))
    steps = {step.name: step for step in steps_of(recipe, tmp_path, DATA=str(words))}
    assert [name for name in steps if name.startswith("init")] == ["init little-1", "init little-2", "init wide"]
    assert steps["init wide"].words[2:] == (
        "--layers", "1", "--width", "128", "--seed", "7", "--examples", "words-train",
    )
    assert steps["train one-2"].words[:7] == (
        "train", "--examples", "words-train", "--init", "wide", "--output", "one-2",
    )
    assert steps["train two-2"].words[:7] == ("train", "--examples", "part", "--init", "little-2", "--output", "two-2")
    assert steps["train two-2"].needs == ("examples part", "init little-2")


@pytest.mark.parametrize(("old", "new", "message"), [
    ("{init: wide}", "{init: narrow}", "'one' starts from 'narrow', which 'init' does not make; there: little, wide"),
    ("{init: wide}", "{examples: whole}", "store 'whole' is not among 'examples'; there: words-train, part"),
    ("    one:", "    wide:", "a system called 'wide', which is an encoder that 'init' makes"),
    ("wide", "two-1", "a training from 'two-1', which is a model of 'two'"),
    ("share: 0.5", "share: 0", "--share: 0 is no share"),
])
def test_encoders_and_stores_that_are_not_there(
    tmp_path: Path, words: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        open_words(several(tmp_path, (old, new)), tmp_path, words)
    assert message in str(caught.value) and f"{tmp_path}/words.yaml:" in str(caught.value)


def open_words(recipe: Path, workspace: Path, words: Path) -> list[Step]:
    """The steps, with each command's words read by its command."""
    arguments = argparse.Namespace(recipe=str(recipe), variables=[f"DATA={words}"], workspace=workspace)
    return open_recipe(arguments, Workspace(workspace))[1]


def test_a_shift_sets_the_first_data_set_against_the_others(tmp_path: Path) -> None:
    steps = steps_of(find_recipe("domain-shift"), tmp_path)
    shift = next(step for step in steps if step.command == "shift")
    assert shift.words[:7] == (
        "shift", "demo-seen", "demo-time-zone", "demo-script", "--systems", "bm25",
        "x-x-mono=x-x-mono-42,x-x-mono-43,x-x-mono-44",
    )
    assert shift.words[-4:] == ("--format", "markdown", "--output", "{workspace}/reports/domain-shift/shift.md")
    assert {name.split(" ")[0] for name in shift.needs} == {"evaluate"} and len(shift.needs) == 3 * 10


def test_one_data_set_is_no_shift(tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, ("tolerance:", "shift: true\ntolerance:"))
    with pytest.raises(InputError, match="one data set is no shift"):
        read_recipe(recipe, {"DATA": "x"})
