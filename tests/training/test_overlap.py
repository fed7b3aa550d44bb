"""Validation queries among the training queries: what is found, what it costs to look, and what a user is told."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from parallel_words import parallel_examples, write_held_out

from hybrid_pyserini.cli import main
from hybrid_pyserini.records import ParallelExample
from hybrid_pyserini.training import examples, overlap
from hybrid_pyserini.training.examples import ExampleStore, build_store
from hybrid_pyserini.training.overlap import find_overlap
from hybrid_pyserini.workspace import Workspace


def store_of(folder: Path, parallel: list[ParallelExample]) -> ExampleStore:
    build_store(folder, parallel)
    return ExampleStore(folder)


def test_a_store_tells_all_its_queries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over several blocks, with examples of one and of three languages."""
    monkeypatch.setattr(examples, "_BLOCK_ROWS", 7)
    parallel = [
        e if i % 3 else replace(e, queries={"zh": e.queries["zh"]}) for i, e in enumerate(parallel_examples(40))
    ]
    store = store_of(tmp_path / "words", parallel)
    assert list(store.queries()) == [(e.id, query) for e in parallel for query in e.queries.values()]
    sample = parallel[:7] + parallel[21:28]
    assert list(store.queries(every=3)) == [(e.id, query) for e in sample for query in e.queries.values()]


def test_equal_texts_are_found_whatever_their_ids_case_and_white_space(tmp_path: Path) -> None:
    words = store_of(tmp_path / "words", parallel_examples(60))
    other = store_of(tmp_path / "other", [ParallelExample("o1", "g", {"de": "Straße  der\nLieder ?"}, {"de": "x"})])
    queries = [("v1", "STRASSE der Lieder ? "), ("v2", "what nobody asks"), ("q7", "an id of the training set")]
    found = find_overlap(queries, [words, other])
    assert found == overlap.Overlap(1, 3, ("v1", "o1", "other"), 181, sampled=False)
    assert find_overlap(queries[1:], [words, other]) is None


def test_at_most_so_many_queries_are_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """600 queries in blocks of 30; of 150 at most, a fourth of a set that is in all blocks is found."""
    monkeypatch.setattr(examples, "_BLOCK_ROWS", 10)
    monkeypatch.setattr(overlap, "_MOST_QUERIES", 150)
    parallel = [replace(e, queries={k: f"{v} {i}" for k, v in e.queries.items()})
                for i, e in enumerate(parallel_examples(200))]
    store = store_of(tmp_path / "words", parallel)
    found = find_overlap([(f"v{i}", e.queries["en"]) for i, e in enumerate(parallel)], [store])
    assert found is not None
    assert (found.found, found.validation, found.looked_into, found.sampled) == (50, 200, 150, True)


@pytest.fixture
def workspace(tmp_path: Path, tiny_checkpoint: Path) -> Path:
    """Training on the first 70 examples; the data set has those from the 61st on, of which ten overlap."""
    build_store(tmp_path / "examples" / "words", parallel_examples(70))
    build_store(tmp_path / "examples" / "clean", parallel_examples(60))
    build_store(tmp_path / "examples" / "part", parallel_examples(70)[60:])
    write_held_out(Workspace(tmp_path), "dev")
    shutil.copytree(tiny_checkpoint, tmp_path / "models" / "tiny")
    return tmp_path


def warnings(workspace: Path, capsys: pytest.CaptureFixture[str], *more: str) -> list[str]:
    assert main([
        "train", "--workspace", str(workspace), "--init", "tiny", "--output", "m", "--batch-size", "8", "--max_steps",
        "1", "--disable_tqdm", "true", "--use_cpu", "true", "--validation", "part", "--validation-dataset", "dev",
        *more,
    ]) == 0
    return [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning: ")]


def test_train_warns_of_a_validation_set_that_it_trains_on(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert warnings(workspace, capsys, "--examples", "words") == [
        "warning: 30 of the 30 queries of --validation part are training queries too, such as 'q60', in 'words' 'q60': "
        "it cannot tell when to stop; take them out of one of the two",
        "warning: 30 of the 75 queries of --validation-dataset dev are training queries too, such as 'q60', in 'words' "
        "'q60': it cannot tell when to stop; take them out of one of the two",
    ]


def test_nothing_is_said_of_one_that_is_held_out(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert warnings(workspace, capsys, "--examples", "clean") == []
