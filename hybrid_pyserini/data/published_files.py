"""Where published files are, and what they must be: ``published_files.tsv``, a line a file.

Its columns: data set; language (empty: of all); path in the folder that the reader takes; number of bytes (empty:
unknown); checksum, ``md5:`` or ``sha256:`` (empty: what the hub says of the pinned commit); address, a URL or
``hf://datasets/<owner>/<name>@<commit>/<path>``, the path being the one in the folder. An address that moves, such as a
branch, is as good as its checksum. Checksums are those of ir_datasets (etc/downloads.json), of other projects that read
the same files, or computed from the files.
"""

from dataclasses import dataclass
from importlib.resources import files

HUB = "hf://datasets/"


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One file of a data set."""

    dataset: str
    language: str
    path: str
    size: int | None
    checksum: str
    address: str


def published_files(dataset: str) -> list[PublishedFile]:
    """The files of a data set whose addresses are known; none for a data set of which none is."""
    found = []
    for line in files(__package__).joinpath("published_files.tsv").read_text(encoding="utf-8").splitlines():
        name, language, path, size, checksum, address = line.split("\t")
        if name == dataset:
            found.append(PublishedFile(name, language, path, int(size) if size else None, checksum, address))
    return found
