"""Files of publishers, written by hand, and what of a training source is compared."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hybrid_pyserini.data.sources.source_registry import SOURCE_READERS
from hybrid_pyserini.records import ParallelExample


def write(path: Path, text: str) -> Path:
    """Write a file, gzipped where its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_lines(path: Path, rows: Iterable[Any]) -> Path:
    """Write JSON lines."""
    return write(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def read_source(reader: str, folder: Path, scratch: Path) -> tuple[dict[str, ParallelExample], dict[str, int]]:
    """The examples by id, and the notes that are not zero, of a training source."""
    registered = SOURCE_READERS[reader]
    assert registered.files(folder)
    source = registered.read(folder, registered.name or "named")
    examples = {example.id: example for example in source.examples(scratch)}
    return examples, {note: count for note, count in source.notes.items() if count}
