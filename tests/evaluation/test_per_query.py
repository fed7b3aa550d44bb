"""Per-query values: what is written is what is read, and what cannot be read says why."""

import math
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation.per_query import read_per_query, writing_per_query
from hybrid_pyserini.records import Pair

DE, EN = Pair("de", "en"), Pair("en", "all")


def write(path: Path, *values: tuple[Pair, dict[str, dict[str, float]]]) -> Path:
    with writing_per_query(path) as append:
        for pair, of_pair in values:
            append(pair, of_pair)
    return path


def error_of(path: Path) -> str:
    with pytest.raises(InputError) as error:
        read_per_query(path)
    assert "run 'hybrid-pyserini evaluate' again" in str(error.value)
    return str(error.value)


def test_what_is_written_is_read_aligned(tmp_path: Path) -> None:
    path = write(
        tmp_path / "p.parquet",
        (EN, {"RR": {"b": 0.5, "a": 1.0}, "AP": {"a": 0.25, "b": 0.125}, "PEER@100": {"a": 0.7, "b": 0.9}}),
        (DE, {"RR": {"c": 0.0, "b": 0.5, "a": 1.0}, "AP": {"a": 0.1, "c": 0.3, "b": 0.2}}),
    )
    read = read_per_query(path)
    assert set(read) == {DE, EN}
    assert (read[EN].query_ids, read[DE].query_ids) == (("a", "b"), ("a", "b", "c"))
    assert {measure: values.tolist() for measure, values in read[EN].values.items()} == {
        "AP": [0.25, 0.125], "RR": [1.0, 0.5], "PEER@100": [0.7, 0.9],
    }
    assert read[DE].values["AP"].tolist() == [0.1, 0.2, 0.3]
    assert read[DE].values["RR"].dtype == np.float64


def test_a_pair_in_parts_is_one_pair(tmp_path: Path) -> None:
    path = write(tmp_path / "p.parquet", (DE, {"AP": {"a": 0.1}}), (EN, {"AP": {"a": 1.0}}), (DE, {"RR": {"a": 0.2}}))
    assert {measure: values.tolist() for measure, values in read_per_query(path)[DE].values.items()} == {
        "AP": [0.1], "RR": [0.2],
    }


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_no_number(tmp_path: Path, value: float) -> None:
    path = write(tmp_path / "p.parquet", (DE, {"AP": {"a": 0.1, "b": value}}))
    assert "AP of query 'b' in de-en is no finite number" in error_of(path)


@pytest.mark.parametrize("others", [{"a": 0.5}, {"a": 0.5, "c": 0.5}])
def test_measures_of_different_queries(tmp_path: Path, others: dict[str, float]) -> None:
    path = write(tmp_path / "p.parquet", (DE, {"AP": {"a": 0.1, "b": 0.2}, "RR": others}))
    assert "RR of de-en has not one value for each query of the pair" in error_of(path)


def test_a_query_twice(tmp_path: Path) -> None:
    path = write(tmp_path / "p.parquet", (DE, {"AP": {"a": 0.1}}), (DE, {"AP": {"a": 0.2}}))
    assert "AP of de-en has not one value for each query of the pair" in error_of(path)


def test_no_file_and_another_file(tmp_path: Path) -> None:
    assert "no such file" in error_of(tmp_path / "none.parquet")
    path = tmp_path / "other.parquet"
    path.write_bytes(b"text")
    assert "no per-query values" in error_of(path)
    pyarrow.parquet.write_table(pyarrow.table({"x": [1]}), path)
    assert "no per-query values" in error_of(path)
