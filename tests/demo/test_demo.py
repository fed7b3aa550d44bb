"""Shortened demos: that all of it runs, goes on where it stopped, says what is true, and ends with which figures."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from hybrid_pyserini.cli import main
from hybrid_pyserini.commands.demo import COLUMNS
from hybrid_pyserini.demo import demo
from hybrid_pyserini.demo.demo import SHORTENED, DemoSize, run_demo
from hybrid_pyserini.demo.expected import figures, summary
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.trec import read_run
from hybrid_pyserini.workspace import Workspace

EXPECTED = Path(__file__).parents[2] / "runs" / "demo" / "expected.json"
SHORT = DemoSize(
    strategies=("x-y", "hybrid"), steps=3, languages=("de", "en", "th", "zh"), layers=1, width=64, pieces=4000
)


@pytest.mark.java
@pytest.mark.slow
def test_a_demo_of_three_steps_runs_and_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "FULL", SHORT)
    workspace = Workspace(tmp_path / ".demo")
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as stopped:
        stopped.setattr(demo, "build_index_with", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        assert main(["demo"]) == 130
    assert capsys.readouterr().out == ""
    trained = {path: path.stat().st_mtime_ns for path in workspace.root.glob("models/*/model.safetensors")}
    assert {path.parent.name for path in trained} == {"small", "x-y", "hybrid"}
    assert main(["demo"]) == 0
    assert {path: path.stat().st_mtime_ns for path in trained} == trained
    shown = capsys.readouterr()
    assert [line.split(": ")[0] for line in shown.err.splitlines() if line.startswith("==")] == [
        f"== {number} of 8" for number in range(1, 9)
    ]
    for evaluation in run_demo(workspace, SHORT, seed=42):
        model, settings = evaluation["model"], evaluation["settings"]
        row = [model, *(f"{settings[setting]['AP']:.3f}" for setting in ("mono", "cross", "multi"))]
        assert row in [line.replace("|", " ").split()[:4] for line in shown.out.splitlines()]
        assert (evaluation["hits"], evaluation["pool_hits"]) == (100, 1000)
        assert all(evaluation["queries"][pair]["scored"] == 160 for pair in ("de-de", "de-th", "th-all"))
        if model == "bm25":  # the questions share words with their passages
            assert settings["mono"]["AP"] > 0.3
        else:  # what three steps teach is little, but a dense run answers every question
            assert not any(queries["unanswered"] for queries in evaluation["queries"].values())
    answers_agree_with_the_judgements(workspace, shown.out)
    printed_commands_work(workspace, shown.out)


def answers_agree_with_the_judgements(workspace: Workspace, shown: str) -> None:
    """The shown question is the first, and each of its passages is called right exactly if the qrels say so."""
    question, relevant = demo.first_question(workspace, "de")
    lines = shown.splitlines()
    assert f"  {question}" in lines
    for passages, name in (("en", "from the English passages:"), ("all", "from the passages of all languages:")):
        start = lines.index(name) + 1
        run = read_run(workspace.root / "runs" / "demo" / f"run.demo.hybrid.de-{passages}.txt")
        best = list(next(iter(run.values())))[:5]
        verdicts = [line.rsplit("[", 1)[1].rstrip("]") for line in lines[start : start + 5]]
        assert verdicts == ["right" if docid in relevant else "wrong" for docid in best]


def printed_commands_work(workspace: Workspace, shown: str) -> None:
    """What to try next can be pasted into a shell."""
    text = shown.split("Try next:\n")[1].replace("\\\n", " ")
    commands = [line.split("  #")[0].strip() for line in text.splitlines()]
    assert len(commands) == 3
    outputs = [
        subprocess.run(command, shell=True, check=True, capture_output=True, text=True).stdout for command in commands
    ]
    assert outputs[0].startswith("  1. ") and " zh: " in outputs[0]
    assert "hybrid, AP" in outputs[1]
    stock = read_run(workspace.root / "run.th-all.txt")
    ours = read_run(workspace.root / "runs" / "demo" / "run.demo.hybrid.th-all.txt")
    assert stock.keys() == ours.keys()
    for query_id, hits in stock.items():
        assert list(hits.values()) == pytest.approx(list(ours[query_id].values())[:10], abs=1e-5)


@pytest.mark.java
@pytest.mark.slow
def test_a_shortened_demo_ends_with_the_expected_figures(tmp_path: Path) -> None:
    """Within the tolerance that the file states, and with what the demo is there to show."""
    evaluations = run_demo(Workspace(tmp_path), SHORTENED, seed=42)
    found = {evaluation["model"]: dict(figures(evaluation)) for evaluation in evaluations}
    expected = read_json(EXPECTED)
    shortened = expected["sizes"]["shortened"]["models"]
    assert found.keys() == shortened.keys()
    for model, of_model in found.items():
        for name, value in of_model.items():
            off = abs(value - shortened[model][name]["mean"])
            allowed = expected["tolerance"]["measures"]
            if name == "rank distance":
                allowed = expected["tolerance"]["rank distance"] * shortened[model][name]["mean"]
            if model == "bm25":  # nothing in it is drawn or rounded otherwise elsewhere
                allowed = 1e-5
            assert off <= allowed, (model, name)
    assert found["hybrid"]["cross AP"] > found["x-x-mono"]["cross AP"] + 0.1
    assert found["hybrid"]["mono AP"] > found["x-y"]["mono AP"] + 0.1


def test_the_expected_figures_show_what_the_readme_says() -> None:
    """With every seed: hybrid far above x-x-mono across languages, near it within one, and above x-y everywhere."""
    models = {
        model: {name: figure["values"] for name, figure in by_name.items()}
        for model, by_name in read_json(EXPECTED)["sizes"]["full"]["models"].items()
    }
    for seed in range(3):
        mono, cross_lingual, hybrid = (
            {name: values[seed] for name, values in models[model].items()} for model in ("x-x-mono", "x-y", "hybrid")
        )
        assert all(hybrid[f"{setting} AP"] >= mono[f"{setting} AP"] + 0.75 for setting in ("cross", "multi"))
        assert cross_lingual["mono AP"] < mono["mono AP"]
        assert hybrid["mono AP"] >= mono["mono AP"] - 0.04
        assert all(hybrid[f"{setting} AP"] > cross_lingual[f"{setting} AP"] for setting in ("mono", "cross", "multi"))
        assert hybrid["rank distance"] < cross_lingual["rank distance"] < mono["rank distance"]


def test_the_readmes_table_is_the_first_seeds() -> None:
    readme = (EXPECTED.parents[2] / "README.md").read_text(encoding="utf-8")
    for model, figure in read_json(EXPECTED)["sizes"]["full"]["models"].items():
        cells = [f"{figure[f'{setting} AP']['values'][0]:.3f}" for setting in ("mono", "cross", "multi")]
        distance = f"{'<= ' if model == 'bm25' else ''}{figure['rank distance']['values'][0]:.1f}"
        row = [model, *cells, distance]
        assert any(
            [cell.strip() for cell in line.strip("|").split("|")][:5] == row for line in readme.splitlines()
        ), row


def test_another_demos_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace(tmp_path)
    monkeypatch.setattr(demo, "prepare_built_in", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run_demo(workspace, SHORT, seed=1)
    with pytest.raises(InputError, match=r"another demo's folder \(seed is 1 there, 2 now\); give another one with"):
        run_demo(workspace, SHORT, seed=2)
    with pytest.raises(InputError, match="steps is 3 there, 4 now"):
        run_demo(workspace, replace(SHORT, steps=4), seed=1)


def test_expected_figures_are_mean_and_deviation_over_seeds() -> None:
    def evaluation(ap: float, distance: float) -> dict[str, object]:
        return {
            "model": "m", "settings": {"mono": {"AP": ap}}, "language_bias": {"rank_distance": {"mean": distance}},
        }

    found = summary([[evaluation(0.1, 5)], [evaluation(0.2, 5)], [evaluation(0.6, 8)]])
    assert found["m"]["mono AP"]["mean"] == pytest.approx(0.3)
    assert found["m"]["mono AP"]["sd"] == pytest.approx(0.07**0.5)  # (0.04 + 0.01 + 0.09) / 2
    assert found["m"]["rank distance"] == {"mean": 6, "sd": pytest.approx(3**0.5), "values": [5, 5, 8]}


def test_what_the_columns_mean_names_every_row_and_column() -> None:
    for name in ("mono", "cross", "multi", "rank distance", "bm25", *demo.FULL.strategies):
        assert re.search(rf"(^|\s){name}:", COLUMNS)
