"""``adopt``: whence each setting comes, what is refused, and what stays as it is."""

import json
import shutil
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import torch
from parallel_words import parallel_examples, write_dataset
from safetensors.torch import load_file, save_file
from tiny_architectures import in_hub_cache, labse_like, mbert, mdpr, multilingual_e5
from transformers import AutoModel, AutoTokenizer

from hybrid_pyserini.cli import main
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.workspace import Workspace

ALL_GIVEN = ["--pooling", "mean", "--no-normalize", "--query-prompt", "Q: ", "--document-prompt", ""]


@pytest.fixture
def e5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """multilingual-e5-base in the Hub's cache."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return in_hub_cache(tmp_path / "hub", "intfloat/multilingual-e5-base", multilingual_e5)


def adopt(workspace: Path, source: object, *more: str, output: str = "m") -> int:
    return main(["adopt", str(source), "--output", output, "--workspace", str(workspace), *more])


def settings_of(workspace: Path, output: str = "m") -> dict[str, object]:
    """Those that the model was made with, and those that it is loaded with: they must be the same."""
    settings = json.loads((workspace / "models" / output / "adopt.json").read_text())["settings"]
    assert vars(Encoder.load(str(workspace / "models" / output)).settings) == settings
    return settings


def refused(capsys: pytest.CaptureFixture[str], workspace: Path) -> str:
    """The one line of a refusal; nothing was made."""
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1 and err.startswith("hybrid-pyserini adopt: ")
    assert not list(workspace.glob("models/*")) and not list(workspace.glob("models/.*"))
    return err


def test_a_known_name_needs_no_options(e5: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert adopt(tmp_path, "intfloat/multilingual-e5-base") == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path / 'models' / 'm'}\twritten", "pooling\t'mean'\tstated", "normalize\tTrue\tstated",
        "query prompt\t'query: '\tpublished", "document prompt\t'passage: '\tpublished", "max length\t512\tstated",
    ]
    assert settings_of(tmp_path) == {
        "pooling": "mean", "normalize": True, "query_prompt": "query: ", "document_prompt": "passage: ",
        "max_length": 512, "dense_folder": None,
    }
    record = json.loads((tmp_path / "models" / "m" / "adopt.json").read_text())
    assert record["revision"] == e5.name
    assert record["arguments"] == {"source": "intfloat/multilingual-e5-base", "known": None, "given": {}}


def test_tokens_are_those_of_the_checkpoint(e5: Path, tmp_path: Path) -> None:
    """sentencepiece's normaliser makes plain letters of wide ones, in the copy too; so does BERT's with accents."""
    assert adopt(tmp_path, e5, "--as", "intfloat/multilingual-e5-base") == 0
    assert adopt(tmp_path, mdpr(tmp_path / "mdpr"), "--as", "castorini/mdpr-tied-pft-msmarco", output="n") == 0
    for source, model in ((e5, "m"), (tmp_path / "mdpr", "n")):
        theirs, ours = AutoTokenizer.from_pretrained(source), AutoTokenizer.from_pretrained(tmp_path / "models" / model)
        for text in ("ｑｕｅｒｙ river", "query river", "Brücke  面包\n音乐 ?", "\u00a0Wald ﬁ"):
            assert ours(text)["input_ids"] == theirs(text)["input_ids"]
        assert len(set(ours("river mountain")["input_ids"])) > 3
    wide, plain = (AutoTokenizer.from_pretrained(tmp_path / "models" / "m")(t)["input_ids"] for t in ("ｗ", "w"))
    assert wide == plain


def test_the_command_line_counts_before_the_checkpoint_and_that_before_the_table(e5: Path, tmp_path: Path) -> None:
    (e5 / "sentence_bert_config.json").write_text('{"max_seq_length": 100}')
    (e5 / "config_sentence_transformers.json").write_text('{"prompts": {"query": "Frage: ", "document": ""}}')
    assert adopt(tmp_path, "intfloat/multilingual-e5-base", "--pooling", "cls", "--no-normalize") == 0
    assert settings_of(tmp_path) == {
        "pooling": "cls", "normalize": False, "query_prompt": "Frage: ", "document_prompt": "", "max_length": 100,
        "dense_folder": None,
    }
    encoder, text = Encoder.load(str(tmp_path / "models" / "m")), "river bread"
    tokens = AutoTokenizer.from_pretrained(e5)(f"Frage: {text}", return_tensors="pt")
    with torch.inference_mode():
        cls = AutoModel.from_pretrained(e5).eval()(**tokens).last_hidden_state[0, 0].numpy()
    assert encoder.encode_queries([text])[0] == pytest.approx(cls, abs=1e-5)


def test_empty_prompts_do_not_stand_before_published_ones(e5: Path, tmp_path: Path) -> None:
    """sentence-transformers writes them where nobody has said anything."""
    (e5 / "config_sentence_transformers.json").write_text('{"prompts": {"query": "", "document": ""}}')
    assert adopt(tmp_path, "intfloat/multilingual-e5-base") == 0
    assert settings_of(tmp_path)["query_prompt"] == "query: "
    assert adopt(tmp_path, e5, output="unknown") == 0  # but they are said
    assert settings_of(tmp_path, "unknown")["query_prompt"] == ""
    assert adopt(tmp_path, "intfloat/multilingual-e5-base", "--query-prompt", "", output="given") == 0
    given = settings_of(tmp_path, "given")
    assert (given["query_prompt"], given["document_prompt"]) == ("", "passage: ")


def test_labse_keeps_its_dense_layer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from sentence_transformers import SentenceTransformer

    labse = labse_like(tmp_path / "labse")
    assert adopt(tmp_path, labse, "--as", "sentence-transformers/LaBSE") == 0
    theirs, ours = SentenceTransformer(str(labse), device="cpu"), Encoder.load(str(tmp_path / "models" / "m"))
    texts = ["river bread", "Brot"]
    assert ours.dimension == 16
    assert ours.encode_passages(texts) == pytest.approx(theirs.encode(texts), abs=1e-5)
    shutil.rmtree(tmp_path / "models")
    capsys.readouterr()
    assert adopt(tmp_path, labse_like(tmp_path / "x").parent / "bert", "--as", "sentence-transformers/LaBSE") == 2
    assert "has a dense layer, and this copy has none" in refused(capsys, tmp_path)


@pytest.mark.parametrize(("given", "message"), [
    ([], "does not say its pooling and normalize and query prompt and document prompt; give --pooling, --normalize or "
     "--no-normalize, --query-prompt, --document-prompt, as its authors do, or --as NAME"),
    (ALL_GIVEN[:3], "does not say its query prompt and document prompt; give --query-prompt, --document-prompt,"),
    ([*ALL_GIVEN, "--max-length", "49"], "a maximum length of 49 tokens; give --max-length from 8 to 48"),
    (["--as", "nobody/nothing"], "no published settings of 'nobody/nothing'; known are castorini/mdpr"),
])
def test_nothing_is_guessed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: list[str], message: str
) -> None:
    plain = mbert(tmp_path / "multilingual-e5-base")  # nor from its folder's name
    assert adopt(tmp_path, plain, *given) == 2
    assert message in refused(capsys, tmp_path)


def test_a_checkpoint_that_leaves_prompts_open_is_asked_for_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert adopt(tmp_path, multilingual_e5(tmp_path / "e5")) == 2
    assert "e5 does not say its query prompt and document prompt;" in refused(capsys, tmp_path)


def test_a_plain_checkpoint_with_all_given(tmp_path: Path) -> None:
    assert adopt(tmp_path, mbert(tmp_path / "plain"), *ALL_GIVEN) == 0
    assert settings_of(tmp_path) == {
        "pooling": "mean", "normalize": False, "query_prompt": "Q: ", "document_prompt": "", "max_length": 48,
        "dense_folder": None,
    }


def test_missing_weights_and_words_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """transformers would draw weights at random, and take every word for an unknown one."""
    plain = mbert(tmp_path / "plain")
    weights = load_file(plain / "model.safetensors")
    kept = {name: value for name, value in weights.items() if not name.startswith(("encoder.layer.1.output", "pooler"))}
    save_file(kept, plain / "model.safetensors", metadata={"format": "pt"})
    assert adopt(tmp_path, plain, *ALL_GIVEN) == 2
    said = f"{plain}: no weights for encoder.layer.1.output.LayerNorm.bias and 3 more; copy or download it again"
    assert said in refused(capsys, tmp_path)
    save_file({n: v for n, v in weights.items() if not n.startswith("pooler")}, plain / "model.safetensors",
              metadata={"format": "pt"})
    for name in ("vocab.txt", "tokenizer.json"):
        (plain / name).unlink()
    assert adopt(tmp_path, plain, *ALL_GIVEN) == 2
    assert "plain: a tokenizer without words; copy or download its files too" in refused(capsys, tmp_path)
    (plain / "model.safetensors").unlink()
    assert adopt(tmp_path, plain, *ALL_GIVEN) == 2
    assert "plain: no checkpoint that can be loaded" in refused(capsys, tmp_path)


def test_the_pooler_may_be_missing(tmp_path: Path) -> None:
    """XLM-R has none to load; no vector depends on it."""
    plain = mbert(tmp_path / "plain")
    weights = load_file(plain / "model.safetensors")
    save_file({n: v for n, v in weights.items() if not n.startswith("pooler")}, plain / "model.safetensors",
              metadata={"format": "pt"})
    assert adopt(tmp_path, plain, *ALL_GIVEN) == 0


def test_the_same_is_kept_and_another_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain, model = mbert(tmp_path / "plain"), tmp_path / "models" / "m"
    assert adopt(tmp_path, plain, *ALL_GIVEN) == 0
    first, written = capsys.readouterr().out.splitlines(), (model / "adopt.json").stat().st_mtime_ns
    assert adopt(tmp_path, plain, *ALL_GIVEN) == 0
    again = capsys.readouterr().out.splitlines()
    assert again == [f"{model}\tkept", *first[1:]] and (model / "adopt.json").stat().st_mtime_ns == written
    assert adopt(tmp_path, plain, *ALL_GIVEN, "--max-length", "40") == 2
    assert "a model that was made otherwise" in capsys.readouterr().err
    vectors = Encoder.load(str(model)).encode_queries(["river"])
    shutil.rmtree(plain)
    mbert(plain, spread=0.5)  # other weights in the same place
    assert adopt(tmp_path, plain, *ALL_GIVEN) == 2
    assert "or from another checkpoint; choose another name, or give --overwrite" in capsys.readouterr().err
    assert np.array_equal(Encoder.load(str(model)).encode_queries(["river"]), vectors)
    assert adopt(tmp_path, plain, *ALL_GIVEN, "--overwrite") == 0
    assert not np.allclose(Encoder.load(str(model)).encode_queries(["river"]), vectors, atol=1e-3)


def test_a_trained_model_is_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mbert(tmp_path / "models" / "m")
    assert adopt(tmp_path, mbert(tmp_path / "plain"), *ALL_GIVEN) == 2
    assert "a model that was made otherwise" in capsys.readouterr().err


@pytest.mark.parametrize(("source", "output", "message"), [
    ("nobody/nothing", "m", "the hub does not give it"),
    ("./nowhere", "m", "no checkpoint: no such folder"),
    (__file__, "m", "no checkpoint: a file"),
    ("./nowhere", "bm25", "'bm25' is the lexical baseline's name"),
    ("./nowhere", "a.b", "model name 'a.b'"),
])
def test_mistakes_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, output: str, message: str
) -> None:
    assert adopt(tmp_path, source, output=output) == 2
    assert message in refused(capsys, tmp_path)


@pytest.mark.parametrize("command", ["index", "encode"])
def test_a_known_encoder_whose_files_say_too_little_is_not_taken_as_it_is(
    e5: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """By its name on the Hub, E5 would have no prompts, and mDPR mean pooling, cosines and the paper's prompts."""
    write_dataset(Workspace(tmp_path), "words", parallel_examples(8, ("de", "en")), ("de", "en"))
    in_hub_cache(tmp_path / "hub", "castorini/mdpr-tied-pft-msmarco", mdpr)
    for name, differing in (
        ("intfloat/multilingual-e5-base", "query prompt '' instead of 'query: ', document prompt '' instead of "
         "'passage: '"),
        ("castorini/mdpr-tied-pft-msmarco", "pooling 'mean' instead of 'cls', normalize True instead of False, query "
         "prompt 'Query: ' instead of '', document prompt 'Passage: ' instead of ''"),
    ):
        capsys.readouterr()
        assert main([command, "words", "--model", name, "--workspace", str(tmp_path)]) == 2
        (err,) = capsys.readouterr().err.splitlines()
        assert f"it would be taken with {differing}; make a model of it with 'hybrid-pyserini adopt {name} " in err
    assert not (tmp_path / "indexes").exists() and not (tmp_path / "vectors").exists()


def test_one_whose_files_say_all_is_taken_by_its_name(
    e5: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_dataset(Workspace(tmp_path), "words", parallel_examples(8, ("de", "en")), ("de", "en"))
    labse = labse_like(tmp_path / "labse")
    in_hub_cache(tmp_path / "hub", "sentence-transformers/LaBSE", lambda folder: shutil.copytree(labse, folder))
    capsys.readouterr()
    assert main(["index", "words", "--model", "sentence-transformers/LaBSE", "--workspace", str(tmp_path)]) == 0
    assert "does not say how it is to be used" not in capsys.readouterr().err


def test_a_plain_model_that_says_nothing_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_dataset(Workspace(tmp_path), "words", parallel_examples(8, ("de", "en")), ("de", "en"))
    plain = mbert(tmp_path / "plain")
    capsys.readouterr()
    assert main(["index", "words", "--model", str(plain), "--workspace", str(tmp_path)]) == 0
    assert (
        f"note: {plain} does not say how it is to be used; taken are mean pooling, vectors of length 1, and the "
        "prompts 'Query: ' and 'Passage: '; 'hybrid-pyserini adopt' makes a model of it with others\n"
    ) in capsys.readouterr().err
