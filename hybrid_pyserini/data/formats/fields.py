"""Fields of JSON objects that must be there and of their kind."""

from pathlib import Path
from typing import Any

from hybrid_pyserini.errors import InputError


def field(value: object, key: str, kind: type, path: Path, line: int) -> Any:
    """``value[key]`` of a JSON object; raises InputError, with file and line, where it is missing or no ``kind``."""
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
        names = {list: "list", str: "string", int: "whole number", bool: "true or false", dict: "object"}
        raise InputError(
            f"{key!r} is missing or no {names[kind]}", remedy="copy or download the file again", path=path, line=line
        )
    return found


def text_list(value: object, key: str, path: Path, line: int) -> list[str]:
    """``value[key]``, which must be a list of strings; blank ones are left out."""
    texts = field(value, key, list, path, line)
    if not all(isinstance(text, str) for text in texts):
        raise InputError(
            f"{key!r} is no list of strings", remedy="copy or download the file again", path=path, line=line
        )
    return [text for text in texts if text.strip()]
