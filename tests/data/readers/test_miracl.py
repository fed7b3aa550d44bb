"""MIRACL: the real topics and qrels with a generated corpus, evaluated, and what is wrong in files."""

import random
from pathlib import Path

import pytest
from source_files import run_through, write_files

from hybrid_pyserini.cli import main
from hybrid_pyserini.data.readers import miracl
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json, read_jsonl
from hybrid_pyserini.records import Negative, Pair, ParallelExample, Passage
from hybrid_pyserini.trec import Hit, in_order, read_qrels, read_topics, write_run
from hybrid_pyserini.workspace import Workspace

REAL = ("bn", "ko", "sw", "te", "yo")
SW, KO = "miracl-v1.0-sw", "miracl-v1.0-ko"
FILES = {
    f"{SW}/topics/topics.{SW}-dev.tsv": "6\tBandari kubwa nchini Kenya iko wapi?\n8\tJe,mji mkuu Australia ni gani?\n",
    f"{SW}/qrels/qrels.{SW}-dev.tsv": "6\tQ0\t7#0\t1\n6\tQ0\t7#1\t0\n8\tQ0\t9#0\t1\n",
    f"{SW}/topics/topics.{SW}-train.tsv": "1\tNani?\n2\tLini ?\n3\tWapi?\n",
    f"{SW}/qrels/qrels.{SW}-train.tsv": "1\tQ0\t7#1\t1\n1\tQ0\t9#0\t0\n1\tQ0\t7#0\t1\n2\tQ0\t9#0\t0\n",
    f"{SW}/topics/topics.{SW}-test-a.tsv": "91\tNini?\n",
    "miracl-corpus-v1.0-sw/docs-0.jsonl.gz": [
        {"docid": "7#0", "title": "Mombasa", "text": "Bandari\nkubwa."},
        {"docid": "7#1", "title": "", "text": "Mji\u2028wa pwani."},
    ],
    "miracl-corpus-v1.0-sw/docs-1.jsonl.gz": [{"docid": "9#0", "title": "Canberra", "text": ""}],
}
KOREAN = {
    f"{KO}/topics/topics.{KO}-dev.tsv": "8\t룩셈부르크의 수도는 어디인가?\n",
    f"{KO}/qrels/qrels.{KO}-dev.tsv": "8\tQ0\t9#0\t1\n",
    "miracl-corpus-v1.0-ko/docs-0.jsonl.gz": [{"docid": "9#0", "title": "룩셈부르크", "text": "수도는 그 시."}],
}


@pytest.fixture(autouse=True)
def counts(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The reader takes the fixture's counts for the published ones, but for the real files."""
    if "real_miracl" not in request.fixturenames:
        monkeypatch.setattr(miracl, "_COUNTS", {**miracl._COUNTS, "sw": (2, 3, 3), "ko": (1, 1, 9)})


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_files(tmp_path / "source", FILES)


def test_one_language_keeps_its_ids(source: Path) -> None:
    dataset = miracl.read(source, "miracl")
    assert dataset.topics == {
        "sw": {"6": "Bandari kubwa nchini Kenya iko wapi?", "8": "Je,mji mkuu Australia ni gani?"}
    }
    assert list(dataset.passages["sw"]) == [
        Passage("7#0", "Bandari\nkubwa.", "Mombasa Bandari\nkubwa.", "Mombasa", "7#0", "sw"),
        Passage("7#1", "Mji\u2028wa pwani.", "Mji\u2028wa pwani.", "", "7#1", "sw"),
        Passage("9#0", "", "Canberra", "Canberra", "9#0", "sw"),
    ]
    assert dataset.qrels == {"sw": {"6": {"7#0": 1, "7#1": 0}, "8": {"9#0": 1}}}
    assert dataset.pairs == (Pair("sw", "sw"),)
    assert {key: value for key, value in dataset.notes.items() if value} == {
        "splits_not_read_that_have_no_judgements": "test-a",
        "training_questions_without_a_relevant_passage_left_out": 2,
    }
    assert miracl.files(source).keys() == FILES.keys() - {f"{SW}/topics/topics.{SW}-test-a.tsv"}


def test_the_train_split_becomes_examples_with_judged_negatives(source: Path) -> None:
    (examples,) = miracl.read(source, "miracl").training.values()
    negatives = {"sw": (Negative("Canberra", "9#0"),)}
    mombasa, coast = "Mombasa Bandari\nkubwa.", "Mji\u2028wa pwani."
    assert list(examples) == [
        ParallelExample("1", "7#1", {"sw": "Nani?"}, {"sw": coast}, negatives, ("7#0",)),
        ParallelExample("1#2", "7#0", {"sw": "Nani?"}, {"sw": mombasa}, negatives, ("7#1",)),
    ]


def test_ids_that_two_languages_share_are_prefixed_in_all(source: Path) -> None:
    dataset = miracl.read(write_files(source, KOREAN), "miracl")
    assert {language: list(topics) for language, topics in dataset.topics.items()} == {
        "ko": ["ko:8"], "sw": ["sw:6", "sw:8"],
    }
    assert run_through(dataset) == {"ko": ["ko:9#0"], "sw": ["sw:7#0", "sw:7#1", "sw:9#0"]}
    assert dataset.qrels["sw"] == {"sw:6": {"sw:7#0": 1, "sw:7#1": 0}, "sw:8": {"sw:9#0": 1}}
    assert set(dataset.pairs) == {Pair("ko", "ko"), Pair("sw", "sw")}
    assert dataset.notes["ko_passages"] == "1, where 9 are published"
    assert dataset.notes["query_ids"] == dataset.notes["docids"]
    (examples,) = miracl.read(source, "miracl").training.values()
    assert [(example.id, example.group, example.other_groups) for example in examples] == [
        ("1", "sw:7#1", ("sw:7#0",)), ("1#2", "sw:7#0", ("sw:7#1",)),
    ]


def test_languages_without_a_corpus_are_said(source: Path) -> None:
    topics = {name: content for name, content in KOREAN.items() if "corpus" not in name}
    dataset = miracl.read(write_files(source, topics), "miracl")
    assert dataset.languages == ("sw",)
    assert dataset.notes["languages_left_out_for_want_of_a_corpus"] == "ko"


def test_a_flat_folder(tmp_path: Path, source: Path) -> None:
    for name, content in FILES.items():
        write_files(tmp_path / "flat", {Path(name).name: content})
    flat, nested = (miracl.read(each, "miracl") for each in (tmp_path / "flat", source))
    assert (flat.topics, flat.qrels) == (nested.topics, nested.qrels)
    assert list(flat.passages["sw"]) == list(nested.passages["sw"])
    for name, content in KOREAN.items():
        if "corpus" not in name:
            write_files(tmp_path / "flat", {Path(name).name: content})
    with pytest.raises(InputError, match="docs-0.jsonl here may be of any of ko sw"):
        miracl.files(tmp_path / "flat")


CORPUS = "miracl-corpus-v1.0-sw/docs-1.jsonl.gz"


@pytest.mark.parametrize(("name", "content", "line", "found"), [
    (CORPUS, [{"docid": "9#0", "text": "x"}, {"docid": "7#1", "text": "x"}], 2, "passage id '7#1' occurs twice"),
    (CORPUS, [{"id": "9#0", "text": "x"}], 1, "passage id ('docid') is missing or no string (None)"),
    (CORPUS, [{"docid": "9#0", "title": "x"}], 1, "'text' of passage '9#0' is missing or no string (None)"),
    (CORPUS, [{"docid": "9#0", "title": 5, "text": "x"}], 1, "'title' of passage '9#0' is missing or no string (5)"),
    (CORPUS, [{"docid": "9#0", "title": "", "text": " "}], 1, "passage '9#0', which is judged, has neither title nor"),
    (CORPUS, '{"docid": "9#0", "tex', 1, "broken JSON"),
    (CORPUS, b"\x1f\x8b\x08\x00", 1, "the gzip file ends early or is damaged"),
    (f"{SW}/qrels/qrels.{SW}-dev.tsv", "6\tQ0\t7#0\t1\n6\tQ0\t7#2\t0\n8\tQ0\t9#0\t1\n", 2, "no passage '7#2'"),
    (f"{SW}/qrels/qrels.{SW}-dev.tsv", "6\tQ0\t7#0\t1\n5\tQ0\t7#1\t0\n8\tQ0\t9#0\t1\n", 2, "has no query '5'"),
    (f"{SW}/qrels/qrels.{SW}-dev.tsv", "6\tQ0\t7#0\t1\n", None, "1 judgements, where MIRACL's dev split has 3"),
    (f"{SW}/topics/topics.{SW}-dev.tsv", "6\ta\n8\tb\n9\tc\n", None, "3 topics, where MIRACL's dev split has 2"),
    (f"{SW}/topics/topics.{SW}-dev.tsv", "6\tWapi?\n8 Nani?\n", 2, "expected qid<TAB>query"),
    (f"{SW}/qrels/qrels.{SW}-train.tsv", "1\tQ0\t7#9\t1\n", 1, "no passage '7#9'"),
])
def test_what_is_wrong_is_named_with_file_and_line(
    name: str, content: str, line: int | None, found: str, source: Path
) -> None:
    write_files(source, {name: content})
    with pytest.raises(InputError) as raised:
        run_through(miracl.read(source, "miracl"))
    assert (raised.value.path, raised.value.line) == (source / name, line)
    assert found in raised.value.problem


def test_missing_parts_and_files_are_named(source: Path) -> None:
    corpus = source / "miracl-corpus-v1.0-sw"
    (corpus / "docs-1.jsonl.gz").rename(corpus / "docs-2.jsonl.gz")
    with pytest.raises(InputError, match="docs-1.jsonl.gz is missing, though docs-2 is there"):
        miracl.files(source)
    write_files(corpus, {"docs-0.jsonl": ""})
    with pytest.raises(InputError, match="there is docs-0.jsonl as well"):
        miracl.files(source)
    for path in corpus.iterdir():
        path.unlink()
    with pytest.raises(InputError, match="no language has both topics"):
        miracl.files(source)


def test_passages_without_any_text_are_counted(source: Path) -> None:
    write_files(source, {CORPUS: [*FILES[CORPUS], {"docid": "9#1", "title": " ", "text": ""}]})
    dataset = miracl.read(source, "miracl")
    assert run_through(dataset)["sw"] == ["7#0", "7#1", "9#0"]
    assert dataset.notes["sw_passages_without_title_and_text_left_out"] == 1


def test_a_passage_judged_in_training_alone_that_has_no_text_is_named(source: Path) -> None:
    write_files(source, {
        CORPUS: [*FILES[CORPUS], {"docid": "9#1", "title": " ", "text": ""}],
        f"{SW}/qrels/qrels.{SW}-train.tsv": "1\tQ0\t7#1\t1\n1\tQ0\t9#1\t0\n",
    })
    with pytest.raises(InputError, match="passage '9#1', which is judged, has neither title nor text") as raised:
        run_through(miracl.read(source, "miracl"))
    assert (raised.value.path, raised.value.line) == (source / CORPUS, 2)


def test_ir_datasets_reads_the_same(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IR_DATASETS_HOME", str(tmp_path))
    pytest.importorskip("ir_datasets", reason="ir_datasets, the independent loader, is not installed")
    from ir_datasets.datasets.miracl import MiraclDoc
    from ir_datasets.formats import JsonlDocs, TrecQrels, TsvQueries
    from ir_datasets.util import GzipExtract, LocalDownload

    local = {name: LocalDownload(path) for name, path in miracl.files(source).items()}
    docs = JsonlDocs(
        [GzipExtract(local[f"miracl-corpus-v1.0-sw/docs-{part}.jsonl.gz"]) for part in (0, 1)], doc_cls=MiraclDoc,
        mapping={"doc_id": "docid", "title": "title", "text": "text"}, docstore_path=tmp_path / "docs",
    )
    queries = TsvQueries(local[f"{SW}/topics/topics.{SW}-dev.tsv"], lang="sw")
    qrels = TrecQrels(local[f"{SW}/qrels/qrels.{SW}-dev.tsv"], {})
    dataset = miracl.read(source, "miracl")
    assert {(p.id, p.title, p.text) for p in dataset.passages["sw"]} == {tuple(doc) for doc in docs._iter()}
    assert dataset.topics["sw"] == {query.query_id: query.text for query in queries.queries_iter()}
    assert {(q, d, r) for q, judged in dataset.qrels["sw"].items() for d, r in judged.items()} == {
        (each.query_id, each.doc_id, each.relevance) for each in qrels.qrels_iter()
    }


def rows(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n") if line]


def test_the_real_topics_and_qrels_are_scored_as_by_trec_eval(real_miracl: Path, tmp_path: Path) -> None:
    """Judged passages and others, in parts; runs by hand on the publisher's ids, with unanswered questions."""
    import pytrec_eval

    draw = random.Random(7)
    source, workspace = tmp_path / "source", Workspace(tmp_path / "w")
    judged = {language: rows(real_miracl / f"qrels.miracl-v1.0-{language}-dev.tsv") for language in REAL}
    asked = {language: rows(real_miracl / f"topics.miracl-v1.0-{language}-dev.tsv") for language in REAL}
    docids = {}
    for language in REAL:
        folder = f"miracl-v1.0-{language}"
        for kind in ("topics", "qrels"):
            path = real_miracl / f"{kind}.{folder}-dev.tsv"
            write_files(source, {f"{folder}/{kind}/{path.name}": path.read_bytes()})
        others = {f"{number}#{number % 3}" for number in range(10**8, 10**8 + 500)}
        docids[language] = sorted({row[2] for row in judged[language]} | others)
        passages = [{"docid": d, "title": f"Title {d}", "text": f"Text of {d}."} for d in docids[language]]
        draw.shuffle(passages)
        corpus = f"miracl-corpus-v1.0-{language}"
        write_files(source, {f"{corpus}/docs-0.jsonl.gz": passages[::2], f"{corpus}/docs-1.jsonl.gz": passages[1::2]})
    assert main(["prepare", "miracl", "--source", str(source), "--workspace", str(workspace.root)]) == 0

    expected = {}
    for language in REAL:
        prefix = f"{language}:"
        collection = [row["id"] for _, row in read_jsonl(workspace.collection("miracl", language))]
        assert sorted(collection) == [f"{prefix}{docid}" for docid in docids[language]]
        topics = read_topics(workspace.topics("miracl", language))
        assert list(topics.items()) == [(f"{prefix}{q}", " ".join(text.split())) for q, text in asked[language]]
        written = read_qrels(workspace.qrels("miracl", language))
        assert [(q, docid, relevance) for q, of in written.items() for docid, relevance in of.items()] == [
            (f"{prefix}{q}", f"{prefix}{docid}", int(relevance)) for q, _, docid, relevance in judged[language]
        ]
        qrels: dict[str, dict[str, int]] = {}
        for query, _, docid, relevance in judged[language]:
            qrels.setdefault(query, {})[docid] = int(relevance)
        run = {
            query: {docid: draw.choice([draw.random(), 0.5]) for docid in
                    {*draw.sample(docids[language], 120), *draw.sample(sorted(of), draw.randint(0, len(of)))}}
            for query, of in list(qrels.items())[3:]
        }
        write_run(
            workspace.run("miracl", "hand", Pair(language, language)),
            ((f"{prefix}{query}", in_order(Hit(f"{prefix}{d}", score) for d, score in hits.items()))
             for query, hits in run.items()), "hand",
        )
        figures = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut_10", "recall_100"}).evaluate(run)
        scored = [query for query, of in qrels.items() if max(of.values()) >= 1]
        expected[language] = {
            name: sum(figures[query][measure] for query in scored if query in figures) / len(scored)
            for name, measure in (("nDCG@10", "ndcg_cut_10"), ("R@100", "recall_100"))
        }
    assert main(["evaluate", "miracl", "--model", "hand", "--workspace", str(workspace.root)]) == 0
    pairs = read_json(workspace.evaluation("miracl", "hand"))["pairs"]
    for language in REAL:
        for measure, value in expected[language].items():
            assert pairs[f"{language}-{language}"][measure] == pytest.approx(value, abs=1e-9), (language, measure)
            assert 0 < value < 1
