"""What a data set's reader and a training source's have in common."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class PublishedFormat:
    """A publisher's files, as ``prepare`` is given them."""

    summary: str
    name: str | None
    """What comes of it is called in a workspace; None: the user has to name it."""
    files: Callable[[Path], dict[str, Path]]
    """Folder -> name in the manifest -> file, for every file that is read; raises InputError for a missing one."""
    published: str | None = None
    """What its files are listed under in ``published_files.tsv``, for --download; None: if at all, its own name."""
