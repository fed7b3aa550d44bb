"""``train``: fine-tune an encoder on monolingual and cross-lingual batches."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.training.batching import STRATEGIES
from hybrid_pyserini.workspace import Workspace

if TYPE_CHECKING:
    from transformers import TrainingArguments

    from hybrid_pyserini.training.settings import TrainSettings

PASSES_ON = True
"""What is not ours goes to transformers' TrainingArguments."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--examples", nargs="+", required=True, metavar="STORE",
                        help="stores built by 'examples', by name or folder")
    parser.add_argument("--init", required=True, metavar="MODEL",
                        help="the encoder to start from: a model of the workspace, a folder, or a hub name such as "
                        "xlm-roberta-base or sentence-transformers/LaBSE")
    parser.add_argument("--output", required=True, metavar="NAME", help="the trained model's name: models/NAME")
    parser.add_argument("--strategy", choices=STRATEGIES, default="hybrid",
                        help="x-x-mono: one language a batch; x-y: query and passage in different languages; hybrid: "
                        "either, by chance; x-x: one language a pair; en-en: English (default: %(default)s)")
    parser.add_argument("--alpha", type=float, default=0.5,
                        help="hybrid: probability of a monolingual batch (default: %(default)s)")
    parser.add_argument("--source-power", type=float, metavar="P",
                        help="each batch is from one store, drawn by its size to the power of P: 1 by size, 0 each "
                        "alike, 0.5 between (default: 1)")
    parser.add_argument("--source-weights", type=float, nargs="+", metavar="W",
                        help="instead of sizes: weights above 0, one a store, in the order of --examples")
    parser.add_argument("--batch-size", type=int, default=100,
                        help="queries in a step's batch, over all processes (default: %(default)s)")
    parser.add_argument("--temperature", type=float, default=0.05, help="of the loss (default: %(default)s)")
    parser.add_argument("--grad-cache", type=int, metavar="TOKENS",
                        help="compute activations again, so many tokens at a time, so that memory depends on that and "
                        "not on --batch-size; same gradients, about a quarter fewer pairs a second")
    parser.add_argument("--validation", metavar="STORE",
                        help="a store whose loss (eval_loss) is measured every --eval_steps")
    parser.add_argument("--validation-dataset", metavar="DATASET",
                        help="a small data set, prepared in the workspace, that the model searches every --eval_steps "
                        "(eval_AP, eval_mono_AP, eval_cross_AP, eval_multi_AP, and so for nDCG@10 and R@100); its "
                        "questions must be others than those you test on: a model chosen by test questions is not "
                        "tested by them")
    parser.add_argument("--patience", type=int, metavar="N",
                        help="stop after N validations without a better --metric_for_best_model (default: eval_AP with "
                        "--validation-dataset, else eval_loss), and keep the best model")
    parser.add_argument("--pooling", choices=["mean", "cls"], help="default: the initial encoder's, else mean")
    parser.add_argument("--max-length", type=int,
                        help="most tokens of a text, query or passage (default: the initial encoder's, else 256)")
    parser.add_argument("--query-prompt", help="stands before every query (default: the encoder's, else 'Query: ')")
    parser.add_argument("--document-prompt",
                        help="stands before every passage (default: the encoder's, else 'Passage: ')")
    parser.add_argument("--lora-rank", type=int, metavar="R",
                        help="train low-rank adapters alone, with peft; the model in the end has them merged")
    parser.add_argument("--lora-alpha", type=float, help="scale of the adapters (default: twice the rank)")
    parser.add_argument("--lora-targets", nargs="+", metavar="LAYER",
                        help="names of the layers that get one, such as query value (default: peft's choice for the "
                        "architecture, else all linear layers)")
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--overwrite", action="store_true", help="train again if the model is there")
    again.add_argument("--resume", action="store_true",
                       help="only go on with an interrupted training, never start one; without it, an interrupted "
                       "training goes on and a new one is started")
    parser.add_argument("--help-all", action=_ShowAll, nargs=0, help="TrainingArguments' help as well, and exit")
    parser.epilog = (
        "All of transformers' TrainingArguments are understood too: --max_steps (needed), --learning_rate (3e-5),\n"
        "--weight_decay (0.01), --warmup_steps, --bf16, --activation_checkpointing, --seed, --eval_steps,\n"
        "--save_steps, --report_to tensorboard, --push_to_hub --hub_model_id USER/NAME, ...\n\n"
        "example: hybrid-pyserini train --examples xquad-r-train --init small --strategy hybrid --output hybrid \\\n"
        "           --max_steps 1200 --learning_rate 5e-4 --warmup_steps 50 --bf16\n"
        "         ... --validation-dataset xquad-r-validation --eval_steps 100 --save_steps 100 --patience 3 \\\n"
        "           --metric_for_best_model eval_multi_AP"
    )


def run(arguments: argparse.Namespace) -> None:
    workspace = Workspace(arguments.workspace)
    from hybrid_pyserini.evaluation.retrieval_validation import RetrievalValidation
    from hybrid_pyserini.training.processes import leave_processes, process_rank, wait_for_all
    from hybrid_pyserini.training.training import train

    output, settings = workspace.new_model(arguments.output), _settings(arguments)
    dataset = arguments.validation_dataset
    retrieval = RetrievalValidation(workspace, dataset) if dataset else None
    trainer = _training_arguments(arguments.rest, settings, output, retrieval=retrieval is not None)
    try:
        trained = train(
            settings, trainer, output, retrieval=retrieval, overwrite=arguments.overwrite, resume=arguments.resume
        )
        wait_for_all()
        if process_rank()[0] == 0:
            print(f"trained {output}" if trained else f"kept {output}: trained with these settings already")
    finally:
        leave_processes()


def check(arguments: argparse.Namespace) -> None:
    """Raise InputError for arguments that could not be trained with, as far as they show it without any file."""
    from hybrid_pyserini.evaluation.retrieval_validation import METRICS
    from hybrid_pyserini.training.settings import check as check_settings

    settings, output = _settings(arguments), Workspace(arguments.workspace).new_model(arguments.output)
    retrieval = bool(arguments.validation_dataset)
    trainer = _training_arguments(arguments.rest, settings, output, retrieval=retrieval)
    check_settings(settings, trainer, METRICS if retrieval else ())


def _settings(arguments: argparse.Namespace) -> "TrainSettings":
    """What is ours among the arguments."""
    from hybrid_pyserini.training.settings import TrainSettings

    workspace = Workspace(arguments.workspace)
    return TrainSettings(
        examples=tuple(str(workspace.examples_store(name)) for name in arguments.examples),
        init=workspace.model(arguments.init)[1],
        validation=str(workspace.examples_store(arguments.validation)) if arguments.validation else None,
        source_weights=tuple(arguments.source_weights) if arguments.source_weights else None,
        **{name: getattr(arguments, name) for name in (
            "strategy", "source_power", "alpha", "batch_size", "temperature", "grad_cache", "patience", "pooling",
            "max_length", "query_prompt", "document_prompt", "lora_rank", "lora_alpha",
        )},
        lora_targets=tuple(arguments.lora_targets) if arguments.lora_targets else None,
    )


def _training_arguments(
    rest: Sequence[str], settings: "TrainSettings", output: Path, *, retrieval: bool
) -> "TrainingArguments":
    """TrainingArguments from the words that were not ours, over the paper's defaults."""
    from hybrid_pyserini.training.settings import trainer_defaults

    parser = _trainer_parser()
    parser.set_defaults(**trainer_defaults(output))
    if retrieval or settings.validation:
        parser.set_defaults(
            eval_strategy="steps", metric_for_best_model="eval_AP" if retrieval else "eval_loss",
            load_best_model_at_end=bool(settings.patience),
        )
    try:
        trainer, unknown = parser.parse_args_into_dataclasses(args=list(rest), return_remaining_strings=True)
    except ValueError as error:
        raise InputError(str(error), remedy="see 'hybrid-pyserini train --help-all'") from None
    if unknown:
        raise InputError(f"unknown: {' '.join(unknown)}", remedy="see 'hybrid-pyserini train --help-all'")
    return trainer


def _trainer_parser() -> Any:
    from transformers import HfArgumentParser, TrainingArguments

    class OneLineParser(HfArgumentParser):
        def error(self, message: str) -> NoReturn:
            raise InputError(message, remedy="see 'hybrid-pyserini train --help-all'")

    return OneLineParser(TrainingArguments, prog="hybrid-pyserini train ...", allow_abbrev=False)


class _ShowAll(argparse.Action):
    """``--help-all``: our help, then that of TrainingArguments."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        parser.print_help()
        print("\ntransformers' TrainingArguments:\n")
        _trainer_parser().print_help()
        sys.exit(0)
