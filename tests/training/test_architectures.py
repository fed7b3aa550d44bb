"""Each architecture that one trains from, through the command: trained, saved, loaded; also with activations computed
again, and in bf16."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from parallel_words import parallel_examples
from sentence_transformers import SentenceTransformer
from tiny_architectures import ARCHITECTURES, tiny
from torch import Tensor

from hybrid_pyserini.cli import main
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.training.chunked import ChunkedEncoder
from hybrid_pyserini.training.examples import build_store

TEXTS = ["river bread", "Brot", "面包 音乐 12"]


@pytest.fixture(params=ARCHITECTURES)
def architecture(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def workspace(tmp_path: Path, tiny_checkpoint: Path, architecture: str) -> Path:
    build_store(tmp_path / "examples" / "words", parallel_examples(16))
    tiny(architecture, tmp_path / "init", tiny_checkpoint)
    return tmp_path


def init_of(workspace: Path) -> Path:
    """LaBSE's checkpoint lies a folder deeper."""
    return workspace / "init" / "labse" if (workspace / "init" / "labse").is_dir() else workspace / "init"


def train(workspace: Path, output: str, *more: str) -> dict[str, Tensor]:
    """Train two steps without weight decay, which would move weights that no gradient reaches; return the weights."""
    torch.set_num_threads(1)
    assert main([
        "train", "--workspace", str(workspace), "--examples", "words", "--init", str(init_of(workspace)), "--output",
        output, "--batch-size", "4", "--max_steps", "2", "--optim", "sgd", "--learning_rate", "0.5", "--weight_decay",
        "0", "--lr_scheduler_type", "constant", "--disable_tqdm", "true", "--use_cpu", "true", *more,
    ]) == 0
    return Encoder.load(str(workspace / "models" / output)).model.state_dict()


def test_gradients_reach_every_layer_and_nothing_that_takes_no_part(workspace: Path, architecture: str) -> None:
    """Every matrix of the two layers, the word embeddings and LaBSE's dense layer; no pooler, no decoder."""
    before = Encoder.load(str(init_of(workspace))).model.state_dict()
    after = train(workspace, "m")
    moved = {name: (after[name] - before[name]).abs().max().item() for name in after}
    idle = {name for name in moved if ".pooler." in name or ".decoder." in name}
    assert {name for name in idle if moved[name]} == ({"transformer.decoder.embed_tokens.weight"} & idle)  # shared
    layers = {n: {name for name in moved if re.search(rf"\.(layer|layers|block)\.{n}\..*weight$", name)} - idle
              for n in (0, 1)}
    assert len(layers[0]) >= len(layers[1]) >= 8
    words = {name for name in moved if re.search(r"(word_embeddings|shared)\.weight$", name)}
    dense = {name for name in moved if name.startswith("dense.")}
    assert (len(words), len(dense)) == (1, 2 if architecture == "labse" else 0)
    assert min(moved[name] for name in (*layers[0], *layers[1], *words, *dense)) > 1e-6


@pytest.mark.parametrize("recompute", [False, True])
def test_a_step_of_many_chunks_is_that_of_each_chunk_alone(workspace: Path, recompute: bool) -> None:
    """Vectors and gradients in float64: tokens are looked up once a step, whatever the architecture does with them."""
    encoder = Encoder.load(str(init_of(workspace)), device="cpu")
    encoder.model.double().eval()
    chunks = [encoder.chunk(encoder.tokenize(texts), 8) for texts in (TEXTS, TEXTS[:1] * 2, TEXTS[1:])]

    def weighed(vectors: Tensor) -> Tensor:
        """A sum to which every text and dimension adds a share of its own."""
        return (vectors * torch.linspace(-1, 1, vectors.numel()).double().view_as(vectors)).sum()

    def gradients(vectors: Tensor) -> dict[str, Tensor]:
        encoder.model.zero_grad()
        weighed(vectors).backward()
        return {name: p.grad for name, p in encoder.model.named_parameters() if p.grad is not None}

    alone = torch.cat([encoder.model.embed(**chunk) for chunk in chunks])
    together = ChunkedEncoder(encoder.model, recompute=recompute)(chunks)
    torch.testing.assert_close(together, alone)
    torch.testing.assert_close(gradients(together), gradients(alone))


def test_every_weight_that_is_trained_has_a_gradient(workspace: Path) -> None:
    """Processes that train together wait for each of them."""
    encoder = Encoder.load(str(init_of(workspace)), device="cpu")
    encoder.model.embed(**encoder.chunk(encoder.tokenize(TEXTS)))[:, 0].sum().backward()
    trained = {name: p.grad for name, p in encoder.model.named_parameters() if p.requires_grad}
    assert len(trained) > 10
    assert {name for name, gradient in trained.items() if gradient is None} == set()


def test_sentence_transformers_has_the_same_vectors_where_the_encoder_says_so(
    workspace: Path, architecture: str
) -> None:
    train(workspace, "m")
    folder = str(workspace / "models" / "m")
    encoder = Encoder.load(folder)
    theirs = SentenceTransformer(folder, device="cpu").encode_query(TEXTS)
    assert np.allclose(encoder.encode_queries(TEXTS), theirs, atol=1e-5) == encoder.in_sentence_transformers
    assert encoder.in_sentence_transformers == (architecture != "mbart")


def test_computing_activations_again_changes_no_weight(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    products: Counter[str] = Counter()
    original = torch.nn.Linear.forward

    def counted(self: torch.nn.Linear, states: Tensor) -> Tensor:
        products["all"] += 1
        return original(self, states)

    monkeypatch.setattr(torch.nn.Linear, "forward", counted)
    kept = train(workspace, "kept")
    once = products.pop("all")
    again = train(workspace, "again", "--gradient_checkpointing", "true")
    assert products["all"] > 1.5 * once
    for name, weight in kept.items():
        torch.testing.assert_close(again[name], weight, rtol=1e-6, atol=1e-7)


def test_training_in_bf16_is_close(workspace: Path) -> None:
    train(workspace, "fp32")
    train(workspace, "bf16", "--bf16", "true")
    fp32, bf16 = (Encoder.load(str(workspace / "models" / name)).encode_queries(TEXTS) for name in ("fp32", "bf16"))
    assert not np.array_equal(fp32, bf16)
    assert (fp32 * bf16).sum(axis=1).min() > 0.999
