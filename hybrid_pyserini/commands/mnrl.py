"""``mnrl``: the training that others do, as a reference to compare with."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.workspace import Workspace

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformerTrainingArguments

PASSES_ON = True
"""What is not ours goes to sentence-transformers' training arguments."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "A reference to compare with: sentence-transformers' own trainer with its MultipleNegativesRankingLoss, on\n"
        "the shuffled pairs of every question and positive, in all their languages. It needs sentence-transformers,\n"
        "which pip install 'hybrid-pyserini[reference]' brings. An interrupted training starts again."
    )
    parser.add_argument("--examples", nargs="+", required=True, metavar="STORE",
                        help="stores built by 'examples', by name or folder")
    parser.add_argument("--init", required=True, metavar="MODEL", help="the encoder to start from, as 'train' takes it")
    parser.add_argument("--output", required=True, metavar="NAME", help="the trained model's name: models/NAME")
    parser.add_argument("--batch-size", type=int, default=100, help="pairs in a batch (default: %(default)s)")
    parser.add_argument("--temperature", type=float, default=0.05,
                        help="of the loss, the inverse of its scale (default: %(default)s)")
    parser.add_argument("--overwrite", action="store_true", help="train again if the model is there")
    parser.epilog = (
        "TrainingArguments are understood too: --max_steps (needed), --learning_rate (3e-5), --seed, ...\n\n"
        "example: hybrid-pyserini mnrl --examples demo-train --init small --output mnrl --max_steps 1000"
    )


def run(arguments: argparse.Namespace) -> None:
    """Train, unless that was done."""
    from hybrid_pyserini.training.mnrl import MnrlSettings, train_mnrl

    workspace = Workspace(arguments.workspace)
    trainer = check(arguments)
    output = workspace.new_model(arguments.output)
    settings = MnrlSettings(
        tuple(str(workspace.examples_store(name)) for name in arguments.examples), workspace.model(arguments.init)[1],
        arguments.batch_size, arguments.temperature,
    )
    trained = train_mnrl(settings, trainer, output, overwrite=arguments.overwrite)
    print(f"trained {output}" if trained else f"kept {output}: trained with these settings already")


def check(arguments: argparse.Namespace) -> "SentenceTransformerTrainingArguments":
    """The training arguments; raises InputError for what could not be trained with."""
    from hybrid_pyserini.training.mnrl import check_installed
    from hybrid_pyserini.training.settings import refuse_replaced

    check_installed()
    if arguments.batch_size < 2 or arguments.temperature <= 0:
        raise InputError(
            f"a batch of {arguments.batch_size}, temperature {arguments.temperature}",
            remedy="give --batch-size 2 or more and --temperature above 0",
        )
    trainer = _training_arguments(arguments.rest, Workspace(arguments.workspace).new_model(arguments.output))
    refuse_replaced(trainer)
    if trainer.max_steps <= 0:
        raise InputError("no number of steps", remedy="give --max_steps, in optimizer steps")
    if trainer.world_size * max(1, trainer.n_gpu) > 1:
        raise InputError(
            "'mnrl' with several processes or GPUs", remedy="start it alone, and show it one with CUDA_VISIBLE_DEVICES"
        )
    trainer.per_device_train_batch_size = arguments.batch_size
    return trainer


def _training_arguments(rest: Sequence[str], output: Path) -> "SentenceTransformerTrainingArguments":
    """The arguments that were not ours, over the defaults of ``train``; as there, the remainder of a pass over the
    pairs is dropped."""
    from sentence_transformers import SentenceTransformerTrainingArguments
    from sentence_transformers.base.sampler import BatchSamplers
    from transformers import HfArgumentParser

    from hybrid_pyserini.training.settings import trainer_defaults

    class OneLineParser(HfArgumentParser):
        def error(self, message: str) -> NoReturn:
            raise InputError(message, remedy="see 'hybrid-pyserini train --help-all'")

    parser = OneLineParser(SentenceTransformerTrainingArguments, allow_abbrev=False)
    parser.set_defaults(**trainer_defaults(output) | {
        "save_strategy": "no", "batch_sampler": BatchSamplers.NO_DUPLICATES, "dataloader_drop_last": True,
    })
    trainer, unknown = parser.parse_args_into_dataclasses(args=list(rest), return_remaining_strings=True)
    if unknown:
        raise InputError(f"unknown: {' '.join(unknown)}", remedy="see 'hybrid-pyserini train --help-all'")
    return trainer
