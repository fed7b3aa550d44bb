"""Room on disk: where it is, and what comes of a full disk and of Ctrl-C."""

import errno
import signal
import sqlite3
import threading
from pathlib import Path

import pytest

from hybrid_pyserini.data.passage_groups import Components
from hybrid_pyserini.data.scratch import numbers_on_disk, scratch_database


def test_databases_sort_in_their_folder_while_they_are_open(tmp_path: Path) -> None:
    folders = [tmp_path / "it's", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()

    def sorting_in() -> list[tuple[str]]:
        return outer.execute("PRAGMA temp_store_directory").fetchall()

    with scratch_database(folders[0]) as outer:
        assert sorting_in() == [(str(folders[0]),)]
        with scratch_database(folders[1]):
            assert sorting_in() == [(str(folders[1]),)]
        assert sorting_in() == [(str(folders[0]),)]


def test_a_full_disk_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError) as raised, scratch_database(tmp_path) as database:
        database.execute("PRAGMA max_page_count = 10")
        database.execute("CREATE TABLE t (text TEXT)")
        database.executemany("INSERT INTO t VALUES (?)", (("x" * 4000,) for _ in range(100)))
    assert (raised.value.errno, raised.value.filename) == (errno.ENOSPC, str(tmp_path))


def test_ctrl_c_is_heard_within_a_long_statement(tmp_path: Path) -> None:
    """Not only after it, when the exception would have no cause."""
    def first() -> int:
        """The statement's first number: from here on it runs."""
        threading.Timer(0.05, signal.raise_signal, [signal.SIGINT]).start()
        return 1

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background process ignores it
    try:
        with pytest.raises(KeyboardInterrupt) as raised, scratch_database(tmp_path) as database:
            database.create_function("first", 0, first)
            database.execute(
                "WITH RECURSIVE n (i) AS (SELECT first() UNION ALL SELECT i + 1 FROM n WHERE i < 3e7)"
                " SELECT max(i) FROM n"
            )
    finally:
        signal.signal(signal.SIGINT, before)
    assert isinstance(raised.value.__cause__, sqlite3.OperationalError)


@pytest.mark.parametrize("count", [1, 65536, 65537, 140000])
def test_numbers_on_disk_are_read_and_changed_by_place(count: int, tmp_path: Path) -> None:
    numbers = numbers_on_disk(count, tmp_path)
    assert numbers.tolist() == list(range(count))
    assert list(tmp_path.iterdir()) == []
    components = Components(numbers)
    components.join(count - 1, count // 2)
    assert components.root(count - 1) == count // 2 == numbers[count - 1]
