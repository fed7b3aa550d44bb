"""The ``mine`` command on a tiny real checkpoint and its indexes, and training with what it found."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from small_dense_workspace import passages, small_workspace

from hybrid_pyserini.cli import main
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.records import ParallelExample
from hybrid_pyserini.training.batching import BatchPlan
from hybrid_pyserini.training.collator import PlannedBatches
from hybrid_pyserini.training.examples import ExampleStore, build_store

EXAMPLES = [
    ParallelExample(
        f"q{i}", f"g{i}", {k: f"{k} query {i}" for k in ("de", "en")}, {k: f"{k} contents {i}" for k in ("de", "en")}
    )
    for i in range(30)
]


@pytest.fixture
def workspace(tmp_path: Path, tiny_checkpoint: Path) -> Path:
    """Examples in German and English, whose positives are passages of an indexed data set in these and Thai."""
    small_workspace(tmp_path)
    build_store(tmp_path / "examples" / "words", EXAMPLES)
    shutil.copytree(tiny_checkpoint, tmp_path / "models" / "tiny")
    assert main(["index", "small", "--model", "tiny", "--workspace", str(tmp_path)]) == 0
    return tmp_path


def mine(root: Path, *more: str, name: str = "hard", examples: str = "words") -> int:
    return main([
        "mine", name, "--workspace", str(root), "--examples", examples, "--dataset", "small", "--model", "tiny", *more,
    ])


def mined(root: Path, name: str = "hard") -> dict[str, dict[str, list[str]]]:
    """Example id -> language -> the negatives' texts."""
    store = ExampleStore(root / "examples" / name)
    return {e.id: {k: [n.text for n in negatives] for k, negatives in e.negatives.items()} for e in store}


def best(root: Path, language: str, number: int, hits: int) -> list[str]:
    """The best passages for an example's question, its positive left out, from the checkpoint's vectors."""
    encoder = Encoder.load(str(root / "models" / "tiny"))
    texts = {passage.contents: passage.id for passage in passages(language)}
    scores = encoder.encode_passages(list(texts)) @ encoder.encode_queries([f"{language} query {number}"])[0]
    ranking = sorted(zip(scores.tolist(), texts.values(), texts, strict=True), key=lambda p: (p[0], p[1].encode()))
    return [text for _, _, text in reversed(ranking) if text != f"{language} contents {number}"][:hits]


def test_the_best_other_passages_become_negatives(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert mine(workspace) == 0
    shown = capsys.readouterr()
    folder = workspace / "examples" / "hard"
    assert shown.out == f"{folder}: 30 examples with negatives in de en\n"
    assert "warning" not in shown.err
    assert "mining de: 100%" in shown.err
    found = mined(workspace)
    encoder = Encoder.load(str(workspace / "models" / "tiny"))
    for i in (0, 17, 29):
        assert set(found[f"q{i}"]) == {"de", "en"}
        for language, texts in found[f"q{i}"].items():
            query = encoder.encode_queries([f"{language} query {i}"])[0]
            scores, expected = (encoder.encode_passages(t) @ query for t in (texts, best(workspace, language, i, 3)))
            assert np.allclose(scores, expected, atol=1e-6)  # near ties may change places
            assert len({*texts} - {f"{language} contents {i}"}) == 3
    assert mine(workspace) == 0
    assert capsys.readouterr().out == f"kept {folder}: 30 examples with negatives in de en\n"


def test_every_option_is_heard(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert mine(workspace, "--negatives", "5", "--depth", "5", "--languages", "en") == 0
    assert f"{workspace / 'examples' / 'hard'}: 30 examples with negatives in en\n" in capsys.readouterr().out
    found = mined(workspace)
    assert all(set(negatives) == {"en"} for negatives in found.values())
    assert {len(negatives["en"]) for negatives in found.values()} == {4, 5}  # the positive may be among five
    assert mine(workspace, "--negatives", "1", "--depth", "60") == 2
    assert "negatives is '5' there, '1' now; depth is '5' there, '60' now" in capsys.readouterr().err
    assert mine(workspace, "--negatives", "1", "--depth", "60", "--overwrite") == 0
    assert {len(texts) for negatives in mined(workspace).values() for texts in negatives.values()} == {1}
    everything = mined(workspace)
    assert mine(workspace, "--negatives", "1", "--depth", "60", "--relative-margin", "0.001", name="margin") == 0
    assert mined(workspace, "margin") != everything


def test_it_warns_of_few_and_refuses_none(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert mine(workspace, "--negatives", "75", "--depth", "75", name="few") == 0
    # German has 70 passages, English 81, of which one answers.
    few = sum(len(negatives["en"]) < 75 for negatives in mined(workspace, "few").values())
    assert f"warning: examples with fewer than 75 new negatives: de 30 of 30, en {few} of 30; a greater" in (
        capsys.readouterr().err
    )
    assert mine(workspace, "--relative-margin", "1", name="none") == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "examples/words: no example got a negative; give a greater --depth or a smaller --relative-margin" in error
    assert sorted(path.name for path in (workspace / "examples").iterdir()) == ["few", "words"]


def test_languages_of_questions_alone_are_refused(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build_store(workspace / "examples" / "crossed", [ParallelExample("q", "g", {"en": "?"}, {"de": "!"})])
    assert mine(workspace, "--languages", "en", examples="crossed") == 2
    assert "no example has a positive in en; search the languages of its positives" in capsys.readouterr().err


def other_weights(root: Path) -> None:
    encoder = Encoder.load(str(root / "models" / "tiny"))
    for parameter in encoder.model.parameters():
        parameter.data.mul_(1.01)
    encoder.save(root / "models" / "tiny")


def only_french(root: Path) -> None:
    shutil.rmtree(root / "examples" / "words")
    build_store(root / "examples" / "words", [ParallelExample("q", "g", {"fr": "?"}, {"fr": "!"})])


@pytest.mark.parametrize(("harm", "more", "says"), [
    (None, ["--negatives", "0"], "0 negatives; give --negatives 1 or more"),
    (None, ["--depth", "2"], "a depth of 2 passages for 3 negatives; give --depth"),
    (None, ["--relative-margin", "nan"], "a relative margin of nan; give"),
    (None, ["--languages", "th"], "language 'th' is not in both the store (de en) and small (de en th); choose from: "),
    (None, ["--dataset", "large"], "no data set 'large' in this workspace"),
    (None, ["--examples", "nothing"], "nothing: no store of examples; build it with 'hybrid-pyserini examples'"),
    (None, ["--model", "new"], "indexes/small/new/de: no index here; build it first with 'hybrid-pyserini index'"),
    (None, ["--examples", "hard"], "hard: no store of examples"),
    (other_weights, [], "passages and queries would be encoded differently (fingerprint is "),
    (only_french, [], "examples/words: the store has examples in fr, small passages in de en th; choose a data set"),
    (lambda root: (root / "collections" / "small" / "en.jsonl").unlink(), [], "not the collection that was indexed"),
    (lambda root: (root / "indexes" / "small" / "tiny" / "en" / "index").unlink(), [], "the index has no file 'index'"),
])
def test_mistakes_are_one_line_and_leave_nothing(
    workspace: Path, capsys: pytest.CaptureFixture[str], harm: Any, more: list[str], says: str
) -> None:
    if harm:
        harm(workspace)
    capsys.readouterr()
    assert mine(workspace, *more) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("hybrid-pyserini mine: ")
    assert says in error
    assert [path.name for path in (workspace / "examples").iterdir()] == ["words"]


@pytest.mark.parametrize(("name", "says"), [
    ("words", "the new store would replace the one it is made from; choose another NAME"),
    ("a.b", "store name 'a.b' has other characters"),
])
def test_impossible_names_are_refused(
    workspace: Path, capsys: pytest.CaptureFixture[str], name: str, says: str
) -> None:
    assert mine(workspace, "--overwrite", name=name) == 2
    assert says in capsys.readouterr().err
    assert list(ExampleStore(workspace / "examples" / "words")) == EXAMPLES


def train(root: Path, examples: str, output: str) -> Any:
    """A short training's weights."""
    assert main([
        "train", "--workspace", str(root), "--examples", examples, "--init", "tiny", "--output", output,
        "--batch-size", "4", "--max_steps", "3", "--learning_rate", "1e-3", "--disable_tqdm", "true", "--use_cpu",
        "true",
    ]) == 0
    return load_file(root / "models" / output / "model.safetensors")


def test_a_mined_store_trains_with_all_its_negatives_in_the_passages_language(workspace: Path) -> None:
    assert mine(workspace) == 0
    shutil.copytree(workspace / "examples" / "hard", workspace / "examples" / "same-name" / "words")
    store = ExampleStore(workspace / "examples" / "same-name" / "words")
    encoder = Encoder.load(str(workspace / "models" / "tiny"))
    plan = BatchPlan([store], "x-y", 4, seed=1)
    batch = PlannedBatches(plan, [store], encoder, steps=1)[0]
    assert batch["counts"] == [4 + 4 * 3]
    texts = [tokens[mask.bool()].tolist() for chunk in batch["chunks"]
             for tokens, mask in zip(chunk["input_ids"], chunk["attention_mask"], strict=True)]
    negatives = [n for p in plan.batch(0) for n in store[p.example].negatives[p.passage_language]]
    rows = batch["order"][8:].tolist()
    assert [texts[row] for row in rows] == encoder.tokenize([f"Passage: {negative.text}" for negative in negatives])
    # Stores of one name have the same batches: only the negatives can make other weights.
    plain = train(workspace, "words", "plain")
    hard = train(workspace, str(workspace / "examples" / "same-name" / "words"), "harder")
    assert any((plain[name] != hard[name]).any() for name in plain)
    drawn = [read_json(workspace / "models" / name / "training.json")["batches"] for name in ("plain", "harder")]
    assert drawn[0] == drawn[1]
