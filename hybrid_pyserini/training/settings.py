"""What decides a training: our settings, Trainer's arguments with our defaults, and what of them is refused.

Everything that would fail later, or silently do nothing, is refused before anything is loaded.
"""

import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from transformers import TrainingArguments
from transformers.integrations import INTEGRATION_TO_CALLBACK
from transformers.trainer_utils import HubStrategy

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.training.source_mixing import SourceMixing
from hybrid_pyserini.training.validation import LOSS

PAPER_DEFAULTS: dict[str, Any] = {
    "learning_rate": 3e-5, "weight_decay": 1e-2, "optim": "adamw_torch_fused", "lr_scheduler_type": "linear",
    "logging_nan_inf_filter": False, "logging_steps": 50, "save_total_limit": 2, "report_to": "none",
    "remove_unused_columns": False, "restore_callback_states_from_checkpoint": True,
    "hub_strategy": "end",
    "ddp_find_unused_parameters": False,  # EncoderModel trains none; to look takes time at each step
}
"""TrainingArguments where ours differ from transformers', or where a change of its defaults would change results."""

REPLACED = {
    "per_device_train_batch_size": "give --batch-size, of the global batch",
    "per_device_eval_batch_size": "validation takes --batch-size too",
    "num_train_epochs": "give --max_steps",
    "gradient_accumulation_steps": "leave it at 1: the passages of other micro-batches would be missing from the loss",
    "auto_find_batch_size": "choose --batch-size: the loss depends on it",
    "resume_from_checkpoint": "leave it out: an interrupted training goes on by itself",
    "label_smoothing_factor": "leave it out: the loss has no labels to smooth",
    "ignore_data_skip": "leave it out: batches follow from the step",
    "save_only_model": "leave it out: without its optimizer's state an interrupted training could not go on",
}
"""TrainingArguments that the batch plan replaces, which would have no effect or a wrong one."""


@dataclass(frozen=True)
class TrainSettings:
    """What is ours in a training; the rest is TrainingArguments."""

    examples: tuple[str, ...]
    """Folders of stores."""
    init: str
    strategy: str = "hybrid"
    alpha: float = 0.5
    """Probability of a monolingual batch; ``hybrid`` only."""
    source_power: float | None = None
    source_weights: tuple[float, ...] | None = None
    """``SourceMixing``; None of both draws sources by size."""
    batch_size: int = 100
    """Queries in the global batch."""
    temperature: float = 0.05
    grad_cache: int | None = None
    """Tokens in a chunk whose activations are computed again for the backward pass; None keeps all activations."""
    validation: str | None = None
    """Folder of a store whose loss is measured."""
    patience: int | None = None
    """Validations without a better metric before training stops; None never stops early."""
    pooling: str | None = None
    max_length: int | None = None
    query_prompt: str | None = None
    document_prompt: str | None = None
    """None: the initial encoder's own, else the project's default."""
    lora_rank: int | None = None
    """None trains all weights, a rank the adapters of LoRA alone."""
    lora_alpha: float | None = None
    """None: twice the rank."""
    lora_targets: tuple[str, ...] | None = None

    @property
    def mixing(self) -> SourceMixing:
        """How often each source is drawn; raises InputError for what is no proportion."""
        return SourceMixing(self.source_power, self.source_weights)


def trainer_defaults(output: Path) -> dict[str, Any]:
    """TrainingArguments of a training to ``output``, before anything was asked for."""
    # Trainer refuses bf16 on a CPU that was not named.
    return PAPER_DEFAULTS | {
        "output_dir": str(output.with_name(f"{output.name}.training")), "use_cpu": not torch.cuda.is_available(),
        "run_name": output.name,
    }


def check(settings: TrainSettings, arguments: TrainingArguments, retrieval_metrics: tuple[str, ...] = ()) -> None:
    """Raise InputError for settings that cannot be trained with, as far as they show it by themselves.

    ``retrieval_metrics`` are those of a validation data set, if there is one.
    """
    refuse_replaced(arguments)
    settings.mixing.check(len(settings.examples))
    if not 0 < settings.temperature < math.inf:
        raise InputError(f"temperature {settings.temperature}", remedy="use one above 0; 0.05 is the default")
    if settings.grad_cache is not None and settings.grad_cache < 1:
        raise InputError(f"chunks of {settings.grad_cache} tokens", remedy="give --grad-cache 1 or more; try 4096")
    if arguments.max_steps <= 0:
        raise InputError("no number of steps", remedy="give --max_steps, in optimizer steps")
    if arguments.n_gpu > 1:
        raise InputError(
            f"{arguments.n_gpu} GPUs in one process", remedy="start one process a GPU with 'torchrun "
            "--nproc-per-node N -m hybrid_pyserini train ...', or show it one with CUDA_VISIBLE_DEVICES",
        )
    _check_lora(settings)
    _check_reports(arguments)
    _check_hub(arguments)
    _check_validation(settings, arguments, ((LOSS,) if settings.validation else ()) + retrieval_metrics)


def refuse_replaced(arguments: TrainingArguments) -> None:
    """Raise InputError for an argument that the number of steps or the size of the batch replaces."""
    for field in fields(arguments):
        if field.name in REPLACED and getattr(arguments, field.name) != field.default:
            raise InputError(f"--{field.name} is not for this training", remedy=REPLACED[field.name])


def _check_lora(settings: TrainSettings) -> None:
    if settings.lora_rank is None:
        if settings.lora_alpha is not None or settings.lora_targets is not None:
            raise InputError("settings of LoRA without its rank", remedy="give --lora-rank; 16 is common")
        return
    if settings.lora_rank < 1:
        raise InputError(f"LoRA of rank {settings.lora_rank}", remedy="give --lora-rank 1 or more; 16 is common")
    if settings.lora_alpha is not None and settings.lora_alpha <= 0:
        raise InputError(f"LoRA with alpha {settings.lora_alpha}", remedy="give --lora-alpha above 0")


def _check_reports(arguments: TrainingArguments) -> None:
    """What is reported to must be there before hours of training, and not a traceback."""
    for name in arguments.report_to or ():
        try:
            INTEGRATION_TO_CALLBACK[name]()
        except KeyError:
            raise InputError(
                f"--report_to {name} is not known", remedy=f"choose among: none {' '.join(INTEGRATION_TO_CALLBACK)}"
            ) from None
        except (ImportError, RuntimeError) as error:
            raise InputError(
                f"--report_to {name}: {error}", remedy=f"install {name}, or report to something else"
            ) from None


def _check_hub(arguments: TrainingArguments) -> None:
    if not arguments.push_to_hub:
        return
    if "/" not in (arguments.hub_model_id or ""):
        raise InputError(
            f"no whole name for the Hub ({arguments.hub_model_id})", remedy="give --hub_model_id USER/NAME"
        )
    if arguments.hub_strategy != HubStrategy.END:
        raise InputError(
            f"--hub_strategy {HubStrategy(arguments.hub_strategy).value} is not for this training",
            remedy="leave it out: the finished model is uploaded at the end",
        )


def _check_validation(settings: TrainSettings, arguments: TrainingArguments, metrics: tuple[str, ...]) -> None:
    """``metrics`` are the names of all that is measured while training."""
    give = "give --validation STORE or --validation-dataset DATASET"
    if not metrics:
        if settings.patience is not None:
            raise InputError("early stopping without a validation set", remedy=give)
        if arguments.eval_strategy != "no":
            raise InputError("nothing to evaluate while training", remedy=give)
    if settings.patience is not None and settings.patience < 1:
        raise InputError(f"patience {settings.patience}", remedy="give 1 validation or more")
    if arguments.load_best_model_at_end and arguments.eval_steps != arguments.save_steps:
        raise InputError(
            f"a validation every {arguments.eval_steps:g} steps and a checkpoint every {arguments.save_steps:g}: the "
            "best model might not be saved", remedy="give --eval_steps and --save_steps the same number",
        )
    best = arguments.metric_for_best_model
    if best is None:
        return
    if best.removeprefix("eval_") not in metrics:
        names = " ".join(f"eval_{name}" for name in metrics)
        raise InputError(
            f"metric {best!r} is not measured while training", remedy=f"choose among {names}" if names else give
        )
    if arguments.greater_is_better == best.endswith(LOSS):
        raise InputError(
            f"--greater_is_better {str(arguments.greater_is_better).lower()} is wrong for {best}",
            remedy="leave it out: it follows from the metric",
        )
