"""The dual encoder's network: one transformer for queries and passages, pooling, a dense layer, normalisation."""

import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json, write_json

_ACTIVATIONS = {"Tanh": nn.Tanh, "Identity": nn.Identity}


class EncoderModel(nn.Module):
    """Transformer, pooling, dense layer, normalisation: token chunks in, vectors out."""

    transformer: Any
    dense: Any

    def __init__(self, transformer: Any, pooling: str, normalize: bool, dense: nn.Sequential | None) -> None:
        super().__init__()
        self.transformer = transformer
        self.dense = dense
        self.pooling, self.normalize = pooling, normalize
        for name, parameter in transformer.named_parameters():
            # A decoder or BERT's pooler takes no part: without gradients, DDP does not wait for them.
            if not self.takes_part(name):
                parameter.requires_grad_(False)

    def takes_part(self, name: str) -> bool:
        """Whether a vector depends on the transformer's weight of this name."""
        if self.transformer.config.is_encoder_decoder:
            return name.startswith(("encoder.", "shared."))
        return not name.startswith("pooler.")

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self.dense[0].out_features if self.dense is not None else self.transformer.config.hidden_size

    def embed(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """[texts, tokens] -> [texts, dimension]; pooling and normalisation in float32 under autocast too,
        and in float64 where the weights are."""
        return self._vectors(attention_mask, input_ids=input_ids)

    def embed_looked_up(self, inputs_embeds: Tensor, attention_mask: Tensor) -> Tensor:
        """The same from the tokens' own vectors, [texts, tokens, width], that ``transformer`` would look up first."""
        return self._vectors(attention_mask, inputs_embeds=inputs_embeds)

    def _vectors(self, attention_mask: Tensor, **inputs: Tensor) -> Tensor:
        backbone = self.transformer.get_encoder() if self.transformer.config.is_encoder_decoder else self.transformer
        states = backbone(attention_mask=attention_mask, **inputs).last_hidden_state
        states = states.to(torch.promote_types(states.dtype, torch.float32))
        if self.pooling == "cls":
            vectors = states[:, 0]
        else:
            mask = attention_mask.unsqueeze(-1).to(states.dtype)
            vectors = (states * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1e-9)
        if self.dense is not None:
            vectors = self.dense(vectors).to(states.dtype)
        return nn.functional.normalize(vectors, dim=-1) if self.normalize else vectors


def most_tokens(transformer: Any) -> int:
    """The longest input, in tokens, that the position embeddings allow; RoBERTa's start behind the padding id."""
    config = transformer.config
    positions = getattr(config, "max_position_embeddings", None)
    if positions is None:  # relative positions, as T5 has them, set no limit
        return sys.maxsize
    roberta_like = config.model_type in {"roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet"}
    return positions - config.pad_token_id - 1 if roberta_like else positions


def load_dense(folder: Path) -> nn.Sequential:
    """A sentence-transformers ``Dense`` module: a linear layer and its activation."""
    config = read_json(folder / "config.json")
    activation = str(config.get("activation_function", "torch.nn.modules.linear.Identity")).rsplit(".", 1)[-1]
    if activation not in _ACTIVATIONS:
        raise InputError(
            f"dense layer with activation {activation!r}", remedy=f"known are {', '.join(_ACTIVATIONS)}", path=folder
        )
    weights = folder / "model.safetensors"
    states = (
        load_file(weights) if weights.is_file()
        else torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True)
    )
    linear = nn.Linear(config["in_features"], config["out_features"], bias="linear.bias" in states)
    linear.load_state_dict({name.removeprefix("linear."): value for name, value in states.items()})
    return nn.Sequential(linear, _ACTIVATIONS[activation]())


def save_dense(dense: nn.Sequential, folder: Path) -> None:
    """Write a ``Dense`` module as sentence-transformers reads it."""
    linear, activation = dense[0], dense[1]
    write_json(folder / "config.json", {
        "in_features": linear.in_features, "out_features": linear.out_features, "bias": linear.bias is not None,
        "activation_function": f"{type(activation).__module__}.{type(activation).__name__}",
    })
    states = {f"linear.{name}": value.float().contiguous() for name, value in linear.state_dict().items()}
    save_file(states, folder / "model.safetensors", metadata={"format": "pt"})
