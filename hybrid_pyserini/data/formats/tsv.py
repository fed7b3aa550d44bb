"""Tables whose columns are split at tabs, as publishers have them: no quotes, no escapes."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_lines


def read_tsv(
    path: Path, columns: Sequence[str], *, header: bool = False, remedy: str = "copy or download the file again"
) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, fields) of a table with these columns; with ``header``, the first line names them.

    Raises InputError, with file and line, for a line of another number of fields and for another header.
    """
    expected = "<TAB>".join(columns)
    for line, text in read_lines(path):
        fields = text.split("\t")
        if header and line == 1:
            if fields != list(columns):
                raise InputError(f"the first line is not {expected}", remedy=remedy, path=path, line=1)
            continue
        if len(fields) != len(columns):
            raise InputError(
                f"expected {expected}, found {len(fields)} field(s)", remedy=remedy, path=path, line=line
            )
        yield line, fields
