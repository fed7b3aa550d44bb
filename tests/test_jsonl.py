"""JSON and JSON lines: what is written comes back, and what is broken is named with its line."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json, read_jsonl, read_lines, write_json, write_jsonl

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
text = st.text(st.characters(exclude_categories=["Cs"]))


def error_of(read: Callable[[Path], Any], path: Path) -> str:
    with pytest.raises(InputError) as error:
        result = read(path)
        if isinstance(result, Iterator):
            list(result)
    assert "\n" not in str(error.value)
    return str(error.value)


@quick
@given(rows=st.lists(st.dictionaries(text, st.none() | st.integers() | text | st.lists(text, max_size=2))))
def test_rows_come_back(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    """Line separators of other kinds (U+2028, U+0085, \\x0b) inside a text are no line ends."""
    path = tmp_path / "rows.jsonl"
    assert write_jsonl(path, rows) == len(rows)
    assert list(read_jsonl(path)) == list(enumerate(rows, start=1))


@quick
@given(value=st.dictionaries(text, st.none() | st.floats(allow_nan=False) | text))
def test_an_object_comes_back_in_order(tmp_path: Path, value: dict[str, Any]) -> None:
    path = tmp_path / "value.json"
    write_json(path, value)
    assert read_json(path) == value
    assert list(read_json(path)) == list(value)


def test_text_is_written_as_it_is(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "rows.jsonl", [{"text": "Straße 北京"}])
    assert (tmp_path / "rows.jsonl").read_bytes() == '{"text": "Straße 北京"}\n'.encode()


@pytest.mark.parametrize("name", ["lines.txt", "lines.txt.gz"])
def test_line_ends_byte_order_marks_and_gzip(tmp_path: Path, name: str) -> None:
    content = "\ufeffone\r\ntwo \rhalf\n\n\ufeffthree\u2028\n\n".encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert list(read_lines(tmp_path / name)) == [
        (1, "one"), (2, "two \rhalf"), (3, ""), (4, "\ufeffthree\u2028"), (5, ""),
    ]


def test_blank_lines_are_skipped_but_counted(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n\r\n  \n{"a": 2}')
    assert list(read_jsonl(tmp_path / "rows.jsonl")) == [(1, {"a": 1}), (4, {"a": 2})]


def test_reading_is_lazy(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"a": 1}\nbroken\n')
    assert next(read_jsonl(tmp_path / "rows.jsonl")) == (1, {"a": 1})


@pytest.mark.parametrize(("line", "message"), [
    ('{"a": 1', "broken JSON (Expecting ',' delimiter at column 8)"),
    ("[1, 2]", "expected a JSON object, found list"),
    ("null", "expected a JSON object, found NoneType"),
    ("qid\ttext", "broken JSON"),
    ('{"a": ' + "1" * 5000 + "}", "broken JSON (Exceeds the limit"),
    ('{"a": ' + "[" * 100_000, "broken JSON (maximum recursion depth exceeded"),
])
def test_a_broken_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n\n' + line + "\n")
    assert error_of(read_jsonl, path).startswith(f"{path}:3: {message}")


@pytest.mark.parametrize("read", [read_lines, read_jsonl, read_json])
def test_what_cannot_be_read_is_named(tmp_path: Path, read: Callable[[Path], Any]) -> None:
    assert error_of(read, tmp_path / "missing").startswith(f"{tmp_path / 'missing'}: no such file; ")
    assert "cannot be read (Is a directory)" in error_of(read, tmp_path)


@pytest.mark.parametrize("before", [0, 1, 2, 5000])
def test_bytes_that_are_not_utf8_are_named_with_their_line(tmp_path: Path, before: int) -> None:
    """Also far into the file and close behind good lines, where a decoder that reads ahead would lose count."""
    path = tmp_path / "lines.txt"
    path.write_bytes(b"good\n" * before + "für\n".encode("latin-1") + b"good\n" * 5000)
    assert error_of(read_lines, path).startswith(f"{path}:{before + 1}: not UTF-8")


@pytest.mark.parametrize("damage", [
    lambda content: content[: len(content) // 2],
    lambda content: b"no gzip at all" + content,
    lambda content: content[:40] + bytes(20) + content[60:],
])
def test_a_damaged_gzip_is_named(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "lines.txt.gz"
    path.write_bytes(damage(gzip.compress("".join(f"line {n * n}\n" for n in range(3000)).encode())))
    assert "gzip" in error_of(read_lines, path)


@pytest.mark.parametrize(("content", "message"), [
    (b'{"a": 1,\n "b": }', ":2: broken JSON"),
    (b"[]", ": expected a JSON object, found list"),
    (b'\xef\xbb\xbf{"b": 1,\n\n"a": "\xff"}', ":3: not UTF-8 (invalid start byte)"),
    (b'{"a": ' + b"1" * 5000 + b"}", ": broken JSON (Exceeds the limit"),
    (b'{"a": ' + b"[" * 100_000, ": broken JSON (maximum recursion depth exceeded"),
    (b"", ":1: broken JSON"),
])
def test_a_broken_object_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "value.json"
    path.write_bytes(content)
    assert error_of(read_json, path).startswith(f"{path}{message}")


def test_a_byte_order_mark_before_an_object(tmp_path: Path) -> None:
    (tmp_path / "value.json").write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_json(tmp_path / "value.json") == {"a": 1}


def test_failing_rows_leave_the_file_before(tmp_path: Path) -> None:
    def rows() -> Iterator[dict[str, int]]:
        yield {"a": 1}
        raise ValueError("stop")

    path = tmp_path / "rows.jsonl"
    write_jsonl(path, [{"before": 1}])
    with pytest.raises(ValueError, match="stop"):
        write_jsonl(path, rows())
    assert json.loads(path.read_text()) == {"before": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["rows.jsonl"]
