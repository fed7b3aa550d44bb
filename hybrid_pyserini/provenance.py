"""What made a file: versions, machine, threads, arguments. No clock, so that equal work gives equal bytes."""

import hashlib
import os
import platform
import re
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from hybrid_pyserini import __version__

MANIFEST = "manifest.json"
"""What made a folder of results stands in it under this name."""

_PACKAGES = (
    "torch", "transformers", "accelerate", "peft", "tokenizers", "faiss-cpu", "pyserini", "ir-measures", "numpy",
)


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


def differences(there: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Where two records differ, each as ``name is X there, Y now``; a name that one record lacks is None there."""
    return [
        f"{name} is {_shown(there.get(name))} there, {_shown(now.get(name))} now"
        for name in {**there, **now} if there.get(name) != now.get(name)
    ]


def _shown(value: object) -> str:
    """A value in an error message; of a SHA-256 the first digits tell two apart."""
    if isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value):
        return f"{value[:8]}..."
    return repr(value)
