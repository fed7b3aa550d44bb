"""What a training was, and where it stands: the record by which a finished or unfinished one is known again.

A finished model of the same settings is kept, an interrupted training goes on from its last complete checkpoint. What
was made with other settings is refused, never removed without ``--overwrite``.
"""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from transformers import TrainingArguments

from hybrid_pyserini.atomic import replacing_file
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json, write_json
from hybrid_pyserini.provenance import differences, made_by
from hybrid_pyserini.training.examples import ExampleStore
from hybrid_pyserini.training.settings import TrainSettings
from hybrid_pyserini.training.validation import RetrievalValidation

RECORD = "training.json"
COMPLETE = "complete"
"""The file written last into a checkpoint; it names the others, so that one half-written or half-removed is known."""
_STATE = "trainer_state.json"
"""Trainer's own file of a checkpoint."""

_DECIDING = ("settings", "encoder", "init_fingerprint", "sources", "validation", "training_arguments")
_NOT_DECIDING = (
    "dataloader_", "ddp_", "disable_tqdm", "hub_", "local_rank", "log", "output_dir", "project", "push_to_hub",
    "report_to", "restore_callback_states", "run_name", "save_", "skip_memory_metrics", "trackio_", "use_cpu",
)
"""Beginnings of TrainingArguments that say where and how, and leave the weights alone."""


def training_record(
    settings: TrainSettings, arguments: TrainingArguments, encoder: Encoder, stores: list[ExampleStore],
    retrieval: RetrievalValidation | None = None,
) -> dict[str, Any]:
    """All that decides the weights, as it stands in ``training.json``; where things lie does not."""
    parameters = list(encoder.model.parameters())
    return {
        "settings": asdict(settings) | {
            "examples": [store.name for store in stores], "init": Path(settings.init).name,
            "validation": Path(settings.validation).name if settings.validation else None,
            "source_power": None if settings.source_power == 1 else settings.source_power,  # by size, said or not
            "source_weights": list(settings.source_weights) if settings.source_weights else None,
            "lora_targets": list(settings.lora_targets) if settings.lora_targets else None,
        },
        "encoder": asdict(encoder.settings), "init_fingerprint": encoder.fingerprint,
        "sources": [
            {"name": store.name, "examples": len(store), "languages": list(store.languages), "sha256": store.sha256}
            for store in stores
        ],
        "validation": {
            "store": ExampleStore(Path(settings.validation)).sha256 if settings.validation else None,
            "dataset": retrieval.name if retrieval else None, **(retrieval.sources if retrieval else {}),
        },
        "parameters": {
            "all": sum(p.numel() for p in parameters), "trained": sum(p.numel() for p in parameters if p.requires_grad)
        },
        "training_arguments": deciding_arguments(arguments),
        "hardware": _hardware(arguments),
        "made_by": made_by(),
    }


def deciding_arguments(arguments: TrainingArguments) -> dict[str, Any]:
    """The TrainingArguments that decide the weights, as they will be read back, to compare."""
    told = json.loads(arguments.to_json_string())
    return {name: value for name, value in told.items() if not name.startswith(_NOT_DECIDING)}


def _hardware(arguments: TrainingArguments) -> dict[str, Any]:
    """What the training runs on; all processes are taken to be alike."""
    gpu = arguments.device.type == "cuda"
    return {
        "device": torch.cuda.get_device_name(arguments.device) if gpu else arguments.device.type,
        "processes": arguments.world_size, "threads": torch.get_num_threads(),
        "dtype": "bf16" if arguments.bf16 else "fp16" if arguments.fp16 else "fp32",
    }


def _differences(folder: Path, record: dict[str, Any]) -> list[str]:
    """Where the record in a folder differs from that of this training."""
    if not (folder / RECORD).is_file():
        return ["it is no model trained here"]
    there = read_json(folder / RECORD)
    return [
        each for key in _DECIDING if key in record
        for each in differences(_flat(key, there.get(key)), _flat(key, record[key]))
    ]


def _flat(key: str, value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {key: value}


def is_finished(output: Path, record: dict[str, Any]) -> bool:
    """Whether this very training is done; raises InputError where ``output`` is something else."""
    if not output.exists():
        return False
    if differing := _differences(output, record):
        raise InputError(
            f"there is a model of other settings ({'; '.join(differing)})", path=output,
            remedy="choose another --output, or redo it with --overwrite",
        )
    return True


def check_unfinished(work: Path, record: dict[str, Any]) -> None:
    """Raise InputError where an unfinished training of other settings would be lost."""
    if (work / RECORD).is_file() and (differing := _differences(work, record)):
        raise InputError(
            f"an unfinished training of other settings ({'; '.join(differing)})", path=work,
            remedy="go on with those, choose another --output, or give --overwrite",
        )


def mark_complete(checkpoint: Path) -> None:
    """Say of a checkpoint that all of it is written, once it is: Trainer's own writing is not atomic."""
    names = sorted(path.relative_to(checkpoint).as_posix() for path in checkpoint.rglob("*") if path.is_file())
    with replacing_file(checkpoint / COMPLETE) as aside:
        aside.write_text("\n".join(names), encoding="utf-8")


def is_complete(checkpoint: Path) -> bool:
    """Whether a checkpoint is marked complete and still is: Trainer removes old ones file by file, this mark among
    them, and would go on from one that has lost its optimizer's state without a word."""
    mark = checkpoint / COMPLETE
    return mark.is_file() and all((checkpoint / name).is_file() for name in mark.read_text("utf-8").splitlines())


def prepare_to_resume(work: Path, record: dict[str, Any], *, overwrite: bool) -> Path | None:
    """Make a training's own folder ready for its next step, and return the checkpoint to go on from: the last complete
    one, or None to start from nothing. Incomplete ones are removed, with ``overwrite`` all; the record is written, by
    which this training is known again."""
    for folder in work.glob("checkpoint-*"):
        if overwrite or not is_complete(folder):
            shutil.rmtree(folder)
    write_json(work / RECORD, record)
    last = last_complete(work)
    if last:
        _point_to_best(last)
    return last


def _point_to_best(checkpoint: Path) -> None:
    """Write into a checkpoint's state where the best one lies now. Trainer wrote its path as it was then; where the
    folder has moved, or the command is given from elsewhere, it would do without the best one."""
    state = read_json(checkpoint / _STATE)
    best = str(checkpoint.with_name(f"checkpoint-{state['best_global_step']}"))
    if state["best_model_checkpoint"] not in (None, best):
        write_json(checkpoint / _STATE, state | {"best_model_checkpoint": best})


def last_complete(work: Path) -> Path | None:
    """The last complete checkpoint in a training's own folder; None where there is none."""
    complete = (folder for folder in work.glob("checkpoint-*") if is_complete(folder))
    return max(complete, key=lambda folder: int(folder.name.split("-")[1]), default=None)


def check_resumable(work: Path) -> None:
    """Raise InputError where there is nothing to go on from."""
    if last_complete(work) is None:
        raise InputError(
            "no complete checkpoint to go on from", remedy="leave out --resume to start from the initial encoder",
            path=work,
        )


def stopped_early(checkpoint: Path) -> int | None:
    """The step of a checkpoint at which early stopping ended the training; None where it was to go on. Trainer would
    go on from either."""
    state = read_json(checkpoint / _STATE)
    control = state["stateful_callbacks"]["TrainerControl"]["args"]
    return state["global_step"] if control["should_training_stop"] else None
