"""What every reader asks of a text, and the white space of queries."""

from pathlib import Path

from hybrid_pyserini.collection import check_characters
from hybrid_pyserini.errors import InputError


def check_text(value: object, what: str, path: Path | None = None, line: int | None = None) -> str:
    """Return a text that can be encoded and written; raises InputError for none, a blank one, and half a character."""
    if not isinstance(value, str) or not value.strip():
        found = "is empty" if isinstance(value, str) else f"is missing or no string ({value!r})"
        raise InputError(f"{what} {found}", remedy="give it a text or remove it", path=path, line=line)
    return check_characters(value, what, path, line)


def one_line(query: str) -> str:
    """A query with each run of white space as one blank, as topics files hold it."""
    return " ".join(query.split())
