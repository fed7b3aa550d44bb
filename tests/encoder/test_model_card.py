"""The card of a trained model: what it says is so, its code runs, and evaluations come and go between its marks."""

import re
import shutil
from pathlib import Path

import pytest
import torch
from huggingface_hub import ModelCard
from parallel_words import parallel_examples, write_dataset
from tiny_architectures import tiny

from hybrid_pyserini.cli import main
from hybrid_pyserini.encoder import checkpoint
from hybrid_pyserini.encoder.checkpoint import EncoderSettings
from hybrid_pyserini.encoder.model_card import CARD, CardFacts, put_evaluation, write_card
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.training.examples import build_store
from hybrid_pyserini.workspace import Workspace

LANGUAGES = ("de", "en", "zh")
RECORD = {
    "settings": {"strategy": "hybrid", "alpha": 0.25, "batch_size": 8, "temperature": 0.05, "init": "tiny",
                 "lora_rank": None},
    "training_arguments": {"optim": "adamw_torch_fused", "learning_rate": 3e-5, "lr_scheduler_type": "linear",
                           "warmup_steps": 0, "weight_decay": 0.01, "seed": 42},
    "parameters": {"all": 2000, "trained": 1000},
    "hardware": {"device": "cpu", "processes": 1, "dtype": "fp32"},
    "batches": [{"kind": "monolingual", "batches": 2}, {"kind": "monolingual", "batches": 1},
                {"kind": "cross-lingual", "batches": 7}],
    "steps": 10,
    "sources": [{"name": "a", "examples": 1234, "languages": ["zh_Hans", "en"]},
                {"name": "b", "examples": 10, "languages": ["en"]}],
}
FACTS = CardFacts("someone/encoder", "xlm-roberta-base", EncoderSettings(), 768, True, True)


def train(workspace: Path, *more: str, init: str = "tiny") -> int:
    torch.set_num_threads(1)
    return main([
        "train", "--workspace", str(workspace), "--examples", "words", "--init", init, "--output", "m",
        "--batch-size", "8", "--max_steps", "2", "--disable_tqdm", "true", "--use_cpu", "true", *more,
    ])


@pytest.fixture
def workspace(tmp_path: Path, tiny_checkpoint: Path) -> Workspace:
    """A data set, searched with a model that was trained here."""
    workspace = Workspace(tmp_path)
    build_store(tmp_path / "examples" / "words", parallel_examples(24))
    shutil.copytree(tiny_checkpoint, tmp_path / "models" / "tiny")
    assert train(tmp_path) == 0
    write_dataset(workspace, "words", parallel_examples(20, LANGUAGES), LANGUAGES)
    assert search(workspace) == 0
    return workspace


def search(workspace: Workspace) -> int:
    """Index and search anew, with the model as it now is."""
    options = ["words", "--model", "m", "--workspace", str(workspace.root)]
    return main(["index", *options, "--overwrite"]) or main(["search", *options, "--hits", "20", "--overwrite"])


def evaluate(workspace: Workspace, *more: str) -> int:
    return main(["evaluate", "words", "--model", "m", "--workspace", str(workspace.root), *more])


def card_of(workspace: Workspace) -> Path:
    return workspace.root / "models" / "m" / CARD


def test_the_front_matter_is_the_hubs(tmp_path: Path) -> None:
    write_card(tmp_path, FACTS, RECORD)
    data = ModelCard.load(tmp_path / CARD).data
    assert data.library_name == "sentence-transformers"
    assert data.base_model == "xlm-roberta-base"
    assert data.language == ["en", "zh"]
    assert {"sentence-transformers", "dense-retrieval"} <= set(data.tags)
    assert data.license is None


def test_what_was_done_is_said(tmp_path: Path) -> None:
    write_card(tmp_path, FACTS, RECORD)
    text = (tmp_path / CARD).read_text()
    for said in ("hybrid, alpha 0.25: 7 cross-lingual, 3 monolingual; 8 queries each", "temperature 0.05",
                 "10, adamw_torch_fused, learning rate 3e-05", "| Seed | 42 |", "1,000 of 2,000",
                 "| a | 1,234 | zh_Hans en |", "https://arxiv.org/abs/2408.10536", "`xlm-roberta-base`"):
        assert said in text


def test_the_initial_encoder_of_a_folder_is_no_base_model_of_the_hub(workspace: Workspace) -> None:
    assert ModelCard.load(card_of(workspace)).data.base_model is None
    assert "| Initial encoder | `tiny` |" in card_of(workspace).read_text()


def test_the_code_of_the_card_runs(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(workspace.root)
    (code,) = re.findall("```python\n(.*?)```", card_of(workspace).read_text(), re.DOTALL)
    capsys.readouterr()
    exec(code, {})
    assert capsys.readouterr().out.startswith("tensor([[")


@pytest.mark.parametrize(("settings", "options"), [
    (EncoderSettings(), '--encoder-class auto --pooling mean --l2-norm --query-prefix "Query:" \\'),
    (EncoderSettings(pooling="cls", normalize=False, query_prompt=""), "--encoder-class auto --pooling cls \\"),
    (EncoderSettings(query_prompt="query:"), None),  # Pyserini would put a blank behind it
])
def test_pyserini_is_told_what_the_checkpoint_says(
    tmp_path: Path, settings: EncoderSettings, options: str | None
) -> None:
    """``tests/bridge/test_stock_pyserini.py`` runs such commands."""
    write_card(tmp_path, CardFacts("m", None, settings, 64, True, True), RECORD)
    text = (tmp_path / CARD).read_text()
    assert "--encoder-class hybrid --encoder m" in text
    if options:
        assert f"python -m pyserini.search.faiss {options}\n" in text
    else:
        assert "python -m pyserini" not in text


@pytest.mark.parametrize(("architecture", "stock", "in_sentence_transformers"), [
    ("labse", False, True), ("mt5", False, True), ("mbart", False, False),
])
def test_a_card_claims_no_tool_that_computes_other_vectors(
    tmp_path: Path, tiny_checkpoint: Path, architecture: str, stock: bool, in_sentence_transformers: bool
) -> None:
    build_store(tmp_path / "examples" / "words", parallel_examples(24))
    assert train(tmp_path, init=str(tiny(architecture, tmp_path / "init", tiny_checkpoint))) == 0
    text = (tmp_path / "models" / "m" / CARD).read_text()
    assert ("python -m pyserini" in text) == stock
    assert ("import SentenceTransformer" in text) == in_sentence_transformers


def test_an_evaluation_goes_into_the_card(workspace: Workspace) -> None:
    before, fingerprint = card_of(workspace).read_text(), checkpoint.fingerprint(card_of(workspace).parent)
    assert "None yet" in before
    assert evaluate(workspace, "--measures", "AP", "R@10") == 0
    text = card_of(workspace).read_text()
    means = read_json(workspace.evaluation("words", "m"))
    for measure in ("AP", "R@10"):
        figures = [f"{means['settings'][setting][measure]:.3f}" for setting in ("mono", "cross", "multi")]
        assert re.search(rf"\| {re.escape(measure)} +\| +{' +[|] +'.join(figures)} \|", text)
    distance = means["language_bias"]["rank_distance"]["mean"]
    assert re.search(rf"\| rank distance +\| +\| +\| +{distance:.1f} \|", text)
    assert "None yet" not in text
    assert text.split("<!--")[0] == before.split("<!--")[0]
    assert checkpoint.fingerprint(card_of(workspace).parent) == fingerprint


def test_an_evaluation_replaces_the_earlier_one_and_nothing_else(workspace: Workspace) -> None:
    assert evaluate(workspace) == 0
    assert put_evaluation(card_of(workspace).parent, "another", "| a table |\n\nof two parts")
    edited = card_of(workspace).read_text().replace("## Licence", "## Thanks\n\nTo all.\n\n## Licence")
    card_of(workspace).write_text(edited)
    assert evaluate(workspace) == 0
    assert card_of(workspace).read_text() == edited
    assert evaluate(workspace, "--measures", "RR") == 0
    changed = card_of(workspace).read_text()
    assert changed != edited
    assert changed.count("### words") == changed.count("| a table |\n\nof two parts") == changed.count("To all.") == 1
    assert "| AP" not in changed


def test_some_pairs_are_no_evaluation_for_a_card(workspace: Workspace) -> None:
    before = card_of(workspace).read_text()
    assert evaluate(workspace, "--pairs", "de-en") == 0
    assert card_of(workspace).read_text() == before


def test_a_card_without_marks_is_its_owners(workspace: Workspace) -> None:
    card_of(workspace).write_text("# Mine\n")
    assert evaluate(workspace) == 0
    assert card_of(workspace).read_text() == "# Mine\n"


def test_runs_of_an_earlier_model_do_not_go_into_the_card(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(workspace) == 0
    assert train(workspace.root, "--learning_rate", "0.01", "--overwrite") == 0
    anew = card_of(workspace).read_text()
    assert "None yet" in anew
    capsys.readouterr()
    assert evaluate(workspace) == 0
    assert "m: the runs are not of the model in " in capsys.readouterr().err
    assert card_of(workspace).read_text() == anew
    assert search(workspace) == 0
    assert evaluate(workspace) == 0
    assert "### words" in card_of(workspace).read_text()
