"""CIRAL: some of its own lines, with made-up passages, against ir_datasets' loaders of such files."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from local_file import LocalFile, ir_datasets_formats

from hybrid_pyserini.cli import main
from hybrid_pyserini.data.readers import ciral
from hybrid_pyserini.records import Pair, Passage

QUESTIONS = {  # as published: no line end after the last, blanks at the end of some
    "sw": "5\tWhat is the name of the capital city of Ethiopia?\n6\tWhos is the founder for Microsoft?",
    "so": "39\tWhat is the capital of Mudug? \n5\tWhich man is the fastest 100m runner?",
}
NATIVE = "5\tJina la mji mkuu wa nchi ya Ethiopia ni gani?\n6\tNani Mwanzilishi wa Microsoft?\n"
JUDGED = {
    "sw": [("5", "UN#2974#0", 1), ("5", "VOA#1700#0", 1), ("5", "VOA#6047#4", 0), ("6", "TEKNOLOGIA#1533#4", 1)],
    "so": [("39", "RADIOMUQDISHO#20610#16", 1), ("5", "VOA#1700#0", 1), ("5", "ALLBANAADIR#28#1", 0)],
}
DEEPER = [("39", "RADIOMUQDISHO#20610#16", 1), ("39", "VOA#1700#0", 1), ("5", "VOA#1700#0", 1)]


def qrels(judged: list[tuple[str, str, int]]) -> str:
    return "\n".join(f"{id_}\tQ0\t{docid}\t{relevance}" for id_, docid, relevance in judged)


def written(folder: Path) -> Path:
    """Swahili and Somali, laid out as on Hugging Face, test set A and its pools."""
    for language, long in (("sw", "swahili"), ("so", "somali")):
        files = {
            f"ciral-{long}/topics/topics.ciral-v1.0-{language}-test-a.tsv": QUESTIONS[language],
            f"ciral-{long}/qrels/qrels.ciral-v1.0-{language}-test-a.tsv": qrels(JUDGED[language]),
            f"ciral-{long}/qrels/qrels.ciral-v1.0-{language}-test-a-pools.tsv": qrels(
                DEEPER if language == "so" else JUDGED["sw"]
            ),
            f"passages-v1.0/{long}_passages.jsonl": "".join(
                json.dumps({"docid": docid, "title": f"Title {docid}", "text": f"Text of {language} {docid}\n2",
                            "url": "https:\\/\\/example.org"}) + "\n"
                for docid in dict.fromkeys(docid for _, docid, _ in JUDGED[language])
            ),
        }
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return written(tmp_path / "ciral")


def test_ids_that_languages_share_stay_apart(source: Path) -> None:
    dataset = ciral.read(source, "ciral-test-a", split="test-a")
    assert dataset.topics == {"en": {
        "so:39": "What is the capital of Mudug? ", "so:5": "Which man is the fastest 100m runner?",
        "sw:5": "What is the name of the capital city of Ethiopia?", "sw:6": "Whos is the founder for Microsoft?",
    }}
    assert dataset.qrels["so"] == {
        "so:39": {"so:RADIOMUQDISHO#20610#16": 1}, "so:5": {"so:VOA#1700#0": 1, "so:ALLBANAADIR#28#1": 0},
    }
    assert dataset.pairs == (Pair("en", "so"), Pair("en", "sw")) and not dataset.pool
    assert list(dataset.passages["so"])[1] == Passage(
        "so:VOA#1700#0", "Text of so VOA#1700#0\n2", "Title VOA#1700#0 Text of so VOA#1700#0\n2", "Title VOA#1700#0",
        "so:VOA#1700#0", "so",
    )
    assert dataset.notes["so_passages"] == "3, where 827,552 are published"
    assert dataset.notes["sw_questions_and_judgements"] == "2 and 4, where 85 and 1,656 are published"
    assert dataset.notes["languages_without_passages_left_out"] == "ha, yo"


def test_the_pools_judge_the_same_questions(source: Path) -> None:
    dataset = ciral.read(source, "ciral")
    assert dataset.topics == ciral.read(source, "ciral-test-a", split="test-a").topics
    assert dataset.qrels["so"]["so:39"] == {"so:RADIOMUQDISHO#20610#16": 1, "so:VOA#1700#0": 1}


def test_questions_in_the_passages_language_make_a_monolingual_pair(source: Path) -> None:
    """Flat, as Anserini's tools have them, gzipped passages among them."""
    (source / "topics.ciral-v1.0-sw-test-a-native.tsv").write_text(NATIVE)
    plain = source / "passages-v1.0" / "swahili_passages.jsonl"
    (source / "swahili_passages.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    dataset = ciral.read(source, "ciral")
    assert dataset.pairs == (Pair("en", "so"), Pair("en", "sw"), Pair("sw", "sw"))
    assert dataset.topics["sw"]["sw:6"] == "Nani Mwanzilishi wa Microsoft?"
    assert len(list(dataset.passages["sw"])) == 4
    assert "topics.ciral-v1.0-sw-test-a-native.tsv" in ciral.files(source)


@pytest.mark.parametrize("language", ["sw", "so"])
def test_the_same_as_ir_datasets(source: Path, tmp_path: Path, language: str) -> None:
    """It has no CIRAL, but MIRACL, whose files have this form: the loaders are those that it takes for them."""
    formats = ir_datasets_formats(tmp_path)
    from ir_datasets.datasets.miracl import MiraclDoc
    dataset = ciral.read(source, "ciral-test-a", split="test-a")
    files = ciral.files(source, "test-a")
    long = ciral.LANGUAGES[language]
    found = {name.split("/")[1].split("_")[-1]: LocalFile(path) for name, path in files.items() if long in name}
    queries = {f"{language}:{q.query_id}": q.text for q in formats.TsvQueries(found["topics"]).queries_iter()}
    assert queries == {id_: text for id_, text in dataset.topics["en"].items() if id_.startswith(language)}
    judged = [
        (f"{language}:{each.query_id}", f"{language}:{each.doc_id}", each.relevance)
        for each in formats.TrecQrels(found["qrels"], {}).qrels_iter()
    ]
    assert judged == [
        (id_, docid, relevance) for id_, of_question in dataset.qrels[language].items()
        for docid, relevance in of_question.items()
    ]
    mapping = {"doc_id": "docid", "title": "title", "text": "text"}
    docs = formats.JsonlDocs([found["passages.jsonl"]], doc_cls=MiraclDoc, mapping=mapping)
    assert [(f"{language}:{d.doc_id}", d.title, d.text, d.default_text()) for d in docs._iter()] == [
        (p.id, p.title, p.text, p.contents) for p in dataset.passages[language]
    ]


def test_by_the_command_line(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", "ciral-test-a", "--source", str(source), "--workspace", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "2 language pairs, 0 pools" in out
    assert "ids: prefixed with '<language>:', of questions and passages" in out
    assert (tmp_path / "topics/ciral-test-a/qrels.ciral-test-a.sw.txt").read_text().splitlines() == [
        f"sw:{id_} 0 sw:{docid} {relevance}" for id_, docid, relevance in JUDGED["sw"]
    ]


def test_a_native_question_that_is_not_there_is_counted(source: Path) -> None:
    (source / "topics.ciral-v1.0-sw-test-a-native.tsv").write_text(NATIVE.splitlines()[1])
    dataset = ciral.read(source, "ciral")
    assert dataset.topics["sw"] == {"sw:6": "Nani Mwanzilishi wa Microsoft?"}
    assert dataset.notes["sw_questions_without_a_native_one"] == 1


SOMALI = "ciral-somali/topics/topics.ciral-v1.0-so-test-a.tsv"


@pytest.mark.parametrize(("damage", "where", "found"), [
    (lambda s: (s / SOMALI).unlink(), f"{SOMALI}: ", "no such file; take it from the Hugging Face data set CIRAL"),
    (lambda s: (s / SOMALI).write_text("39\tWhat?\n5 Which?"), f"{SOMALI}:2: ", "expected qid<TAB>query, found 1"),
    (lambda s: (s / "ciral-somali/qrels/qrels.ciral-v1.0-so-test-a-pools.tsv").write_text("39\tQ0\tVOA#1700#0"),
     "ciral-somali/qrels/qrels.ciral-v1.0-so-test-a-pools.tsv:1: ", "expected 'qid 0 docid relevance'"),
    (lambda s: (s / SOMALI).write_text("39\tWhat?"), "ciral-somali/qrels/qrels.ciral-v1.0-so-test-a-pools.tsv:3: ",
     "topics.ciral-v1.0-so-test-a.tsv has no question '5'; take both files from the same place"),
    (lambda s: (s / "topics.ciral-v1.0-sw-test-a-native.tsv").write_text("5\tJina?\n99\tNani?\n"),
     "topics.ciral-v1.0-sw-test-a-native.tsv:2: ", "topics.ciral-v1.0-sw-test-a.tsv has no question '99'"),
    (lambda s: (s / "passages-v1.0/somali_passages.jsonl").write_text('{"docid": "VOA#1700#0", "text": "t"}\n'),
     "ciral-somali/qrels/qrels.ciral-v1.0-so-test-a-pools.tsv:1: ",
     "the corpus has no passage 'RADIOMUQDISHO#20610#16'"),
    (lambda s: (s / "passages-v1.0/somali_passages.jsonl").write_text('{"docid": "a b", "text": ""}\n'),
     "passages-v1.0/somali_passages.jsonl:1: ", "passage id ('docid') 'a b' contains a blank"),
    (lambda s: [path.unlink() for path in (s / "passages-v1.0").iterdir()], ": ",
     "no passages-v1.0/hausa_passages.jsonl, nor that of somali, swahili or yoruba"),
])
def test_what_is_wrong_is_one_line_with_the_place(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: Callable[[Path], object], where: str,
    found: str,
) -> None:
    damage(source)
    assert main(["prepare", "ciral", "--source", str(source), "--workspace", str(tmp_path / "w")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"hybrid-pyserini prepare: {source}/{where}" if where != ": " else
                           f"hybrid-pyserini prepare: {source}: ")
    assert found in line
    assert not list((tmp_path / "w").rglob("*"))
