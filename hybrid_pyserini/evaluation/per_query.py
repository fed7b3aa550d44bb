"""``eval.<dataset>.<model>.per_query.parquet``: every pair's values query by query, in columns pair, query_id, measure,
value. What paired tests and intervals are computed from.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair

_COLUMNS = pyarrow.schema([
    ("pair", pyarrow.dictionary(pyarrow.int32(), pyarrow.string())),
    ("query_id", pyarrow.string()),
    ("measure", pyarrow.dictionary(pyarrow.int32(), pyarrow.string())),
    ("value", pyarrow.float64()),
])

_REMEDY = "run 'hybrid-pyserini evaluate' again"


@dataclass(frozen=True)
class PairValues:
    """One pair's values."""

    query_ids: tuple[str, ...]
    """The scored queries [n], sorted."""
    values: dict[str, np.ndarray]
    """Measure -> float64 [n], in the order of ``query_ids``."""


@contextmanager
def writing_per_query(path: Path) -> Iterator[Callable[[Pair, Mapping[str, Mapping[str, float]]], None]]:
    """Yield the function that appends a pair's values, measure -> query id -> value."""
    with pyarrow.parquet.ParquetWriter(path, _COLUMNS) as writer:
        yield lambda pair, values: writer.write_table(_rows(pair, values))


def _rows(pair: Pair, values: Mapping[str, Mapping[str, float]]) -> pyarrow.Table:
    measure_of: list[str] = []
    query_of: list[str] = []
    value_of: list[float] = []
    for measure, of_queries in values.items():
        measure_of += [measure] * len(of_queries)
        query_of += of_queries.keys()
        value_of += of_queries.values()
    return pyarrow.table([[str(pair)] * len(value_of), query_of, measure_of, value_of], names=_COLUMNS.names).cast(
        _COLUMNS
    )


def read_per_query(path: Path) -> dict[Pair, PairValues]:
    """Read all pairs.

    Raises InputError for a file that is missing or no such file, a value that is no finite number, and a pair whose
    measures are not of the same queries, each once.
    """
    table = _read_table(path)
    pairs, pair_of = _codes(table, "pair")
    measures, measure_of = _codes(table, "measure")
    query_ids, query_of = _codes(table, "query_id")
    values = table["value"].to_numpy()
    order = np.lexsort((query_of, measure_of, pair_of))
    groups = pair_of[order].astype(np.int64) * len(measures) + measure_of[order]
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    read: dict[Pair, PairValues] = {}
    queries: dict[Pair, np.ndarray] = {}
    for rows in np.split(order, starts[1:]) if len(order) else []:
        pair, measure = Pair(*pairs[pair_of[rows[0]]].split("-")), measures[measure_of[rows[0]]]
        if pair not in read:
            queries[pair] = query_of[rows]
            read[pair] = PairValues(tuple(query_ids[code] for code in query_of[rows]), {})
        if not np.array_equal(query_of[rows], queries[pair]) or len(np.unique(query_of[rows])) < len(rows):
            raise InputError(
                f"{measure} of {pair} has not one value for each query of the pair", remedy=_REMEDY, path=path
            )
        if not np.isfinite(values[rows]).all():
            bad = query_ids[query_of[rows][~np.isfinite(values[rows])][0]]
            raise InputError(f"{measure} of query {bad!r} in {pair} is no finite number", remedy=_REMEDY, path=path)
        read[pair].values[measure] = values[rows]
    return read


def _read_table(path: Path) -> pyarrow.Table:
    try:
        table = pyarrow.parquet.read_table(path)
    except FileNotFoundError:
        raise InputError("no such file", remedy=_REMEDY, path=path) from None
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"no per-query values ({error})", remedy=_REMEDY, path=path) from None
    if table.schema.remove_metadata() != _COLUMNS:
        raise InputError(
            f"no per-query values (columns {' '.join(table.column_names)})", remedy=_REMEDY, path=path
        )
    return table


def _codes(table: pyarrow.Table, column: str) -> tuple[list[str], np.ndarray]:
    """The sorted different values of a column, and for each row the place of its value among them."""
    coded = table[column].unify_dictionaries() if column != "query_id" else table[column].dictionary_encode()
    coded = coded.combine_chunks()
    names = coded.dictionary.to_pylist()
    ordered = sorted(names)
    place = {name: position for position, name in enumerate(ordered)}
    return ordered, np.array([place[name] for name in names], dtype=np.int64)[coded.indices.to_numpy()]
