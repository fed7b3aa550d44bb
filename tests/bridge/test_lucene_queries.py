"""``search.lucene --dense`` with our encoder class: texts go in, and what it finds are the products of our vectors."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from stock_pyserini import skip_without_dense_lucene

from hybrid_pyserini.bridge import command
from hybrid_pyserini.bridge.command import run_pyserini
from hybrid_pyserini.bridge.lucene_queries import as_json
from hybrid_pyserini.bridge.lucene_vectors import write_hnsw_index
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.indexing.dense_index import IndexManifest, encoder_record
from hybrid_pyserini.jsonl import write_json
from hybrid_pyserini.provenance import MANIFEST
from hybrid_pyserini.trec import read_run, write_topics

PASSAGES = {"p1": "river mountain city", "p2": "bread music", "p3": "Winter Garten", "p4": "河流 山脉"}
TOPICS = {"q1": "river ?", "q2": "Brot ?", "q3": '"winter" 河流'}
DENSE = ["--dense", "--hnsw"]
HYBRID = ["--encoder-class", "hybrid"]


@pytest.fixture(scope="module")
def encoder(tiny_checkpoint: Path) -> Encoder:
    return Encoder.load(str(tiny_checkpoint))


@pytest.fixture(scope="module")
def index(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a manifest, as 'hybrid-pyserini index' writes one."""
    folder = tmp_path_factory.mktemp("indexes") / "words"
    write_hnsw_index(folder, [(list(PASSAGES), encoder.encode_passages(list(PASSAGES.values())))])
    write_manifest(folder, encoder_record(encoder))
    return folder


def write_manifest(folder: Path, record: dict[str, object]) -> None:
    manifest = IndexManifest("words", "en", "tiny", record, {}, {}, len(PASSAGES))
    write_json(folder / MANIFEST, asdict(manifest))


def search(index: Path, topics: Path, run: Path, *options: str) -> str:
    run_pyserini("search.lucene", [
        "--index", str(index), "--topics", str(topics), "--output", str(run), "--hits", "4", *DENSE, *options,
    ])
    return run.read_text()


@pytest.mark.java
@pytest.mark.parametrize("batching", [[], ["--batch-size", "2", "--threads", "2"]])
def test_texts_are_encoded_by_the_checkpoint(
    index: Path, encoder: Encoder, tiny_checkpoint: Path, tmp_path: Path, batching: list[str]
) -> None:
    skip_without_dense_lucene()
    write_topics(tmp_path / "topics.tsv", TOPICS)
    search(index, tmp_path / "topics.tsv", tmp_path / "run", *HYBRID, "--encoder", str(tiny_checkpoint), *batching)
    queries = encoder.encode_queries(list(TOPICS.values()))
    scores = (1 + queries @ encoder.encode_passages(list(PASSAGES.values())).T) / 2
    found = read_run(tmp_path / "run")
    assert list(found) == list(TOPICS)
    for hits, expected in zip(found.values(), scores, strict=True):
        assert hits == pytest.approx(dict(zip(PASSAGES, expected.tolist(), strict=True)), abs=1e-5)
        assert list(hits) == [list(PASSAGES)[i] for i in np.argsort(-expected)]


@pytest.mark.java
def test_the_run_is_that_of_queries_encoded_before(
    index: Path, encoder: Encoder, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """What nothing of ours takes part in: topics whose texts are JSON lists."""
    skip_without_dense_lucene()
    write_topics(tmp_path / "topics.tsv", TOPICS)
    vectors = {qid: as_json(encoder.encode_queries([text])[0]) for qid, text in TOPICS.items()}
    write_topics(tmp_path / "vectors.tsv", vectors)
    encoded = search(index, tmp_path / "vectors.tsv", tmp_path / "run.vectors")
    texts = search(index, tmp_path / "topics.tsv", tmp_path / "run.texts", *HYBRID, "--encoder", str(tiny_checkpoint))
    assert encoded == texts
    assert texts.count("\n") == len(TOPICS) * len(PASSAGES)


@pytest.mark.java
def test_another_models_index_is_refused(encoder: Encoder, tiny_checkpoint: Path, tmp_path: Path) -> None:
    write_hnsw_index(tmp_path / "i", [(list(PASSAGES), encoder.encode_passages(list(PASSAGES.values())))])
    write_manifest(tmp_path / "i", encoder_record(encoder) | {"fingerprint": "another"})
    write_topics(tmp_path / "topics.tsv", TOPICS)
    with pytest.raises(InputError, match="would be encoded differently.*fingerprint"):
        search(tmp_path / "i", tmp_path / "topics.tsv", tmp_path / "run", *HYBRID, "--encoder", str(tiny_checkpoint))
    assert not (tmp_path / "run").exists()


@pytest.mark.java
def test_pyserinis_searchers_are_back_afterwards(index: Path, tiny_checkpoint: Path, tmp_path: Path) -> None:
    from pyserini.search.lucene import _hnsw_searcher as searchers

    before = searchers.LuceneHnswDenseSearcher, searchers.LuceneFlatDenseSearcher
    with pytest.raises(SystemExit):
        run_pyserini("search.lucene", [*DENSE, *HYBRID, "--encoder", str(tiny_checkpoint), "--hits", "none"])
    assert (searchers.LuceneHnswDenseSearcher, searchers.LuceneFlatDenseSearcher) == before


@pytest.mark.java
def test_help_names_the_class(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_pyserini("search.lucene", ["--help"])
    assert ended.value.code == 0
    assert "--encoder-class {hybrid}" in capfd.readouterr().out


@pytest.mark.parametrize(("options", "message"), [
    ([*DENSE, "--encoder", "models/m"], "no use for --encoder; give --encoder-class hybrid"),
    ([*DENSE, *HYBRID], "give --dense, --hnsw and --encoder"),
    ([*HYBRID, "--encoder", "models/m"], "give --dense"),
    ([*DENSE, "--encoder-class=hybrid", "--encoder=m", "--onnx-encoder", "BgeBaseEn15"], "no --onnx-encoder"),
])
def test_what_would_search_for_something_else_is_refused(
    options: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "importable_pyserini", lambda: pytest.fail("Java was to be started"))
    with pytest.raises(InputError, match=message):
        run_pyserini("search.lucene", options)


@pytest.mark.parametrize(("options", "warned"), [
    ([*DENSE], True), ([*DENSE, "--hits", "100"], False), ([*DENSE, "--hits=101"], True),
    ([*DENSE, "--ef-search", "1000"], False), (["--bm25"], False), (["--dense", "--flat"], False),
])
def test_fewer_hits_than_asked_for_are_announced(
    options: list[str], warned: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "importable_pyserini", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run_pyserini("search.lucene", options)
    assert ("--ef-search" in capsys.readouterr().err) == warned
