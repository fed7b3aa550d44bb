"""Nothing half-written, whatever ends the block."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hybrid_pyserini.atomic import folder_aside, replacing_file, replacing_folder

KILLED = 9


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def run_until_killed(act: Callable[[], None]) -> None:
    """Run something that ends its process, as a kill does, with ``os._exit(KILLED)``, in a process of its own."""
    child = os.fork()
    if not child:
        try:
            act()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED


def test_a_file_takes_its_name_when_complete(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file.txt"
    with replacing_file(path) as aside:
        aside.write_text("half")
        assert not path.exists()
        aside.write_text("whole")
    assert path.read_text() == "whole"
    assert names(path.parent) == ["file.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failed_file_keeps_the_one_before(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "file.txt"
    path.write_text("before")
    with pytest.raises(error), replacing_file(path) as aside:
        aside.write_text("half")
        raise error
    assert path.read_text() == "before"
    assert names(tmp_path) == ["file.txt"]


def test_a_failed_first_file_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"), replacing_file(tmp_path / "file.txt") as aside:
        aside.write_text("half")
        raise ValueError("stop")
    assert names(tmp_path) == []


def test_a_file_that_was_never_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing_file(tmp_path / "file.txt"):
        pass
    assert names(tmp_path) == []


def test_a_left_over_from_a_killed_process_is_written_over(tmp_path: Path) -> None:
    (tmp_path / ".file.txt.partial").write_text("left over, and longer than the new one")
    with replacing_file(tmp_path / "file.txt") as aside, aside.open("w") as file:
        file.write("new")
    assert (tmp_path / "file.txt").read_text() == "new"
    assert names(tmp_path) == ["file.txt"]


def test_a_folder_takes_its_name_when_complete(tmp_path: Path) -> None:
    path = tmp_path / "indexes" / "de"
    with replacing_folder(path) as aside:
        assert list(aside.iterdir()) == []
        (aside / "index").write_text("1")
        assert not path.exists()
    assert names(path) == ["index"]
    assert names(path.parent) == ["de"]
    assert path.stat().st_mode & 0o777 == 0o755


def test_a_left_over_folder_from_a_killed_process_does_not_get_into_the_next(tmp_path: Path) -> None:
    (tmp_path / ".index.partial").mkdir()
    (tmp_path / ".index.partial" / "half").touch()
    with replacing_folder(tmp_path / "index") as aside:
        (aside / "whole").touch()
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["index", "index/whole"]


def test_a_folder_replaces_its_predecessor_whole(tmp_path: Path) -> None:
    path = tmp_path / "de"
    path.mkdir()
    (path / "old").write_text("old")
    with replacing_folder(path) as aside:
        (aside / "new").write_text("new")
        assert names(path) == ["old"]
    assert names(path) == ["new"]
    assert names(tmp_path) == ["de"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failed_folder_keeps_the_one_before(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "de"
    path.mkdir()
    (path / "old").write_text("old")
    with pytest.raises(error), replacing_folder(path) as aside:
        (aside / "deep").mkdir()
        (aside / "deep" / "half").write_text("half")
        raise error
    assert names(path) == ["old"]
    assert names(tmp_path) == ["de"]


def test_a_folder_is_replaced_as_a_whole_not_file_by_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed while the old folder is removed: under its name stands the new one, never half of the old."""
    path = tmp_path / "de"
    path.mkdir()
    for name in ("index", "manifest.json"):
        (path / name).write_text("old")

    def killed_half_way(folder: Path) -> None:
        (folder / "index").unlink()
        os._exit(KILLED)

    def replace() -> None:
        with replacing_folder(path) as aside:
            (aside / "index").write_text("new")
            monkeypatch.setattr(shutil, "rmtree", killed_half_way)

    run_until_killed(replace)
    assert {file.name: file.read_text() for file in path.iterdir()} == {"index": "new"}
    with replacing_folder(path) as aside:
        (aside / "index").write_text("newer")
    assert names(tmp_path) == ["de"]


def test_an_interruption_between_the_two_renames_keeps_the_old_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "de"
    path.mkdir()
    (path / "old").touch()
    renamed: list[Path] = []

    def interrupted_at_the_second(self: Path, target: Path) -> Any:
        renamed.append(self)
        if len(renamed) == 2:
            raise KeyboardInterrupt
        return original(self, target)

    original = Path.replace
    monkeypatch.setattr(Path, "replace", interrupted_at_the_second)
    with pytest.raises(KeyboardInterrupt), replacing_folder(path) as aside:
        (aside / "new").touch()
    assert len(renamed) == 3  # away, interrupted, and back
    assert names(path) == ["old"]
    assert names(tmp_path) == ["de"]


def test_a_link_to_a_folder_is_replaced_and_what_it_points_to_stays(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "old").touch()
    (tmp_path / "de").symlink_to(tmp_path / "elsewhere")
    with replacing_folder(tmp_path / "de") as aside:
        (aside / "new").touch()
    assert names(tmp_path / "de") == ["new"]
    assert names(tmp_path / "elsewhere") == ["old"]
    assert names(tmp_path) == ["de", "elsewhere"]


def test_a_folder_aside_starts_empty_and_is_gone_afterwards(tmp_path: Path) -> None:
    (tmp_path / ".work.partial").mkdir()
    (tmp_path / ".work.partial" / "left by a kill").touch()
    with folder_aside(tmp_path / "work") as aside:
        assert list(aside.iterdir()) == []
        (aside / "moved").touch()
        (aside / "forgotten").touch()
        (aside / "moved").rename(tmp_path / "moved")
    assert names(tmp_path) == ["moved"]


@pytest.mark.parametrize("replacing", [replacing_file, replacing_folder, folder_aside])
def test_however_often_it_is_killed_one_leftover_remains(tmp_path: Path, replacing: Any) -> None:
    def replace() -> None:
        with replacing(tmp_path / "result") as aside:
            (aside / "half" if aside.is_dir() else aside).write_text("half")
            os._exit(KILLED)

    for _ in range(3):
        run_until_killed(replace)
        assert names(tmp_path) == [".result.partial"]
