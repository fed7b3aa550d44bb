"""A publisher's files in the folder that a user names: those that are read, or what is missing and where to get it."""

from collections.abc import Iterable
from pathlib import Path

from hybrid_pyserini.errors import InputError

_POINTER = b"version https://git-lfs.github.com/spec/"


def check_fetched(path: Path) -> None:
    """Raise InputError for a pointer in the place of a file: what ``git clone`` leaves of a large one without git-lfs.
    Readers would find a damaged gzip or broken JSON."""
    with path.open("rb") as file:
        if file.read(len(_POINTER)) == _POINTER:
            raise InputError(
                "git-lfs's pointer to the file, not the file", path=path,
                remedy="install git-lfs and run 'git lfs pull' in the clone",
            )


def required(path: Path, remedy: str) -> Path:
    """A file that must be there; raises InputError where it is not."""
    if not path.is_file():
        raise InputError("no such file", remedy=remedy, path=path)
    return path


def first_of(source: Path, names: Iterable[str], remedy: str) -> dict[str, Path]:
    """Name -> the first of several files that may stand for each other, such as one that is gzipped or not; raises
    InputError, naming the first, where there is none."""
    places = {name: source / name for name in names}
    found = next((name for name, path in places.items() if path.is_file()), None)
    if found is None:
        raise InputError("no such file", remedy=remedy, path=next(iter(places.values())))
    return {found: places[found]}


def those_there(source: Path, names: Iterable[str], problem: str, remedy: str) -> dict[str, Path]:
    """Name -> file, of the files that are there; raises InputError with ``problem`` where there is none."""
    found = {name: source / name for name in names if (source / name).is_file()}
    if not found:
        raise InputError(problem, remedy=remedy, path=source)
    return found
