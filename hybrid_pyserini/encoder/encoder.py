"""The dual encoder: one transformer for queries and passages; its checkpoints; texts in, vectors out.

A text becomes prompt + text, is cut at ``max_length`` tokens, encoded, pooled, passed through a dense layer where the
checkpoint has one (LaBSE), and, unless the checkpoint says otherwise (mDPR's), normalised to unit length, so that a
dot product is the cosine.
"""

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from hybrid_pyserini.encoder import checkpoint
from hybrid_pyserini.encoder.checkpoint import EncoderSettings
from hybrid_pyserini.encoder.network import EncoderModel, load_dense, most_tokens, save_dense
from hybrid_pyserini.errors import InputError

transformers_logging.disable_progress_bar()  # its bars over a model's files would hide those over passages and steps

_DTYPES = ("fp32", "bf16", "int8")

CHUNK_TOKENS = 2048
"""Tokens in a chunk, padding included: few enough that texts of one chunk are about equally long, enough to fill a
matrix product. On two cores the fastest of 512, 1024, 2048 and 4096."""

_LEAST_TOKENS = 256
"""Tokens in a chunk of few texts: 64 questions, of 15 tokens each, took half as long as in one chunk."""

GPU_CHUNK_TOKENS = 16384
"""The same for anything but a processor, which wants larger matrix products; not measured."""

LENGTHS = 8
"""Chunks are padded to a multiple of this, but where texts are encoded in fp32: each new shape of a product in bf16 or
int8 is one that the processor's library compiles and keeps."""

_SIDE_BY_SIDE = 4
"""Most chunks that a processor encodes at a time, with an equal share of its threads each: one thread loses less time
between products than many do. On two cores two such chunks took a quarter less time than one after the other."""

TokenChunk = dict[str, Tensor]
"""``input_ids`` and ``attention_mask``, both [texts, tokens]."""

Part = TypeVar("Part")
Result = TypeVar("Result")


def choose_dtype(dtype: str, device: torch.device) -> str:
    """``auto`` becomes bf16 where the processor multiplies bf16 matrices itself, else fp32."""
    if dtype in _DTYPES:
        return dtype
    if dtype != "auto":
        raise InputError(f"unknown dtype {dtype!r}", remedy="choose fp32, bf16, int8 or auto")
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    # An older torch does not tell; then fp32, which is right everywhere.
    known = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return "bf16" if known.get("avx512_bf16") or known.get("amx_bf16") else "fp32"


class Encoder:
    """A checkpoint, loaded: model, tokenizer and settings."""

    def __init__(self, model: EncoderModel, tokenizer: Any, settings: EncoderSettings) -> None:
        self.model, self.tokenizer, self.settings = model, tokenizer, settings
        self.dtype = "fp32"
        """What texts are encoded in. With bf16 only matrix products are in bf16 (autocast), which is much closer to
        float32 than all of the model in bf16, and hardly slower. With int8 matrix products are of whole numbers, by a
        scale for each weight matrix and for each chunk's input: what a text is encoded with changes its vector a
        little."""
        self.name_or_path = ""
        """Where it was loaded from; empty for a model that was never a checkpoint."""
        self.fingerprint = ""
        """SHA-256 of what was loaded; empty for a model that was never a checkpoint."""

    @classmethod
    def load(cls, name_or_path: str, *, dtype: str = "fp32", device: str | None = None) -> "Encoder":
        """Load a checkpoint by folder or hub name, for encoding.

        A plain Hugging Face model, which states no pooling or prompts, gets the defaults of ``EncoderSettings``. With
        bf16 and int8 the weights of matrix products are rounded, so such an encoder is not for training or saving.
        Raises InputError for what is no checkpoint or lacks weights or the tokenizer's words, a pooling or module
        unknown here, an unknown dtype, and int8 where there is none.
        """
        folder = checkpoint.local_folder(name_or_path)
        place = torch.device(device) if device else own_device()
        chosen = choose_dtype(dtype, place)
        settings = checkpoint.read_settings(folder) or EncoderSettings()
        transformer, missing, tokenizer, dense = _read(folder, settings)
        settings = replace(settings, max_length=min(settings.max_length, most_tokens(transformer)))
        model = EncoderModel(transformer, settings.pooling, settings.normalize, dense)
        _check_whole(model, missing, tokenizer, folder)
        if chosen == "bf16":  # once, what autocast would do at each product
            for layer in model.modules():
                if isinstance(layer, nn.Linear):
                    layer.to(torch.bfloat16)
        if chosen == "int8":
            _quantise(model, place)
        encoder = cls(model.to(place).eval(), tokenizer, settings)
        encoder.dtype, encoder.name_or_path, encoder.fingerprint = chosen, name_or_path, checkpoint.fingerprint(folder)
        return encoder

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self.model.dimension

    @property
    def most_tokens(self) -> int:
        """The longest text that the transformer can take, in tokens."""
        return most_tokens(self.model.transformer)

    @property
    def stock_pyserini(self) -> bool:
        """Whether Pyserini's own ``--encoder-class auto`` computes these vectors: it knows no dense layer, and pools
        the decoder of an encoder-decoder."""
        return self.model.dense is None and not self.model.transformer.config.is_encoder_decoder

    @property
    def in_sentence_transformers(self) -> bool:
        """Whether sentence-transformers computes these vectors: of an encoder-decoder it takes the encoder where that
        is T5's or mT5's, and else pools the decoder."""
        config = self.model.transformer.config
        return not config.is_encoder_decoder or config.model_type in ("t5", "mt5")

    def save(self, folder: Path) -> None:
        """Write the checkpoint into an existing folder: float32 safetensors, tokenizer, settings.

        Weights are always float32: transformers 5 loads a bf16 file as bf16, transformers 4 as float32.
        """
        transformer = self.model.transformer
        states = {name: value.float() for name, value in self.transformer_states().items()}
        transformer.save_pretrained(folder, state_dict=states)
        self.tokenizer.model_max_length = self.settings.max_length  # stock Pyserini cuts queries there
        if self.tokenizer.is_fast:  # else how texts were last cut would be saved with it
            self.tokenizer.backend_tokenizer.no_truncation()
            self.tokenizer.backend_tokenizer.no_padding()
        self.tokenizer.save_pretrained(folder)
        settings = checkpoint.write_settings(folder, self.settings, transformer.config.hidden_size)
        if self.model.dense is not None and settings.dense_folder:
            save_dense(self.model.dense, folder / settings.dense_folder)

    def transformer_states(self) -> dict[str, Tensor]:
        """The transformer's weights, by the names that a plain model of its architecture has."""
        return self.model.transformer.state_dict()

    def load_weights(self, folder: Path) -> None:
        """Replace the weights by those of a checkpoint of the same architecture."""
        saved = AutoModel.from_pretrained(folder, dtype=torch.float32)
        self.model.transformer.load_state_dict(saved.state_dict())
        if self.model.dense is not None:
            settings = checkpoint.read_settings(folder)
            if settings is None or settings.dense_folder is None:
                raise InputError("the checkpoint has no dense layer", remedy="use one that has", path=folder)
            self.model.dense.load_state_dict(load_dense(folder / settings.dense_folder).state_dict())

    def tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of texts that already carry their prompt, cut at ``max_length``."""
        if not texts:
            return []
        encoded = self.tokenizer(
            list(texts), truncation=True, max_length=self.settings.max_length, add_special_tokens=True,
            return_attention_mask=False, return_token_type_ids=False,
        )
        return encoded["input_ids"]

    def tokenize_passages(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of passages, with the document prompt."""
        return self.tokenize([self.settings.document_prompt + text for text in texts])

    def chunk(self, token_ids: Sequence[Sequence[int]], multiple: int = 1) -> TokenChunk:
        """Pad texts of about equal length to one [texts, tokens] chunk, as long as a multiple of ``multiple`` where the
        transformer can take that."""
        lengths = np.array([len(tokens) for tokens in token_ids])
        longest = min(-(-int(lengths.max()) // multiple) * multiple, self.most_tokens)
        mask = np.arange(longest) < lengths[:, np.newaxis]
        ids = np.full(mask.shape, self.tokenizer.pad_token_id, dtype=np.int64)
        ids[mask] = np.fromiter(chain.from_iterable(token_ids), np.int64, lengths.sum())
        return {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask.astype(np.int64))}

    def length_sorted_chunks(
        self, token_ids: Sequence[Sequence[int]], chunk_tokens: int, multiple: int = LENGTHS
    ) -> Iterator[tuple[list[int], TokenChunk]]:
        """Yield (the texts' numbers, their chunk), each of about ``chunk_tokens`` tokens with padding, or of one text.
        Chunks are as long as a multiple of ``multiple``.

        Longest texts first: a chunk holds texts of one length (little padding), what does not fit in memory fails at
        once, and the time left is never underestimated.
        """
        by_length = sorted(range(len(token_ids)), key=lambda i: len(token_ids[i]), reverse=True)
        start = 0
        while start < len(by_length):
            longest = -(-len(token_ids[by_length[start]]) // multiple) * multiple
            rows = by_length[start : start + max(1, chunk_tokens // longest)]
            yield rows, self.chunk([token_ids[i] for i in rows], multiple)
            start += len(rows)

    def encode_queries(self, texts: Sequence[str], *, chunk_tokens: int | None = None) -> np.ndarray:
        """Queries -> float32 [queries, dimension], with the query prompt; ``chunk_tokens`` as in ``embed``."""
        return self._encode(self.tokenize([self.settings.query_prompt + text for text in texts]), chunk_tokens)

    def encode_passages(self, texts: Sequence[str], *, chunk_tokens: int | None = None) -> np.ndarray:
        """Passages -> float32 [passages, dimension], with the document prompt; ``chunk_tokens`` as in ``embed``."""
        return self._encode(self.tokenize_passages(texts), chunk_tokens)

    def _encode(self, token_ids: Sequence[Sequence[int]], chunk_tokens: int | None) -> np.ndarray:
        vectors = np.empty((len(token_ids), self.dimension), dtype=np.float32)
        for rows, of_rows in self.embed(token_ids, chunk_tokens):
            vectors[rows] = of_rows
        return vectors

    def embed(
        self, token_ids: Sequence[Sequence[int]], chunk_tokens: int | None = None
    ) -> Iterator[tuple[list[int], np.ndarray]]:
        """Yield (the texts' numbers, their vectors, float32 [texts, dimension]), chunk by chunk, longest texts first.

        ``chunk_tokens``: most tokens that the model takes at a time; None takes what is quick on the device.
        """
        self.model.eval()
        device = next(self.model.parameters()).device

        @torch.inference_mode()
        def embed_chunk(part: tuple[list[int], TokenChunk]) -> tuple[list[int], np.ndarray]:
            rows, chunk = part
            on_device = {name: tensor.to(device) for name, tensor in chunk.items()}
            with torch.autocast(device.type, torch.bfloat16, enabled=self.dtype == "bf16"):
                return rows, self.model.embed(**on_device).float().cpu().numpy()

        if device.type != "cpu":
            yield from map(embed_chunk, self.length_sorted_chunks(token_ids, chunk_tokens or GPU_CHUNK_TOKENS))
        else:
            tokens, multiple = chunk_tokens or _tokens_a_chunk(token_ids), 1 if self.dtype == "fp32" else LENGTHS
            chunks = list(self.length_sorted_chunks(token_ids, tokens, multiple))
            yield from _side_by_side(embed_chunk, chunks)


def _tokens_a_chunk(token_ids: Sequence[Sequence[int]]) -> int:
    """So many that a few texts too are several chunks, which can be encoded side by side. The number of threads plays
    no part, for a text's vector depends a little on what it is encoded with."""
    return min(CHUNK_TOKENS, max(_LEAST_TOKENS, sum(map(len, token_ids)) // _SIDE_BY_SIDE))


def _side_by_side(call: Callable[[Part], Result], parts: Sequence[Part]) -> Iterator[Result]:
    """``call`` for each part, in their order: several at a time, each with its share of torch's threads."""
    threads = torch.get_num_threads()
    workers = min(threads, len(parts), _SIDE_BY_SIDE)
    if workers < 2:
        yield from map(call, parts)
        return
    shares = [threads // workers + (worker < threads % workers) for worker in range(workers)]

    def take_share() -> None:
        torch.get_num_threads()  # a thread's first use of torch would replace its share by the number that was set last
        torch.set_num_threads(shares.pop())

    try:
        with ThreadPoolExecutor(workers, initializer=take_share) as pool:
            yield from pool.map(call, parts)
    finally:
        torch.set_num_threads(threads)  # threads that torch starts later take the number that was set last, anywhere


def _read(folder: Path, settings: EncoderSettings) -> tuple[Any, Iterable[str], Any, Any]:
    """A checkpoint's transformer, the names of the weights that it lacks, its tokenizer, and its dense layer or None;
    raises InputError for what cannot be loaded."""
    before = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()  # its table of missing weights counts those that take no part
    try:
        transformer, told = AutoModel.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        dense = load_dense(folder / settings.dense_folder) if settings.dense_folder else None
    except InputError:
        raise
    except Exception as error:  # what a broken file makes these libraries raise has no common class
        raise InputError(
            f"no checkpoint that can be loaded ({type(error).__name__}: {error})", path=folder,
            remedy="copy or download it again",
        ) from None
    finally:
        transformers_logging.set_verbosity(before)
    return transformer, told["missing_keys"], tokenizer, dense


def _check_whole(model: EncoderModel, missing: Iterable[str], tokenizer: Any, folder: Path) -> None:
    """Raise InputError where a checkpoint lacks weights that its vectors need, or the tokenizer's vocabulary:
    transformers would draw such weights at random, and read every word as unknown."""
    lacking = sorted(name for name in missing if model.takes_part(name))
    if lacking:
        raise InputError(
            f"no weights for {lacking[0]} and {len(lacking) - 1} more", path=folder,
            remedy="copy or download it again, or give a checkpoint of this architecture",
        )
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        raise InputError(
            "a tokenizer without words", path=folder,
            remedy="copy or download its files too, such as tokenizer.json, vocab.txt or sentencepiece.bpe.model",
        )


def _quantise(model: EncoderModel, place: torch.device) -> None:
    """Replace linear layers by those of torch's dynamic quantisation, which needs no examples."""
    if place.type != "cpu" or torch.backends.quantized.engine == "none":
        raise InputError(f"no int8 on {place.type}", remedy="choose bf16 or fp32: int8 is for processors without bf16")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its successor is a package of its own
        torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, torch.qint8, inplace=True)


def own_device() -> torch.device:
    """A GPU where there is one, under torchrun each process' own; else the processor."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)) % torch.cuda.device_count())
