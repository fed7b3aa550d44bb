"""mDPR and multilingual-e5, tiny and random, through our commands: the vectors and rankings of stock Pyserini's own
commands on the checkpoints as they are published, of which our model is made.

The stock commands index and search by themselves, with ``--encoder-class auto``; nothing of ours takes part.
"""

import json
from pathlib import Path

import faiss
import huggingface_hub
import numpy as np
import pytest
from parallel_words import WORDS, parallel_examples, write_dataset
from stock_pyserini import assert_same_ranking, run_stock
from tiny_architectures import in_hub_cache, mdpr, multilingual_e5

from hybrid_pyserini import trec
from hybrid_pyserini.cli import main
from hybrid_pyserini.collection import read_collection, write_collection
from hybrid_pyserini.indexing.dense_index import read_dense_index
from hybrid_pyserini.records import ALL, Pair, Passage
from hybrid_pyserini.workspace import Workspace

LANGUAGES = ("de", "en", "zh")
HITS = 20


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Hub's cache with both checkpoints."""
    cache = tmp_path_factory.mktemp("hub")
    in_hub_cache(cache, "castorini/mdpr-tied-pft-msmarco", mdpr)
    in_hub_cache(cache, "intfloat/multilingual-e5-base", multilingual_e5)
    return cache


def snapshot(cache: Path, name: str) -> Path:
    (folder,) = (cache / f"models--{name.replace('/', '--')}" / "snapshots").iterdir()
    return folder


@pytest.fixture(scope="module")
def workspace(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Sixty titled passages a language, the first longer than any encoder reads, searched by both models."""
    workspace = Workspace(tmp_path_factory.mktemp("workspace"))
    write_dataset(workspace, "words", parallel_examples(60, LANGUAGES), LANGUAGES)
    for language in LANGUAGES:
        path = workspace.collection("words", language)
        passages = []
        for number, passage in enumerate(read_collection(path)):
            title = WORDS[language][number % 12]
            text = passage.text + f" {title}" * 600 if number == 0 else f"Ｆ {passage.text}"
            passages.append(Passage(passage.id, text, f"{title} {text}", title, passage.group, language))
        write_collection(path, passages)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))
        here = ["--workspace", str(workspace.root)]
        assert main(["mdpr", "words", "--hits", str(HITS), *here]) == 0
        assert main(["adopt", "intfloat/multilingual-e5-base", "--output", "me5", *here]) == 0
    assert main(["index", "words", "--model", "me5", *here]) == 0
    assert main(["search", "words", "--model", "me5", "--hits", str(HITS), *here]) == 0
    return workspace


def encode_stock(output: Path, collection: Path, fields: list[str], encoder: list[object]) -> np.ndarray:
    """Stock's own index of a collection; its vectors [passages, dimension]."""
    run_stock("encode", "input", "--corpus", collection, "--fields", *fields, "output", "--embeddings", output,
              "--to-faiss", "encoder", *encoder, "--encoder-class", "auto", "--fields", *fields, "--dimension", 32,
              "--device", "cpu")
    index = faiss.read_index(str(output / "index"))
    return index.reconstruct_n(0, index.ntotal)


def search_stock(workspace: Workspace, index: Path, encoder: list[object], run: Path) -> dict[str, dict[str, float]]:
    run_stock("search.faiss", "--index", index, "--topics", workspace.topics("words", "de"), *encoder,
              "--encoder-class", "auto", "--output", run, "--hits", HITS, "--batch-size", 64, "--threads", 2)
    return trec.read_run(run)


@pytest.mark.java
@pytest.mark.slow
def test_mdpr_is_stock_pyserinis(workspace: Workspace, cache: Path, tmp_path: Path) -> None:
    """As in Pyserini's reproduction of MIRACL: no option but ``--encoder-class auto``."""
    encoder = ["--encoder", snapshot(cache, "castorini/mdpr-tied-pft-msmarco")]
    stock = encode_stock(tmp_path / "en", workspace.collection("words", "en"), ["title", "text"], encoder)
    ours = read_dense_index(workspace.index("words", "mdpr", "en"))
    lengths = np.linalg.norm(ours.vectors, axis=1)
    assert np.ptp(lengths) > 0.1  # nothing is normalised here, or the order were that of cosines
    assert ours.vectors == pytest.approx(stock, abs=1e-4)
    assert ours.docids == (tmp_path / "en" / "docid").read_text().split()
    theirs = search_stock(workspace, tmp_path / "en", encoder, tmp_path / "run.txt")
    found = trec.read_run(workspace.run("words", "mdpr", Pair("de", "en")))
    assert_same_ranking(found, theirs, tolerance=2e-4)  # of scores of about 30
    by_cosine = ours.vectors / lengths[:, np.newaxis]
    best = {ours.docids[row] for row in np.argsort(-(by_cosine @ by_cosine[0]))[:HITS]}
    assert best != {ours.docids[row] for row in np.argsort(-(ours.vectors @ ours.vectors[0]))[:HITS]}


@pytest.mark.java
@pytest.mark.slow
def test_multilingual_e5_is_stock_pyserinis_when_it_is_told(
    workspace: Workspace, cache: Path, tmp_path: Path
) -> None:
    """Stock has to be told all, and puts a title before the prompt: so the whole passage is given as its text."""
    (tmp_path / "corpus").mkdir()
    with (tmp_path / "corpus" / "en.jsonl").open("w") as corpus:
        for passage in read_collection(workspace.collection("words", "en")):
            corpus.write(json.dumps({"id": passage.id, "text": passage.contents}) + "\n")
    encoder = ["--encoder", snapshot(cache, "intfloat/multilingual-e5-base"), "--pooling", "mean", "--l2-norm"]
    stock = encode_stock(
        tmp_path / "en", tmp_path / "corpus", ["text"], [*encoder, "--prefix", "passage:", "--max-length", 512]
    )
    ours = read_dense_index(workspace.index("words", "me5", "en"))
    assert (ours.vectors * stock).sum(axis=1).min() >= 0.999999
    theirs = search_stock(workspace, tmp_path / "en", [*encoder, "--query-prefix", "query:"], tmp_path / "run.txt")
    assert_same_ranking(trec.read_run(workspace.run("words", "me5", Pair("de", "en"))), theirs)


@pytest.mark.java
@pytest.mark.slow
def test_stock_pyserini_takes_our_model_and_index(workspace: Workspace, tmp_path: Path) -> None:
    """One that does not normalise; tests/bridge has another."""
    index, encoder = workspace.index("words", "mdpr", ALL), ["--encoder", workspace.root / "models" / "mdpr"]
    theirs = search_stock(workspace, index, encoder, tmp_path / "run.txt")
    assert_same_ranking(trec.read_run(workspace.run("words", "mdpr", Pair("de", ALL))), theirs, tolerance=2e-4)


@pytest.mark.parametrize("model", ["mdpr", "me5"])
def test_sentence_transformers_takes_our_model(workspace: Workspace, model: str) -> None:
    """Its similarity of a model that does not normalise is the inner product."""
    from sentence_transformers import SentenceTransformer

    theirs = SentenceTransformer(str(workspace.root / "models" / model), device="cpu")
    assert theirs.similarity_fn_name == ("dot" if model == "mdpr" else "cosine")
    passages = list(read_collection(workspace.collection("words", "zh")))
    vectors = theirs.encode_document([passage.contents for passage in passages])
    assert read_dense_index(workspace.index("words", model, "zh")).vectors == pytest.approx(vectors, abs=1e-4)


def test_mdpr_goes_the_way_of_all_systems(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    here = ["--workspace", str(workspace.root)]
    assert main(["evaluate", "words", "--model", "mdpr", "me5", *here]) == 0
    assert main(["compare", "words", "mdpr", "me5", *here]) == 0
    assert "Table 1: AP on words" in capsys.readouterr().out


def test_ask_ranks_by_the_inner_product(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """The scores of a topic's question are those of its run."""
    topics = trec.read_topics(workspace.topics("words", "de"))
    found = trec.read_run(workspace.run("words", "mdpr", Pair("de", "en")))["q7"]
    capsys.readouterr()
    assert main(["ask", "words", topics["q7"], "--model", "mdpr", "--passages", "en", "--hits", "3", "--workspace",
                 str(workspace.root)]) == 0
    best = sorted(found.values(), reverse=True)[:3]
    assert best[0] > 2  # no cosine
    assert [f"{score:.3f}" for score in best] == [
        line.split()[1] for line in capsys.readouterr().out.splitlines()
    ]


def test_an_index_that_compares_by_cosine_is_refused(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["index", "words", "--model", "mdpr", "--factory", "LuceneHNSW", "--workspace",
                 str(workspace.root)]) == 2
    assert "Lucene's HNSW of a model that does not normalise its vectors" in capsys.readouterr().err


def test_an_approximate_index_ranks_by_the_inner_product(workspace: Workspace) -> None:
    """All lists probed and all neighbours visited, it finds what exact search finds."""
    here = ["--model", "mdpr", "--workspace", str(workspace.root)]
    exact = trec.read_run(workspace.run("words", "mdpr", Pair("de", "en")))
    for factory, parameters, system in (
        ("HNSW32", "efSearch=200,efConstruction=200", "mdpr+HNSW32"), ("IVF4,Flat", "nprobe=4", "mdpr+IVF4-Flat"),
    ):
        assert main(["index", "words", "--factory", factory, "--parameters", parameters, *here]) == 0
        assert main(["search", "words", "--factory", factory, "--hits", str(HITS), "--pairs", "de-en", *here]) == 0
        assert_same_ranking(trec.read_run(workspace.run("words", system, Pair("de", "en"))), exact, tolerance=2e-4)


def test_what_is_finished_is_kept(
    workspace: Workspace, cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where neither the Hub nor its cache has the checkpoint any more."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(workspace.root / "nothing"))
    capsys.readouterr()
    assert main(["mdpr", "words", "--hits", str(HITS), "--workspace", str(workspace.root)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 12 and all(line.endswith("\tkept") for line in printed)


def test_mdpr_runs_another_checkpoint_in_the_same_way(
    workspace: Workspace, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever it states: stock Pyserini does not read that. Under the name of another it is refused."""
    e5 = str(snapshot(cache, "intfloat/multilingual-e5-base"))
    assert main(["mdpr", "words", "--model", e5, "--workspace", str(workspace.root)]) == 2
    assert "a model that was made otherwise" in capsys.readouterr().err
    other = Workspace(tmp_path)
    write_dataset(other, "few", parallel_examples(8, LANGUAGES), LANGUAGES)
    assert main(["mdpr", "few", "--model", e5, "--hits", "2", "--pairs", "de-en", "--workspace", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "models" / "mdpr" / "adopt.json").read_text())
    assert record["settings"] == {
        "pooling": "cls", "normalize": False, "query_prompt": "", "document_prompt": "", "max_length": 256,
        "dense_folder": None,
    }


@pytest.mark.parametrize(("words", "message"), [
    (["nothing"], "no data set 'nothing'"),
    (["words", "--model", "castorini/none"], "castorini/none' is no model of this workspace"),
])
def test_what_is_missing_is_one_line(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    write_dataset(Workspace(tmp_path), "words", parallel_examples(8, LANGUAGES), LANGUAGES)
    assert main(["mdpr", *words, "--workspace", str(tmp_path)]) == 2
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 1 and err[0].startswith("hybrid-pyserini mdpr: ") and message in err[0]
    assert not (tmp_path / "models").exists()
