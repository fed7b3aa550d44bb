"""The paper's recipes: their expected figures are the paper's, and all of their steps run, on a thousandth of it."""

import csv
import json
import os
from pathlib import Path

import pytest
from parallel_words import parallel_examples
from recipe_of_words import write_words
from tiny_architectures import tiny

from hybrid_pyserini.cli import main
from hybrid_pyserini.data.sources.example_source import write_examples
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.recipes.expected import read_expected
from hybrid_pyserini.recipes.reading import read_recipe
from hybrid_pyserini.recipes.resolving import resolve
from hybrid_pyserini.recipes.shipped import expected_file, find_recipe
from hybrid_pyserini.workspace import Workspace

DATA = Path(os.environ.get("HYBRID_PYSERINI_DATA", Path(__file__).parents[3] / "shared" / "data"))
SOURCES = ("wikiqa", "duorc", "newsqa", "nq", "yahoo-qa", "entity-questions", "mmarco", "mr-tydi", "mfaq")
ENGLISH_ONLY = ("mr-tydi", "mfaq")


@pytest.mark.parametrize("init", ["xlm-r", "labse"])
def test_expected_figures_are_the_papers(init: str) -> None:
    paper = DATA.parent / "paper"
    if not paper.is_dir():
        pytest.skip(f"no figures of the paper in {paper}")
    recipe = read_recipe(find_recipe(f"paper-{init}"))
    found = {(c.dataset, c.row, c.figure): c.expected for c in read_expected(expected_file(recipe.path), recipe)}
    expected: dict[tuple[str, str, str], float] = {}
    for strategy in ("x-x-mono", "x-y", "hybrid"):
        for row in read_csv(paper / "map_by_language.csv", init):
            language = "" if row["language"] == "mean" else f"{row['language']} "
            for setting in ("mono", "cross", "multi"):
                expected[row["dataset"], strategy, f"{language}{setting} AP"] = float(row[f"{setting}_{strategy}"])
        for row in read_csv(paper / "recall_means.csv", init):
            expected[row["dataset"], strategy, f"{row['setting']} {row['measure']}"] = float(row[strategy])
        for row in read_csv(paper / "rank_distance.csv", init):
            language = "" if row["language"] == "mean" else f"{row['language']} "
            expected[row["dataset"], strategy, f"{language}rank distance"] = float(row[f"{init}_{strategy}"])
        for row in read_csv(paper / "miracl_dev.csv", init):
            for column, measure in (("ndcg10", "nDCG@10"), ("r100", "R@100")):
                if value := row.get(f"{init}_{strategy}_{column}"):
                    expected["miracl", strategy, f"{row['language']} mono {measure}"] = float(value)
    assert found == expected


@pytest.mark.parametrize("name", ["paper-xlm-r", "paper-labse", "translate-train"])
def test_test_sets_are_read_by_their_own_readers(name: str, tmp_path: Path) -> None:
    """Not as a user's own data, of which nobody checks that they are the published ones."""
    steps = resolve(read_recipe(find_recipe(name)), Workspace(tmp_path))
    prepared = {step.words[1]: step.words[2:] for step in steps if step.words[0] == "prepare"}
    assert list(prepared) == ["squadshifts", "xquad-r", "mlqa-r", "miracl"]
    assert all(words[0] == "--source" and len(words) == 2 for words in prepared.values())


def read_csv(path: Path, init: str) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row.get("init", init) == init]


@pytest.fixture
def thousandth(tmp_path: Path) -> Path:
    """All that the recipes take from outside but the encoder, as small as it can be."""
    for number, source in enumerate(SOURCES):
        languages = ("en",) if source in ENGLISH_ONLY else ("de", "en", "zh")
        examples = parallel_examples(20 * (number + 1), languages)[-20:]
        write_examples(tmp_path / "sources" / f"{source}.jsonl", examples)
    for name in ("xquad-r", "mlqa-r", "miracl"):
        write_words(tmp_path / name)
        (tmp_path / name / "train.jsonl").unlink()
    (tmp_path / "squadshifts").mkdir()
    paragraphs = [
        {"context": f"river {number} city", "qas": [
            {"id": f"s{number}", "question": f"which {number} ?", "answers": [{"text": "city", "answer_start": 0}]}
        ]} for number in range(12)
    ]
    (tmp_path / "squadshifts" / "new_wiki_v1.0.json").write_text(
        json.dumps({"version": "1", "data": [{"title": "t", "paragraphs": paragraphs}]})
    )
    return tmp_path


@pytest.mark.slow
@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize(("init", "pooling", "dense"), [("xlm-r", "mean", None), ("labse", "cls", "2_Dense")])
def test_every_step_runs_at_a_thousandth(
    thousandth: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str], init: str, pooling: str,
    dense: str | None,
) -> None:
    """The shipped recipe but for the readers of its test sets, which take nothing but the published files; from a tiny
    XLM-R, or a tiny LaBSE, with its CLS pooling and dense layer."""
    name = f"paper-{init}"
    recipe = thousandth / f"{name}.yaml"
    text = find_recipe(name).read_text(encoding="utf-8")
    for name_of, variable in (("xquad-r", "XQUAD_R"), ("mlqa-r", "MLQA_R"), ("miracl", "MIRACL")):
        published = f'{{dataset: {name_of}, source: "${{{variable}}}"}}'
        assert published in text
        text = text.replace(published, published.replace(name_of, f"own, name: {name_of}"))
    recipe.write_text(text, encoding="utf-8")
    values = {
        "SOURCES": thousandth / "sources", "SQUADSHIFTS": thousandth / "squadshifts", "XQUAD_R": thousandth / "xquad-r",
        "MLQA_R": thousandth / "mlqa-r", "MIRACL": thousandth / "miracl",
        "INIT": tiny(init, thousandth / init, tiny_checkpoint), "STEPS": 100, "VALIDATE": 10, "BATCH": 8,
    }
    arguments = [str(recipe), "--workspace", str(thousandth / "ws")]
    arguments += [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
    assert main(["run", *arguments]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == "53 steps: 53 finished"
    training = read_json(thousandth / "ws" / "models" / "hybrid-42" / "training.json")
    assert training["best_validation"]["metric"] == "eval_loss" and training["settings"]["patience"] == 5
    assert [source["name"] for source in training["sources"]] == list(SOURCES)
    assert (training["encoder"]["pooling"], training["encoder"]["dense_folder"]) == (pooling, dense)
    for dataset in ("xquad-r", "mlqa-r", "miracl"):
        table = (thousandth / "ws" / "reports" / name / f"compare.{dataset}.md").read_text(encoding="utf-8")
        assert "hybrid" in table
        assert (thousandth / "ws" / "reports" / name / dataset / "index.html").is_file()
    assert main(["reproduce", *arguments, "--check", "--expected", str(expected_file(find_recipe(name)))]) == 1
    out = capsys.readouterr().out
    assert "FAIL ('hybrid-42' has no 'ar mono AP')" in out and "FAIL" in out.splitlines()[-1]
