"""LoRA: the adapter alone is trained, and what is saved is a complete encoder."""

import builtins
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import peft
import pytest
import torch
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from tiny_architectures import tiny
from transformers import AutoModel
from word_training import training_workspace

from hybrid_pyserini.cli import main
from hybrid_pyserini.encoder import checkpoint
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.training import training
from hybrid_pyserini.training.lora import LoraEncoder

TEXTS = ["river bread", "Brot", "面包 音乐 12"]
ADAPTED = {"xlm-r": 4, "mbert": 4, "mt5": 4, "labse": 4}
"""Query and value of two layers, which peft chooses for all of these."""


@pytest.fixture(params=ADAPTED)
def architecture(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def workspace(tmp_path: Path, tiny_checkpoint: Path) -> Path:
    return training_workspace(tmp_path, tiny_checkpoint, 24, 8)


def train(workspace: Path, output: str, *more: str, init: str | Path = "tiny") -> int:
    torch.set_num_threads(1)
    return main([
        "train", "--workspace", str(workspace), "--examples", "words", "--init", str(init), "--output", output,
        "--batch-size", "8", "--max_steps", "4", "--save_steps", "2", "--learning_rate", "0.01", "--disable_tqdm",
        "true", "--use_cpu", "true", "--lora-rank", "4", *more,
    ])


@pytest.fixture
def in_training(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The encoder as it is when training ends, and its vectors."""
    seen: dict[str, Any] = {}
    original = LoraEncoder.save

    def save(self: LoraEncoder, folder: Path) -> None:
        seen["vectors"] = self.encode_passages(TEXTS)
        self.model.train()
        seen["names"] = {name for name, p in self.model.named_parameters() if p.requires_grad}
        original(self, folder)

    monkeypatch.setattr(LoraEncoder, "save", save)
    return seen


def test_the_saved_encoder_is_complete_and_the_one_in_training(
    workspace: Path, tmp_path: Path, tiny_checkpoint: Path, architecture: str, in_training: dict[str, Any]
) -> None:
    init = tiny(architecture, tmp_path / "init", tiny_checkpoint)
    assert train(workspace, "m", init=init) == 0
    folder = workspace / "models" / "m"
    assert len(in_training["names"]) == 2 * ADAPTED[architecture]
    assert all(".lora_" in name for name in in_training["names"])
    saved = Encoder.load(str(folder))
    vectors = saved.encode_passages(TEXTS)
    assert (vectors * in_training["vectors"]).sum(axis=1).min() >= 0.999999
    assert SentenceTransformer(str(folder), device="cpu").encode_document(TEXTS) == pytest.approx(vectors, abs=1e-5)
    before, after = (Encoder.load(str(path)).model.state_dict() for path in (init, folder))
    assert before.keys() == after.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert len(changed) == ADAPTED[architecture]
    parameters = read_json(folder / "training.json")["parameters"]
    trained = sum(value.numel() for value in load_file(folder / "adapter" / "adapter_model.safetensors").values())
    assert parameters == {
        "all": sum(value.numel() for value in saved.model.parameters()) + trained, "trained": trained
    }


def test_the_adapter_beside_it_is_pefts(workspace: Path) -> None:
    """peft's own classes, on the initial encoder: the same weights."""
    assert train(workspace, "m", "--lora-alpha", "3", "--lora-targets", "query", "dense", "word_embeddings") == 0
    folder = workspace / "models" / "m"
    adapted = peft.PeftModel.from_pretrained(AutoModel.from_pretrained(workspace / "models" / "tiny"),
                                             str(folder / "adapter"))
    assert adapted.peft_config["default"].lora_alpha == 3
    merged, ours = adapted.merge_and_unload().state_dict(), AutoModel.from_pretrained(folder).state_dict()
    assert merged.keys() == ours.keys()
    for name, weight in ours.items():
        torch.testing.assert_close(weight, merged[name], rtol=1e-6, atol=1e-7)
    changed = {name for name, weight in AutoModel.from_pretrained(workspace / "models" / "tiny").state_dict().items()
               if not torch.equal(weight, ours[name])}
    assert {name.split(".")[-2] for name in changed} == {"query", "dense", "word_embeddings"}
    assert not any("pooler" in name for name in changed)


def test_the_adapter_is_no_part_of_the_fingerprint(workspace: Path) -> None:
    assert train(workspace, "m") == 0
    before = checkpoint.fingerprint(workspace / "models" / "m")
    shutil.rmtree(workspace / "models" / "m" / "adapter")
    assert checkpoint.fingerprint(workspace / "models" / "m") == before


def test_an_interrupted_training_ends_with_the_same_bits(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert train(workspace, "undisturbed") == 0
    monkeypatch.setattr(training, "replacing_folder", None)
    with pytest.raises(TypeError):
        train(workspace, "m")
    monkeypatch.undo()
    shutil.rmtree(workspace / "models" / "m.training" / "checkpoint-4")
    assert train(workspace, "m", "--resume") == 0
    for name in ("model.safetensors", "adapter/adapter_model.safetensors", "training.json"):
        ours, theirs = ((workspace / "models" / model / name).read_bytes() for model in ("m", "undisturbed"))
        assert ours == theirs


def test_the_best_adapter_is_kept(workspace: Path) -> None:
    assert train(workspace, "m", "--validation", "held-out", "--eval_steps", "2", "--patience", "1",
                 "--learning_rate", "1", "--max_steps", "12") == 0
    record = read_json(workspace / "models" / "m" / "training.json")
    losses = [entry["eval_loss"] for entry in record["log"] if "eval_loss" in entry]
    assert min(losses) < losses[-1]
    best = workspace / "models" / "m.training" / f"checkpoint-{2 * (1 + losses.index(min(losses)))}"
    assert (best / "model.safetensors").read_bytes() == (workspace / "models/m/model.safetensors").read_bytes()


def test_an_architecture_that_peft_does_not_know_is_adapted_in_all_linear_layers(
    workspace: Path, tmp_path: Path, tiny_checkpoint: Path
) -> None:
    init = tiny("mbart", tmp_path / "init", tiny_checkpoint)
    assert train(workspace, "m", init=init) == 0
    adapter = load_file(workspace / "models" / "m" / "adapter" / "adapter_model.safetensors")
    assert {name.removeprefix("base_model.model.").split(".")[0] for name in adapter} == {"encoder"}
    assert len(adapter) == 2 * 2 * 6  # A and B; two layers; q, k, v, out, fc1, fc2


def test_activations_computed_again_change_nothing(workspace: Path) -> None:
    assert train(workspace, "kept") == 0
    assert train(workspace, "again", "--gradient_checkpointing", "true") == 0
    kept, again = (load_file(workspace / "models" / name / "model.safetensors") for name in ("kept", "again"))
    for name, weight in kept.items():
        torch.testing.assert_close(again[name], weight, rtol=1e-5, atol=1e-6)


def test_without_training_the_vectors_are_the_initial_encoders(tiny_checkpoint: Path) -> None:
    plain = Encoder.load(str(tiny_checkpoint)).encode_queries(TEXTS)
    adapted = LoraEncoder(Encoder.load(str(tiny_checkpoint)), 4, 8.0, None, seed=1)
    assert np.array_equal(adapted.encode_queries(TEXTS), plain)
    states = [LoraEncoder(Encoder.load(str(tiny_checkpoint)), 4, 8.0, None, seed).model.state_dict()
              for seed in (1, 1, 2)]
    name = next(name for name in states[0] if "lora_A" in name)
    assert torch.equal(states[0][name], states[1][name])
    assert not torch.equal(states[0][name], states[2][name])


@pytest.mark.parametrize(("more", "says"), [
    (["--lora-rank", "0"], "LoRA of rank 0"),
    (["--lora-alpha", "-1"], "LoRA with alpha -1.0"),
    (["--lora-targets", "nothing"], "no LoRA for these layers"),
])
def test_mistakes_are_one_line(
    workspace: Path, capsys: pytest.CaptureFixture[str], more: list[str], says: str
) -> None:
    assert train(workspace, "m", *more) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def test_settings_of_lora_without_a_rank(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--workspace", str(workspace), "--examples", "words", "--init", "tiny", "--output", "m",
                 "--max_steps", "1", "--lora-targets", "query"]) == 2
    assert "without its rank; give --lora-rank" in capsys.readouterr().err


def test_without_peft_it_is_said_what_to_install(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = builtins.__import__

    def without_peft(name: str, *more: Any) -> Any:
        if name.split(".")[0] == "peft":
            raise ImportError(name)
        return original(name, *more)

    monkeypatch.setattr(builtins, "__import__", without_peft)
    assert train(workspace, "m") == 2
    assert capsys.readouterr().err.endswith("LoRA needs the package peft; install it with: pip install peft\n")
