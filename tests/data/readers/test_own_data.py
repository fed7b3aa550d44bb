"""One's own data: a folder of plain files."""

import gzip
from pathlib import Path

import pytest

from hybrid_pyserini.collection import read_collection
from hybrid_pyserini.data.dataset_writer import write_dataset
from hybrid_pyserini.data.readers import own_data
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair, Passage
from hybrid_pyserini.trec import read_qrels, read_topics
from hybrid_pyserini.workspace import Workspace

FILES = {
    "corpus/de.jsonl": '{"id": "d1", "text": "Der Rhein ist lang.", "title": "Rhein", "group": "g1"}\n'
                       '{"id": "d2", "text": "Tee ist grün.", "url": "x"}\n',
    "corpus/en.jsonl": '{"id": "e1", "text": "The Rhine is long.", "title": "", "group": "g1"}\n',
    "topics/de.tsv": "q1\tWie lang ist der Rhein?\nq2\tWelche Farbe hat Tee?\n",
    "topics/nl.tsv": "q2\tWelke kleur heeft thee?\n",
    "qrels/de.txt": "q1 0 d1 1\nq2 0 d2 2\nq2 0 d1 0\n",
    "qrels/en.txt": "q1 0 e1 1\n",
    "train.jsonl": '{"id": "t1", "language": "de", "query": "Was?", "positive": "Das."}\n',
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_reads_everything(source: Path) -> None:
    dataset = own_data.read(source, "mine")
    assert list(dataset.passages["de"]) == [
        Passage("d1", "Der Rhein ist lang.", "Rhein Der Rhein ist lang.", "Rhein", "g1", "de"),
        Passage("d2", "Tee ist grün.", "Tee ist grün.", "", "d2", "de"),
    ]
    assert list(dataset.passages["en"]) == [Passage("e1", "The Rhine is long.", "The Rhine is long.", "", "g1", "en")]
    assert dataset.topics == {
        "de": {"q1": "Wie lang ist der Rhein?", "q2": "Welche Farbe hat Tee?"}, "nl": {"q2": "Welke kleur heeft thee?"},
    }
    assert dataset.qrels == {"de": {"q1": {"d1": 1}, "q2": {"d2": 2, "d1": 0}}, "en": {"q1": {"e1": 1}}}
    assert [(name, [example.id for example in examples]) for name, examples in dataset.training.items()] == [
        ("mine-train", ["t1"])
    ]


def test_pairs_that_score_nothing_are_not_declared(source: Path) -> None:
    # q2, the only Dutch question, has no relevant English passage.
    dataset = own_data.read(source, "mine")
    assert set(dataset.pairs) == {
        Pair("de", "de"), Pair("de", "en"), Pair("nl", "de"), Pair("de", "all"), Pair("nl", "all"),
    }
    assert dataset.notes == {"pairs_not_declared": 1, "not_read": ""}


def test_one_language_has_no_pool(source: Path) -> None:
    for name in ("corpus/en.jsonl", "qrels/en.txt"):
        (source / name).unlink()
    dataset = own_data.read(source, "mine")
    assert set(dataset.pairs) == {Pair("de", "de"), Pair("nl", "de")}
    assert dataset.notes["pairs_not_declared"] == 0


def test_colliding_ids_are_prefixed_in_all_languages(source: Path) -> None:
    (source / "corpus/en.jsonl").write_text('{"id": "d2", "text": "Tea is green."}\n{"id": "e1", "text": "Long."}\n')
    dataset = own_data.read(source, "mine")
    ids = {language: [passage.id for passage in passages] for language, passages in dataset.passages.items()}
    assert ids == {"de": ["de:d1", "de:d2"], "en": ["en:d2", "en:e1"]}
    assert dataset.qrels == {"de": {"q1": {"de:d1": 1}, "q2": {"de:d2": 2, "de:d1": 0}}, "en": {"q1": {"en:e1": 1}}}
    assert [passage.group for passage in dataset.passages["de"]] == ["g1", "de:d2"]
    assert dataset.notes["docids"].startswith("prefixed with '<language>:'")


def test_gzipped_corpora_and_the_files_that_are_hashed(source: Path) -> None:
    plain = source / "corpus/en.jsonl"
    (source / "corpus/en.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    (source / "corpus/.DS_Store").touch()
    assert [passage.id for passage in own_data.read(source, "mine").passages["en"]] == ["e1"]
    assert own_data.files(source) == {
        name: source / name for name in (FILES.keys() - {"corpus/en.jsonl"}) | {"corpus/en.jsonl.gz"}
    }


@pytest.mark.parametrize("ending", [".tsv", ".tsv.gz"])
def test_a_corpus_of_lines_split_at_a_tab(ending: str, source: Path) -> None:
    text = "\ufeff1\tDer\u2028Rhein.\r\n٢\tTee \"ist\" grün.\r\n".encode()
    (source / "corpus/de.jsonl").unlink()
    (source / f"corpus/de{ending}").write_bytes(gzip.compress(text) if ending.endswith(".gz") else text)
    (source / "qrels/de.txt").write_text("q1 0 1 1\nq2 0 ٢ 2\n")
    assert list(own_data.read(source, "mine").passages["de"]) == [
        Passage("1", "Der\u2028Rhein.", "Der\u2028Rhein.", "", "1", "de"),
        Passage("٢", 'Tee "ist" grün.', 'Tee "ist" grün.', "", "٢", "de"),
    ]


def test_files_that_are_not_read_are_named(source: Path) -> None:
    """Under another name than the one it should have, a file would be passed over without a word."""
    for name in ("train.json", "Articles.tsv", ".DS_Store"):
        (source / name).touch()
    (source / "topics.old").mkdir()
    assert own_data.read(source, "mine").notes["not_read"] == "Articles.tsv, topics.old, train.json"


@pytest.mark.parametrize(
    ("name", "text", "line", "found"),
    [
        ("corpus/de.jsonl", '{"id": "d1", "text": "x"}\n{"id": "d1", "text": "y"}\n', 2, "id 'd1' occurs twice"),
        ("corpus/de.jsonl", '{"id": "d 1", "text": "x"}\n', 1, "passage id 'd 1' contains a blank"),
        ("corpus/de.jsonl", '{"id": 1, "text": "x"}\n', 1, "passage id is missing or no string (1); put it in quotes"),
        ("corpus/de.jsonl", '{"id": "d1", "contents": "x"}\n', 1, "'text' of passage 'd1' is missing"),
        ("corpus/de.jsonl", '{"id": "d1", "text": "x", "title": 5}\n', 1, "the title of passage 'd1' is missing or no"),
        ("corpus/de.jsonl", '{"id": "d1", "text": "x", "group": "a b"}\n', 1, "passage group 'a b' contains a blank"),
        ("corpus/de.jsonl", '\n{"id": "d1"', 2, "broken JSON"),
        ("corpus/xx.jsonl.gz", "no gzip", 1, "the gzip file ends early or is damaged"),
        ("topics/de.tsv", "q1\tWo?\nq2 Was?\n", 2, "expected qid<TAB>query, found 1 field(s)"),
        ("topics/de.tsv", "q1\tWo?\nq1\tWas?\n", 2, "query id 'q1' occurs twice"),
        ("topics/de.tsv", "q1\tWo?\nq2\t \n", 2, "query 'q2' is empty"),
        ("qrels/de.txt", "q1 0 d1 1\nq2 0 d9 1\n", 2, "the corpus has no passage 'd9'"),
        ("qrels/de.txt", "q1 0 d1 1\nq9 0 d1 1\n", 2, "no topics have query 'q9'"),
        ("qrels/de.txt", "q1 0 d1\n", 1, "expected 'qid 0 docid relevance'"),
        ("qrels/nl.txt", "q1 0 d1 1\n", None, "no corpus/nl.jsonl for these judgements"),
        ("corpus/zh-Hans.jsonl", '{"id": "z1", "text": "x"}\n', None, "language code 'zh-Hans'"),
        ("corpus/en.jsonl.gz", "", None, "there is en.jsonl as well"),
        ("corpus/en.tsv", "", None, "there is en.jsonl as well"),
        ("corpus/fr.tsv", "f1\tLong.\nf2\tThé\tvert.\n", 2, "expected passage id<TAB>text, found 3 field(s)"),
        ("corpus/fr.tsv", "f1\tLong.\nf2\t \n", 2, "'text' of passage 'f2' is empty"),
        ("corpus/fr.json", "", None, "expected a file corpus/<language>.jsonl or corpus/<language>.jsonl.gz"),
        ("train.jsonl.gz", "", None, "there is train.jsonl as well"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(
    name: str, text: str, line: int | None, found: str, source: Path
) -> None:
    (source / name).write_text(text)
    with pytest.raises(InputError) as raised:
        own_data.read(source, "mine")
    assert (raised.value.path, raised.value.line) == (source / name, line)
    assert found in str(raised.value)


@pytest.mark.parametrize("part", ["corpus", "topics", "qrels"])
def test_a_missing_folder_and_an_empty_one_are_named(part: str, source: Path) -> None:
    for path in (source / part).iterdir():
        path.unlink()
    with pytest.raises(InputError, match="the folder is empty"):
        own_data.files(source)
    (source / part).rmdir()
    with pytest.raises(InputError, match=f"no such folder; put the files there as {part}/<language>"):
        own_data.files(source)


def test_articles_of_the_questions(source: Path) -> None:
    assert own_data.read(source, "mine").articles == {}
    (source / "articles.tsv").write_text("q2\tTea\nq1\tThe Rhine\n")
    assert own_data.read(source, "mine").articles == {"q1": "The Rhine", "q2": "Tea"}
    assert own_data.files(source)["articles.tsv"] == source / "articles.tsv"


@pytest.mark.parametrize(("text", "line", "found"), [
    ("q1\tA\nq2 B\n", 2, "expected qid<TAB>article"), ("q1\tA\nq1\tB\n", 2, "query id 'q1' occurs twice"),
    ("q1\tA\n", None, "query 'q2' has no article"), ("q1\tA\nq2\tB\nq3\tC\n", None, "no topics have query 'q3'"),
])
def test_wrong_articles_are_named(source: Path, text: str, line: int | None, found: str) -> None:
    (source / "articles.tsv").write_text(text)
    with pytest.raises(InputError) as raised:
        own_data.read(source, "mine")
    assert (raised.value.path, raised.value.line) == (source / "articles.tsv", line)
    assert found in raised.value.problem


def test_judgements_without_anything_relevant_are_refused(source: Path) -> None:
    (source / "qrels/de.txt").write_text("q1 0 d1 0\n")
    (source / "qrels/en.txt").unlink()
    with pytest.raises(InputError, match="no question has a relevant passage"):
        own_data.read(source, "mine")


def test_a_folder_in_the_place_of_a_file_is_refused(source: Path) -> None:
    (source / "topics/fr.tsv").mkdir()
    with pytest.raises(InputError, match=r"expected a file topics/<language>.tsv"):
        own_data.files(source)


def test_tricky_input_survives(source: Path, tmp_path: Path) -> None:
    """Byte order marks, CRLF, tabs, U+2028, Arabic digits, numeric ids, equal sentences, graded and negative relevance,
    from the folder into the workspace and back."""
    files = {
        "corpus/de.jsonl": '\ufeff{"id": "٤٢", "text": "A\\tb\\u2028c\\nd", "title": ""}\r\n'
                           '{"id": "7#0", "text": "Gleich."}\r\n{"id": "8", "text": "Gleich."}\r\n',
        "topics/de.tsv": "\ufeff١\tWie\u2028lang?\r\n2\tWas?\r\n", "topics/nl.tsv": "2\tWat?\r\n",
        "qrels/de.txt": "\ufeff١\t0\t٤٢\t3\r\n١ 0 7#0 -2\r\n2 Q0 8 1\r\n2 Q0 7#0 0\r\n",
    }
    for name in ("corpus/en.jsonl", "qrels/en.txt"):
        (source / name).unlink()
    for name, text in files.items():
        (source / name).write_bytes(text.encode())
    workspace = Workspace(tmp_path / "w")
    write_dataset(workspace, own_data.read(source, "mine"), {}, overwrite=False)
    assert [(p.id, p.contents) for p in read_collection(workspace.collection("mine", "de"))] == [
        ("٤٢", "A\tb\u2028c\nd"), ("7#0", "Gleich."), ("8", "Gleich."),
    ]
    assert read_topics(workspace.topics("mine", "de")) == {"١": "Wie lang?", "2": "Was?"}
    for passages in ("de", "all"):
        assert read_qrels(workspace.qrels("mine", passages)) == {"١": {"٤٢": 3, "7#0": -2}, "2": {"8": 1, "7#0": 0}}
