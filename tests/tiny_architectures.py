"""Tiny random encoders of the architectures that one trains from, each as its authors lay it out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from parallel_words import WORDS
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertModel,
    BertTokenizer,
    MBartConfig,
    MBartModel,
    MT5Config,
    MT5Model,
    XLMRobertaConfig,
    XLMRobertaModel,
)

from hybrid_pyserini.jsonl import write_json


def xlm_r(folder: Path, tiny_checkpoint: Path, layers: int = 2) -> Path:
    """As ``xlm-roberta-base``: a plain Hugging Face model, which states neither pooling nor prompts."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_checkpoint)
    tokenizer.save_pretrained(folder)
    XLMRobertaModel(XLMRobertaConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=layers, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=66, type_vocab_size=1, pad_token_id=tokenizer.pad_token_id,
    )).save_pretrained(folder)
    return folder


def mbert(
    folder: Path, tiny_checkpoint: Path | None = None, layers: int = 2, positions: int = 48, spread: float = 0.02
) -> Path:
    """As ``bert-base-multilingual-cased``: with BERT's pooler. ``spread``: of the random weights; with much of it two
    texts have very different vectors."""
    folder.mkdir(parents=True)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *map(str, range(10)), *(f"##{n}" for n in range(10)),
             *":?", "Passage", "Query", *dict.fromkeys(word for words in WORDS.values() for word in words)]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizer(vocab=str(folder / "vocab.txt"), do_lower_case=False).save_pretrained(folder)
    BertModel(BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=layers, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=positions, initializer_range=spread,
    )).save_pretrained(folder)
    return folder


def mdpr(folder: Path) -> Path:
    """As ``castorini/mdpr-tied-pft-msmarco``: mBERT with ``vocab.txt`` alone, 512 positions, nothing stated. Its
    vectors have different lengths, as trained ones do: a new LayerNorm's have all the same."""
    mbert(folder, positions=512, spread=0.4)
    (folder / "tokenizer.json").unlink()
    model = BertModel.from_pretrained(folder)
    torch.nn.init.normal_(model.encoder.layer[-1].output.LayerNorm.weight, mean=1.0, std=0.5)
    model.save_pretrained(folder)
    return folder


def multilingual_e5(folder: Path) -> Path:
    """As ``intfloat/multilingual-e5-base``: XLM-R with sentencepiece's normaliser; mean pooling and normalisation are
    stated, prompts are not."""
    import sentencepiece

    folder.mkdir(parents=True)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["query: passage:", *(" ".join(words) for words in WORDS.values())]),
        model_prefix=str(folder / "sentencepiece.bpe"), model_type="unigram", vocab_size=150, hard_vocab_limit=False,
        normalization_rule_name="nmt_nfkc", num_threads=1, minloglevel=2,
    )
    (folder / "sentencepiece.bpe.vocab").unlink()
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "XLMRobertaTokenizer", "model_max_length": 512})
    XLMRobertaModel(XLMRobertaConfig(
        vocab_size=200, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=514, type_vocab_size=1, pad_token_id=1, initializer_range=0.4,
    )).save_pretrained(folder)
    write_json(folder / "modules.json", [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{name}"}
        for i, (name, path) in enumerate([("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")])
    ])
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": 32, "pooling_mode_mean_tokens": True})
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 512, "do_lower_case": False})
    return folder


def labse_like(folder: Path, tiny_checkpoint: Path | None = None, layers: int = 2) -> Path:
    """As LaBSE, written by sentence-transformers itself: BERT, CLS pooling, a dense layer with tanh, normalised."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer

    bert = mbert(folder / "bert", layers=layers)
    modules = [Transformer(str(bert)), Pooling(32, pooling_mode="cls"), Dense(32, 16), Normalize()]
    modules[0].max_seq_length = 48
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "labse"))
    return folder / "labse"


def encoder_decoder(architecture: str, folder: Path, tiny_checkpoint: Path, layers: int = 2) -> tuple[Any, Any]:
    """mBART or mT5, saved; returns (model, tokenizer)."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_checkpoint)
    tokenizer.save_pretrained(folder)
    if architecture == "mbart":
        model = MBartModel(MBartConfig(
            vocab_size=len(tokenizer), d_model=32, encoder_layers=layers, decoder_layers=layers,
            encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64,
            max_position_embeddings=64,
        ))
    else:
        model = MT5Model(MT5Config(
            vocab_size=len(tokenizer), d_model=32, d_kv=16, d_ff=64, num_layers=layers, num_heads=2
        ))
    model.save_pretrained(folder)
    return model, tokenizer


def mbart(folder: Path, tiny_checkpoint: Path) -> Path:
    encoder_decoder("mbart", folder, tiny_checkpoint)
    return folder


def mt5(folder: Path, tiny_checkpoint: Path) -> Path:
    encoder_decoder("mt5", folder, tiny_checkpoint)
    return folder


ARCHITECTURES: dict[str, Callable[[Path, Path], Path]] = {
    "xlm-r": xlm_r, "labse": labse_like, "mbert": mbert, "mbart": mbart, "mt5": mt5
}


def in_hub_cache(cache: Path, name: str, make: Callable[[Path], Path]) -> Path:
    """A checkpoint, always with the same weights, where the Hub's cache has one of this name: its folder."""
    repository = cache / f"models--{name.replace('/', '--')}"
    with torch.random.fork_rng():
        torch.manual_seed(7)
        folder = make(repository / "snapshots" / ("0123456789" * 4))
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(folder.name)
    return folder


def tiny(architecture: str, folder: Path, tiny_checkpoint: Path) -> Path:
    """A checkpoint of two layers, always with the same weights; ``tiny_checkpoint`` lends its tokenizer."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return ARCHITECTURES[architecture](folder, tiny_checkpoint)
