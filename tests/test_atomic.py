"""Nothing half-written, whatever ends the block."""

from pathlib import Path

import pytest

from hybrid_pyserini.atomic import replacing_file, replacing_folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


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
