"""Mr. TyDi in both published forms, against each other and against independent loaders."""

from pathlib import Path
from typing import Any

import pytest
from source_files import run_through, write_files

from hybrid_pyserini.cli import main
from hybrid_pyserini.data.readers import mr_tydi
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.records import Negative, Pair, ParallelExample, Passage

SW, TE = "mrtydi-v1.1-swahili", "mrtydi-v1.1-telugu"
CORPUS = [
    {"docid": "7#0", "title": "Mombasa", "text": "Bandari kubwa."},
    {"docid": "7#1", "title": "Mombasa", "text": "Pwani."},
    {"docid": "9#0", "title": "Nairobi", "text": "Mji mkuu."},
]


def row(query_id: str, query: str, positives: list[str], negatives: list[str] | None = None) -> dict[str, Any]:
    """A row as the hub has it: in dev and test, passages are docids alone, and there are no negatives."""
    texts = {each["docid"]: each for each in CORPUS}
    found = {"query_id": query_id, "query": query}
    if negatives is None:
        empty = {"title": "", "text": ""}
        return found | {"positive_passages": [{"docid": d, **empty} for d in positives], "negative_passages": []}
    return found | {
        "positive_passages": [texts[d] for d in positives], "negative_passages": [texts[d] for d in negatives],
    }


HUB = {
    f"mr-tydi/{SW}/test.jsonl.gz": [row("0", "Bandari iko wapi?", ["7#0", "7#1"]), row("3", "Mji  mkuu?", ["9#0"])],
    f"mr-tydi/{SW}/ir-format-data/topics.test.txt": "0\tBandari iko wapi?\n3\tMji  mkuu?\n",
    f"mr-tydi/{SW}/ir-format-data/qrels.test.txt": "0\tQ0\t7#0\t1\n0\tQ0\t7#1\t1\n3\tQ0\t9#0\t1\n",
    f"mr-tydi/{SW}/dev.jsonl.gz": [row("5", "Nini?", ["9#0"])],
    f"mr-tydi/{SW}/train.jsonl.gz": [
        row("1", "Nani ?", ["7#1", "7#0"], ["9#0", "7#0"]), row("2", "Lini?", [], ["9#0"]),
        row("4", "Wapi?", ["9#0"], []),
    ],
    f"mr-tydi-corpus/{SW}/corpus.jsonl.gz": CORPUS,
}
ARCHIVE = {
    f"{SW}/topic.test.tsv": HUB[f"mr-tydi/{SW}/ir-format-data/topics.test.txt"],
    f"{SW}/qrels.test.txt": HUB[f"mr-tydi/{SW}/ir-format-data/qrels.test.txt"],
    f"{SW}/topic.dev.tsv": "5\tNini?\n", f"{SW}/qrels.dev.txt": "5 Q0 9#0 1\n",
    f"{SW}/topic.train.tsv": "1\tNani ?\n4\tWapi?\n",
    f"{SW}/qrels.train.txt": "1\tQ0\t7#1\t1\n1\tQ0\t7#0\t1\n4\tQ0\t9#0\t1\n",
    f"{SW}/collection/docs.jsonl.gz": [{"id": each["docid"], "contents": each["text"]} for each in CORPUS],
}


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    return write_files(tmp_path / "hub", HUB)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write_files(tmp_path / "archive", ARCHIVE)


def test_the_hubs_form(hub: Path) -> None:
    dataset = mr_tydi.read(hub, "mr-tydi")
    assert dataset.topics == {"sw": {"0": "Bandari iko wapi?", "3": "Mji  mkuu?"}}
    assert dataset.qrels == {"sw": {"0": {"7#0": 1, "7#1": 1}, "3": {"9#0": 1}}}
    assert next(iter(dataset.passages["sw"])) == Passage(
        "7#0", "Bandari kubwa.", "Mombasa Bandari kubwa.", "Mombasa", "7#0", "sw"
    )
    assert dataset.pairs == (Pair("sw", "sw"),)
    assert {key: value for key, value in dataset.notes.items() if value} == {
        "sw_test_topics": "2, where 670 are published", "training_questions_without_a_relevant_passage_left_out": 1,
    }


def test_rows_alone_say_what_topics_and_qrels_say(hub: Path) -> None:
    both = mr_tydi.read(hub, "mr-tydi")
    for path in (hub / f"mr-tydi/{SW}/ir-format-data").iterdir():
        path.unlink()
    rows = mr_tydi.read(hub, "mr-tydi")
    assert (rows.topics, rows.qrels) == (both.topics, both.qrels)
    assert f"mr-tydi/{SW}/test.jsonl.gz" in mr_tydi.files(hub)
    assert mr_tydi.read(hub, "mr-tydi-dev", "dev").topics == {"sw": {"5": "Nini?"}}


def test_examples_of_the_hubs_rows(hub: Path) -> None:
    (examples,) = mr_tydi.read(hub, "mr-tydi").training.values()
    port, coast, city = "Mombasa Bandari kubwa.", "Mombasa Pwani.", "Nairobi Mji mkuu."
    negatives = {"sw": (Negative(city, "9#0"), Negative(port, "7#0"))}  # of the second, the loss knows the group
    assert list(examples) == [
        ParallelExample("1", "7#1", {"sw": "Nani ?"}, {"sw": coast}, negatives, ("7#0",)),
        ParallelExample("1#2", "7#0", {"sw": "Nani ?"}, {"sw": port}, negatives, ("7#1",)),
        ParallelExample("4", "9#0", {"sw": "Wapi?"}, {"sw": city}),
    ]


def test_the_archives_form(archive: Path, hub: Path) -> None:
    ours, theirs = mr_tydi.read(archive, "mr-tydi"), mr_tydi.read(hub, "mr-tydi")
    assert (ours.topics, ours.qrels, ours.pairs) == (theirs.topics, theirs.qrels, theirs.pairs)
    assert [(p.id, p.contents, p.title) for p in ours.passages["sw"]] == [
        (each["docid"], each["text"], "") for each in CORPUS
    ]
    (examples,) = ours.training.values()
    assert [(e.id, e.group, e.positives["sw"], e.negatives) for e in examples] == [
        ("1", "7#1", "Pwani.", {}), ("1#2", "7#0", "Bandari kubwa.", {}), ("4", "9#0", "Mji mkuu.", {}),
    ]
    dev = mr_tydi.read(archive, "mr-tydi-dev", "dev")
    assert (dev.topics, dev.training) == ({"sw": {"5": "Nini?"}}, {})


def test_ids_of_two_languages_are_told_apart(hub: Path) -> None:
    write_files(hub, {
        f"mr-tydi/{TE}/test.jsonl.gz": [row("0", "ఏమిటి?", ["7#0"])],
        f"mr-tydi/{TE}/train.jsonl.gz": [row("1", "ఎవరు?", ["7#0"], [])],
        f"mr-tydi-corpus/{TE}/corpus.jsonl.gz": CORPUS[:1],
        "mr-tydi/mrtydi-v1.1-thai/test.jsonl.gz": [row("0", "อะไร", ["7#0"])],
    })
    dataset = mr_tydi.read(hub, "mr-tydi")
    assert dataset.topics["te"] == {"te:0": "ఏమిటి?"}
    assert run_through(dataset) == {"sw": ["sw:7#0", "sw:7#1", "sw:9#0"], "te": ["te:7#0"]}
    (examples,) = mr_tydi.read(hub, "mr-tydi").training.values()
    assert [(example.id, example.group) for example in examples] == [
        ("sw:1", "sw:7#1"), ("sw:1#2", "sw:7#0"), ("sw:4", "sw:9#0"), ("te:1", "te:7#0"),
    ]
    assert dataset.notes["languages_left_out_for_want_of_a_corpus_or_test_questions"] == "th"


@pytest.mark.parametrize(("name", "content", "line", "found"), [
    ("test.jsonl.gz", [row("0", "a", ["7#0"]), {"query": "b"}], 2, "'query_id' is missing or no string (None)"),
    ("test.jsonl.gz", [row("0", "a", ["7#0"])] * 2, 2, "query id '0' occurs twice"),
    ("test.jsonl.gz", [row("0", " ", ["7#0"])], 1, "'query' of '0' is empty"),
    ("test.jsonl.gz", [{"query_id": "0", "query": "a", "positive_passages": "7#0"}], 1, "'positive_passages' is"),
    ("test.jsonl.gz", [row("0", "a", ["7#0"]), row("1", "b", ["8#0"])], 2, "the corpus has no passage '8#0'"),
    ("test.jsonl.gz", '{"query_id": "0", "query": "a", "positive_passages": [{"docid": "8\\/8#0"}]}\n', None,
     "the corpus has no passage '8/8#0'"),
    ("test.jsonl.gz", b"\x1f\x8b\x08\x00", 1, "the gzip file ends early"),
    ("test.jsonl.gz", "", None, "no questions in the file"),
    ("train.jsonl.gz", [row("1", "a", ["7#0"], []) | {"negative_passages": None}], 1, "'negative_passages' is missing"),
    ("train.jsonl.gz", [row("1", "a", ["7#0"]) | {"negative_passages": []}], 1, "passage '7#0' is empty"),
    ("corpus.jsonl.gz", [*CORPUS, CORPUS[1]], 4, "passage id '7#1' occurs twice"),
])
def test_what_is_wrong_is_named_with_file_and_line(
    name: str, content: Any, line: int | None, found: str, tmp_path: Path
) -> None:
    files = {Path(path).name: rows for path, rows in HUB.items() if "ir-format" not in path and "dev" not in path}
    write_files(tmp_path / SW, files | {name: content})
    with pytest.raises(InputError) as raised:
        run_through(mr_tydi.read(tmp_path, "mr-tydi"))
    assert (raised.value.path, raised.value.line) == (tmp_path / SW / name, line)
    assert found in raised.value.problem


def test_qrels_are_missed_by_name(archive: Path) -> None:
    (archive / f"{SW}/qrels.test.txt").unlink()
    with pytest.raises(InputError, match=r"there is topic.test.tsv, but not this file") as raised:
        mr_tydi.files(archive)
    assert raised.value.path == archive / f"{SW}/qrels.test.txt"
    with pytest.raises(InputError, match="no language has both"):
        mr_tydi.files(archive / SW)


def test_prepared_by_the_command(hub: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("mr-tydi", "mr-tydi-dev"):
        assert main(["prepare", name, "--source", str(hub), "--workspace", str(tmp_path)]) == 0, capsys.readouterr().err
    out = capsys.readouterr().out
    assert "training source mr-tydi-train: 3 examples" in out
    assert "training questions without a relevant passage left out: 1" in out
    info = read_json(tmp_path / "topics/mr-tydi/dataset.json")
    assert info["counts"] == {"sw": {"topics": 2, "passages": 3, "judgements": 3}}
    assert main(["examples", "mr-tydi-train", "--workspace", str(tmp_path)]) == 0


def test_independent_loaders_read_the_same(
    hub: Path, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``datasets`` reads the hub's files as users load them; ir_datasets reads the archives."""
    from datasets import load_dataset

    def loaded(path: str) -> Any:
        return load_dataset("json", data_files=str(hub / path), split="train", cache_dir=str(tmp_path / "cache"))

    dataset = mr_tydi.read(hub, "mr-tydi")
    asked = loaded(f"mr-tydi/{SW}/test.jsonl.gz")
    assert dataset.topics["sw"] == {each["query_id"]: each["query"] for each in asked}
    assert dataset.qrels["sw"] == {
        each["query_id"]: {passage["docid"]: 1 for passage in each["positive_passages"]} for each in asked
    }
    assert [{"docid": p.id, "title": p.title, "text": p.text} for p in dataset.passages["sw"]] == list(
        loaded(f"mr-tydi-corpus/{SW}/corpus.jsonl.gz")
    )
    monkeypatch.setenv("IR_DATASETS_HOME", str(tmp_path))
    pytest.importorskip("ir_datasets", reason="ir_datasets, the independent loader, is not installed")
    from ir_datasets.formats import GenericDoc, JsonlDocs, TrecQrels, TsvQueries
    from ir_datasets.util import GzipExtract, LocalDownload

    dataset = mr_tydi.read(archive, "mr-tydi")
    local = {name: LocalDownload(path) for name, path in mr_tydi.files(archive).items()}
    queries, qrels = TsvQueries(local[f"{SW}/topic.test.tsv"]), TrecQrels(local[f"{SW}/qrels.test.txt"], {})
    docs = JsonlDocs(GzipExtract(local[f"{SW}/collection/docs.jsonl.gz"]), GenericDoc,
                     mapping={"doc_id": "id", "text": "contents"}, docstore_path=tmp_path / "docs")
    assert dataset.topics["sw"] == {each.query_id: each.text for each in queries.queries_iter()}
    assert {(q, d, r) for q, judged in dataset.qrels["sw"].items() for d, r in judged.items()} == {
        (each.query_id, each.doc_id, each.relevance) for each in qrels.qrels_iter()
    }
    assert [(p.id, p.text) for p in dataset.passages["sw"]] == [tuple(doc) for doc in docs._iter()]
