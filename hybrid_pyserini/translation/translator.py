"""A translation model, loaded: texts in one language in, texts in another out.

A text is cut into sentences, and each sentence is translated by itself with beam search. Sentences of about one length
are translated together. Their results are those of one sentence at a time, up to rounding, for the longest
output that is allowed is the same for all of a batch.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from hybrid_pyserini.encoder import checkpoint
from hybrid_pyserini.encoder.encoder import choose_dtype, own_device
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.provenance import sha256
from hybrid_pyserini.translation.language_codes import code_in
from hybrid_pyserini.translation.sentences import Sentence, halves, joined, sentences

transformers_logging.disable_progress_bar()  # its bars over a model's files would hide the one over texts

EMPTY, RUNAWAY = "empty", "runaway"
"""Why a translation is none: nothing came out, or it did not end."""

BEAMS = 5
"""As M2M-100's authors have it."""

_MOST_TOKENS = 256
"""A longer sentence is cut. Both models take 1024 tokens; they are for sentences."""

_LENGTHS = 8
"""Sentences of a batch have as many tokens, rounded up to a multiple of this."""

_BATCH_TOKENS, _GPU_BATCH_TOKENS = 512, 8192
"""Tokens in a batch, padding included; each is computed with as many times as there are beams."""

_NLLB_CODE = re.compile("[a-z]{3}_[A-Z][a-z]{3}")
_SHOWN = 110
"""Most language codes in an error message: M2M-100's 100 are, NLLB's 202 are not."""


@dataclass(frozen=True, slots=True)
class Translation:
    """A text's translation; ``dropped`` says why there is none, and is empty where there is one."""

    text: str = ""
    dropped: str = ""


def longest_output(tokens: int) -> int:
    """The most tokens that may come out of a sentence of so many: twice as many, and some more for short ones, as both
    are pieces of one vocabulary. What reaches it is a runaway."""
    return 2 * _rounded(tokens) + 16


def _rounded(tokens: int) -> int:
    return -(-tokens // _LENGTHS) * _LENGTHS


class Translator:
    """Model, tokenizer, and the languages that they know."""

    def __init__(self, model: Any, tokenizer: Any, *, beams: int = BEAMS, dtype: str = "fp32") -> None:
        self.model, self.tokenizer, self.beams, self.dtype = model.eval(), tokenizer, beams, dtype
        self.codes = _language_ids(tokenizer)
        """The tokenizer's language codes -> their tokens' ids."""
        self.name_or_path = ""
        self.fingerprint = ""
        """SHA-256 of what was loaded; empty for a model that was never a checkpoint."""

    @classmethod
    def load(
        cls, name_or_path: str, *, beams: int = BEAMS, dtype: str = "fp32", device: str | None = None
    ) -> "Translator":
        """Load a model by folder or hub name. ``dtype``: fp32, bf16 (matrix products only) or auto.

        Raises InputError for what is no translation model, weights that are missing, a model without language codes,
        and an unknown dtype.
        """
        if beams < 1:
            raise InputError(f"{beams} beams", remedy="give --beams 1 or more")
        place = torch.device(device) if device else own_device()
        if dtype == "int8":
            raise InputError("no int8 for translation", remedy="choose fp32, bf16 or auto")
        chosen = choose_dtype(dtype, place)
        folder = _local_folder(name_or_path)
        model, tokenizer = _load(folder)
        if chosen == "bf16":  # once, what autocast would do at each product
            for layer in model.modules():
                if isinstance(layer, nn.Linear):
                    layer.to(torch.bfloat16)
        translator = cls(model.to(place), tokenizer, beams=beams, dtype=chosen)
        if not translator.codes:
            raise InputError(
                "a model whose tokenizer has no language codes", path=name_or_path,
                remedy="use M2M-100 or NLLB, such as facebook/m2m100_418M",
            )
        translator.name_or_path, translator.fingerprint = name_or_path, fingerprint(folder)
        return translator

    def code(self, language: str) -> str:
        """The tokenizer's code of a language; raises InputError for one that the model does not have."""
        code = code_in(language, self.codes)
        if code is None:
            known = sorted(self.codes)
            others = f" and {len(known) - 10} others" if len(known) > _SHOWN else ""
            shown = " ".join(known[:10] if others else known) + others
            raise InputError(
                f"the model has no language {language!r}", path=self.name_or_path or None,
                remedy=f"leave it out, or choose another model; this one has {shown}",
            )
        return code

    def translate(
        self, texts: Sequence[str], source: str, target: str, *, batch_tokens: int | None = None
    ) -> Iterator[tuple[int, Translation]]:
        """Yield (a text's number, its translation) from ``source`` to ``target``, in whatever order they get ready.

        A text of which one sentence is dropped is dropped. ``batch_tokens``: most tokens that are translated at a
        time; None takes what is quick on the device. Raises InputError for a language that the model does not have.
        """
        self.tokenizer.src_lang = self.code(source)
        forced = self.codes[self.code(target)]
        token_ids: dict[str, list[int]] = {}
        parts = [self._cut(text, token_ids) for text in texts]
        owners: dict[str, list[int]] = {}
        for number, cut in enumerate(parts):
            for text in {sentence.text: None for sentence in cut}:
                owners.setdefault(text, []).append(number)
        waiting = [len({sentence.text for sentence in cut}) for cut in parts]
        ready: dict[str, Translation] = {}
        for batch in self._batches({text: token_ids[text] for text in owners}, batch_tokens):
            ready |= zip(batch, self._generate([token_ids[text] for text in batch], forced), strict=True)
            for text in batch:
                for number in owners[text]:
                    waiting[number] -= 1
                    if not waiting[number]:
                        yield number, _together([ready[s.text] for s in parts[number]], parts[number], target)

    def _cut(self, text: str, token_ids: dict[str, list[int]]) -> list[Sentence]:
        """A text's sentences, none longer than the model takes; their tokens are put into ``token_ids``."""
        found: list[Sentence] = []
        remaining = sentences(text)[::-1]
        while remaining:
            sentence = remaining.pop()
            if sentence.text not in token_ids:
                token_ids[sentence.text] = self.tokenizer(sentence.text)["input_ids"]
            if len(token_ids[sentence.text]) > _MOST_TOKENS and len(sentence.text) > 1:
                remaining += reversed(halves(sentence))
            else:
                found.append(sentence)
        return found

    def _batches(self, token_ids: Mapping[str, Sequence[int]], batch_tokens: int | None) -> Iterator[list[str]]:
        """Sentences of one length, up to rounding, longest first: what does not fit in memory fails at once."""
        most = batch_tokens or (_BATCH_TOKENS if self.model.device.type == "cpu" else _GPU_BATCH_TOKENS)
        longest_first = sorted(token_ids, key=lambda text: _rounded(len(token_ids[text])), reverse=True)
        for length, group in groupby(longest_first, key=lambda text: _rounded(len(token_ids[text]))):
            together = list(group)
            size = max(1, most // length)
            yield from (together[start : start + size] for start in range(0, len(together), size))

    @torch.inference_mode()
    def _generate(self, token_ids: Sequence[Sequence[int]], forced: int) -> list[Translation]:
        """Translate sentences whose ``longest_output`` is the same; ``forced`` is the target language's token."""
        longest = max(map(len, token_ids))
        pad, device = self.tokenizer.pad_token_id, self.model.device
        ids = torch.tensor([[*tokens, *[pad] * (longest - len(tokens))] for tokens in token_ids])
        mask = torch.tensor([[1] * len(tokens) + [0] * (longest - len(tokens)) for tokens in token_ids])
        bound = longest_output(longest)
        with torch.autocast(device.type, torch.bfloat16, enabled=self.dtype == "bf16"):
            generated = self.model.generate(
                input_ids=ids.to(device), attention_mask=mask.to(device), forced_bos_token_id=forced,
                num_beams=self.beams, do_sample=False, max_length=1 + bound,
            )
        return [self._translation(tokens, bound) for tokens in generated[:, 1:].tolist()]

    def _translation(self, generated: list[int], bound: int) -> Translation:
        """From what was generated behind the decoder's first token: the language's token, which some tokenizers would
        spell out, the text, its end, padding."""
        end = self.tokenizer.eos_token_id
        if end not in generated or generated.index(end) + 1 >= bound:
            return Translation(dropped=RUNAWAY)
        text = self.tokenizer.decode(generated[1 : generated.index(end)], skip_special_tokens=True).strip()
        return Translation(text) if text else Translation(dropped=EMPTY)


def _together(translations: Sequence[Translation], cut: Sequence[Sentence], language: str) -> Translation:
    dropped = next((each.dropped for each in translations if each.dropped), "")
    if dropped:
        return Translation(dropped=dropped)
    return Translation(joined([each.text for each in translations], [sentence.gap for sentence in cut], language))


def _language_ids(tokenizer: Any) -> dict[str, int]:
    """M2M-100's tokenizer has a table of them, NLLB's has them among its added tokens."""
    if table := getattr(tokenizer, "lang_code_to_id", None):
        return dict(table)
    return {token: number for token, number in tokenizer.get_added_vocab().items() if _NLLB_CODE.fullmatch(token)}


def _local_folder(name_or_path: str) -> Path:
    try:
        return checkpoint.local_folder(name_or_path)
    except InputError as error:
        raise InputError(
            error.problem, path=error.path,
            remedy="check the name, or download the model first and give its folder",
        ) from None


def _load(folder: Path) -> tuple[Any, Any]:
    try:
        model, told = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except Exception as error:  # what a broken file makes these libraries raise has no common class
        reason = str(error).strip().split("\n")[0]
        raise InputError(
            f"no translation model that can be loaded ({type(error).__name__}: {reason})", path=folder,
            remedy="use an M2M-100 or NLLB model, or copy or download it again",
        ) from None
    if told["missing_keys"]:
        raise InputError(
            f"the weights are not whole: {len(told['missing_keys'])} are missing, such as "
            f"{sorted(told['missing_keys'])[0]}", path=folder, remedy="copy or download the model again",
        )
    return model, tokenizer


def fingerprint(folder: Path) -> str:
    """SHA-256 over all that decides a translation: as of a checkpoint, M2M-100's vocabulary, and how to generate."""
    digest = hashlib.sha256(checkpoint.fingerprint(folder).encode())
    for path in (folder / name for name in ("vocab.json", "generation_config.json")):
        digest.update(f"{path.name} {sha256(path) if path.is_file() else None}".encode())
    return digest.hexdigest()
