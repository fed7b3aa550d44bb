"""Pyserini's encoders of ours: the checkpoint decides; what contradicts it is refused or said."""

from pathlib import Path

import faiss
import huggingface_hub
import numpy as np
import pandas as pd
import pytest
from tiny_architectures import in_hub_cache, multilingual_e5

from hybrid_pyserini.bridge.encoders import HybridDocumentEncoder, HybridQueryEncoder
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.indexing.dense_index import IndexManifest, encoder_record, write_dense_index

pytestmark = pytest.mark.java
QUERIES = ["river bread ?", "Fluss Brot ?", "河流 面包 ?"]


@pytest.fixture(scope="module")
def encoder(tiny_checkpoint: Path) -> Encoder:
    return Encoder.load(str(tiny_checkpoint))


def as_pyserini_calls(checkpoint: Path, encoder_class: type, **options: object) -> object:
    """``init_query_encoder`` of ``pyserini.search.faiss``, as its command calls it, with our class in the table."""
    from pyserini.search.faiss import __main__ as search

    search.query_encoder_class_map["hybrid"] = encoder_class
    arguments = {
        "encoder": str(checkpoint), "encoder_class": "hybrid", "tokenizer_name": None, "topics_name": "topics.tsv",
        "encoded_queries": None, "device": "cpu", "max_length": 256, "pooling": "cls", "l2_norm": False, "prefix": None,
    }
    try:
        return search.init_query_encoder(**arguments | options)
    finally:
        del search.query_encoder_class_map["hybrid"]


def test_they_are_pyserinis_encoders(tiny_checkpoint: Path) -> None:
    from pyserini.encode import DocumentEncoder, QueryEncoder

    assert isinstance(HybridQueryEncoder(str(tiny_checkpoint)), QueryEncoder)
    assert isinstance(HybridDocumentEncoder(str(tiny_checkpoint)), DocumentEncoder)


def test_queries_are_encoded_as_the_checkpoint_says(tiny_checkpoint: Path, encoder: Encoder) -> None:
    """Pyserini's own defaults, CLS pooling, 256 tokens, no prefix, no normalisation, are none of the checkpoint's."""
    for ours in (HybridQueryEncoder(str(tiny_checkpoint)), as_pyserini_calls(tiny_checkpoint, HybridQueryEncoder)):
        assert np.array_equal(ours.encode_batch(QUERIES), encoder.encode_queries(QUERIES))
        vector = ours.encode(QUERIES[0], max_length=256)
        assert vector.shape == (64,)
        assert vector.dtype == np.float32
        assert vector == pytest.approx(encoder.encode_queries(QUERIES[:1])[0], abs=1e-6)


def test_passages_are_encoded_as_the_checkpoint_says(tiny_checkpoint: Path, encoder: Encoder) -> None:
    ours = HybridDocumentEncoder(str(tiny_checkpoint), device="cpu")
    vectors = ours.encode(texts=QUERIES, fp16=False, max_length=256, add_sep=False, texts_of_another_field=QUERIES)
    assert np.array_equal(vectors, encoder.encode_passages(QUERIES))
    assert vectors.shape == (3, 64)


def test_titles_go_before_the_text(tiny_checkpoint: Path, encoder: Encoder) -> None:
    """None is what Pyserini gives for an empty field; stock Pyserini would encode the word."""
    vectors = HybridDocumentEncoder(str(tiny_checkpoint)).encode(
        texts=["bread", "music", "winter", None, None], titles=["river", None, "", "city", None]
    )
    assert np.array_equal(vectors, encoder.encode_passages(["river bread", "music", "winter", "city", ""]))


def test_a_known_encoder_whose_files_lack_its_prompts_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    in_hub_cache(tmp_path / "hub", "intfloat/multilingual-e5-base", multilingual_e5)
    for encoder_class in (HybridQueryEncoder, HybridDocumentEncoder):
        with pytest.raises(InputError, match="query prompt '' instead of 'query: '.* 'hybrid-pyserini adopt intfloat/"):
            encoder_class("intfloat/multilingual-e5-base")


@pytest.mark.parametrize("name", ["sentence-models", "my-contriever", "dse", "plain"])
def test_what_pyserini_guesses_from_a_path_changes_nothing(
    tmp_path: Path, tiny_checkpoint: Path, encoder: Encoder, name: str
) -> None:
    """For some paths Pyserini hands over pooling and normalisation unasked."""
    (tmp_path / name).symlink_to(tiny_checkpoint, target_is_directory=True)
    with pytest.warns() as warned:
        ours = as_pyserini_calls(tmp_path / name, HybridQueryEncoder, fp16=True)
    said = " ".join(str(warning.message) for warning in warned)
    assert np.array_equal(ours.encode_batch(QUERIES), encoder.encode_queries(QUERIES))
    assert ("l2_norm=False is ignored" in said) == (name == "my-contriever")
    assert ("pooling='cls' is ignored" in said) == (name == "dse")
    assert "fp16 is ignored" in said


def test_half_precision_of_passages_is_refused_aloud(tiny_checkpoint: Path) -> None:
    with pytest.warns(UserWarning, match="fp16 is ignored"):
        HybridDocumentEncoder(str(tiny_checkpoint)).encode(QUERIES, fp16=True)


@pytest.mark.parametrize("prefix", [None, "Query:", "Query: "])
def test_the_checkpoints_own_prefix_is_welcome(tiny_checkpoint: Path, encoder: Encoder, prefix: str | None) -> None:
    ours = HybridQueryEncoder(str(tiny_checkpoint), prefix=prefix)
    assert np.array_equal(ours.encode_batch(QUERIES), encoder.encode_queries(QUERIES))


def test_another_prefix_or_tokenizer_is_refused(tiny_checkpoint: Path) -> None:
    checkpoint = str(tiny_checkpoint)
    with pytest.raises(InputError, match="prefix 'Passage:', but the checkpoint was trained with 'Query: '"):
        HybridQueryEncoder(checkpoint, prefix="Passage:")
    with pytest.raises(InputError, match="prefix '', but the checkpoint was trained with 'Passage: '"):
        HybridDocumentEncoder(checkpoint, prefix="")
    with pytest.raises(InputError, match="tokenizer 'xlm-roberta-base'"):
        HybridQueryEncoder(checkpoint, tokenizer_name="xlm-roberta-base")
    assert HybridQueryEncoder(checkpoint, tokenizer_name=checkpoint).has_model


def test_a_separator_between_title_and_text_is_refused(tiny_checkpoint: Path) -> None:
    with pytest.raises(InputError, match="leave out --add-sep"):
        HybridDocumentEncoder(str(tiny_checkpoint)).encode(["bread"], titles=["river"], add_sep=True)


def test_a_wrong_checkpoint_is_one_line(tmp_path: Path) -> None:
    for encoder_class in (HybridQueryEncoder, HybridDocumentEncoder):
        with pytest.raises(InputError) as caught:
            encoder_class(str(tmp_path))
        assert str(tmp_path) in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("parameter", ["encoded_query_dir", "encoded_queries_dir"])
def test_queries_may_be_encoded_already(tmp_path: Path, parameter: str) -> None:
    """Under the parameter's name in Pyserini 1.6 and in 2.4."""
    vectors = np.arange(6, dtype=np.float32).reshape(2, 3)
    table = {"id": [1, 2], "text": ["one", "two"], "embedding": list(vectors)}
    pd.DataFrame(table).to_pickle(tmp_path / "embedding.pkl")
    encoder = HybridQueryEncoder(**{parameter: str(tmp_path)})
    assert np.array_equal(encoder.encode("two"), vectors[1])
    assert np.array_equal(encoder.encode_batch(["two", "one"]), vectors[::-1])


def test_nothing_to_encode_with_is_an_error() -> None:
    with pytest.raises(InputError, match="neither a checkpoint nor encoded queries"):
        HybridQueryEncoder()


def write_toy_index(folder: Path, encoder: Encoder) -> str:
    record = encoder_record(encoder)
    manifest = IndexManifest("toy", "en", "tiny", record, {}, {}, passages=1)
    write_dense_index(folder, ["p1"], lambda: [encoder.encode_passages(["river"])], manifest)
    return str(folder)


def test_queries_take_the_precision_of_their_index(tmp_path: Path, tiny_checkpoint: Path) -> None:
    bf16 = Encoder.load(str(tiny_checkpoint), dtype="bf16")
    ours = HybridQueryEncoder(str(tiny_checkpoint), index=write_toy_index(tmp_path / "index", bf16))
    assert np.array_equal(ours.encode_batch(QUERIES), bf16.encode_queries(QUERIES))
    fp32 = Encoder.load(str(tiny_checkpoint)).encode_queries(QUERIES)
    assert not np.array_equal(ours.encode_batch(QUERIES), fp32)


def test_an_index_of_another_model_is_refused(tmp_path: Path, tiny_checkpoint: Path, encoder: Encoder) -> None:
    folder = write_toy_index(tmp_path / "index", encoder)
    manifest = (tmp_path / "index" / "manifest.json").read_text()
    (tmp_path / "index" / "manifest.json").write_text(manifest.replace(encoder.fingerprint, "0" * 64))
    with pytest.raises(InputError, match="fingerprint is 00000000"):
        HybridQueryEncoder(str(tiny_checkpoint), index=folder)


def test_an_index_of_pyserinis_own_making_is_taken_as_it_is(tmp_path: Path, tiny_checkpoint: Path) -> None:
    faiss.write_index(faiss.IndexFlatIP(64), str(tmp_path / "index"))
    assert HybridQueryEncoder(str(tiny_checkpoint), index=str(tmp_path)).has_model


def test_pyserinis_searcher_works_with_them(tmp_path: Path, tiny_checkpoint: Path, encoder: Encoder) -> None:
    from pyserini.search.faiss import FaissSearcher

    folder = write_toy_index(tmp_path / "index", encoder)
    searcher = FaissSearcher(folder, HybridQueryEncoder(str(tiny_checkpoint), index=folder))
    expected = float(encoder.encode_queries(["bread"])[0] @ encoder.encode_passages(["river"])[0])
    (single,) = searcher.search("bread")
    ((batched,),) = searcher.batch_search(["bread"], ["q"], k=1, threads=2).values()
    assert single.docid == batched.docid == "p1"
    assert single.score == pytest.approx(expected, abs=1e-6)
    assert batched.score == pytest.approx(expected, abs=1e-6)
