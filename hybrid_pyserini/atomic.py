"""Nothing half-written: files and folders are made aside and take their name only when complete.

What a killed process leaves aside has a fixed name beside the path, and the next attempt at that path removes it; so
however often something is killed and started again, leftovers do not pile up.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """Yield a path to write to; when the block ends well it becomes ``path``, otherwise it is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = _aside(path)
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def discard_file(path: Path) -> None:
    """Remove a file, if it is there, and what a killed process left of writing it."""
    path.unlink(missing_ok=True)
    _aside(path).unlink(missing_ok=True)


@contextmanager
def folder_aside(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``path`` to work in; when the block ends it is removed with what is still in it."""
    aside = _aside(path)
    _remove(aside)
    aside.mkdir(parents=True)
    try:
        yield aside
    finally:
        _remove(aside)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder to fill; when the block ends well it becomes ``path``, otherwise it is removed.

    An existing folder at ``path`` goes only once its successor is complete, and as a whole: were it removed file by
    file under its name, a kill would leave half of it there, which the next command might take for all of it.
    """
    replaced = path.with_name(f".{path.name}.replaced")
    with folder_aside(path) as aside:
        yield aside
        _remove(replaced)
        try:
            if path.exists():
                path.replace(replaced)
            aside.replace(path)
        except BaseException:
            if replaced.exists() and not path.exists():
                replaced.replace(path)
            raise
        _remove(replaced)


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")


def _remove(folder: Path) -> None:
    if folder.is_symlink():  # what it points to was put elsewhere by someone
        folder.unlink()
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)
