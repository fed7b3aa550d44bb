"""MKQA over a corpus: the published form, relevance against Pyserini's ``has_answers``, and what is left out."""

import random
from pathlib import Path
from typing import Any

import pytest
from pyserini.eval.evaluate_dpr_retrieval import SimpleTokenizer, has_answers
from written_files import write_lines

from hybrid_pyserini.cli import main
from hybrid_pyserini.data.readers import mkqa
from hybrid_pyserini.data.registry import READERS
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair, Passage


def answer(kind: str, text: str | None, *aliases: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "text": text, **({"aliases": list(aliases)} if aliases else {}), **more}


def asked(example_id: int, *answers: dict[str, Any]) -> dict[str, Any]:
    """As README.md of apple/ml-mkqa has it."""
    return {
        "query": f"query {example_id}", "example_id": example_id,
        "queries": {code: f"{code}: query\t{example_id}" for code in mkqa.LANGUAGES},
        "answers": {code: list(answers) if code == "en" else [answer("entity", "not looked for")]
                    for code in mkqa.LANGUAGES},
    }


QUERIES = [
    asked(563260143484355911, answer("entity", "Dave Edmunds", entity="Q545186")),
    asked(-7449157003522518870, answer("entity", "Thor", "Hafþór Júlíus Björnsson", "Thor")),
    asked(1, answer("unanswerable", None)),
    asked(2, answer("long_answer", None)),
    asked(3, answer("binary", "yes")),
    asked(4, answer("number_with_unit", "5 million", "5.0 million"), answer("long_answer", None)),
    asked(5, answer("date", "1999-01-02", "January 2 , 1999")),
    asked(6, answer("short_phrase", "never seen")),
    asked(7, answer("number", "2.0", "2")),
    asked(8, answer("unanswerable", None), answer("binary", "no")),
]
CORPUS = [
    {"_id": "doc0", "title": "Dave", "text": "Edmunds sang it.", "metadata": {}},  # over title and text
    {"_id": "doc#1", "title": "", "text": "dave edmunds; DAVE"},
    {"_id": "doc2", "title": "Strong men", "text": "Hafþo\u0301r Ju\u0301li\u0301us Bjo\u0308rnsson's 5 million"},
    {"_id": "doc3", "title": "Thorn", "text": "Author"},
    {"_id": "doc4", "title": "Empty", "text": ""},
    {"_id": "doc5", "title": "", "text": " "},
    {"_id": "doc6", "title": "Two", "text": "2 2 2 on January 2, 1999"},
    {"_id": "doc7", "title": "Two again", "text": "It is 2\u2028and 5 Million."},
    {"_id": "doc8", "title": "Two more", "text": "2.0"},
]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(mkqa, "QUERIES", len(QUERIES))
    monkeypatch.setattr(mkqa, "MOST_PASSAGES", 2)
    write_lines(tmp_path / "mkqa" / "mkqa.jsonl.gz", QUERIES)
    write_lines(tmp_path / "mkqa" / "corpus.jsonl", CORPUS)
    return tmp_path / "mkqa"


def test_passages_that_hold_an_answer_or_alias(source: Path) -> None:
    dataset = READERS["mkqa"].read(source, "mkqa")
    assert dataset.qrels == {"en": {
        "563260143484355911": {"doc0": 1, "doc#1": 1}, "-7449157003522518870": {"doc2": 1},
        "4": {"doc2": 1, "doc7": 1}, "5": {"doc6": 1},
    }}
    assert dataset.pairs == tuple(Pair(code, "en") for code in mkqa.LANGUAGES)
    assert not dataset.pool
    assert {code: len(topics) for code, topics in dataset.topics.items()} == dict.fromkeys(mkqa.LANGUAGES, 4)
    assert dataset.topics["zh_hk"]["4"] == "zh_hk: query\t4"
    assert {note: count for note, count in dataset.notes.items() if count} == {
        "queries_left_out_unanswerable": 1, "queries_left_out_long_answer": 1, "queries_left_out_binary": 1,
        "queries_left_out_binary_or_unanswerable": 1, "queries_left_out_answered_by_no_passage": 1,
        "queries_left_out_answered_by_more_than_2_passages": 1,
    }
    passages = {passage.id: passage for passage in dataset.passages["en"]}
    assert dataset.notes["en_passages_without_title_and_text_left_out"] == 1
    assert list(passages) == [row["_id"] for row in CORPUS if row["_id"] != "doc5"]
    assert passages["doc0"] == Passage("doc0", "Edmunds sang it.", "Dave Edmunds sang it.", "Dave", "doc0", "en")
    assert passages["doc4"].contents == "Empty"


def test_a_random_corpus_as_pyserini_judges_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = random.Random(5)
    words = "the of New new York york City U.S. 1 1.5 café Café cafe\u0301 Zürich don't 東京 - x".split()

    def text(most: int) -> str:
        return " ".join(drawn.choices(words, k=drawn.randint(1, most)))

    queries = [asked(n, answer("entity", text(3), *(text(4) for _ in range(drawn.randrange(3))))) for n in range(60)]
    corpus = [{"_id": f"d{n}", "title": text(3) * drawn.randrange(2), "text": text(12)} for n in range(300)]
    write_lines(tmp_path / "mkqa.jsonl", queries)
    write_lines(tmp_path / "corpus.jsonl.gz", corpus)
    monkeypatch.setattr(mkqa, "QUERIES", 60)
    tokenizer = SimpleTokenizer()
    expected = {}
    for row in queries:
        (of_row,) = row["answers"]["en"]
        answers = [of_row["text"], *of_row.get("aliases", [])]
        expected[str(row["example_id"])] = {
            each["_id"]: 1 for each in corpus if has_answers(f"{each['title']}\n{each['text']}", answers, tokenizer)
        }
    judged = READERS["mkqa"].read(tmp_path, "mkqa").qrels["en"]
    assert judged == {query_id: docids for query_id, docids in expected.items() if docids}
    assert sum(map(len, judged.values())) > 2000


def test_prepared_by_the_command(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", "mkqa", "--source", str(source), "--workspace", str(tmp_path / "w")]) == 0
    out = capsys.readouterr().out
    assert "26 language pairs, 0 pools" in out
    assert "queries left out answered by more than 2 passages: 1" in out
    assert (tmp_path / "w/topics/mkqa/topics.mkqa.km.tsv").read_text().startswith("563260143484355911\tkm: query 5")


@pytest.mark.parametrize(("file", "line", "change", "found"), [
    ("mkqa.jsonl.gz", 1, {"example_id": "x"}, "'example_id' is missing or no whole number"),
    ("mkqa.jsonl.gz", 2, {"example_id": 563260143484355911}, "example_id 563260143484355911 occurs twice"),
    ("mkqa.jsonl.gz", 1, {"answers": {}}, "'en' is missing or no list"),
    ("mkqa.jsonl.gz", 1, {"answers": {"en": [answer("entity", None)]}}, "'text' is missing or no string"),
    ("mkqa.jsonl.gz", 1, {"answers": {"en": [answer("place", "x")]}}, "an answer of type 'place'"),
    ("mkqa.jsonl.gz", 1, {"answers": {"en": [{"type": "entity", "text": "x", "aliases": "abc"}]}},
     "'aliases' .* no list"),
    ("mkqa.jsonl.gz", 1, {"answers": {"en": [{"type": "entity", "text": "x", "aliases": [None]}]}},
     "'aliases' is no list of strings"),
    ("mkqa.jsonl.gz", 1, {"queries": {"en": "who"}}, "the ar query is missing"),
    ("corpus.jsonl", 2, {"_id": "a b"}, "passage id .* 'a b' contains a blank"),
    ("corpus.jsonl", 2, {"text": None}, "'text' of passage 'doc#1' is missing or no string"),
])
def test_what_is_wrong_is_named_with_the_line(
    source: Path, file: str, line: int, change: dict[str, Any], found: str
) -> None:
    rows: list[Any] = list(QUERIES if file.startswith("mkqa") else CORPUS)
    rows[line - 1] = rows[line - 1] | change
    path = write_lines(source / file, rows)
    with pytest.raises(InputError, match=found) as raised:
        READERS["mkqa"].read(source, "mkqa")
    assert (raised.value.path, raised.value.line) == (path, line)


def test_missing_and_truncated_files(source: Path) -> None:
    write_lines(source / "mkqa.jsonl.gz", QUERIES[:-1])
    with pytest.raises(InputError, match="9 queries, where the published file has 10"):
        READERS["mkqa"].read(source, "mkqa")
    (source / "corpus.jsonl").unlink()
    with pytest.raises(InputError, match=r"corpus\.jsonl: no such file; put the passages to search there"):
        READERS["mkqa"].files(source)
    (source / "mkqa.jsonl.gz").unlink()
    with pytest.raises(InputError, match=r"mkqa\.jsonl\.gz: no such file; take it from"):
        READERS["mkqa"].files(source)


def test_a_corpus_that_answers_nothing(source: Path) -> None:
    write_lines(source / "corpus.jsonl", CORPUS[3:5])
    with pytest.raises(InputError, match=r"corpus.jsonl: no query is left: of 6, none is answered by 1 to 2 passages"):
        READERS["mkqa"].read(source, "mkqa")
