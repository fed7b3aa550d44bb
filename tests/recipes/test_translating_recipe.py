"""A recipe that makes its training sources parallel itself."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from parallel_words import parallel_examples
from recipe_of_words import write_recipe, write_words
from tiny_translators import tiny_translator

from hybrid_pyserini.cli import main
from hybrid_pyserini.data.sources.example_source import write_examples
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.recipes.reading import read_recipe
from hybrid_pyserini.recipes.resolving import resolve
from hybrid_pyserini.recipes.shipped import find_recipe
from hybrid_pyserini.recipes.step import Step
from hybrid_pyserini.workspace import Workspace

ENGLISH = 'translate: [{name: many, source: "${ENGLISH}", model: "${MODEL}", to: [de, zh]}]\n'
TRAIN_ON_IT = (
    ("  STEPS:", "  ENGLISH: a file in English\n  MODEL: a translation model\n  STEPS:"),
    ("examples: [words-train]\ninit", "examples: [many]\ninit"), ("  examples: [words-train]", "  examples: [many]"),
    ("[x-x-mono, hybrid]", "[hybrid]"),
)


def recipe_of(folder: Path, *replacements: tuple[str, str], translate: str = ENGLISH) -> Path:
    return write_recipe(folder, ("examples: [words-train]\ninit", f"{translate}examples: [words-train]\ninit"),
                        *TRAIN_ON_IT, *replacements)


@pytest.fixture
def given(tmp_path: Path) -> dict[str, str]:
    """The recipe's variables, but for the model."""
    write_words(tmp_path / "words")
    write_examples(tmp_path / "english.jsonl", parallel_examples(60, ("en",)))
    (tmp_path / "words" / "train.jsonl").unlink()
    return {"DATA": str(tmp_path / "words"), "ENGLISH": str(tmp_path / "english.jsonl")}


def steps_of(recipe: Path, given: dict[str, str]) -> dict[str, Step]:
    return {step.name: step for step in resolve(read_recipe(recipe, given), Workspace(recipe.parent / "ws"))}


def test_the_step_as_one_could_type_it(tmp_path: Path, given: dict[str, str]) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").touch()
    translate = ENGLISH.replace("}]", ", from: en, processes: 2, arguments: {dtype: auto, beams: 2}}]")
    steps = steps_of(recipe_of(tmp_path, translate=translate), given | {"MODEL": str(folder)})
    step = steps["translate many"]
    assert " ".join(step.words) == (
        f"translate {given['ENGLISH']} --model {folder} --to de,zh --output many --from en --dtype auto --beams 2"
    )
    assert "torchrun --standalone --nproc-per-node 2 -m hybrid_pyserini translate " in step.typed(Workspace(Path()))
    assert step.places == {"", "--model"}  # where source and model lie does not matter, but what is in them
    assert (step.inputs, step.lacks) == ((Path(given["ENGLISH"]), folder / "config.json"), "")
    assert steps["examples many"].needs == ("translate many",)
    lacking = steps_of(recipe_of(tmp_path), given | {"ENGLISH": "./none.jsonl", "MODEL": "./nowhere"})
    assert lacking["translate many"].lacks == "none.jsonl: no such file; check the path"
    assert steps_of(recipe_of(tmp_path), given)["translate many"].lacks.startswith("MODEL is not set")


@pytest.mark.parametrize(("translate", "problem"), [
    (ENGLISH.replace("to: [de, zh]", "to: [de, de]"), ":9: 'de' is named twice"),
    (ENGLISH.replace("[de, zh]", "[]"), ":9: no language to translate into; name one"),
    (ENGLISH.replace(", to: [de, zh]", ""), ":9: key 'to' is missing"),
    (ENGLISH.replace("}]", ", arguments: {topics: true}}]"), ":9: 'topics' does not stand here; leave it out: recipes"),
    (ENGLISH.replace("}]", ", arguments: {from: de}}]"), ":9: 'from' does not stand here; write it beside 'arguments'"),
    (ENGLISH.replace("name: many", "name: words-train"), ":9: the training source 'words-train' is there already"),
    (ENGLISH.replace("name: many", "name: other"), ":10: neither 'prepare' nor 'translate' gives the training source"),
    (ENGLISH.replace("to: [de, zh]", "to: [de, en]"), ":9: from 'en' into itself; leave it out of 'to'"),
])
def test_mistakes_have_their_line(tmp_path: Path, given: dict[str, str], translate: str, problem: str) -> None:
    write_examples(tmp_path / "words" / "train.jsonl", parallel_examples(8))
    with pytest.raises(InputError) as raised:
        steps_of(recipe_of(tmp_path, translate=translate), given)
    assert problem in str(raised.value)


@pytest.mark.usefixtures("in_this_process")
def test_it_runs_from_english_to_figures(
    tmp_path: Path, given: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    values = given | {"MODEL": str(tiny_translator("m2m", tmp_path / "m2m"))}

    def run(recipe: Path, *more: str) -> Sequence[str]:
        sets = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
        assert main(["run", str(recipe), "--workspace", str(tmp_path / "ws"), *sets, *more]) == 0
        return capsys.readouterr().out.splitlines()

    assert run(recipe_of(tmp_path))[-1] == "8 steps: 8 finished"
    folder = tmp_path / "ws" / "translations" / "sources" / "many"
    german = (folder / "de" / "00000.jsonl").stat().st_mtime_ns
    changed = recipe_of(tmp_path, translate=ENGLISH.replace("[de, zh]", "[de, ru]"))
    dry = run(changed, "--dry-run")
    assert any("stale" in line and " translate " in line for line in dry)
    assert run(changed)[-1] == "8 steps: 8 finished"
    assert (folder / "de" / "00000.jsonl").stat().st_mtime_ns == german
    assert (folder / "ru" / "00000.jsonl").is_file()


def test_translate_train_is_the_papers_set_up_but_for_the_sources() -> None:
    ours, papers = (read_recipe(find_recipe(name)) for name in ("translate-train", "paper-xlm-r"))
    assert [store.name for store in ours.examples] == [store.name for store in papers.examples]
    translated = {each.name: set(each.languages) | {each.source_language} for each in ours.translate}
    assert [store.name for store in ours.examples if not store.sources] == [*translated, "squadshifts"]
    assert {frozenset(languages) for languages in translated.values()} == {
        frozenset({"en", "ar", "zh", "de", "es", "ru", "th", "tr", "hi"})
    }
    assert ours.train and papers.train
    for name, option in papers.train.options.items():
        assert ours.train.options[name].values == option.values
    assert [system.strategy for system in ours.train.systems] == [system.strategy for system in papers.train.systems]
