"""Low-rank adaptation (LoRA, arXiv 2106.09685) through peft: a frozen encoder, and small trained matrices beside
its own.

A checkpoint holds the sums, so that it is a complete encoder like any other, and beside it the adapter alone
(``adapter/``, as peft writes it), with which training goes on: added to the initial encoder anew, so that nothing is
rounded twice.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from hybrid_pyserini.encoder.checkpoint import ADAPTER
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.errors import InputError

_WEIGHTS = "adapter_model.safetensors"
_IDLE = r"(.*\.)?(decoder|pooler)\..*"
"""What takes no part in a vector gets no adapter: DDP would wait for its gradients."""


class LoraEncoder(Encoder):
    """An encoder of which the adapter alone is trained; its dense layer, where there is one, stays as it is."""

    def __init__(self, encoder: Encoder, rank: int, alpha: float, targets: Sequence[str] | None, seed: int) -> None:
        """Put adapters into ``encoder``'s transformer, in place.

        ``rank``: columns of the small matrices. ``alpha``: their product is scaled by alpha / rank. ``targets``: the
        ends of the names of the layers that get one; None takes peft's choice for the architecture (mostly the
        attention's query and value), or all linear layers where it has none. ``seed``: of the random matrix of each
        pair; the other begins as zero, so that the vectors are the initial encoder's.

        Raises InputError where peft is not there and for targets that the transformer does not have.
        """
        super().__init__(encoder.model, encoder.tokenizer, encoder.settings)
        self.dtype, self.fingerprint = encoder.dtype, encoder.fingerprint
        peft = import_peft()
        transformer = self.model.transformer
        self._config = peft.LoraConfig(
            r=rank, lora_alpha=alpha, target_modules=_targets(transformer, targets), exclude_modules=_IDLE,
            task_type=peft.TaskType.FEATURE_EXTRACTION,
        )
        self.model.requires_grad_(False)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            try:
                peft.inject_adapter_in_model(self._config, transformer)
            except ValueError as error:
                raise InputError(
                    f"no LoRA for these layers ({str(error).strip()})",
                    remedy="give --lora-targets the last part of linear layers' names, or leave it out",
                ) from None

    def transformer_states(self) -> dict[str, Tensor]:
        """The weights with their adapters added; the model itself stays as it is."""
        transformer = self.model.transformer
        layers = {name: layer for name, layer in transformer.named_modules() if hasattr(layer, "get_delta_weight")}
        states = {}
        for name, value in transformer.state_dict().items():
            layer, _, own = name.partition(".base_layer.")
            if own == "weight":
                value = value + layers[layer].get_delta_weight("default")
            if ".lora_" not in name:
                states[name.replace(".base_layer.", ".")] = value
        return states

    def save(self, folder: Path) -> None:
        """The complete encoder, and beside it the adapter alone."""
        super().save(folder)
        (folder / ADAPTER).mkdir(exist_ok=True)
        self._config.save_pretrained(folder / ADAPTER)
        # With the prefix under which peft's own models have them, so that PeftModel.from_pretrained reads it.
        adapter = {f"base_model.model.{name}": value.contiguous() for name, value in self._adapter().items()}
        save_file(adapter, folder / ADAPTER / _WEIGHTS, metadata={"format": "pt"})

    def load_weights(self, folder: Path) -> None:
        """Replace the adapter by a checkpoint's; all else is the initial encoder's."""
        peft = import_peft()
        saved = load_file(folder / ADAPTER / _WEIGHTS)
        adapter = {name.removeprefix("base_model.model."): value for name, value in saved.items()}
        result = peft.set_peft_model_state_dict(self.model.transformer, adapter)
        if missing := self._adapter().keys() - adapter.keys() or result.unexpected_keys:
            raise InputError(
                f"an adapter of other layers ({', '.join(sorted(missing)[:3])} ...)", path=folder,
                remedy="remove the checkpoint, to go on from an earlier one or from the start",
            )

    def _adapter(self) -> dict[str, Tensor]:
        return import_peft().get_peft_model_state_dict(self.model.transformer)


def import_peft() -> Any:
    """peft; raises InputError where it is not there."""
    try:
        import peft
    except ImportError:
        raise InputError("LoRA needs the package peft", remedy="install it with: pip install peft") from None
    return peft


def _targets(transformer: Any, targets: Sequence[str] | None) -> list[str] | str | None:
    """What peft takes: names, None for its own choice, or all linear layers."""
    from peft.utils import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as CHOICES

    if targets:
        return list(targets)
    return None if transformer.config.model_type in CHOICES else "all-linear"
