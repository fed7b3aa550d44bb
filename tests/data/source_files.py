"""Writing a publisher's files, for tests of readers."""

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hybrid_pyserini.data.dataset import PreparedDataset


def write_files(folder: Path, files: Mapping[str, str | bytes | Iterable[Mapping[str, Any]]]) -> Path:
    """Write files by name: text, bytes, or objects as JSON lines; ``.gz`` is gzipped."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, str | bytes):
            content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in content)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" and not data.startswith(b"\x1f\x8b") else data)
    return folder


def run_through(dataset: PreparedDataset) -> dict[str, list[str]]:
    """Read all passages and examples, as the writer does; return the passage ids by language."""
    docids = {language: [passage.id for passage in passages] for language, passages in dataset.passages.items()}
    for examples in dataset.training.values():
        list(examples)
    return docids
