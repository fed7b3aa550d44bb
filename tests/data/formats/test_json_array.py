"""Long JSON arrays read in pieces, against ``json.loads`` of the whole, and the line of whatever is wrong."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybrid_pyserini.data.formats import json_array
from hybrid_pyserini.data.formats.json_array import read_json_array
from hybrid_pyserini.errors import InputError

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8,
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.lists(st.dictionaries(st.text(), _VALUES, max_size=4), max_size=6), chunk=st.integers(1, 40),
    indent=st.sampled_from([None, 0, 2]), ascii_only=st.booleans(),
)
def test_the_elements_are_those_of_the_whole(
    rows: list[dict], chunk: int, indent: int | None, ascii_only: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the file falls into pieces: within words, escapes, numbers and characters."""
    monkeypatch.setattr(json_array, "_CHUNK", chunk)
    text = json.dumps(rows, indent=indent, ensure_ascii=ascii_only)
    path = tmp_path / "rows.json"
    path.write_bytes(f"{text}\n".encode())
    read = list(read_json_array(path))
    assert [row for _, row in read] == json.loads(text)
    starts = [line for line, found in enumerate(text.split("\n"), 1) if indent == 2 and found.startswith("  {")]
    if indent == 2:
        assert [line for line, _ in read] == starts


def test_gzip_bom_and_crlf(tmp_path: Path) -> None:
    path = tmp_path / "rows.json.gz"
    path.write_bytes(gzip.compress('\ufeff[\r\n{"a": "\u2028"},\r\n{}]\r\n'.encode()))
    assert list(read_json_array(path)) == [(2, {"a": "\u2028"}), (3, {})]


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
@pytest.mark.parametrize(("text", "line", "found"), [
    ("", 1, "expected a JSON array"),
    ('{"a": 1}', 1, "expected a JSON array"),
    ('[\n{"a": 1},\n{"a": 2', 3, "broken JSON (Expecting ',' delimiter, the file ends here)"),
    ('[\n{"a": 1},\n{"a": "2', 3, "broken JSON (Unterminated string starting at, the file ends here)"),
    ('[\n{"a": 1},\n', 3, "broken JSON (Expecting value, the file ends here)"),
    ('[\n{"a": 1},\n{"a" 2, "b": "there is more behind it"}\n]', 3, "broken JSON (Expecting ':' delimiter"),
    ('[\n{"a": 1}\n{"a": 2}]', 3, "expected ',' or ']' after an element"),
    ('[\n{"a": 1}\n', 3, "expected ',' or ']' after an element"),
    ('[\n{"a": 1},\n7]', 3, "expected a JSON object, found int"),
    ('[\n{"a": 1}]\n\n{"b": 2}', 4, "text after the end of the array"),
])
def test_a_broken_file_is_named_with_the_line(
    chunk: int, text: str, line: int, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_array, "_CHUNK", chunk)
    path = tmp_path / "rows.json"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        list(read_json_array(path))
    assert (raised.value.path, raised.value.line) == (path, line)
    assert raised.value.problem.startswith(found)


def test_a_broken_element_is_seen_without_reading_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a mistake at the beginning of ten gigabytes would fill the memory."""
    monkeypatch.setattr(json_array, "_CHUNK", 1024)
    path = tmp_path / "rows.json"
    path.write_bytes(b'[{"a" "b"},\n' + b'{"text": "' + b"x" * 5000 + b'"},\n' + b"\xff" * 10)
    with pytest.raises(InputError, match="Expecting ':' delimiter"):  # not the bytes that are not UTF-8
        list(read_json_array(path))


def test_damage_below_json(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        list(read_json_array(tmp_path / "none.json"))
    latin = tmp_path / "latin.json"
    latin.write_bytes('[\n{"a": "é"}]'.encode("latin-1"))
    with pytest.raises(InputError, match="latin.json:2: not UTF-8"):
        list(read_json_array(latin))
    cut = tmp_path / "cut.json.gz"
    cut.write_bytes(gzip.compress(b"[{}, {}]")[:-9])
    with pytest.raises(InputError, match="the gzip file ends early"):
        list(read_json_array(cut))
