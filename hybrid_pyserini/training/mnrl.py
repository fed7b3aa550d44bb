"""The training that others do, as a reference: sentence-transformers' own trainer and MultipleNegativesRankingLoss.

Its pairs are every question of an example in each of its languages with every positive in each of its, shuffled, so
that a batch holds all languages. Encoder, prompts, maximum length, number of steps and of pairs in each, optimizer,
schedule and temperature are those of ``train`` with the same arguments, and so is the checkpoint's form.

What tells it from our batches and loss: kinds of pairs come as often as there are pairs of the kind (of eleven
languages, one in eleven is monolingual), and another example's passage is a negative whatever its passage group. As its
documentation advises, no text occurs twice in a batch (NO_DUPLICATES). All pairs are held in memory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hybrid_pyserini.atomic import replacing_folder
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import write_json
from hybrid_pyserini.provenance import made_by
from hybrid_pyserini.training.examples import ExampleStore
from hybrid_pyserini.training.record import RECORD, deciding_arguments, is_finished

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer, SentenceTransformerTrainingArguments


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

    Raises InputError for an ``output`` of other settings, unless ``overwrite``; for an encoder that
    sentence-transformers computes otherwise; and for pairs that make no whole batch.
    """
    from datasets import Dataset
    from sentence_transformers import SentenceTransformerTrainer
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    from hybrid_pyserini.training.settings import TrainSettings
    from hybrid_pyserini.training.training import initial_encoder

    stores = [ExampleStore(Path(folder)) for folder in settings.examples]
    encoder = initial_encoder(TrainSettings(settings.examples, settings.init), arguments.seed)
    record = _record(settings, arguments, encoder, stores)
    if not overwrite and is_finished(output, record):
        return False
    model = _as_sentence_transformer(encoder, settings.init)
    arguments.prompts = {"query": encoder.settings.query_prompt, "positive": encoder.settings.document_prompt}
    trainer = SentenceTransformerTrainer(
        model=model, args=arguments, train_dataset=Dataset.from_list(list(pairs(stores))),
        loss=MultipleNegativesRankingLoss(model, scale=1 / settings.temperature),
    )
    trainer.train()
    if trainer.state.global_step < arguments.max_steps:  # it ends well where a pass over the pairs has no batch
        raise InputError(
            f"no batch of {settings.batch_size} pairs without a text that occurs twice",
            remedy="use more examples, or a smaller --batch-size",
        )
    with replacing_folder(output) as aside:
        _trained(model).save(aside)
        log = [{name: value for name, value in entry.items() if "runtime" not in name and "per_second" not in name}
               for entry in trainer.state.log_history if "train_runtime" not in entry]
        write_json(aside / RECORD, record | {"steps": trainer.state.global_step, "log": log, "made_by": made_by()})
    return True


def _as_sentence_transformer(encoder: Encoder, name: str) -> "SentenceTransformer":
    """The encoder as sentence-transformers loads it from our checkpoint, so that pooling, normalisation and length are
    those of ``train`` also where ``init`` states none."""
    from sentence_transformers import SentenceTransformer

    if not encoder.in_sentence_transformers:
        raise InputError(
            "sentence-transformers pools the decoder of this encoder-decoder", path=name, remedy="use another encoder"
        )
    with TemporaryDirectory() as folder:
        encoder.save(Path(folder))
        return SentenceTransformer(folder, device=next(encoder.model.parameters()).device.type)


def _trained(model: "SentenceTransformer") -> Encoder:
    """What was trained, as an encoder of ours, whose checkpoints older versions of sentence-transformers load too."""
    with TemporaryDirectory() as folder:
        model.save(folder, create_model_card=False)
        return Encoder.load(folder)


def _record(
    settings: MnrlSettings, arguments: "SentenceTransformerTrainingArguments", encoder: Encoder,
    stores: Sequence[ExampleStore],
) -> dict[str, Any]:
    """What decides the weights."""
    return {
        "settings": asdict(settings) | {"examples": [store.name for store in stores], "init": Path(settings.init).name},
        "encoder": asdict(encoder.settings), "init_fingerprint": encoder.fingerprint,
        "sources": [{"name": store.name, "examples": len(store), "sha256": store.sha256} for store in stores],
        "training_arguments": deciding_arguments(arguments),
    }
