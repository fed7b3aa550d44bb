"""The training that others do, as a reference: sentence-transformers' own trainer and MultipleNegativesRankingLoss.

Its pairs are every question of an example in each of its languages with every positive in each of its, shuffled, so
that a batch holds all languages. What tells it from our batches and loss: kinds of pairs come as often as there are
pairs of the kind (of eleven languages, one in eleven is monolingual), and another example's passage is a negative
whatever its passage group. As its documentation advises, no text occurs twice in a batch (NO_DUPLICATES).
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybrid_pyserini.atomic import replacing_folder
from hybrid_pyserini.encoder import Encoder
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json, write_json
from hybrid_pyserini.provenance import differences, made_by
from hybrid_pyserini.training.examples import ExampleStore
from hybrid_pyserini.training.record import RECORD

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformerTrainingArguments


@dataclass(frozen=True)
class MnrlSettings:
    """What decides the training, beside TrainingArguments."""

    examples: tuple[str, ...]
    """Folders of stores."""
    init: str
    batch_size: int = 100
    temperature: float = 0.05
    """The inverse of the loss's ``scale``."""


def check_installed() -> None:
    """Raise InputError unless sentence-transformers and its trainer's datasets are installed."""
    try:
        import datasets  # noqa: F401
        import sentence_transformers  # noqa: F401
    except ImportError as error:
        raise InputError(
            f"{error.name} is not installed, which this reference is trained with",
            remedy="pip install 'hybrid-pyserini[reference]'",
        ) from None


def pairs(stores: Sequence[ExampleStore]) -> Iterator[dict[str, str]]:
    """Every question with every positive of its example."""
    for store in stores:
        for example in store:
            for query in example.queries.values():
                for positive in example.positives.values():
                    yield {"query": query, "positive": positive}


def train_mnrl(
    settings: MnrlSettings, arguments: "SentenceTransformerTrainingArguments", output: Path, *, overwrite: bool = False
) -> bool:
    """Train and write the checkpoint to ``output``; return False where it was there already.

    Raises InputError for an ``output`` of other settings, unless ``overwrite``.
    """
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    stores = [ExampleStore(Path(folder)) for folder in settings.examples]
    encoder = Encoder.load(settings.init)
    record = _record(settings, arguments, encoder, stores)
    if output.exists() and not overwrite and _is_this(output, record):
        return False
    model = SentenceTransformer(settings.init, device="cpu" if arguments.use_cpu else None)
    arguments.prompts = {"query": encoder.settings.query_prompt, "positive": encoder.settings.document_prompt}
    trainer = SentenceTransformerTrainer(
        model=model, args=arguments, train_dataset=Dataset.from_list(list(pairs(stores))),
        loss=MultipleNegativesRankingLoss(model, scale=1 / settings.temperature),
    )
    trainer.train()
    with replacing_folder(output) as aside:
        model.save(str(aside), create_model_card=False)
        log = [{name: value for name, value in entry.items() if "runtime" not in name and "per_second" not in name}
               for entry in trainer.state.log_history if "train_runtime" not in entry]
        write_json(aside / RECORD, record | {"steps": trainer.state.global_step, "log": log, "made_by": made_by()})
    return True


def _record(
    settings: MnrlSettings, arguments: "SentenceTransformerTrainingArguments", encoder: Encoder,
    stores: Sequence[ExampleStore],
) -> dict[str, Any]:
    """What decides the weights."""
    names = ("max_steps", "learning_rate", "weight_decay", "warmup_steps", "lr_scheduler_type", "seed", "bf16", "fp16")
    return {
        "settings": asdict(settings) | {"examples": [store.name for store in stores], "init": Path(settings.init).name},
        "encoder": asdict(encoder.settings), "init_fingerprint": encoder.fingerprint,
        "sources": [{"name": store.name, "examples": len(store), "sha256": store.sha256} for store in stores],
        "training_arguments": {name: value if isinstance(value := getattr(arguments, name), int | float | bool)
                               else str(value) for name in names},
    }


def _is_this(output: Path, record: dict[str, Any]) -> bool:
    """Whether ``output`` is this training's; raises InputError where it is not."""
    there = read_json(output / RECORD) if (output / RECORD).is_file() else {}
    if differing := [each for key in record for each in differences({key: there.get(key)}, {key: record[key]})]:
        raise InputError(
            f"there is a model of other settings ({'; '.join(differing)})", path=output,
            remedy="choose another --output, or redo it with --overwrite",
        )
    return True
