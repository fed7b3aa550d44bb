"""Vectors against sentence-transformers and plain transformers; checkpoints against both."""

import json
import shutil
from pathlib import Path
from threading import Barrier, get_ident

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from parallel_words import WORDS
from tiny_architectures import encoder_decoder, labse_like
from transformers import AutoModel, AutoTokenizer

from hybrid_pyserini.encoder import checkpoint
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.training.init import init, new_encoder

TEXTS = [" ".join(words[:n]) for words in WORDS.values() for n in (1, 12, 4)] + ["x", "two\nlines", "river " * 300]


@pytest.fixture(scope="module")
def encoder(tiny_checkpoint: Path) -> Encoder:
    return Encoder.load(str(tiny_checkpoint))


def saved_with(tiny_checkpoint: Path, folder: Path, **changes: object) -> Path:
    """A checkpoint like the tiny one with other settings."""
    encoder = Encoder.load(str(tiny_checkpoint))
    for name, value in changes.items():
        object.__setattr__(encoder.settings, name, value)
    encoder.model.pooling, encoder.model.normalize = encoder.settings.pooling, encoder.settings.normalize
    folder.mkdir()
    encoder.save(folder)
    return folder


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("normalize", [True, False])
def test_vectors_are_sentence_transformers(
    tiny_checkpoint: Path, tmp_path: Path, pooling: str, normalize: bool
) -> None:
    from sentence_transformers import SentenceTransformer

    folder = saved_with(tiny_checkpoint, tmp_path / "m", pooling=pooling, normalize=normalize)
    ours, theirs = Encoder.load(str(folder)), SentenceTransformer(str(folder), device="cpu")
    assert ours.encode_queries(TEXTS) == pytest.approx(theirs.encode_query(TEXTS), abs=1e-5)
    assert ours.encode_passages(TEXTS) == pytest.approx(theirs.encode_document(TEXTS), abs=1e-5)
    assert not np.allclose(ours.encode_queries(TEXTS), ours.encode_passages(TEXTS), atol=1e-3)


def test_vectors_are_mean_pooled_transformers_output(encoder: Encoder, tiny_checkpoint: Path) -> None:
    """One text at a time, without padding, chunks or sorting."""
    model, tokenizer = AutoModel.from_pretrained(tiny_checkpoint), AutoTokenizer.from_pretrained(tiny_checkpoint)
    for text, vector in zip(TEXTS, encoder.encode_passages(TEXTS), strict=True):
        ids = tokenizer(f"Passage: {text}", truncation=True, max_length=64, return_tensors="pt")
        with torch.inference_mode():
            pooled = model(**ids).last_hidden_state[0].mean(dim=0)
        assert vector == pytest.approx((pooled / pooled.norm()).numpy(), abs=1e-5)


@settings(max_examples=20)
@given(st.lists(st.text(min_size=1, max_size=40), max_size=9), st.integers(1, 100))
def test_order_and_chunks_change_nothing(encoder: Encoder, texts: list[str], chunk_tokens: int) -> None:
    vectors = encoder.encode_queries(texts, chunk_tokens=chunk_tokens)
    assert vectors.shape == (len(texts), 64)
    assert vectors.dtype == np.float32
    assert encoder.encode_queries(texts[::-1])[::-1] == pytest.approx(vectors, abs=1e-5)


@pytest.mark.parametrize(("threads", "shares"), [(1, [1]), (2, [1, 1]), (3, [1, 1, 1]), (7, [1, 2, 2, 2])])
def test_chunks_side_by_side_have_all_threads_between_them(
    encoder: Encoder, threads: int, shares: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    used, all_here = {}, Barrier(len(shares), timeout=30)
    embed = encoder.model.embed

    def noting(**chunk: torch.Tensor) -> torch.Tensor:
        used[get_ident()] = torch.get_num_threads()
        all_here.wait()
        return embed(**chunk)

    monkeypatch.setattr(encoder.model, "embed", noting)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        encoder.encode_passages([f"river {i}" for i in range(len(shares))], chunk_tokens=1)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert sorted(used.values()) == shares


def test_int8_is_close_and_only_for_processors(encoder: Encoder, tiny_checkpoint: Path) -> None:
    low = Encoder.load(str(tiny_checkpoint), dtype="int8", device="cpu")
    assert low.dtype == "int8"
    texts = [f"river {i} flows" for i in range(40)]
    cosines = (encoder.encode_passages(texts) * low.encode_passages(texts)).sum(axis=1)
    assert cosines.min() > .999
    assert cosines.min() < .9999999  # else nothing was quantised
    with pytest.raises(InputError, match="no int8 on meta"):
        Encoder.load(str(tiny_checkpoint), dtype="int8", device="meta")


def test_bf16_is_close(encoder: Encoder, tiny_checkpoint: Path) -> None:
    low = Encoder.load(str(tiny_checkpoint), dtype="bf16")
    assert low.dtype == "bf16"
    vectors, low_vectors = encoder.encode_passages(TEXTS), low.encode_passages(TEXTS)
    assert (vectors * low_vectors).sum(axis=1).min() >= 0.9999
    assert not np.array_equal(vectors, low_vectors)


def test_saving_what_was_loaded_changes_nothing(encoder: Encoder, tmp_path: Path) -> None:
    encoder.save(tmp_path)
    again = Encoder.load(str(tmp_path))
    assert again.fingerprint == encoder.fingerprint
    assert np.array_equal(again.encode_queries(TEXTS), encoder.encode_queries(TEXTS))
    assert json.loads((tmp_path / "tokenizer_config.json").read_text())["tokenizer_class"] == "XLMRobertaTokenizer"


def test_fingerprints_tell_weights_settings_and_tokenizers_apart(tiny_checkpoint: Path, tmp_path: Path) -> None:
    prints = {checkpoint.fingerprint(tiny_checkpoint)}
    prints.add(checkpoint.fingerprint(saved_with(tiny_checkpoint, tmp_path / "cls", pooling="cls")))
    prints.add(checkpoint.fingerprint(saved_with(tiny_checkpoint, tmp_path / "prompt", query_prompt="q: ")))
    shutil.copytree(tiny_checkpoint, tmp_path / "tokenizer")
    tokenizer = tmp_path / "tokenizer" / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text() + " ")
    prints.add(checkpoint.fingerprint(tmp_path / "tokenizer"))
    weights = shutil.copytree(tiny_checkpoint, tmp_path / "weights") / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    prints.add(checkpoint.fingerprint(tmp_path / "weights"))
    assert len(prints) == 5
    shutil.copytree(tiny_checkpoint, tmp_path / "copy")
    assert checkpoint.fingerprint(tmp_path / "copy") in prints


def test_labse_with_its_dense_layer(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    folder = labse_like(tmp_path, layers=1)
    encoder = Encoder.load(str(folder))
    theirs = SentenceTransformer(str(folder), device="cpu").encode(WORDS["en"])
    assert encoder.dimension == 16
    assert not encoder.stock_pyserini
    assert encoder.encode_queries(WORDS["en"]) == pytest.approx(theirs, abs=1e-5)
    (tmp_path / "again").mkdir()
    encoder.save(tmp_path / "again")
    again = SentenceTransformer(str(tmp_path / "again"), device="cpu").encode(WORDS["en"])
    assert again == pytest.approx(theirs, abs=1e-5)
    assert np.array_equal(Encoder.load(str(tmp_path / "again")).encode_queries(WORDS["en"]),
                          encoder.encode_queries(WORDS["en"]))


@pytest.mark.parametrize("architecture", ["mbart", "mt5"])
def test_of_an_encoder_decoder_the_encoder(tiny_checkpoint: Path, tmp_path: Path, architecture: str) -> None:
    model, vocabulary = encoder_decoder(architecture, tmp_path, tiny_checkpoint, layers=1)
    encoder = Encoder.load(str(tmp_path))
    ids = vocabulary("Passage: river", return_tensors="pt")
    with torch.inference_mode():
        pooled = model.eval().get_encoder()(**ids).last_hidden_state[0].mean(dim=0)
    assert encoder.encode_passages(["river"])[0] == pytest.approx((pooled / pooled.norm()).numpy(), abs=1e-5)
    trained = {name for name, p in encoder.model.named_parameters() if p.requires_grad}
    assert trained
    assert not any(".decoder." in name for name in trained)
    assert not encoder.stock_pyserini


def test_positions_limit_the_length(tmp_path: Path) -> None:
    """A plain XLM-R of 34 positions takes 32 tokens, whatever the default says."""
    encoder = new_encoder(TEXTS * 3, layers=1, width=64, pieces=120, seed=0, max_length=32)
    encoder.model.transformer.save_pretrained(tmp_path)
    encoder.tokenizer.save_pretrained(tmp_path)
    assert Encoder.load(str(tmp_path)).settings.max_length == 32
    assert Encoder.load(str(tmp_path)).encode_queries(["river " * 100]).shape == (1, 64)


def test_init_is_a_function_of_its_arguments(tmp_path: Path) -> None:
    prints = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        init(tmp_path / name, TEXTS * 3, layers=1, width=64, pieces=120, seed=seed, max_length=32)
        prints.append(checkpoint.fingerprint(tmp_path / name))
    assert prints[0] == prints[1] != prints[2]


def test_init_has_the_dropout_it_is_asked_for(tmp_path: Path) -> None:
    """Seen where it works: in training, two passes of one text differ with dropout, and are equal without."""
    for dropout, alike in ((0.0, True), (0.5, False)):
        folder = tmp_path / str(dropout)
        init(folder, TEXTS * 3, layers=1, width=64, pieces=120, seed=1, max_length=32, dropout=dropout)
        encoder = Encoder.load(str(folder))
        ids = encoder.tokenizer("river", return_tensors="pt")
        first, second = (encoder.model.train().transformer(**ids).last_hidden_state for _ in range(2))
        assert torch.equal(first, second) is alike
    with pytest.raises(InputError, match=r"a dropout of 1\.0; use 0 or more and less than 1"):
        init(tmp_path / "all", TEXTS * 3, layers=1, width=64, pieces=120, seed=1, dropout=1.0)


def test_what_is_no_checkpoint_is_refused(tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no checkpoint: a folder without config.json"):
        Encoder.load(str(tmp_path / "empty"))
    with pytest.raises(InputError, match="no checkpoint: no such folder"):
        Encoder.load(str(tmp_path / "missing"))
    with pytest.raises(InputError, match="the hub does not give it"):
        Encoder.load("nobody/nothing")
    broken = shutil.copytree(tiny_checkpoint, tmp_path / "broken")
    weights = (broken / "model.safetensors").read_bytes()
    (broken / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(InputError, match="no checkpoint that can be loaded"):
        Encoder.load(str(broken))
    (broken / "model.safetensors").unlink()
    with pytest.raises(InputError, match="no checkpoint that can be loaded"):
        Encoder.load(str(broken))
    with pytest.raises(InputError, match="unknown dtype"):
        Encoder.load(str(tiny_checkpoint), dtype="fp8")


@pytest.mark.parametrize(("file", "text", "says"), [
    ("1_Pooling/config.json", '{"pooling_mode_max_tokens": true}', "pooling pooling_mode_max_tokens"),
    ("1_Pooling/config.json", '{"pooling_mode": "lasttoken"}', "pooling lasttoken"),
    ("modules.json", '[{"type": "x.Transformer", "path": ""}, {"type": "x.WordEmbeddings", "path": "1"}]', "WordEmbed"),
    ("modules.json", "{", "not a list of modules"),
])
def test_a_pooling_or_module_unknown_here_is_refused(
    tiny_checkpoint: Path, tmp_path: Path, file: str, text: str, says: str
) -> None:
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "m")
    (folder / file).write_text(text)
    with pytest.raises(InputError, match=says):
        Encoder.load(str(folder))
