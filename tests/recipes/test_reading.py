"""Recipes from YAML: what they say, and every mistake with its line."""

from pathlib import Path

import pytest

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.recipes.reading import read_recipe
from hybrid_pyserini.recipes.recipe import Recipe

WHOLE = """\
about: Two seeds
  of everything.
variables:
  DATA: a folder
  STEPS: {about: optimizer steps, default: 20}
prepare:
  - demo
  - {dataset: own, name: mine, source: "${DATA}/mine"}
examples: [demo-train, {name: more, source: ["${DATA}/more.jsonl"]}]
init: {layers: 1, width: 64}
train:
  examples: [demo-train, more]
  strategies: [x-y, hybrid]
  alpha: [0, 0.25, 1]
  systems:
    large: {strategy: hybrid, alpha: 0.4, batch-size: 64}
  seeds: [1, 2]
  arguments: {batch-size: 32, max_steps: "${STEPS}", bf16: true, lora-targets: [query, value]}
search:
  - demo
  - {dataset: mine, hits: 100}
baselines: bm25
evaluate: {measures: [AP, R@10]}
compare: true
tolerance: {measures: 0.01, rank distance: 0.1}
"""

SHORT = """\
about: a test
examples: [one]
init: small
train:
  examples: [one]
  strategies: [x-y]
  arguments: {max_steps: 5}
search: [demo]
"""


def read(folder: Path, text: str, **given: str) -> Recipe:
    path = folder / "test.yaml"
    path.write_text(text, encoding="utf-8")
    return read_recipe(path, given)


def test_a_whole_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA", "there")
    monkeypatch.setenv("STEPS", "99")  # it has a default, which the environment does not change
    recipe = read(tmp_path, WHOLE)
    assert (recipe.name, recipe.about) == ("test", "Two seeds of everything.")
    assert [(each.dataset, each.name, each.source) for each in recipe.prepare] == [
        ("demo", None, None), ("own", "mine", "there/mine")
    ]
    assert [(store.name, store.sources) for store in recipe.examples] == [
        ("demo-train", ()), ("more", ("there/more.jsonl",))
    ]
    assert recipe.systems == {
        "bm25": ("bm25",), "x-y": ("x-y-1", "x-y-2"), "alpha-000": ("alpha-000-1", "alpha-000-2"),
        "alpha-025": ("alpha-025-1", "alpha-025-2"), "alpha-100": ("alpha-100-1", "alpha-100-2"),
        "large": ("large-1", "large-2"),
    }
    assert recipe.train is not None
    assert {name: option.values for name, option in recipe.train.options.items()} == {
        "batch-size": ("32",), "max_steps": ("20",), "bf16": ("true",), "lora-targets": ("query", "value")
    }
    large = recipe.train.systems[-1]
    assert (large.alpha, large.strategy, large.options and large.options["batch-size"].values) == (
        0.4, "hybrid", ("64",)
    )
    assert recipe.tolerance == {"measures": 0.01, "rank distance": 0.1}
    assert recipe.report is None and recipe.compare is not None


def test_a_given_variable_is_before_default_and_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA", "there")
    recipe = read(tmp_path, WHOLE, STEPS="7", DATA="elsewhere")
    assert recipe.train is not None and recipe.train.options["max_steps"].values == ("7",)
    assert recipe.prepare[1].source == "elsewhere/mine"


def test_a_variable_without_a_value_stands_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATA", raising=False)
    assert read(tmp_path, WHOLE).prepare[1].source == "${DATA}/mine"


@pytest.mark.parametrize(("old", "new", "line", "message"), [
    ("about: a test", "abuot: a test", 1, "unknown key 'abuot'; did you mean 'about'?"),
    ("about: a test", "about: [a, test]", 1, "expected a text, found a list"),
    ("init: small", "init: [small]", 3, "expected a text, found a list"),
    ("examples: [one]", "examples: [one, one]", 2, "store 'one' is named twice"),
    ("init: small", "init: small\nevaluate: 3", 4, "expected true or false, found '3'"),
    ("about: a test\n", "", 1, "key 'about' is missing"),
    ("init: small", "about: again", 3, "key 'about' occurs twice"),
    ("init: small\n", "", 3, "training without 'init'"),
    ("search: [demo]", "search: [demo, demo]", 8, "data set 'demo' is named twice"),
    ("search: [demo]", "search: [{dataset: demo, hit: 3}]", 8, "unknown key 'hit'; did you mean 'hits'?"),
    ("search: [demo]", "search: [demo]\nbaselines: [dpr]", 9, "unknown baseline 'dpr'; choose among bm25, mdpr"),
    ("search: [demo]", "search: [demo]\ncompare: true", 9, "one system is nothing to compare"),
    ("search: [demo]", "search: [demo]\ncompare: perhaps", 9, "expected true or false, found 'perhaps'"),
    ("search: [demo]", "search: [demo]\ntolerance: {measures: no, rank distance: 1}", 9, "expected a number from 0"),
    ("search: [demo]", "search: [demo", 9, "no YAML"),
    ("[x-y]", "[x-z]", 6, "unknown strategy 'x-z'; choose among en-en, x-x, x-x-mono, x-y, hybrid, mnrl-shuffled"),
    ("[x-y]", "[x-y, x-y]", 6, "two systems are called 'x-y'"),
    ("[x-y]", "[x-y]\n  alpha: [0.5]", 7, "alpha without the strategy 'hybrid'"),
    ("[x-y]", "[hybrid]\n  alpha: [1.5]", 7, "expected a number from 0 to 1, found '1.5'"),
    ("[x-y]", "[hybrid]\n  alpha: [.125]", 7, "alpha 0.125 has more than two decimals"),
    ("[x-y]", "[x-y]\n  systems:\n    a.b: {}", 8, "system name 'a.b' has other characters"),
    ("[x-y]", "[x-y]\n  systems:\n    a: {strategy: x-x, alpha: 1}", 8, "alpha of 'x-x'; leave it out"),
    ("[x-y]", "[x-y]\n  seeds: []", 7, "no seed; name one"),
    ("[x-y]", "[x-y]\n  systems: {bm25: {}}", 7, "a system called 'bm25', which is the baseline; name it otherwise"),
    ("[x-y]", "[x-y]\n  systems: {x-y-42: {}}", 7, "a system called 'x-y-42', which is a model of 'x-y'"),
    ("init: small", "init: x-y-42", 3, "a training from 'x-y-42', which is a model of 'x-y'"),
    ("examples: [one]\n  strat", "examples: []\n  strat", 5, "no store to train on"),
    ("[x-y]", "[x-y]\n  seeds: [1, 1]", 7, "a seed is named twice"),
    ("[x-y]", "[x-y]\n  seeds: [one]", 7, "expected a whole number from 0, found 'one'"),
    ("[x-y]", "[x-y]\n  processes: 3", 7, "a batch of 100 does not divide by 3 processes; use 99 or 102"),
    ("{max_steps: 5}", "{max_steps: 5, batch-size: 5}\n  processes: 2", 7, "a batch of 5 does not divide by 2"),
    ("{max_steps: 5}", "{seed: 5}", 7, "'seed' does not stand here; write it under 'seeds'"),
    ("{max_steps: 5}", "{output-dir: x}", 7, "'output-dir' does not stand here; leave it out"),
    ("{max_steps: 5}", "{workspace: x}", 7, "'workspace' does not stand here; give it to 'run', for all steps"),
    ("{max_steps: 5}", "{help-all: true}", 7, "'help-all' does not stand here"),
    ("search: [demo]", "search: []", 8, "no data set to search"),
    ("search: [demo]", "search: [{dataset: demo, hits: 0}]", 8, "expected a whole number from 1, found '0'"),
    ("search: [demo]", "search: [demo]\nbaselines: [bm25]\ncompare: {format: json}", 10, "'format' does not stand"),
    ("search: [demo]", "search: [demo]\ntolerance: {measures: inf, rank distance: 1}", 9, "expected a number from 0"),
    ("search: [demo]", "search:\n\t- demo", 9, "no YAML (found character '\\t'"),
    ("about: a test", "about: a \0 test", 1, "no YAML (the character 0x0); remove it"),
    ("{max_steps: 5}", "{<<: {max_steps: 5}}", 7, "expected a text, found 'key: value' lines"),
    ("{max_steps: 5}", "{max_steps: ${STEPS}}", 7, "no YAML"),
    ("{max_steps: 5}", '{max_steps: "${STEPS}"}', 7, "variable 'STEPS' is not declared"),
    ("  examples: [one]", "  examples: [two]", 4, "store 'two' is not among 'examples'; there: one"),
])
def test_every_mistake_is_one_line_with_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    assert old in SHORT
    with pytest.raises(InputError) as caught:
        read(tmp_path, SHORT.replace(old, new, 1))
    assert f"{tmp_path / 'test.yaml'}:{line}: {message}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_words_of_yaml_stay_words(tmp_path: Path) -> None:
    """YAML 1.1 reads 1e-3 as a text, 'no' (Norwegian) as false and 010 as eight."""
    recipe = read(tmp_path, SHORT.replace("[x-y]", "[x-y]\n  seeds: [010]").replace(
        "{max_steps: 5}", "{max_steps: 5, learning_rate: 1e-3, languages: [no, on, y]}"
    ))
    assert recipe.train is not None and recipe.train.seeds == (10,)
    options = {name: option.values for name, option in recipe.train.options.items()}
    assert options["learning_rate"] == ("1e-3",) and options["languages"] == ("no", "on", "y")


def test_an_alias_is_what_it_names_and_a_batch_of_odd_digits_is_no_number(tmp_path: Path) -> None:
    text = SHORT.replace("  examples: [one]", "  examples: *one").replace("examples: [one]", "examples: &one [one]")
    recipe = read(tmp_path, text.replace("{max_steps: 5}", "{max_steps: 5, batch-size: ²}"))
    assert recipe.train is not None and recipe.train.examples == ("one",)
    assert recipe.train.options["batch-size"].values == ("²",)  # for its command's own parser to refuse


@pytest.mark.parametrize("value", ["a b", "$HOME", 'x"\'y', "größe/日本", "--source"])
def test_a_variables_value_is_taken_as_it_is(tmp_path: Path, value: str) -> None:
    assert read(tmp_path, WHOLE, DATA=value).prepare[1].source == f"{value}/mine"


def test_a_variables_value_that_names_another(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"test.yaml:4: variable 'DATA' has the value '\$\{HOME\}/x', which names"):
        read(tmp_path, WHOLE, DATA="${HOME}/x")


def test_an_empty_value_of_the_environment_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA", "")
    assert read(tmp_path, WHOLE).prepare[1].source == "${DATA}/mine"


def test_a_variable_that_the_recipe_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the recipe has no variable 'STEP'; it has: none"):
        read(tmp_path, SHORT, STEP="1")


@pytest.mark.parametrize(("content", "message"), [(b"", "an empty file"), (b"\xff\xfe\x00", "not UTF-8")])
def test_what_is_no_recipe_at_all(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "test.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_recipe(path)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_recipe(tmp_path / "none.yaml")
