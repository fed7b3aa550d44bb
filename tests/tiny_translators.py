"""Tiny random translation models, made on the spot: M2M-100 and NLLB as their authors lay them out."""

import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import sentencepiece
import torch
from parallel_words import WORDS
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import (
    GenerationConfig,
    M2M100Config,
    M2M100ForConditionalGeneration,
    M2M100Tokenizer,
    NllbTokenizer,
)
from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]


def _texts() -> list[str]:
    return [f"{a} {b} ? {n}. {b}!" for words in WORDS.values() for n, (a, b) in enumerate(pairwise(words))]


def m2m_tokenizer(folder: Path) -> M2M100Tokenizer:
    """``vocab.json`` and ``sentencepiece.bpe.model``."""
    folder.mkdir(parents=True, exist_ok=True)
    text = folder.with_name(f"{folder.name}.txt")
    text.write_text("\n".join(_texts() * 3))
    model = folder / "sentencepiece.bpe.model"
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(folder / "spm"), vocab_size=300, model_type="bpe", minloglevel=2,
        hard_vocab_limit=False, num_threads=1,
    )
    (folder / "spm.model").rename(model)
    (folder / "spm.vocab").unlink()
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(model))
    own = [pieces.id_to_piece(i) for i in range(pieces.get_piece_size())]
    words = [*SPECIAL, *(piece for piece in own if piece not in SPECIAL)]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    codes = FAIRSEQ_LANGUAGE_CODES["m2m100"]
    tokenizer = M2M100Tokenizer(  # transformers forgets to make the languages special; the authors' files say it
        str(folder / "vocab.json"), str(model), additional_special_tokens=[f"__{code}__" for code in codes]
    )
    tokenizer.save_pretrained(folder)
    return tokenizer


def nllb_tokenizer(folder: Path) -> NllbTokenizer:
    """``tokenizer.json`` with the language codes of FLORES-200 as added tokens."""
    learned = Tokenizer(models.BPE(unk_token="<unk>"))
    learned.pre_tokenizer = pre_tokenizers.Metaspace()
    learned.train_from_iterator(_texts(), trainers.BpeTrainer(
        vocab_size=300, special_tokens=SPECIAL, show_progress=False
    ))
    told = json.loads(learned.to_str())["model"]
    tokenizer = NllbTokenizer(vocab=told["vocab"], merges=[tuple(merge) for merge in told["merges"]])
    tokenizer.save_pretrained(folder)
    return tokenizer


def tiny_translator(kind: str, folder: Path, steps: int = 120, spread: float = 0.02) -> Path:
    """``m2m`` or ``nllb``: a random model of one layer, always with the same weights, trained for a moment on words, so
    that most translations end; not to be good. Without that, and with weights that are spread further, what comes out
    never ends and is another for each text."""
    tokenizer: Any = m2m_tokenizer(folder) if kind == "m2m" else nllb_tokenizer(folder)
    codes = tokenizer.lang_code_to_id if kind == "m2m" else tokenizer.get_added_vocab()
    with torch.random.fork_rng():
        torch.manual_seed(7)
        model = M2M100ForConditionalGeneration(M2M100Config(
            vocab_size=max(codes.values()) + 1, d_model=32, encoder_layers=1, decoder_layers=1,
            encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64,
            max_position_embeddings=1024, dropout=0.0, attention_dropout=0.0, encoder_layerdrop=0.0,
            decoder_layerdrop=0.0, init_std=spread,
        ))
        _train(model, tokenizer, {"en": "eng_Latn", "de": "deu_Latn", "zh": "zho_Hans"}, kind, steps)
    model.generation_config = GenerationConfig(
        bos_token_id=0, pad_token_id=1, eos_token_id=2, decoder_start_token_id=2, early_stopping=True, max_length=200,
        num_beams=5,
    )
    model.save_pretrained(folder)
    return folder


def _train(model: Any, tokenizer: Any, long: dict[str, str], kind: str, steps: int) -> None:
    chance = random.Random(3)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(steps):
        source, target = chance.sample(sorted(WORDS), 2)
        tokenizer.src_lang, tokenizer.tgt_lang = (
            code if kind == "m2m" else long[code] for code in (source, target)
        )
        picked = [[chance.randrange(12) for _ in range(chance.randint(1, 6))] for _ in range(32)]
        texts, labels = ([" ".join(WORDS[k][word] for word in words) for words in picked] for k in (source, target))
        batch = tokenizer(texts, text_target=labels, padding=True, return_tensors="pt")
        batch["labels"][batch["labels"] == tokenizer.pad_token_id] = -100
        model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
