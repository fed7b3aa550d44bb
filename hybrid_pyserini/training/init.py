"""A small XLM-R-shaped encoder from nothing, with a unigram tokenizer learned from given text.

For offline work, tests and the demo: where XLM-R cannot be had, the same code paths run on a model of its architecture.
"""

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import sentencepiece
import torch
from transformers import XLMRobertaConfig, XLMRobertaModel, XLMRobertaTokenizer

from hybrid_pyserini.atomic import replacing_folder
from hybrid_pyserini.encoder.checkpoint import EncoderSettings
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.encoder.network import EncoderModel
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json, write_json
from hybrid_pyserini.provenance import made_by

_HEAD_WIDTH = 64
_RECORD = "init.json"


def learn_tokenizer(texts: Iterable[str], pieces: int, max_length: int) -> XLMRobertaTokenizer:
    """A unigram tokenizer of at most ``pieces`` pieces, saved and loaded as XLM-R's own class.

    Learned by sentencepiece, as XLM-R's was: the same texts give the same pieces, which the trainer of the tokenizers
    library does not promise. Without normalisation, which transformers 5 would drop and 4 apply. Raises InputError
    where there is too little text or more characters than pieces.
    """
    model = io.BytesIO()
    # A list: sentencepiece makes its own RuntimeError of whatever an iterator raises, be it Ctrl-C or a broken line.
    sentences = [" ".join(text.split()) for text in texts]
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences), model_writer=model, model_type="unigram",
            vocab_size=pieces - 2,  # sentencepiece counts <unk>, <s> and </s>; <pad> and <mask> come on top
            hard_vocab_limit=False, character_coverage=1.0, normalization_rule_name="identity",
            num_threads=1, max_sentence_length=1 << 16, minloglevel=2,
        )
    except RuntimeError as error:
        raise InputError(
            f"no tokenizer of {pieces} pieces can be learned from the text ({error})",
            remedy="give more text, or more --pieces than it has characters",
        ) from None
    learned = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    vocabulary = [
        (learned.id_to_piece(i), learned.get_score(i))
        for i in range(learned.get_piece_size()) if not learned.is_control(i) and not learned.is_unknown(i)
    ]
    special = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    return XLMRobertaTokenizer(vocab=[*special, *vocabulary, ("<mask>", 0.0)], model_max_length=max_length)


def new_encoder(
    texts: Iterable[str], *, layers: int, width: int, pieces: int, seed: int, max_length: int = 256,
    dropout: float = 0.1,
) -> Encoder:
    """A random encoder of XLM-R's architecture: ``layers`` layers, ``width`` wide, heads of 64.

    ``dropout`` (XLM-R's is 0.1) is for hidden states and attention. Raises InputError for sizes that make no model.
    """
    heads, rest = divmod(width, _HEAD_WIDTH)
    if rest or heads < 1 or layers < 1:
        raise InputError(
            f"{layers} layers, {width} wide", remedy=f"use one layer or more and a multiple of {_HEAD_WIDTH}"
        )
    if pieces < 10 or max_length < 8:
        raise InputError(
            f"{pieces} pieces, {max_length} tokens", remedy="use 10 pieces or more and texts of 8 tokens or more"
        )
    if not 0 <= dropout < 1:
        raise InputError(f"a dropout of {dropout}", remedy="use 0 or more and less than 1")
    tokenizer = learn_tokenizer(texts, pieces, max_length)
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer), hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
        intermediate_size=4 * width, max_position_embeddings=max_length + 2,  # XLM-R's positions start at 2
        hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout, type_vocab_size=1,
        pad_token_id=tokenizer.pad_token_id, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        transformer = XLMRobertaModel(config, add_pooling_layer=True)
    settings = EncoderSettings(max_length=max_length)
    return Encoder(EncoderModel(transformer, settings.pooling, settings.normalize, None), tokenizer, settings)


def init(
    output: Path, texts: Iterable[str], *, layers: int, width: int, pieces: int, seed: int, max_length: int = 256,
    dropout: float = 0.1, learned_from: Mapping[str, str] | None = None, overwrite: bool = False,
) -> Encoder | None:
    """Make a new encoder and write its checkpoint, with ``init.json`` saying what made it; None where that very model
    is there already.

    ``learned_from`` are the names and hashes of what the texts come from. Raises InputError for an ``output`` that was
    made otherwise, unless ``overwrite``.
    """
    arguments: dict[str, Any] = {
        "layers": layers, "width": width, "pieces": pieces, "seed": seed, "max_length": max_length, "dropout": dropout,
    }
    wanted = arguments | {"learned_from": dict(learned_from or {})}
    if output.exists() and not overwrite:
        made = read_json(output / _RECORD)["arguments"] if (output / _RECORD).is_file() else None
        if made != wanted:
            raise InputError(
                "a model made otherwise, or from other text", remedy="choose another name or --overwrite", path=output
            )
        return None
    encoder = new_encoder(texts, **arguments)
    with replacing_folder(output) as aside:
        encoder.save(aside)
        write_json(aside / _RECORD, made_by(**wanted))
    return encoder
