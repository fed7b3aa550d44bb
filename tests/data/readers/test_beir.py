"""Folders in BEIR's form: tricky ids and texts, graded and negative relevance, and what is wrong in files."""

import random
from pathlib import Path
from typing import Any

import pytest
from source_files import run_through, write_files

from hybrid_pyserini.cli import main
from hybrid_pyserini.data.readers import beir
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json, read_jsonl
from hybrid_pyserini.records import Negative, Pair, ParallelExample, Passage
from hybrid_pyserini.trec import Hit, in_order, read_qrels, write_run
from hybrid_pyserini.workspace import Workspace

HEADER = "query-id\tcorpus-id\tscore\n"
FILES = {
    "corpus.jsonl": [
        {"_id": "4983", "title": "Tea", "text": "Tea is green.", "metadata": {"url": "x"}},
        {"_id": "<dbpedia:Grüner_Tee>", "title": "", "text": "A\tsecond\u2028line.\nA third."},
        {"_id": "MED-10", "text": "No title."},
        {"_id": "٤٢", "title": "Only a title", "text": ""},
    ],
    "queries.jsonl": [
        {"_id": "0", "text": "Which colour?", "metadata": {}}, {"_id": "PLAIN-1", "text": "Trained on"},
        {"_id": "INEX_LD-20120112", "text": "Graded?"}, {"_id": "9", "text": "Of no split"},
    ],
    "qrels/test.tsv": f"{HEADER}0\t4983\t1\nINEX_LD-20120112\t٤٢\t2\nINEX_LD-20120112\tMED-10\t-2\n0\tMED-10\t0\n",
    "qrels/dev.tsv": f"{HEADER}0\t4983\t1\n",
    "qrels/train.tsv": f"{HEADER}PLAIN-1\tMED-10\t1\nPLAIN-1\t4983\t0\n",
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_files(tmp_path / "source", FILES)


def test_an_english_folder(source: Path) -> None:
    dataset = beir.read(source, "scifact")
    assert dataset.topics == {"en": {"0": "Which colour?", "INEX_LD-20120112": "Graded?"}}
    assert dataset.qrels == {"en": {"0": {"4983": 1, "MED-10": 0}, "INEX_LD-20120112": {"٤٢": 2, "MED-10": -2}}}
    third = "<dbpedia:Grüner_Tee>"
    assert list(dataset.passages["en"]) == [
        Passage("4983", "Tea is green.", "Tea Tea is green.", "Tea", "4983", "en"),
        Passage(third, "A\tsecond\u2028line.\nA third.", "A\tsecond\u2028line.\nA third.", "", third, "en"),
        Passage("MED-10", "No title.", "No title.", "", "MED-10", "en"),
        Passage("٤٢", "", "Only a title", "Only a title", "٤٢", "en"),
    ]
    assert dataset.pairs == (Pair("en", "en"),)
    assert {key: value for key, value in dataset.notes.items() if value} == {
        "en_split": "test", "en_splits_not_read": "dev", "en_queries_of_other_splits_left_out": 1,
    }
    assert list(dataset.training["scifact-train"]) == [ParallelExample(
        "PLAIN-1", "MED-10", {"en": "Trained on"}, {"en": "No title."}, {"en": (Negative("Tea Tea is green.", "4983"),)}
    )]
    assert beir.files(source).keys() == FILES.keys() - {"qrels/dev.tsv"}


def test_folders_by_language(tmp_path: Path) -> None:
    for language in ("de", "zh_Hans"):
        write_files(tmp_path / language, {name: FILES[name] for name in FILES if name != "qrels/test.tsv"})
    dataset = beir.read(tmp_path, "tea")
    assert set(dataset.pairs) == {Pair("de", "de"), Pair("zh_Hans", "zh_Hans")}
    assert run_through(dataset)["zh_Hans"][:2] == ["zh_Hans:4983", "zh_Hans:<dbpedia:Grüner_Tee>"]
    assert dataset.qrels["de"] == {"de:0": {"de:4983": 1}}
    assert (dataset.notes["de_split"], dataset.notes["query_ids"]) == ("dev", dataset.notes["docids"])
    assert [e.id for e in beir.read(tmp_path, "tea").training["tea-train"]] == ["de:PLAIN-1", "zh_Hans:PLAIN-1"]
    (tmp_path / "de/corpus.jsonl").rename(tmp_path / "corpus")
    with pytest.raises(InputError, match="no corpus.jsonl or corpus.jsonl.gz here") as raised:
        beir.files(tmp_path)
    assert raised.value.path == tmp_path / "de"
    (tmp_path / "corpus").rename(tmp_path / "de/corpus.jsonl")
    (tmp_path / "zh_Hans").rename(tmp_path / "android")
    with pytest.raises(InputError, match="'android' is no language code"):
        beir.files(tmp_path)


def test_gzip_bom_crlf_and_the_only_split(tmp_path: Path) -> None:
    write_files(tmp_path, {f"{name}.gz": FILES[name] for name in ("corpus.jsonl", "queries.jsonl")})
    windows = "\ufeff" + FILES["qrels/test.tsv"].replace("\n", "\r\n")
    write_files(tmp_path, {"qrels/validation.tsv": windows})
    dataset = beir.read(tmp_path, "x")
    assert dataset.qrels["en"]["INEX_LD-20120112"] == {"٤٢": 2, "MED-10": -2}
    assert (dataset.notes["en_split"], dataset.training) == ("validation", {})
    write_files(tmp_path, {"qrels/other.tsv": f"{HEADER}0\t4983\t1\n"})
    with pytest.raises(InputError, match="neither test.tsv nor dev.tsv, but other.tsv, validation.tsv"):
        beir.files(tmp_path)


def test_judgements_said_twice_are_counted(source: Path) -> None:
    write_files(source, {"qrels/test.tsv": f"{HEADER}0\t4983\t1\n0\t4983\t1\n\n"})
    dataset = beir.read(source, "x")
    assert dataset.qrels == {"en": {"0": {"4983": 1}}}
    assert dataset.notes["test_judgements_repeated_word_by_word"] == 1


@pytest.mark.parametrize(("name", "content", "line", "found"), [
    ("corpus.jsonl", [*FILES["corpus.jsonl"], FILES["corpus.jsonl"][0]], 5, "passage id '4983' occurs twice"),
    ("corpus.jsonl", [{"_id": 4983, "text": "x"}], 1, "passage id ('_id') is missing or no string (4983)"),
    ("corpus.jsonl", [{"_id": "a b", "text": "x"}], 1, "'a b' contains a blank"),
    ("corpus.jsonl", [{"_id": "4983", "text": None}], 1, "'text' of passage '4983' is missing or no string"),
    ("corpus.jsonl", '{"_id": "4983", "text": "\\ud83d"}\n', 1, "half a character"),
    ("corpus.jsonl", b'{"_id": "4983", "text": "\xff"}\n', 1, "not UTF-8"),
    ("queries.jsonl", [*FILES["queries.jsonl"][:1]] * 2, 2, "query id '0' occurs twice"),
    ("queries.jsonl", [{"_id": "0", "query": "x"}], 1, "'text' of query '0' is missing"),
    ("qrels/test.tsv", "0\t4983\t1\n", 1, "expected the header 'query-id\\tcorpus-id\\tscore'"),
    ("qrels/test.tsv", f"{HEADER}0\t4983\n", 2, "expected query-id<TAB>corpus-id<TAB>score"),
    ("qrels/test.tsv", f"{HEADER}0\t4983\t1.0\n", 2, "with a whole number last"),
    ("qrels/test.tsv", f"{HEADER}0\t4983\t1\n0\t4983\t2\n", 3, "judges passage '4983' 2 here and 1 before"),
    ("qrels/test.tsv", f"{HEADER}0\t4983\t1\n0\t4984\t0\n", 3, "the corpus has no passage '4984'"),
    ("qrels/test.tsv", f"{HEADER}0\t4983\t1\n7\t4983\t0\n", 3, "queries.jsonl has no query '7'"),
    ("qrels/test.tsv", f"{HEADER}0\t4983\t0\n", None, "no en question has a relevant passage"),
    ("qrels/test.tsv", HEADER, None, "no judgements in the file"),
    ("qrels/test.tsv", f"{HEADER}0\t4983\t1\n0\tMED-10 \t1\n", 3, "corpus-id 'MED-10 ' contains a blank"),
    ("qrels/test.tsv", f"{HEADER}0\t\t1\n", 2, "corpus-id is missing"),
    ("qrels/test.tsv", f"{HEADER}0\u2028\t4983\t1\n", 2, "query-id '0\\u2028' contains a blank"),
])
def test_what_is_wrong_is_named_with_file_and_line(
    name: str, content: Any, line: int | None, found: str, source: Path
) -> None:
    write_files(source, {name: content})
    with pytest.raises(InputError) as raised:
        run_through(beir.read(source, "x"))
    assert (raised.value.path, raised.value.line) == (source / name, line)
    assert found in raised.value.problem


def test_missing_files_are_named(source: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no corpus.jsonl or corpus.jsonl.gz here"):
        beir.files(tmp_path / "source" / "qrels")
    write_files(source, {"queries.jsonl.gz": []})
    with pytest.raises(InputError, match="there is queries.jsonl as well"):
        beir.files(source)
    (source / "queries.jsonl").unlink()
    (source / "queries.jsonl.gz").unlink()
    with pytest.raises(InputError, match="no queries.jsonl or queries.jsonl.gz here"):
        beir.files(source)


def test_independent_loader_reads_the_same(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IR_DATASETS_HOME", str(tmp_path))
    pytest.importorskip("ir_datasets", reason="ir_datasets, the independent loader, is not installed")
    from ir_datasets.datasets.beir import BeirDocs, BeirQrels, BeirQueries, BeirTitleDoc
    from ir_datasets.formats import GenericQuery
    from ir_datasets.util import LocalDownload

    with_titles = [{"title": ""} | row for row in FILES["corpus.jsonl"]]  # it wants every field
    write_files(source, {"corpus.jsonl": with_titles})
    dataset = beir.read(source, "x")
    local = {name: LocalDownload(path) for name, path in beir.files(source).items()}
    assert [(p.id, p.text, p.title) for p in dataset.passages["en"]] == [
        tuple(doc) for doc in BeirDocs("x", local["corpus.jsonl"], BeirTitleDoc)._docs_iter()
    ]
    assert {(q, d, r) for q, judged in dataset.qrels["en"].items() for d, r in judged.items()} == {
        (each.query_id, each.doc_id, each.relevance) for each in BeirQrels(local["qrels/test.tsv"], {}).qrels_iter()
    }
    queries = BeirQueries("x", local["queries.jsonl"], GenericQuery).queries_iter()
    assert dataset.topics["en"].items() <= {each.query_id: each.text for each in queries}.items()


def test_graded_and_negative_relevance_is_scored_as_by_trec_eval(tmp_path: Path) -> None:
    import pytrec_eval

    draw, workspace = random.Random(5), Workspace(tmp_path / "w")
    docids = [f"doc-{number}" for number in range(300)]
    qrels = {f"q{n}": {d: draw.choice([-2, -1, 0, 1, 2, 3]) for d in draw.sample(docids, 15)} for n in range(20)}
    qrels["q0"] = dict.fromkeys(docids[:5], -1)  # nothing relevant: not scored
    write_files(tmp_path / "source", {
        "corpus.jsonl": [{"_id": d, "title": d, "text": "."} for d in docids],
        "queries.jsonl": [{"_id": q, "text": f"{q}?"} for q in qrels],
        "qrels/test.tsv": HEADER + "".join(f"{q}\t{d}\t{r}\n" for q, of in qrels.items() for d, r in of.items()),
    })
    arguments = ["--name", "graded", "--source", str(tmp_path / "source"), "--workspace", str(workspace.root)]
    assert main(["prepare", "beir", *arguments]) == 0
    assert read_qrels(workspace.qrels("graded", "en")) == qrels
    assert [row["id"] for _, row in read_jsonl(workspace.collection("graded", "en"))] == docids
    run = {q: {d: draw.choice([.5, draw.random()]) for d in draw.sample(docids, 150)} for q in list(qrels)[:18]}
    hits = ((q, in_order(Hit(d, score) for d, score in of.items())) for q, of in run.items())
    write_run(workspace.run("graded", "hand", Pair("en", "en")), hits, "hand")
    assert main(["evaluate", "graded", "--model", "hand", "--workspace", str(workspace.root)]) == 0
    figures = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut_10", "recall_100"}).evaluate(run)
    scored = [q for q, of in qrels.items() if max(of.values()) >= 1]
    pair = read_json(workspace.evaluation("graded", "hand"))["pairs"]["en-en"]
    for name, measure in (("nDCG@10", "ndcg_cut_10"), ("R@100", "recall_100")):
        value = sum(figures[q][measure] for q in scored if q in figures) / len(scored)
        assert pair[name] == pytest.approx(value, abs=1e-9) and 0 < value < 1
