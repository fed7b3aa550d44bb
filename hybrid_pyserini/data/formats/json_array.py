"""A JSON file that is one long array, read element by element: DPR's training data have ten gigabytes in one."""

import codecs
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import open_binary

_CHUNK = 1 << 20
_NO_BLANK = re.compile(r"[^ \t\r\n]")
_LONGEST_TOKEN = 16
"""Where the text read so far ends within a word such as ``true`` or an escape, an error is so near its end."""


def read_json_array(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line where it begins, element) of a JSON array of objects, plain or gzipped, one at a time.

    Raises InputError, with file and line, for a missing, truncated or damaged file, another JSON value than an array,
    an element that is no object, and text after the array.
    """
    text = _Text(path)
    if text.skip_blanks() != "[":
        raise text.error("expected a JSON array", "check the file's format")
    text.drop(1)
    if text.skip_blanks() == "]":
        text.drop(1)
    else:
        yield from _elements(text)
    if text.skip_blanks():
        raise text.error("text after the end of the array", "copy or download the file again")


def _elements(text: "_Text") -> Iterator[tuple[int, dict[str, Any]]]:
    """The elements of an array that has some, to behind its end."""
    while True:
        text.skip_blanks()
        line = text.line
        value = text.take_value()
        if not isinstance(value, dict):
            raise InputError(
                f"expected a JSON object, found {type(value).__name__}", remedy="check the file's format",
                path=text.path, line=line,
            )
        yield line, value
        separator = text.skip_blanks()
        if separator not in (",", "]"):
            raise text.error("expected ',' or ']' after an element", "copy or download the file again")
        text.drop(1)
        if separator == "]":
            return


class _Text:
    """A file's text, as much of it as an element needs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.line = 1
        """Of the place where reading goes on."""
        self._read_text, self._place = "", 0
        self._decoder = json.JSONDecoder()
        self._chunks = _chunks(path)

    def error(self, problem: str, remedy: str) -> InputError:
        """An error at the current line."""
        return InputError(problem, remedy=remedy, path=self.path, line=self.line)

    def skip_blanks(self) -> str:
        """Go on behind white space; return the character there, or nothing at the end of the file."""
        while True:
            found = _NO_BLANK.search(self._read_text, self._place)
            self._go_to(found.start() if found else len(self._read_text))
            if found:
                return found[0]
            if not self._read():
                return ""

    def drop(self, count: int) -> None:
        """Go on behind so many characters."""
        self._go_to(self._place + count)

    def take_value(self) -> Any:
        """The JSON value that begins here."""
        while True:
            try:
                value, end = self._decoder.raw_decode(self._read_text, self._place)
                if end < len(self._read_text) or not self._read():  # "12" may be the beginning of "123"
                    self._go_to(end)
                    return value
            except json.JSONDecodeError as error:
                near_end = error.pos + _LONGEST_TOKEN > len(self._read_text)
                incomplete = near_end or error.msg.startswith("Unterminated string")
                if not (incomplete and self._read()):
                    self._go_to(error.pos)
                    ends = ", the file ends here" if incomplete else ""
                    raise self.error(f"broken JSON ({error.msg}{ends})", "copy or download the file again") from None

    def _go_to(self, place: int) -> None:
        self.line += self._read_text.count("\n", self._place, place)
        self._place = place

    def _read(self) -> bool:
        """Read as much again as is not done with, so that a long element is parsed few times; whether there was any."""
        wanted, parts = max(len(self._read_text) - self._place, 1), list[str]()
        while wanted > 0 and (chunk := next(self._chunks, None)) is not None:
            parts.append(chunk)
            wanted -= len(chunk)
        if any(parts):
            self._read_text, self._place = self._read_text[self._place :] + "".join(parts), 0
        return any(parts)


def _chunks(path: Path) -> Iterator[str]:
    """A file's text in pieces of about a megabyte; a byte order mark is dropped."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    line = 1
    try:
        with open_binary(path) as file:
            for data in _blocks(file):
                text = decoder.decode(data, final=not data)
                line += text.count("\n")
                yield text
    except FileNotFoundError:
        raise InputError("no such file", remedy="check the path", path=path) from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"not UTF-8 ({error.reason})", remedy="convert the file to UTF-8", path=path,
            line=line + bytes(error.object)[: error.start].count(b"\n"),
        ) from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise InputError(
            "the gzip file ends early or is damaged", remedy="copy or download it again", path=path, line=line
        ) from None
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", remedy="check the path", path=path) from None


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """The file's bytes, then none, so that the decoder sees the end."""
    while block := file.read(_CHUNK):
        yield block
    yield b""
