"""``index --factory LuceneHNSW``: from shards to Pyserini's own search command."""

import json
from pathlib import Path

import pytest
from small_dense_workspace import SIZES, TieEncoder, small_workspace

from hybrid_pyserini.bridge import lucene_index
from hybrid_pyserini.cli import main
from hybrid_pyserini.encoder.checkpoint import EncoderSettings
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.indexing.dense_index import IndexType, read_dense_index
from hybrid_pyserini.indexing.indexing import build_index_with
from hybrid_pyserini.trec import read_run, read_topics

pytestmark = pytest.mark.java


def command(root: Path, *arguments: str) -> int:
    return main([*arguments, "--workspace", str(root)])


@pytest.mark.parametrize("factory", ["LuceneHNSW", "LuceneHNSW,int8"])
def test_pyserinis_command_finds_what_exact_search_finds(tmp_path: Path, tiny_checkpoint: Path, factory: str) -> None:
    workspace, _ = small_workspace(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "tiny").symlink_to(tiny_checkpoint)
    assert command(tmp_path, "index", "small", "--model", "tiny", "--factory", factory) == 0
    encoded = {path: path.stat().st_mtime_ns for path in (tmp_path / "vectors").rglob("*")}
    assert command(tmp_path, "index", "small", "--model", "tiny") == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "vectors").rglob("*")} == encoded
    folder = workspace.index("small", "tiny+" + factory.replace(",", "-"), "all")
    assert json.loads((folder / "manifest.json").read_text())["passages"] == sum(SIZES.values())
    topics = workspace.topics("small", "de")
    search = ["search.lucene", "--dense", "--hnsw", "--ef-search", "100", "--encoder-class", "hybrid", "--hits", "20"]
    assert main(["pyserini", *search, "--encoder", str(tiny_checkpoint), "--index", str(folder),
                 "--topics", str(topics), "--output", str(tmp_path / "run")]) == 0
    exact = read_dense_index(workspace.index("small", "tiny", "all"))
    asked, run = read_topics(topics), read_run(tmp_path / "run")
    assert run.keys() == asked.keys()
    queries = Encoder.load(str(tiny_checkpoint)).encode_queries(list(asked.values()))
    found = 0
    for query_id, vector in zip(asked, queries, strict=True):
        scores = dict(zip(exact.docids, (exact.vectors @ vector).tolist(), strict=True))
        twentieth = sorted(scores.values())[-20]
        found += sum(scores[docid] >= twentieth - 1e-6 for docid in run[query_id])
    assert found >= (.99 if factory == "LuceneHNSW" else .85) * 20 * len(asked)


@pytest.mark.parametrize(("arguments", "message"), [
    (["--factory", "LuceneHNSW,int4"], "no index 'LuceneHNSW,int4'; give LuceneHNSW or LuceneHNSW,int8"),
    (["--factory", "LuceneHNSW", "--parameters", "efSearch=9"], "'efSearch=9' for a Lucene index; give such as M=16"),
    (["--factory", "LuceneHNSW", "--parameters", "M=0"], "'M=0' for a Lucene index"),
    (["--factory", "LuceneHNSW", "--parameters", "M=8,M=9"], "'M=9' for a Lucene index"),
    (["--factory", "LuceneHNSW", "--on-disk"], "--on-disk with a Lucene index"),
])
def test_what_lucene_cannot_build_is_one_line(
    tmp_path: Path, tiny_checkpoint: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    small_workspace(tmp_path)
    assert command(tmp_path, "index", "small", "--model", str(tiny_checkpoint), *arguments) == 2
    assert message in capsys.readouterr().err
    assert not list((tmp_path / "indexes").rglob("*.cfs"))


def test_parameters_reach_lucene(
    tmp_path: Path, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, object] = {}
    monkeypatch.setattr(lucene_index, "write_hnsw_index", lambda *_, **options: given.update(options))
    small_workspace(tmp_path)
    model = ["--model", str(tiny_checkpoint), "--factory", "LuceneHNSW"]
    assert command(tmp_path, "index", "small", *model, "--parameters", "M=8,efConstruction=50,threads=2") == 0
    assert given == {"int8": False, "m": 8, "ef_construction": 50, "threads": 2}


def test_vectors_that_are_not_normalised_are_refused_before_encoding(tmp_path: Path) -> None:
    workspace, info = small_workspace(tmp_path)
    encoder = TieEncoder(settings=EncoderSettings(normalize=False))
    with pytest.raises(InputError, match="Lucene's HNSW of a model that does not normalise"):
        build_index_with(encoder, workspace, info, "m", index_type=IndexType("LuceneHNSW"))
    assert encoder.encoded == []


def test_our_search_names_pyserinis(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small_workspace(tmp_path)
    assert command(tmp_path, "search", "small", "--model", "m", "--factory", "LuceneHNSW") == 2
    assert "search.lucene --dense --hnsw --encoder-class hybrid" in capsys.readouterr().err
