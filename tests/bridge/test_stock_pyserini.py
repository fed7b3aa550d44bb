"""Stock Pyserini and sentence-transformers on our checkpoint and index agree with ours, as DESIGN's "same" demands.

The stock commands run as ``pyserini...`` with ``--encoder-class auto``: none of our encoders takes part.
"""

import subprocess
import sys
from pathlib import Path

import faiss
import numpy as np
import pytest
from parallel_words import parallel_examples, write_dataset
from stock_pyserini import assert_same_ranking, run_stock

from hybrid_pyserini import trec
from hybrid_pyserini.cli import main
from hybrid_pyserini.collection import read_collection
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.evaluation.measures import parse_measures, score_run
from hybrid_pyserini.records import ALL, Pair
from hybrid_pyserini.workspace import Workspace

pytestmark = [pytest.mark.java, pytest.mark.slow]
LANGUAGES = ("de", "en", "zh")
HITS = 20
AUTO = ["--encoder-class", "auto", "--pooling", "mean", "--l2-norm"]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path) -> Workspace:
    """Sixty passages a language, indexed and searched by our own commands."""
    workspace = Workspace(tmp_path_factory.mktemp("workspace"))
    write_dataset(workspace, "words", parallel_examples(60, LANGUAGES), LANGUAGES)
    model = ["words", "--model", str(tiny_checkpoint), "--workspace", str(workspace.root)]
    assert main(["index", *model]) == 0
    assert main(["search", *model, "--hits", str(HITS)]) == 0
    return workspace


def search_stock(workspace: Workspace, index: Path, language: str, encoder: list[object], run: Path) -> None:
    run_stock("search.faiss", "--index", index, "--topics", workspace.topics("words", language), *encoder,
          "--output", run, "--hits", HITS, "--batch-size", 64, "--threads", 2)


def test_stock_encode_gives_our_vectors(workspace: Workspace, tiny_checkpoint: Path, tmp_path: Path) -> None:
    run_stock("encode", "input", "--corpus", workspace.collection("words", "de"), "--fields", "text",
          "output", "--embeddings", tmp_path / "stock", "--to-faiss",
          "encoder", "--encoder", tiny_checkpoint, *AUTO, "--prefix", "Passage:", "--fields", "text",
          "--dimension", 64, "--max-length", 64, "--device", "cpu")
    ours = workspace.index("words", tiny_checkpoint.name, "de")
    assert (tmp_path / "stock" / "docid").read_text().split() == (ours / "docid").read_text().split()
    vectors = [(index := faiss.read_index(str(f / "index"))).reconstruct_n(0, index.ntotal) for f in
               (tmp_path / "stock", ours)]
    assert len(vectors[1]) == 60
    assert (vectors[0] * vectors[1]).sum(axis=1).min() >= 0.999999


@pytest.mark.parametrize("passages", ["en", ALL])
def test_stock_search_on_our_index_gives_our_ranking(
    workspace: Workspace, tiny_checkpoint: Path, tmp_path: Path, passages: str
) -> None:
    search_stock(workspace, workspace.index("words", tiny_checkpoint.name, passages), "de",
                 ["--encoder", tiny_checkpoint, *AUTO, "--query-prefix", "Query:"], tmp_path / "run.txt")
    ours = trec.read_run(workspace.run("words", tiny_checkpoint.name, Pair("de", passages)))
    theirs = trec.read_run(tmp_path / "run.txt")
    assert_same_ranking(ours, theirs)
    measures = parse_measures(["AP", "nDCG@10", "R@1", "RR"])
    qrels = trec.read_qrels(workspace.qrels("words", passages))
    assert score_run(measures, qrels, theirs).means == pytest.approx(score_run(measures, qrels, ours).means, abs=1e-4)


def test_pyserinis_search_with_our_encoder_class(workspace: Workspace, tiny_checkpoint: Path, tmp_path: Path) -> None:
    """``hybrid-pyserini pyserini search.faiss --encoder-class hybrid``: all the rest is in the checkpoint."""
    command = [sys.executable, "-m", "hybrid_pyserini", "pyserini", "search.faiss", "--index",
               str(workspace.index("words", tiny_checkpoint.name, ALL)), "--topics",
               str(workspace.topics("words", "zh")), "--encoder-class", "hybrid", "--encoder", str(tiny_checkpoint),
               "--output", str(tmp_path / "run.txt"), "--hits", str(HITS), "--batch-size", "64", "--threads", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    ours = trec.read_run(workspace.run("words", tiny_checkpoint.name, Pair("zh", ALL)))
    assert_same_ranking(ours, trec.read_run(tmp_path / "run.txt"))


def test_sentence_transformers_gives_our_ranking(workspace: Workspace, tiny_checkpoint: Path) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(tiny_checkpoint), device="cpu")
    passages = list(read_collection(workspace.collection("words", "en")))
    topics = trec.read_topics(workspace.topics("words", "zh"))
    queries, documents = model.encode_query(list(topics.values())), model.encode_document([p.text for p in passages])
    ours = Encoder.load(str(tiny_checkpoint))
    assert (ours.encode_queries(list(topics.values())) * queries).sum(axis=1).min() >= 0.999999
    scores = queries @ documents.T
    best = np.argsort(-scores, axis=1)[:, :HITS]
    theirs = {qid: {passages[i].id: float(row[i]) for i in top} for qid, row, top in
              zip(topics, scores, best, strict=True)}
    assert_same_ranking(trec.read_run(workspace.run("words", tiny_checkpoint.name, Pair("zh", "en"))), theirs)
