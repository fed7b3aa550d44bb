"""HC4: a small folder in its form, against ir_datasets' loaders of the same files; and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from clir_files import DOCUMENTS, ENGLISH, JUDGED, NATIVE, write_hc4, write_lines
from local_file import LocalFile, ir_datasets_formats

from hybrid_pyserini.cli import main
from hybrid_pyserini.data.readers import hc4
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair, Passage

LANGUAGES = {"zh": "zho", "fa": "fas", "ru": "rus"}


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    counts = {language: len(JUDGED[lang]) for language, lang in LANGUAGES.items()}
    monkeypatch.setattr(hc4, "JUDGEMENTS", dict.fromkeys(("test", "dev"), counts))
    monkeypatch.setattr(hc4, "DOCUMENTS", {language: len(DOCUMENTS[lang]) for language, lang in LANGUAGES.items()})
    return write_hc4(tmp_path / "hc4")


def test_english_to_each_language_and_each_to_itself(source: Path) -> None:
    dataset = hc4.read(source, "hc4")
    assert dataset.pairs == (
        *(Pair("en", language) for language in LANGUAGES), *(Pair(language, language) for language in LANGUAGES)
    )
    assert dataset.topics["en"] == {id_: " ".join(ENGLISH[id_]) for id_ in ("1001", "1002")}
    assert dataset.topics["zh"] == {id_: " ".join(texts) for id_, texts in NATIVE["zho"].items()}
    assert dataset.qrels["zh"] == {"1001": {"0d8a-1": 3, "0d8a-2": 0}, "1002": {"0d8a-2": 1}}
    zh = list(dataset.passages["zh"])
    text = "在北方。\n\u2028第二行\t表"
    assert zh == [
        Passage("0d8a-1", text, f"玻璃河 {text}", "玻璃河", "0d8a-1", "zh"),
        Passage("0d8a-2", "渡轮", "渡轮", "", "0d8a-2", "zh"),
    ]
    assert dataset.notes == {
        "query": "title and description", "topics_without_judgements_dropped": 1,
        "judged_topics_without_a_human_translation": 0, "machine_translations_of_topics_not_read": 9,
        "languages_without_a_collection_left_out": "", "zh_passages_without_title_and_text_left_out": 1,
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_as_ir_datasets(source: Path, tmp_path: Path, language: str) -> None:
    formats = ir_datasets_formats(tmp_path)
    lang = LANGUAGES[language]
    queries = formats.ExctractedCCQueries(LocalFile(source / "test.topics.v1-0.jsonl"), subset_lang=language)
    theirs = {query.query_id: query for query in queries.queries_iter()}
    read = {fields: hc4.read(source, "hc4", fields=fields) for fields in (("title",), ("description",))}
    title, description = read.values()
    ours = {id_: (title.topics["en"][id_], description.topics["en"][id_]) for id_ in title.topics[language]}
    assert ours == {id_: (query.title, query.description) for id_, query in theirs.items()}
    assert title.topics[language] == {id_: query.ht_title for id_, query in theirs.items()}
    assert description.topics[language] == {id_: query.ht_description for id_, query in theirs.items()}
    qrels = formats.TrecQrels(LocalFile(source / lang / "test.qrels.v1-0.txt"), {})
    assert {(each.query_id, each.doc_id, each.relevance) for each in qrels.qrels_iter()} == {
        (id_, docid, grade) for id_, judged in title.qrels[language].items() for docid, grade in judged.items()
    }
    docs = formats.ExctractedCCDocs(LocalFile(source / lang / "hc4_docs.jsonl"))._internal_docs_iter()
    texts = {doc.doc_id: (doc.title, doc.text, doc.default_text().strip()) for doc in docs}
    assert {p.id: (p.title, p.text, p.contents) for p in title.passages[language]} == {
        docid: each for docid, each in texts.items() if each[2]
    }


def test_by_the_command_line(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Graded judgements are written unchanged, each choice of queries is a data set, one language will do."""
    (source / "rus" / "hc4_docs.jsonl").unlink()
    workspace = tmp_path / "w"
    for name in ("hc4", "hc4-title", "hc4-dev-description"):
        assert main(["prepare", name, "--source", str(source), "--workspace", str(workspace)]) == 0
        assert "languages without a collection left out: ru" in capsys.readouterr().out
    assert (workspace / "topics/hc4/qrels.hc4.zh.txt").read_text() == (
        "1001 0 0d8a-1 3\n1001 0 0d8a-2 0\n1002 0 0d8a-2 1\n"
    )
    assert (workspace / "topics/hc4-title/topics.hc4-title.fa.tsv").read_text() == "1001\tرود شیشه‌ای\n"
    asked = (workspace / "topics/hc4-dev-description/topics.hc4-dev-description.en.tsv").read_text()
    assert asked == "1001\tWhere is the glass river?\n1002\tWhen does the ferry go?\n"
    info = json.loads((workspace / "topics/hc4/dataset.json").read_text())
    assert info["pairs"] == ["en-zh", "en-fa", "zh-zh", "fa-fa"]
    assert {*info["sources"]} == {
        "test.topics.v1-0.jsonl",
        *(f"{lang}/{file}" for lang in ("zho", "fas") for file in ("test.qrels.v1-0.txt", "hc4_docs.jsonl")),
    }


def change_topic(change: Callable[[dict], object]) -> Callable[[Path], None]:
    def apply(source: Path) -> None:
        path = source / "test.topics.v1-0.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        change(rows[1])
        write_lines(path, rows)
    return apply


@pytest.mark.parametrize(("damage", "where", "found"), [
    (change_topic(lambda t: t.pop("topic_id")), "test.topics.v1-0.jsonl:2", "'topic_id' is missing or no string"),
    (change_topic(lambda t: t.update(topic_id="1001")), "test.topics.v1-0.jsonl:2", "topic '1001' occurs twice"),
    (change_topic(lambda t: t.update(topics={})), "test.topics.v1-0.jsonl:2", "'topics' is missing or no list"),
    (change_topic(lambda t: t["topics"].pop(0)), "test.topics.v1-0.jsonl:2", "topic '1002' has none in English"),
    (change_topic(lambda t: t["topics"].append(t["topics"][1])), "test.topics.v1-0.jsonl:2", "there twice in zho"),
    (change_topic(lambda t: t["topics"][0].update(topic_description=" ")), "test.topics.v1-0.jsonl:2",
     "topic '1002', eng: 'topic_description' is empty"),
    (lambda s: (s / "test.topics.v1-0.jsonl").unlink(), "test.topics.v1-0.jsonl", "no such file"),
    (lambda s: (s / "fas/test.qrels.v1-0.txt").write_text("1001 0 0d8a-4\n"), "fas/test.qrels.v1-0.txt:1",
     "expected 'qid 0 docid relevance'"),
    (lambda s: (s / "rus/test.qrels.v1-0.txt").write_text("1002 0 0d8a-5 3\n"), "rus/test.qrels.v1-0.txt",
     "1 judgements, 2 were published"),
    (lambda s: (s / "rus/test.qrels.v1-0.txt").write_text("1002 0 0d8a-5 3\n7 0 0d8a-6 0\n"), "test.topics.v1-0.jsonl",
     "no topic '7', which has judgements (ru)"),
    (lambda s: (s / "fas/hc4_docs.jsonl").write_text('{"id": "0d8a-4", "title": "a"}\n'), "fas/hc4_docs.jsonl:1",
     "'text' of passage '0d8a-4' is missing or no string"),
    (lambda s: (s / "fas/hc4_docs.jsonl").write_text('{"id": "0d8a-4", "title": 3, "text": ""}\n'),
     "fas/hc4_docs.jsonl:1", "'title' of passage '0d8a-4' is missing or no string (3)"),
    (lambda s: (s / "fas/hc4_docs.jsonl").write_text('{"id": "0d8a-4", "title'), "fas/hc4_docs.jsonl:1", "broken JSON"),
])
def test_what_is_wrong_is_one_line_with_the_place(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: Callable[[Path], object], where: str,
    found: str,
) -> None:
    damage(source)
    assert main(["prepare", "hc4", "--source", str(source), "--workspace", str(tmp_path / "w")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"hybrid-pyserini prepare: {source / where}: ")
    assert found in line
    assert not list((tmp_path / "w").rglob("*"))


def test_a_judged_document_that_is_not_there(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_lines(source / "rus" / "hc4_docs.jsonl", DOCUMENTS["rus"][1:])
    assert main(["prepare", "hc4", "--source", str(source), "--workspace", str(tmp_path / "w")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{source / 'rus/test.qrels.v1-0.txt'}:1: the corpus has no passage '0d8a-5'" in line


def test_a_judged_document_without_title_and_text(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    qrels = source / "zho" / "test.qrels.v1-0.txt"
    qrels.write_text(qrels.read_text().replace("1002 0 0d8a-2", "1002 0 0d8a-3"))
    assert main(["prepare", "hc4", "--source", str(source), "--workspace", str(tmp_path / "w")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{source / 'zho/hc4_docs.jsonl'}:3: passage '0d8a-3', which is judged, has neither title nor text" in line


def test_a_folder_without_documents(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no zho/hc4_docs.jsonl, nor that of fas or rus; make them with download_doc"):
        hc4.files(tmp_path)


def test_fewer_documents_than_published_are_said(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hc4, "DOCUMENTS", {"zh": 3, "fa": 100, "ru": 2})
    dataset = hc4.read(source, "hc4")
    for passages in dataset.passages.values():
        list(passages)
    assert dataset.notes["fa_passages"] == "1, where 100 are published"
    assert "zh_passages" not in dataset.notes and "ru_passages" not in dataset.notes
