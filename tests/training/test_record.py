"""Which checkpoints count: complete ones, and only as long as they are."""

from pathlib import Path

import pytest

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import write_json
from hybrid_pyserini.training.record import COMPLETE, check_unfinished, mark_complete, prepare_to_resume

FILES = ("model.safetensors", "optimizer.pt", "1_Pooling/config.json")


def checkpoint(work: Path, step: int, *, marked: bool = True) -> Path:
    folder = work / f"checkpoint-{step}"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    write_json(folder / "trainer_state.json", {"best_global_step": None, "best_model_checkpoint": None})
    if marked:
        mark_complete(folder)
    return folder


def test_the_last_complete_checkpoint_is_gone_on_from(tmp_path: Path) -> None:
    for step in (9, 10):
        checkpoint(tmp_path, step)
    checkpoint(tmp_path, 11, marked=False)
    assert prepare_to_resume(tmp_path, {}, overwrite=False) == tmp_path / "checkpoint-10"
    assert sorted(path.name for path in tmp_path.glob("checkpoint-*")) == ["checkpoint-10", "checkpoint-9"]


@pytest.mark.parametrize("lost", [*FILES, COMPLETE])
def test_a_checkpoint_that_was_being_removed_does_not_count(tmp_path: Path, lost: str) -> None:
    """Trainer removes an old checkpoint file by file, in any order: a kill may leave the mark and take the rest."""
    checkpoint(tmp_path, 9)
    half = checkpoint(tmp_path, 10)
    (half / lost).unlink()
    assert prepare_to_resume(tmp_path, {}, overwrite=False) == tmp_path / "checkpoint-9"
    assert not half.exists()


def test_a_training_is_known_again_by_its_record_from_before_its_first_step(tmp_path: Path) -> None:
    record = {"settings": {"alpha": 0.5}, "encoder": {}, "init_fingerprint": "", "sources": [], "validation": {},
              "training_arguments": {}}
    assert prepare_to_resume(tmp_path / "m.training", record, overwrite=False) is None
    check_unfinished(tmp_path / "m.training", record)
    with pytest.raises(InputError, match=r"alpha is 0\.5 there, 0\.4 now"):
        check_unfinished(tmp_path / "m.training", record | {"settings": {"alpha": 0.4}})


def test_to_train_again_starts_from_nothing(tmp_path: Path) -> None:
    checkpoint(tmp_path, 9)
    assert prepare_to_resume(tmp_path, {}, overwrite=True) is None
    assert not list(tmp_path.glob("checkpoint-*"))
