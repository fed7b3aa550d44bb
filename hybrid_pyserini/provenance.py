"""What made a file: versions, machine, threads, arguments. No clock, so that equal work gives equal bytes."""

import hashlib
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from hybrid_pyserini import __version__

_PACKAGES = ("torch", "transformers", "tokenizers", "faiss-cpu", "pyserini", "ir-measures", "numpy")


def made_by(**arguments: Any) -> dict[str, Any]:
    """The record that stands in every manifest; ``arguments`` are those of the command that made the file."""
    versions = {"hybrid-pyserini": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "versions": versions,
        "machine": {
            "system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count(), **_computing()
        },
        "arguments": {
            name: value if isinstance(value, int | float | bool | list | dict | type(None)) else str(value)
            for name, value in arguments.items()
        },
    }


def _computing() -> dict[str, Any]:
    """Threads and GPU of a process that computes with torch; one that does not must not load it for this."""
    torch = sys.modules.get("torch")
    if torch is None:
        return {}
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {"threads": torch.get_num_threads(), "gpu": gpu}


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
