"""JSON lines, plain or gzipped, read one at a time with the file and line of whatever is wrong."""

import gzip
import json
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from hybrid_pyserini.atomic import replacing_file
from hybrid_pyserini.errors import InputError


def open_binary(path: Path) -> BinaryIO:
    """Open a file for reading bytes, gunzipping ``.gz``."""
    return cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line number from 1, line without its end). CRLF counts as one line end, a byte order mark is dropped.

    Lines are decoded one by one: a text file decodes ahead, and would name the wrong line for bytes that are not UTF-8.
    Raises InputError for those, for a file that is missing or cannot be read, and for a truncated or damaged gzip.
    """
    number = 0
    try:
        with open_binary(path) as file:
            for number, line in enumerate(file, start=1):
                text = (line.removeprefix(BOM_UTF8) if number == 1 else line).decode("utf-8")
                yield number, text.removesuffix("\n").removesuffix("\r")
    except FileNotFoundError:
        raise InputError("no such file", remedy="check the path", path=path) from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"not UTF-8 ({error.reason})", remedy="convert the file to UTF-8", path=path, line=number
        ) from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise InputError(
            "the gzip file ends early or is damaged", remedy="copy or download it again", path=path, line=number + 1
        ) from None
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", remedy="check the path", path=path) from None


def read_jsonl(
    path: Path, wanted: Callable[[int], bool] = lambda _: True
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, object) for every line that is not blank; raises InputError for anything but an object.

    Only the objects in ``wanted`` places, from 0, are parsed, which is what takes time, and yielded.
    """
    lines = ((number, line) for number, line in read_lines(path) if line.strip())
    for place, (number, line) in enumerate(lines):
        if not wanted(place):
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:  # also a number of 5,000 digits, and arrays in arrays in arrays
            found = f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else error
            raise InputError(
                f"broken JSON ({found})", remedy="mend or remove the line", path=path, line=number
            ) from None
        if not isinstance(value, dict):
            raise InputError(
                f"expected a JSON object, found {type(value).__name__}", remedy="write one object a line",
                path=path, line=number,
            )
        yield number, value


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write one object a line; return how many. Nothing is left behind if ``rows`` fails."""
    count = 0
    with replacing_file(path) as aside, aside.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def read_json(path: Path) -> dict[str, Any]:
    """Read one JSON object; raises InputError for a missing or broken file."""
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError("no such file", remedy="check the path", path=path) from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"not UTF-8 ({error.reason})", remedy="convert the file to UTF-8", path=path,
            line=error.object[: error.start].count(b"\n") + 1,
        ) from None
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise InputError(
            f"broken JSON ({error})", remedy="copy or download the file again", path=path, line=line
        ) from None
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", remedy="check the path", path=path) from None
    if not isinstance(value, dict):
        raise InputError(
            f"expected a JSON object, found {type(value).__name__}", remedy="check the file's format", path=path
        )
    return value


def write_json(path: Path, value: dict[str, Any] | list[Any]) -> None:
    """Write an object or a list, indented, in insertion order."""
    with replacing_file(path) as aside:
        aside.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
