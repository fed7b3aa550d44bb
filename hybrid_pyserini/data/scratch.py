"""Room on disk for what memory does not hold while a source is read: a database, and integers.

Every file of it is deleted as soon as it is open. So a process that is killed leaves nothing, and two never meet.
"""

import errno
import mmap
import os
import sqlite3
import tempfile
from array import array
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_CACHE_KIB = 32 * 1024
"""Of a database's pages; as much again while it sorts. What is beyond lies in its file."""

_STEPS_BETWEEN_CALLS = 1_000_000
_FAILURES = {
    sqlite3.SQLITE_FULL: errno.ENOSPC, sqlite3.SQLITE_IOERR: errno.EIO, sqlite3.SQLITE_CANTOPEN: errno.EACCES,
}


@contextmanager
def scratch_database(folder: Path) -> Iterator[sqlite3.Connection]:
    """A database of one's own in a file of ``folder``, with its sorts there too; it is gone when the block ends.

    What it lacks in the block, such as room on the disk, is raised as OSError, and Ctrl-C as KeyboardInterrupt.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as database:  # "": a file without a name, on disk
        (before,) = database.execute("PRAGMA temp_store_directory").fetchone() or ("",)
        _configure(database, folder)
        try:
            yield database
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without what the extended code adds
            if code == sqlite3.SQLITE_INTERRUPT:
                raise KeyboardInterrupt from error
            if code not in _FAILURES:
                raise
            raise OSError(_FAILURES[code], os.strerror(_FAILURES[code]), str(folder)) from error
        finally:
            _sort_in(database, before)


def _configure(database: sqlite3.Connection, folder: Path) -> None:
    _sort_in(database, str(folder))
    for setting in ("journal_mode = OFF", "synchronous = OFF", "secure_delete = OFF", "temp_store = FILE",
                    f"cache_size = -{_CACHE_KIB}"):
        database.execute(f"PRAGMA {setting}")
    # A statement over millions of rows lets no signal through; Ctrl-C is seen where it calls back.
    database.set_progress_handler(lambda: 0, _STEPS_BETWEEN_CALLS)
    database.execute("BEGIN")


def _sort_in(database: sqlite3.Connection, folder: str) -> None:
    """Where databases of this process put the files that they sort in: a setting of all of them, like TMPDIR."""
    database.execute("PRAGMA temp_store_directory = '{}'".format(folder.replace("'", "''")))


def numbers_on_disk(count: int, folder: Path) -> memoryview:
    """The integers from 0 to ``count`` - 1 (at least one) in a file of ``folder``, to read and change by place."""
    with tempfile.TemporaryFile(dir=folder) as file:
        for start in range(0, count, 65536):  # written in full, so that a full disk is an OSError here and now
            file.write(array("q", range(start, min(start + 65536, count))).tobytes())
        file.flush()
        return memoryview(mmap.mmap(file.fileno(), 0)).cast("q")
