"""What is said of a workspace: its rights, its disk, what it holds."""

import errno
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from hybrid_pyserini.doctor.findings import Finding, Level
from hybrid_pyserini.doctor.workspace_folder import examine_workspace
from hybrid_pyserini.workspace import DatasetInfo, Workspace


@pytest.fixture(autouse=True)
def disk(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A disk with as much room as a test says."""
    usage = SimpleNamespace(free=12_000_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    return usage


def test_an_empty_workspace_is_well_and_stays_empty(tmp_path: Path) -> None:
    assert examine_workspace(Workspace(tmp_path)) == [
        Finding(Level.OK, "folder", f"{tmp_path}; it can be written"),
        Finding(Level.OK, "disk", "12.0 GB free"),
        Finding(Level.OK, "data sets", "none yet"),
        Finding(Level.OK, "models", "none yet"),
    ]
    assert not list(tmp_path.iterdir())


def test_a_workspace_to_be_made_is_not_made(tmp_path: Path) -> None:
    folder = examine_workspace(Workspace(tmp_path / "a" / "b"))[0]
    assert folder == Finding(
        Level.OK, "folder", f"{tmp_path / 'a' / 'b'}, which the first command makes; it can be written"
    )
    assert not list(tmp_path.iterdir())


def test_a_relative_workspace_is_told_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert examine_workspace(Workspace(Path()))[0].text == f"{tmp_path}; it can be written"
    assert examine_workspace(Workspace(Path("work")))[0].text.startswith(f"{tmp_path / 'work'}, which")


def test_a_folder_that_cannot_be_written_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(dir: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(dir))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)  # rights do not keep root from writing
    assert examine_workspace(Workspace(tmp_path)) == [Finding(
        Level.MISSING, "folder", f"{tmp_path} cannot be written or made (Read-only file system)",
        remedy="give another folder with --workspace, or change its rights",
    )]


def test_a_file_is_no_workspace(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        (missing,) = examine_workspace(Workspace(root))
        assert missing.level is Level.MISSING
        assert missing.text == f"{root} cannot be written or made (Not a directory)"


def test_little_room_is_a_note(tmp_path: Path, disk: SimpleNamespace) -> None:
    disk.free = 11_900_000_000
    note = examine_workspace(Workspace(tmp_path))[1]
    assert (note.level, note.subject) == (Level.NOTE, "disk")
    assert note.text == "11.9 GB free; training xlm-roberta-base, with its state to resume from, takes 12.0 GB"
    assert "another disk" in note.remedy


def test_data_sets_models_and_interrupted_trainings_are_named(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    for name in ("xquad-r", "demo"):
        DatasetInfo(name, ("en",), ()).write(workspace.dataset_file(name))
    for folder in ("small", "hybrid", "hybrid.training", "x-y.training", ".x-y.partial"):
        (tmp_path / "models" / folder).mkdir(parents=True)
    for folder in ("small", "hybrid", ".x-y.partial", "hybrid.training"):
        (tmp_path / "models" / folder / "config.json").touch()
    assert examine_workspace(workspace)[2:] == [
        Finding(Level.OK, "data sets", "demo, xquad-r"),
        Finding(Level.OK, "models", "hybrid, small"),
        Finding(Level.NOTE, "unfinished", "trainings of x-y",
                remedy="run the same 'train' or 'demo' again: it goes on where it was stopped"),
    ]
