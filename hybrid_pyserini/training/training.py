"""From stores and an initial encoder to a trained checkpoint: ``train`` reads top to bottom.

Re-runs are safe: a finished model of the same settings is kept, an interrupted training goes on from its last complete
checkpoint and ends with the weights of an undisturbed one.
"""

import hashlib
import sys
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from torch.utils.data import ConcatDataset
from transformers import EarlyStoppingCallback, TrainingArguments

from hybrid_pyserini.atomic import replacing_folder
from hybrid_pyserini.encoder import checkpoint
from hybrid_pyserini.encoder.checkpoint import EncoderSettings
from hybrid_pyserini.encoder.encoder import GPU_CHUNK_TOKENS, Encoder
from hybrid_pyserini.encoder.model_card import CardFacts, write_card
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import write_json
from hybrid_pyserini.training.batching import BatchPlan
from hybrid_pyserini.training.collator import CHUNK_TOKENS, PlannedBatches
from hybrid_pyserini.training.examples import ExampleStore
from hybrid_pyserini.training.hub import open_repository, upload
from hybrid_pyserini.training.overlap import warn_of_overlap
from hybrid_pyserini.training.processes import from_rank_zero, process_rank
from hybrid_pyserini.training.record import (
    RECORD,
    check_resumable,
    check_unfinished,
    is_finished,
    prepare_to_resume,
    stopped_early,
    training_record,
)
from hybrid_pyserini.training.settings import TrainSettings, check
from hybrid_pyserini.training.trainer import HybridTrainer, batches_drawn
from hybrid_pyserini.training.validation import RetrievalValidation


def train(
    settings: TrainSettings, arguments: TrainingArguments, output: Path, *,
    retrieval: RetrievalValidation | None = None, overwrite: bool = False, resume: bool = False,
) -> bool:
    """Train and write the checkpoint to ``output``; return False where it was there already.

    ``retrieval`` is measured at each validation, beside the loss on the store of ``settings``. Trainer's own files go
    to ``<output>.training``; with ``push_to_hub`` the finished model is uploaded. Raises InputError for settings that
    cannot be trained, before the first step; unless ``overwrite``, for an ``output`` or unfinished training of other
    settings; with ``resume``, for want of a checkpoint to go on from; and for what keeps the Hub from taking the model.
    """
    check(settings, arguments, retrieval.metrics if retrieval else ())
    rank, processes = process_rank()
    encoder = initial_encoder(settings, arguments.seed)
    stores = _open_stores(settings.examples)
    record = training_record(settings, arguments, encoder, stores, retrieval)
    work = Path(str(arguments.output_dir))
    if not overwrite:
        if is_finished(output, record):
            upload(output, arguments)
            return False
        check_unfinished(work, record)
    if resume:
        check_resumable(work)
    plan = BatchPlan(
        stores, settings.strategy, settings.batch_size, arguments.seed, settings.alpha, settings.mixing
    )
    batches = PlannedBatches(
        plan, stores, encoder, arguments.max_steps, rank, processes,
        settings.grad_cache or (CHUNK_TOKENS if arguments.device.type == "cpu" else GPU_CHUNK_TOKENS),
    )
    validation = _validation_batches(settings, encoder, rank, processes)
    open_repository(arguments)
    trainer = _trainer(settings, arguments, encoder, batches, validation, retrieval)
    if rank == 0:
        _warn_of_idle_sources(plan, settings.strategy)
        _warn_of_overlap(settings, stores, retrieval)
    start = from_rank_zero(lambda: prepare_to_resume(work, record, overwrite=overwrite))
    if start and (stopped := stopped_early(start)):  # all that is missing is the model
        arguments.max_steps = batches.steps = stopped
    at_first = _trained_weights(encoder)
    result = trainer.train(resume_from_checkpoint=str(start) if start else None)
    if rank == 0:
        if _trained_weights(encoder) == at_first:
            print(f"warning: no weight has moved in {result.global_step} steps; check --learning_rate and "
                  "--warmup_steps", file=sys.stderr)
        _write_model(output, settings, encoder, record | {
            "steps": result.global_step, "batches": batches_drawn(plan, result.global_step),
            "best_validation": {"metric": arguments.metric_for_best_model, "value": trainer.state.best_metric},
            "log": _told(trainer.state.log_history),
        })
        upload(output, arguments)
    return True


def _trained_weights(encoder: Encoder) -> str:
    """SHA-256 of the weights that training may change."""
    digest = hashlib.sha256()
    for parameter in encoder.model.parameters():
        if parameter.requires_grad:
            digest.update(parameter.detach().cpu().contiguous().numpy().data)
    return digest.hexdigest()


def _told(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Trainer's log without what an interruption changes: its summary, whose mean loss and time are of the steps since
    then only, and times; sorted, as a checkpoint's log comes back.

    One figure is changed all the same: where ``--save_steps`` is no multiple of ``--logging_steps``, Trainer takes the
    first loss that it logs after an interruption over too many steps, so that it is too small.
    """
    times = ("_runtime", "_per_second")
    return [
        {name: value for name, value in sorted(entry.items()) if not name.endswith(times)}
        for entry in log if "train_runtime" not in entry
    ]


def _write_model(output: Path, settings: TrainSettings, encoder: Encoder, record: dict[str, Any]) -> None:
    """The trained checkpoint, with the record of its training and its card."""
    facts = CardFacts(
        name=f"{output.parent.name}/{output.name}",
        base_model=None if Path(settings.init).exists() else settings.init,
        settings=encoder.settings, dimension=encoder.dimension, stock_pyserini=encoder.stock_pyserini,
        sentence_transformers=encoder.in_sentence_transformers,
    )
    with replacing_folder(output) as aside:
        encoder.save(aside)
        write_json(aside / RECORD, record)
        write_card(aside, facts, record)


def initial_encoder(settings: TrainSettings, seed: int) -> Encoder:
    """The encoder to start from, with the settings that were asked for or that the paper has, and with adapters where
    these are trained alone. It normalises its vectors whatever it did before, for the loss compares by cosine."""
    encoder = Encoder.load(settings.init)
    own = replace(encoder.settings, normalize=True)
    if not checkpoint.states_prompts(checkpoint.local_folder(settings.init)):
        own = replace(own, query_prompt=EncoderSettings.query_prompt, document_prompt=EncoderSettings.document_prompt)
    asked = {name: getattr(settings, name) for name in ("pooling", "max_length", "query_prompt", "document_prompt")}
    chosen = replace(own, **{name: value for name, value in asked.items() if value is not None})
    if not 8 <= chosen.max_length <= encoder.most_tokens:
        raise InputError(
            f"a maximum length of {chosen.max_length} tokens",
            remedy=f"give --max-length from 8 to {encoder.most_tokens}, which this encoder can take",
        )
    encoder.settings, encoder.model.pooling, encoder.model.normalize = chosen, chosen.pooling, chosen.normalize
    if settings.lora_rank is None:
        return encoder
    from hybrid_pyserini.training.lora import LoraEncoder

    alpha = 2 * settings.lora_rank if settings.lora_alpha is None else settings.lora_alpha
    return LoraEncoder(encoder, settings.lora_rank, alpha, settings.lora_targets, seed)


def _open_stores(folders: tuple[str, ...]) -> list[ExampleStore]:
    stores = [ExampleStore(Path(folder)) for folder in folders]
    names = [store.name for store in stores]
    if len(set(names)) < len(names):
        raise InputError(f"stores of one name: {', '.join(names)}", remedy="batches are keyed by name; rename one")
    return stores


def _validation_batches(
    settings: TrainSettings, encoder: Encoder, rank: int, processes: int
) -> ConcatDataset[dict[str, Any]] | None:
    """Fixed batches, the same for every strategy and seed, so that their losses can be compared: as many monolingual
    as cross-lingual ones; in one language (the paper's SQuADShifts) monolingual ones alone."""
    if settings.validation is None:
        return None
    stores = _open_stores((settings.validation,))
    (store,) = stores
    size = min(settings.batch_size, len(store) // processes * processes)
    if size < 2:
        raise InputError(f"{len(store)} examples to validate with", remedy="use more", path=store.folder)
    batches = len(store) // size * len(store.languages)
    strategies = ("x-x-mono", "x-y") if len(store.languages) > 1 else ("x-x-mono",)
    return ConcatDataset([
        PlannedBatches(BatchPlan(stores, strategy, size, seed=0), stores, encoder, batches, rank, processes)
        for strategy in strategies
    ])


def _warn_of_idle_sources(plan: BatchPlan, strategy: str) -> None:
    for name in plan.idle_sources:
        print(
            f"warning: source {name!r} has no example for any batch of {strategy!r}, so it is not trained on; leave it "
            "out, or choose another --strategy (hybrid takes sources in one language too)", file=sys.stderr,
        )


def _warn_of_overlap(
    settings: TrainSettings, stores: list[ExampleStore], retrieval: RetrievalValidation | None
) -> None:
    if settings.validation:
        store = ExampleStore(Path(settings.validation))
        warn_of_overlap(f"--validation {store.name}", store.queries(), stores)
    if retrieval:
        warn_of_overlap(f"--validation-dataset {retrieval.name}", retrieval.queries(), stores)


def _trainer(
    settings: TrainSettings, arguments: TrainingArguments, encoder: Encoder, batches: PlannedBatches,
    validation: ConcatDataset[dict[str, Any]] | None, retrieval: RetrievalValidation | None,
) -> HybridTrainer:
    """Trainer, which checks its arguments when it is made; what it refuses leaves no folder behind."""
    progress = not arguments.disable_tqdm
    measure = partial(retrieval.measure, encoder, progress=progress) if retrieval else None
    try:
        return HybridTrainer(
            encoder, settings.temperature, batches, validation, measure, recompute=settings.grad_cache is not None,
            args=arguments,
            callbacks=[EarlyStoppingCallback(settings.patience)] if settings.patience else [],
        )
    except ValueError as error:
        with suppress(OSError):  # not empty: an unfinished training
            Path(str(arguments.output_dir)).rmdir()
        raise InputError(str(error), remedy="see 'hybrid-pyserini train --help-all'") from None
