"""Training: transformers' Trainer, fed with planned batches and given the loss.

What is Trainer's stays Trainer's: optimizer, schedule, precision, logging, checkpoints, early stopping. Ours are the
batches (``batching``), the loss (``loss``), and checkpoints that are complete encoders.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from transformers import ProgressCallback, Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import EvalLoopOutput

from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.training.batching import BatchPlan
from hybrid_pyserini.training.chunked import ChunkedEncoder
from hybrid_pyserini.training.collator import PlannedBatches
from hybrid_pyserini.training.dropout import quick_dropout_in_models
from hybrid_pyserini.training.loss import gather_candidates, info_nce
from hybrid_pyserini.training.memory import GiveMemoryBack
from hybrid_pyserini.training.no_number import CheckGradients, check_loss
from hybrid_pyserini.training.processes import from_rank_zero, wait_for_all
from hybrid_pyserini.training.progress import LossInBar
from hybrid_pyserini.training.record import mark_complete


class HybridTrainer(Trainer):
    """Trainer over planned batches; ``encoder`` is what is trained and what a checkpoint holds."""

    def __init__(self, encoder: Encoder, temperature: float, batches: PlannedBatches,
                 validation: Dataset[dict[str, Any]] | None, measure: Callable[[], dict[str, float]] | None = None, *,
                 recompute: bool = False, **arguments: Any) -> None:
        """``measure`` gives further metrics of a validation, by name, beside the loss on ``validation``; ``recompute``
        is that of ``ChunkedEncoder``."""
        self.encoder, self.temperature, self._measure = encoder, temperature, measure
        watched: Any = [] if validation is None and measure else validation  # without any, Trainer measures nothing
        chunked = ChunkedEncoder(encoder.model, recompute=recompute)
        super().__init__(model=chunked, train_dataset=batches, eval_dataset=watched, **arguments)
        self._on_processor = self.args.device.type == "cpu"
        if self._on_processor:
            # torch's fused attention has a slow backward there: without it a step of the demo took two thirds the time.
            encoder.model.transformer.set_attn_implementation("eager")
            self.add_callback(GiveMemoryBack())
        self.add_callback(CheckGradients(batches))
        self.add_callback(_MarkComplete())
        if self.pop_callback(ProgressCallback):  # there is none with --disable_tqdm
            self.add_callback(LossInBar())

    def train(self, *arguments: Any, **named: Any) -> Any:
        """Trainer's; its bars end their lines however it ends, so that a message about that has a line of its own."""
        try:
            # Here, not around the forward pass alone: activations computed again in the backward pass need it too.
            with quick_dropout_in_models() if self._on_processor else nullcontext():
                return super().train(*arguments, **named)
        finally:
            for callback in self.callback_handler.callbacks:
                if isinstance(callback, ProgressCallback):
                    for bar in (callback.training_bar, callback.prediction_bar):
                        if bar is not None:
                            bar.close()

    def init_hf_repo(self, token: str | None = None, private: bool | None = None) -> None:
        """Nothing: the finished model is uploaded, by ``hub``, and Trainer's own folder never."""

    def get_train_dataloader(self) -> DataLoader:
        """One item a step. Not prepared by accelerate, which would deal other batches to every process."""
        return self._loader(self.train_dataset)

    def get_eval_dataloader(self, eval_dataset: Any = None) -> DataLoader:
        """One item a batch; this process's slice of it."""
        return self._loader(eval_dataset if eval_dataset is not None else self.eval_dataset)

    def _loader(self, batches: Any) -> DataLoader:
        return DataLoader(
            batches, batch_size=1, shuffle=False, collate_fn=_only, num_workers=self.args.dataloader_num_workers,
            pin_memory=self.args.dataloader_pin_memory and torch.cuda.is_available(),
            generator=torch.Generator(),  # of its own: it would draw from the chance that dropout has
        )

    def compute_loss(self, model: nn.Module, inputs: dict[str, Any], return_outputs: bool = False,
                     num_items_in_batch: Any = None) -> Any:
        """The loss of this process's queries over all processes' candidates.

        DDP averages gradients over processes and the gather's backward sums them, so that the gradient is that of the
        mean over the global batch.
        """
        vectors: Tensor = model(inputs["chunks"])[inputs["order"]]
        asked = len(inputs["own"])
        candidates = gather_candidates(vectors[asked:], inputs["counts"])
        loss = info_nce(vectors[:asked], candidates, inputs["own"], inputs["excluded"], self.temperature)
        if model.training:
            check_loss(loss, vectors, candidates, self.train_dataset, self.state.global_step)
        return (loss, vectors) if return_outputs else loss

    def prediction_step(self, model: nn.Module, inputs: dict[str, Any], prediction_loss_only: bool,
                        ignore_keys: list[str] | None = None) -> tuple[Tensor, None, None]:
        """The validation loss of a batch."""
        inputs = self._prepare_inputs(inputs)
        with torch.no_grad(), self.compute_loss_context_manager():
            return self.compute_loss(model, inputs).detach(), None, None

    def evaluation_loop(self, dataloader: DataLoader, *arguments: Any, **named: Any) -> EvalLoopOutput:
        """A validation: the loss, if there is a store, and what else is measured. One process measures that for all,
        so that they agree on when to stop."""
        output = EvalLoopOutput(predictions=None, label_ids=None, metrics={}, num_samples=0)
        if len(dataloader):  # even to look into an empty one would draw from the chance that dropout has
            output = super().evaluation_loop(dataloader, *arguments, **named)
        measured = from_rank_zero(self._measure) if self._measure else {}
        output.metrics.update({f"eval_{name}": value for name, value in measured.items()})
        return output

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """A checkpoint is a complete encoder, beside Trainer's own state. Every process is called; one writes."""
        if not self.args.should_save:
            return
        folder = Path(output_dir or str(self.args.output_dir))
        folder.mkdir(parents=True, exist_ok=True)
        self.encoder.save(folder)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        with _reading(resume_from_checkpoint):
            self.encoder.load_weights(Path(resume_from_checkpoint))

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        with _reading(checkpoint):
            super()._load_optimizer_and_scheduler(checkpoint)

    def _load_rng_state(self, checkpoint: str | None) -> None:
        with _reading(checkpoint):
            super()._load_rng_state(checkpoint)

    def _load_best_model(self) -> None:
        best = str(self.state.best_model_checkpoint)
        with _reading(best):
            self.encoder.load_weights(Path(best))


class _MarkComplete(TrainerCallback):
    """Mark a checkpoint once all of it is written."""

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        wait_for_all()  # each process writes its own random state
        if state.is_world_process_zero:
            mark_complete(Path(str(args.output_dir)) / f"checkpoint-{state.global_step}")


@contextmanager
def _reading(checkpoint: str | None) -> Iterator[None]:
    """One line about a checkpoint that cannot be read. Trainer reads its states with ``weights_only``: what is not
    numbers in plain containers is refused, so that a checkpoint from elsewhere runs no code."""
    try:
        yield
    except (UnpicklingError, SafetensorError, OSError, EOFError, KeyError, RuntimeError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise InputError(
            f"a checkpoint whose weights or states cannot be read ({type(error).__name__}: {reason})",
            remedy="remove its folder, to go on from an earlier one or from the start", path=checkpoint,
        ) from None


def _only(items: list[Any]) -> Any:
    """A step is collated already: unwrap it."""
    (item,) = items
    return item


def batches_drawn(plan: BatchPlan, steps: int) -> list[dict[str, Any]]:
    """How many of the first ``steps`` batches came from each stream, for the record."""
    drawn = Counter(plan.stream_of(step) for step in range(steps))
    return [
        {"source": plan.sources[stream.source].name, "kind": stream.kind, "language": stream.language, "batches": n}
        for stream, n in sorted(drawn.items(), key=lambda item: (item[0].source, item[0].kind, item[0].language or ""))
    ]
