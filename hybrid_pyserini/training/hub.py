"""The finished model on the Hub, as it lies in its folder: a complete encoder with its card.

Trainer would upload its own folder, checkpoint by checkpoint, without the files that make a model an encoder.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import HfApi
from transformers import TrainingArguments

from hybrid_pyserini.encoder.model_card import put_name
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.training.processes import process_rank


def open_repository(arguments: TrainingArguments) -> None:
    """Make the model's repository where it is not there, if one was asked for: what forbids that (no login, no
    network) is said before the training. Raises InputError."""
    if _uploads(arguments):
        with _one_line(arguments, "log in with 'hf auth login', or leave out --push_to_hub"):
            HfApi().create_repo(
                str(arguments.hub_model_id), token=arguments.hub_token, private=arguments.hub_private_repo,
                exist_ok=True,
            )


def upload(model: Path, arguments: TrainingArguments) -> None:
    """Upload a model's folder, if that was asked for; the card there calls it by its name there. Raises InputError."""
    if _uploads(arguments):
        here, there = f"{model.parent.name}/{model.name}", str(arguments.hub_model_id)
        put_name(model, here, there)
        try:
            with _one_line(arguments, f"the model is in {model}; run the same command again to upload it"):
                HfApi().upload_folder(
                    repo_id=there, folder_path=model, token=arguments.hub_token, revision=arguments.hub_revision,
                    commit_message=f"{model.name}, trained with hybrid-pyserini",
                )
        finally:
            put_name(model, there, here)


def _uploads(arguments: TrainingArguments) -> bool:
    return arguments.push_to_hub and process_rank()[0] == 0


@contextmanager
def _one_line(arguments: TrainingArguments, remedy: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # what the Hub, its client and the network raise has no common class
        reason = str(error).strip().split("\n")[0]
        raise InputError(
            f"{arguments.hub_model_id} cannot be put on the Hub ({type(error).__name__}: {reason})", remedy=remedy
        ) from None
