"""The translator against transformers' own generation of one sentence at a time, and what it refuses."""

import json
import random
import shutil
from pathlib import Path

import pytest
import torch
from parallel_words import WORDS
from tiny_translators import tiny_translator
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.translation import translator as translator_module
from hybrid_pyserini.translation.translator import EMPTY, RUNAWAY, Translation, Translator, longest_output

CODES = {"m2m": {"en": "en", "de": "de", "zh": "zh"}, "nllb": {"en": "eng_Latn", "de": "deu_Latn", "zh": "zho_Hans"}}


@pytest.fixture(params=["m2m", "nllb"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def folder(kind: str, request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(kind)


def texts(count: int) -> list[str]:
    """Of one to forty words, without a sentence's end."""
    chance = random.Random(4)
    return [" ".join(chance.choices(WORDS["en"], k=chance.randint(1, 40))) for _ in range(count)]


def one_at_a_time(folder: Path, kind: str, text: str, pair: tuple[str, str], beams: int) -> list[int]:
    """The tokens that come out as the models' documentation says, through transformers alone."""
    model, tokenizer = AutoModelForSeq2SeqLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    source, language = (CODES[kind][code] for code in pair)
    tokenizer.src_lang = source
    encoded = tokenizer(text, return_tensors="pt")
    forced = tokenizer.get_lang_id(language) if kind == "m2m" else tokenizer.convert_tokens_to_ids(language)
    bound = longest_output(encoded["input_ids"].shape[1])
    with torch.no_grad():
        generated = model.generate(**encoded, forced_bos_token_id=forced, num_beams=beams, max_new_tokens=bound)
    return generated[0, 1:].tolist()


@pytest.mark.parametrize(("pair", "beams"), [(("en", "de"), 5), (("de", "zh"), 1)])
def test_the_same_tokens_as_one_sentence_at_a_time(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pair: tuple[str, str], beams: int
) -> None:
    """Of a random model, whose outputs differ from text to text, and are as long as they may be, or shorter."""
    folder = tiny_translator(kind, tmp_path / kind, steps=0, spread=1.0)
    translator = Translator.load(str(folder), beams=beams)
    monkeypatch.setattr(translator, "_translation", lambda tokens, _: Translation(repr(tokens)))
    given = texts(16)
    ours = dict(translator.translate(given, *pair, batch_tokens=200))
    tokens = [json.loads(ours[number].text) for number in range(16)]
    assert len({tuple(each[:12]) for each in tokens}) > 8
    for text, found in zip(given, tokens, strict=True):
        expected = one_at_a_time(folder, kind, text, pair, beams)
        assert found[: len(expected)] == expected
        assert set(found[len(expected):]) <= {translator.tokenizer.pad_token_id}


def test_the_text_is_that_of_the_pipeline(folder: Path, kind: str) -> None:
    """What ``pipeline("translation")`` did, which transformers 5.23 lacks: the tokenizers still have their part."""
    model, tokenizer = AutoModelForSeq2SeqLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    ours = dict(Translator.load(str(folder)).translate(texts(6), "en", "de"))
    for number, text in enumerate(texts(6)):
        inputs = tokenizer._build_translation_inputs(
            text, return_tensors="pt", src_lang=CODES[kind]["en"], tgt_lang=CODES[kind]["de"]
        )
        expected = tokenizer.batch_decode(model.generate(**inputs, max_length=200), skip_special_tokens=True)[0]
        assert ours[number].text == expected.strip() != ""


def test_the_language_is_asked_for(folder: Path) -> None:
    translator = Translator.load(str(folder))
    german, chinese = (dict(translator.translate(texts(10), "en", target)) for target in ("de", "zh"))
    assert not {translation.text for translation in german.values()} & {each.text for each in chinese.values()}


def test_a_text_is_translated_sentence_by_sentence(folder: Path) -> None:
    translator = Translator.load(str(folder))
    whole = dict(translator.translate(["River bread.\nMusic! Winter garden"], "en", "de"))[0]
    parts = dict(translator.translate(["River bread.", "Music!", "Winter garden"], "en", "de"))
    assert whole.text == f"{parts[0].text}\n{parts[1].text} {parts[2].text}"


def test_a_sentence_that_is_too_long_is_cut(m2m: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translator_module, "_MOST_TOKENS", 12)
    translator = Translator.load(str(m2m))
    seen: list[int] = []
    generate = translator._generate
    monkeypatch.setattr(
        translator, "_generate", lambda ids, forced: seen.extend(map(len, ids)) or generate(ids, forced)
    )
    assert dict(translator.translate([" ".join(WORDS["en"] * 5)], "en", "de"))[0].text
    assert len(seen) > 4
    assert max(seen) <= 12


def test_batches_are_bounded_and_hold_sentences_of_one_length(m2m: Path) -> None:
    translator = Translator.load(str(m2m))
    lengths = {f"{n}": [0] * n for n in (3, 8, 9, 16, 5, 7, 30, 200)}
    batches = [[int(text) for text in batch] for batch in translator._batches(lengths, 32)]
    assert batches == [[200], [30], [9, 16], [3, 8, 5, 7]]
    assert [len(batch) for batch in translator._batches(lengths, 16)] == [1, 1, 1, 1, 2, 2]


def test_what_did_not_end_or_is_empty_is_dropped(m2m: Path) -> None:
    translator = Translator.load(str(m2m))
    german = translator.codes["de"]
    word = translator.tokenizer.convert_tokens_to_ids(translator.tokenizer.tokenize("Berg"))
    assert translator._translation([german, *word, 2, 1, 1], 32) == Translation("Berg")
    assert translator._translation([german, 2, 1], 32) == Translation(dropped=EMPTY)
    assert translator._translation([german, *word], len(word) + 1) == Translation(dropped=RUNAWAY)
    assert translator._translation([german, *word, 2], len(word) + 2) == Translation(dropped=RUNAWAY)


def test_a_text_with_a_dropped_sentence_is_dropped(m2m: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    translator = Translator.load(str(m2m))
    bread = translator.tokenizer("Bread!")["input_ids"]
    monkeypatch.setattr(translator, "_generate", lambda token_ids, _: [
        Translation(dropped=RUNAWAY) if tokens == bread else Translation("ja") for tokens in token_ids
    ])
    found = dict(translator.translate(["River. Bread! City.", "River. City.", "Bread!"], "en", "de"))
    assert [found[n] for n in range(3)] == [
        Translation(dropped=RUNAWAY), Translation("ja ja"), Translation(dropped=RUNAWAY)
    ]


def test_a_random_model_runs_away(tmp_path: Path) -> None:
    translator = Translator.load(str(tiny_translator("m2m", tmp_path / "random", steps=0)))
    assert {each for _, each in translator.translate(texts(5), "en", "de")} == {Translation(dropped=RUNAWAY)}


def test_bf16_translates(m2m: Path) -> None:
    translator = Translator.load(str(m2m), dtype="bf16")
    assert translator.dtype == "bf16"
    assert all(each.text for _, each in translator.translate(texts(5), "en", "de"))


def test_the_fingerprint_is_of_all_that_decides(m2m: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(m2m, tmp_path / "copy")
    before = Translator.load(str(m2m)).fingerprint
    assert Translator.load(str(copy)).fingerprint == before
    told = json.loads((copy / "generation_config.json").read_text())
    (copy / "generation_config.json").write_text(json.dumps(told | {"length_penalty": 0.5}))
    assert Translator.load(str(copy)).fingerprint != before


def test_weights_in_the_form_that_shares_the_embeddings_by_name_are_whole(m2m: Path, tmp_path: Path) -> None:
    """As the authors' ``pytorch_model.bin``, with and without the names that only repeat the embeddings."""
    model = AutoModelForSeq2SeqLM.from_pretrained(m2m)
    for name, states in (
        ("all", model.state_dict()),
        ("shared", {k: v for k, v in model.state_dict().items() if "embed_tokens" not in k and k != "lm_head.weight"}),
    ):
        copy = shutil.copytree(m2m, tmp_path / name)
        (copy / "model.safetensors").unlink()
        torch.save(states, copy / "pytorch_model.bin")
        loaded = Translator.load(str(copy)).model.state_dict()
        assert all(torch.equal(loaded[key], value) for key, value in model.state_dict().items())


def test_what_is_no_translation_model_is_one_line(m2m: Path, tiny_checkpoint: Path, tmp_path: Path) -> None:
    for number, (name, change, problem) in enumerate((
        (str(tiny_checkpoint), None, "no translation model that can be loaded (ValueError"),
        ("m2m", lambda copy: (copy / "model.safetensors").unlink(), "no translation model that can be loaded"),
        ("m2m", _drop_a_weight, "the weights are not whole: 1 are missing, such as model.decoder.layers.0.fc1.weight"),
        ("m2m", lambda copy: (copy / "sentencepiece.bpe.model").write_bytes(b"x"), "no translation model that can be"),
        (str(tmp_path / "nowhere"), None, "no checkpoint: no such folder; check the name, or download the model first"),
        ("somebody/m2m-never-made", None, "somebody/m2m-never-made"),
    )):
        copy = tmp_path / f"{number}"
        if change:
            shutil.copytree(m2m, copy)
            change(copy)
        with pytest.raises(InputError) as raised:
            Translator.load(str(copy) if change else name)
        assert problem in str(raised.value)
        assert "\n" not in str(raised.value)


def _drop_a_weight(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    states = load_file(folder / "model.safetensors")
    del states["model.decoder.layers.0.fc1.weight"]
    save_file(states, folder / "model.safetensors", metadata={"format": "pt"})


def test_a_model_without_the_language_is_one_line(m2m: Path, nllb: Path) -> None:
    with pytest.raises(InputError, match="the model has no language 'te'; leave it out, .*this one has af am ar "):
        next(Translator.load(str(m2m)).translate(["a"], "en", "te"))
    with pytest.raises(InputError, match="the model has no language 'xx'; .*ace_Arab .* and 192 others$"):
        next(Translator.load(str(nllb)).translate(["a"], "xx", "de"))


def test_a_model_without_language_codes_is_one_line(m2m: Path, tiny_checkpoint: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(m2m, tmp_path / "copy")
    for name in ("vocab.json", "sentencepiece.bpe.model", "tokenizer_config.json"):
        (copy / name).unlink()
    Encoder.load(str(tiny_checkpoint)).tokenizer.save_pretrained(copy)
    with pytest.raises(InputError, match="a model whose tokenizer has no language codes; use M2M-100 or NLLB"):
        Translator.load(str(copy))
