"""Lucene's HNSW index: what Pyserini's own search finds in it against all products, and what is refused."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from stock_pyserini import run_stock, skip_without_dense_lucene

from hybrid_pyserini.atomic import replacing_folder
from hybrid_pyserini.bridge import lucene_vectors
from hybrid_pyserini.bridge.command import run_pyserini
from hybrid_pyserini.bridge.lucene_java import open_reader
from hybrid_pyserini.bridge.lucene_vectors import write_hnsw_index
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.trec import read_run

pytestmark = pytest.mark.java
PASSAGES, QUERIES, DIMENSION, HITS = 700, 25, 128, 20
Run = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Vectors:
    """Passages in clusters, and queries near some of them."""

    ids: list[str]
    passages: np.ndarray
    queries: np.ndarray
    topics: Path
    """The queries as Pyserini takes them."""

    def batches(self) -> Iterator[tuple[list[str], np.ndarray]]:
        """Of uneven sizes, some of them empty."""
        for start, end in ((0, 0), (0, 1), (1, 1), (1, 400), (400, PASSAGES)):
            yield self.ids[start:end], self.passages[start:end]

    def best(self, hits: int = HITS) -> dict[str, dict[str, float]]:
        """The run that is right: Lucene's score is (1 + cosine) / 2."""
        scores = (1 + self.queries.astype(np.float64) @ self.passages.astype(np.float64).T) / 2
        return {
            f"q{number}": {self.ids[i]: row[i] for i in np.argsort(-row)[:hits]} for number, row in enumerate(scores)
        }


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Vectors:
    random = np.random.default_rng(5)
    centres = random.standard_normal((20, DIMENSION))
    passages = unit(centres[random.integers(20, size=PASSAGES)] + random.standard_normal((PASSAGES, DIMENSION)))
    queries = unit(passages[:QUERIES] + 0.1 * random.standard_normal((QUERIES, DIMENSION)))
    ids = ["007", "Straße-🦊", *(f"d{number}" for number in range(2, PASSAGES))]
    topics = tmp_path_factory.mktemp("topics") / "vectors.tsv"
    write_vectors(topics, queries)
    return Vectors(ids, passages, queries, topics)


def write_vectors(path: Path, queries: np.ndarray) -> None:
    """Topics as Pyserini takes queries that are encoded."""
    path.write_text("".join(f"q{number}\t{json.dumps(v.tolist())}\n" for number, v in enumerate(queries)))


@pytest.fixture(scope="module")
def index(vectors: Vectors, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("indexes") / "plain"
    assert write_hnsw_index(folder, vectors.batches()) == PASSAGES
    return folder


def arguments(index: Path, topics: Path, output: Path, *, hits: int = HITS, ef: int = PASSAGES) -> list[str]:
    return ["--dense", "--hnsw", "--index", str(index), "--topics", str(topics), "--output", str(output),
            "--hits", str(hits), "--ef-search", str(ef)]


def search(index: Path, topics: Path, output: Path, **numbers: int) -> Run:
    skip_without_dense_lucene()
    run_pyserini("search.lucene", arguments(index, topics, output, **numbers))
    return read_run(output)


def recall(found: Run, best: Run) -> float:
    return float(np.mean([len(best[query].keys() & hits.keys()) / len(best[query]) for query, hits in found.items()]))


def segments(index: Path) -> list[int]:
    """Passages of each."""
    reader = open_reader(index)
    leaves = reader.leaves()
    sizes = [leaves.get(number).reader().maxDoc() for number in range(leaves.size())]
    reader.close()
    return sizes


def assert_right(found: Run, best: Run) -> None:
    """The same hits, and their scores to the six decimals that Pyserini writes."""
    assert found.keys() == best.keys()
    for query, hits in best.items():
        assert found[query] == pytest.approx(hits, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("batching", [[], ["--batch-size", "8", "--threads", "2"]])
def test_stock_search_finds_what_all_products_give(
    vectors: Vectors, index: Path, tmp_path: Path, batching: list[str]
) -> None:
    skip_without_dense_lucene()
    run_stock("search.lucene", *arguments(index, vectors.topics, tmp_path / "run"), *batching)
    assert_right(read_run(tmp_path / "run"), vectors.best())


def test_int8_finds_nearly_the_same(
    vectors: Vectors, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert write_hnsw_index(tmp_path / "int8", vectors.batches(), int8=True) == PASSAGES
    assert "warning" not in capfd.readouterr().err
    found = search(tmp_path / "int8", vectors.topics, tmp_path / "run")
    assert recall(found, vectors.best()) > 0.95
    scores = [(found[query][docid], score) for query, hits in vectors.best().items() for docid, score in hits.items()
              if docid in found[query]]
    differences = np.abs(np.diff(scores, axis=1))
    assert 2e-6 < float(differences.mean()) < 0.01  # more than six decimals round, so not the plain vectors' scores


def test_int8_warns_of_axes_that_dominate(
    vectors: Vectors, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """It cuts them off, and finds other passages."""
    axes = np.ones(DIMENSION)
    axes[:4] = 10
    uneven = replace(vectors, passages=unit(vectors.passages * axes), queries=unit(vectors.queries * axes))
    write_vectors(tmp_path / "topics.tsv", uneven.queries)
    recalls = {}
    for int8 in (False, True):
        write_hnsw_index(tmp_path / f"{int8}", uneven.batches(), int8=int8)
        assert ("cuts off values that stand out" in capfd.readouterr().err) == int8
        recalls[int8] = recall(search(tmp_path / f"{int8}", tmp_path / "topics.tsv", tmp_path / "run"), uneven.best())
    assert recalls[True] < 0.97 < 0.99 < recalls[False]


@pytest.mark.parametrize("threads", [1, 3])
def test_what_the_heap_cannot_hold_becomes_segments(
    vectors: Vectors, tmp_path: Path, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room for 45 documents, and for graphs of 150 or so: Lucene lets them grow by a quarter."""
    monkeypatch.setattr(lucene_vectors, "_heap_share", lambda: 150 * lucene_vectors._graph_bytes(16))
    assert write_hnsw_index(tmp_path / "i", vectors.batches(), threads=threads) == PASSAGES
    sizes = segments(tmp_path / "i")
    assert sum(sizes) == PASSAGES
    assert max(sizes) <= 1.3 * 150
    assert len(sizes) <= 8
    assert_right(search(tmp_path / "i", vectors.topics, tmp_path / "run"), vectors.best())


def test_what_fits_is_one_segment_whatever_the_threads(vectors: Vectors, tmp_path: Path) -> None:
    write_hnsw_index(tmp_path / "i", vectors.batches(), threads=2)
    assert segments(tmp_path / "i") == [PASSAGES]


def test_numbers_of_the_graph_reach_lucene(vectors: Vectors, index: Path, tmp_path: Path) -> None:
    write_hnsw_index(tmp_path / "i", vectors.batches(), m=2, ef_construction=4)
    few, many = (sum(file.stat().st_size for file in folder.iterdir()) for folder in (tmp_path / "i", index))
    assert few + PASSAGES * 8 < many  # bytes
    assert recall(search(tmp_path / "i", vectors.topics, tmp_path / "run", ef=HITS), vectors.best()) < 0.9


def test_one_thread_gives_equal_results(vectors: Vectors, tmp_path: Path) -> None:
    """With so small a graph that another one would find others."""
    runs = []
    for name in "ab":
        write_hnsw_index(tmp_path / name, vectors.batches(), m=2, ef_construction=4)
        runs.append(search(tmp_path / name, vectors.topics, tmp_path / f"run.{name}", ef=HITS))
    assert runs[0] == runs[1]


def test_a_query_gets_no_more_hits_than_candidates(
    vectors: Vectors, index: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = search(index, vectors.topics, tmp_path / "run", hits=50, ef=30)
    assert {len(hits) for hits in found.values()} == {30}
    assert "no query gets more than 30 hits; for 50 give --ef-search 50 or more" in capfd.readouterr().err
    search(index, vectors.topics, tmp_path / "run", hits=50, ef=50)
    assert "warning" not in capfd.readouterr().err


def test_equal_scores_are_ordered_by_id(vectors: Vectors, tmp_path: Path) -> None:
    ids = ["c", "a", "d", "b"]
    write_hnsw_index(tmp_path / "i", [(ids, np.repeat(vectors.passages[:1], 4, axis=0))])
    found = search(tmp_path / "i", vectors.topics, tmp_path / "run")
    assert list(found["q0"]) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("factor", [0.0, 0.99, 1.01, np.nan, np.inf])
def test_a_vector_of_another_length_is_refused(vectors: Vectors, tmp_path: Path, factor: float) -> None:
    """In the last batch, when others have been added."""
    bad = vectors.passages.copy()
    bad[500] *= factor
    batches = ((vectors.ids[start:start + 350], bad[start:start + 350]) for start in (0, 350))
    with pytest.raises(InputError, match=r"'d500' \(and 0 more\) has length .*, not 1; .*normalises"):
        write_hnsw_index(tmp_path / "i", batches)
    assert_no_index(tmp_path / "i")


def assert_no_index(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} <= {"write.lock"}
    with pytest.raises(InputError, match="not an index"):
        open_reader(folder)


def test_lengths_as_bf16_rounds_them_are_taken(vectors: Vectors, tmp_path: Path) -> None:
    slightly = vectors.passages * np.float32(1 + 5e-4)
    assert write_hnsw_index(tmp_path / "i", [(vectors.ids, slightly)]) == PASSAGES


@pytest.mark.parametrize(("ids", "options", "message"), [
    (["x" * 40_000], {}, "immense term"),
    (["x"], {"m": 1000}, "maxConn must be"),
    (["x"], {"ef_construction": 0}, "beamWidth must be"),
])
def test_what_lucene_refuses_is_one_line(
    vectors: Vectors, tmp_path: Path, ids: list[str], options: dict[str, int], message: str
) -> None:
    with pytest.raises(InputError, match=message) as error, replacing_folder(tmp_path / "i") as aside:
        write_hnsw_index(aside, [(ids, vectors.passages[:1])], **options)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_ids_without_vectors_are_a_mistake_of_the_caller(vectors: Vectors, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="zip"):
        write_hnsw_index(tmp_path / "i", [(["a"], vectors.passages[:2])])
    assert_no_index(tmp_path / "i")


def test_dimensions_that_differ_are_refused(vectors: Vectors, tmp_path: Path) -> None:
    batches = [(["a"], vectors.passages[:1]), (["b"], unit(vectors.passages[1:2, :-1]))]
    with pytest.raises(InputError, match="dimension"):
        write_hnsw_index(tmp_path / "i", batches)
    assert_no_index(tmp_path / "i")


@pytest.mark.parametrize("problem", [OSError("gone"), KeyboardInterrupt()])
def test_a_source_that_fails_leaves_no_index(vectors: Vectors, tmp_path: Path, problem: BaseException) -> None:
    def failing() -> Iterator[tuple[list[str], np.ndarray]]:
        yield vectors.ids[:500], vectors.passages[:500]
        raise problem

    with pytest.raises(type(problem)):
        write_hnsw_index(tmp_path / "i", failing())
    assert_no_index(tmp_path / "i")
    assert write_hnsw_index(tmp_path / "i", vectors.batches()) == PASSAGES


def test_a_passage_that_is_missing_is_an_error(
    vectors: Vectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = lucene_vectors._add
    monkeypatch.setattr(lucene_vectors, "_add", lambda *arguments: add(*arguments) + 1)
    with pytest.raises(InputError, match=f"Lucene has indexed {PASSAGES} of {PASSAGES + 1} passages"):
        write_hnsw_index(tmp_path / "i", vectors.batches())


def test_no_passages_are_an_index_without_hits(vectors: Vectors, tmp_path: Path) -> None:
    assert write_hnsw_index(tmp_path / "i", []) == 0
    assert search(tmp_path / "i", vectors.topics, tmp_path / "run") == {}
