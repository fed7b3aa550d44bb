"""Belebele: questions and passages joined by their link, in the form of Meta's files; against Hugging Face's loader."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset

from hybrid_pyserini.cli import main
from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.readers import belebele
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair
from hybrid_pyserini.trec import read_qrels
from hybrid_pyserini.workspace import Workspace

LINKS = ("https://en.wikivoyage.org/wiki/Rhine", "https://en.wikinews.org/wiki/Tea_\"boom\"_in_Côte d'Ivoire")
TEXTS = {
    "eng_Latn": (["The Rhine rises in the Alps.\nIt is long.", "Tea is green."],
                 ["Where does it rise?", "What color is it?", "Is it long?"]),
    "arb_Arab": (["ينبع نهر الراين من جبال الألب.", "الشاي أخضر."], ["أين ينبع؟", "ما لونه؟", "هل هو طويل؟"]),
    "zho_Hans": (["莱茵河发源于阿尔卑斯山。", "茶是绿色的。"], ["发源于哪里？", "什么颜色？", "长吗？"]),
}


def row(code: str, link: int, number: int, question: int) -> dict[str, Any]:
    """A line as the files have it; answers are not read."""
    passages, questions = TEXTS[code]
    return {
        "link": LINKS[link], "question_number": number, "flores_passage": passages[link],
        "question": questions[question], "mc_answer1": "a", "mc_answer2": "b", "mc_answer3": "c", "mc_answer4": "d",
        "correct_answer_num": "1", "dialect": code, "ds": "2023-05-03",
    }


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Three questions on two passages in three languages, in another order in each; the counts are taken for the
    published ones."""
    monkeypatch.setattr(belebele, "QUESTIONS", 3)
    monkeypatch.setattr(belebele, "PASSAGES", 2)
    folder = tmp_path / "belebele"
    folder.mkdir()
    asked = [(0, 1, 0), (1, 1, 1), (0, 2, 2)]
    for turn, code in enumerate(TEXTS):
        rows = [row(code, *each) for each in asked[turn:] + asked[:turn]]
        lines = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in rows)
        (folder / f"{code}.jsonl").write_text(lines, encoding="utf-8")
    return folder


@pytest.fixture
def dataset(source: Path) -> PreparedDataset:
    return belebele.read(source, "belebele")


def test_questions_and_passages_are_joined_by_the_link(dataset: PreparedDataset) -> None:
    rhine, tea = LINKS[0], LINKS[1].replace(" ", "%20")
    assert dataset.topics["eng_Latn"] == {
        f"{rhine}#1": "Where does it rise?", f"{tea}#1": "What color is it?", f"{rhine}#2": "Is it long?",
    }
    assert dataset.topics["zho_Hans"][f"{tea}#1"] == "什么颜色？"
    for code in TEXTS:
        assert dataset.qrels[code] == {
            f"{rhine}#1": {f"{code}:{rhine}": 1}, f"{rhine}#2": {f"{code}:{rhine}": 1},
            f"{tea}#1": {f"{code}:{tea}": 1},
        }
    passages = {passage.id: passage for code in TEXTS for passage in dataset.passages[code]}
    assert len(passages) == 6
    assert {passages[f"{code}:{tea}"].group for code in TEXTS} == {f"belebele:{tea}"}
    assert passages[f"eng_Latn:{rhine}"].text == "The Rhine rises in the Alps.\nIt is long."
    settings = [pair.setting for pair in dataset.pairs]
    assert (settings.count("mono"), settings.count("cross"), settings.count("multi")) == (3, 6, 3)


def test_hugging_face_loads_the_same_and_mteb_judges_the_same(source: Path, tmp_path: Path) -> None:
    """MTEB (BelebeleRetrieval): relevant to a question is the first passage of the same link in the other language."""
    assert main(["prepare", "belebele", "--source", str(source), "--workspace", str(tmp_path / "w")]) == 0
    workspace = Workspace(tmp_path / "w")
    loaded = {
        path.stem: load_dataset("json", data_files=str(path), split="train", cache_dir=str(tmp_path / "hf"))
        for path in source.iterdir()
    }
    for pair in (Pair(one, other) for one in TEXTS for other in TEXTS):
        of_link: dict[str, str] = {}
        for each in loaded[pair.passage]:
            of_link.setdefault(each["link"], each["flores_passage"])
        theirs = {(each["question"], of_link[each["link"]]) for each in loaded[pair.query]}
        topics = dict(
            line.split("\t") for line in workspace.topics("belebele", pair.query).read_text().splitlines()
        )
        texts = {
            value["id"]: value["text"]
            for value in map(json.loads, workspace.collection("belebele", pair.passage).open(encoding="utf-8"))
        }
        qrels = read_qrels(workspace.qrels_of("belebele", pair))
        assert {(topics[id_], texts[docid]) for id_, judged in qrels.items() for docid in judged} == theirs


def test_a_passage_worded_otherwise_in_its_second_question_is_counted(source: Path) -> None:
    path = source / "eng_Latn.jsonl"
    lines = path.read_text().splitlines()
    lines[2] = lines[2].replace("It is long.", "It is  long.")
    path.write_text("\n".join(lines))
    dataset = belebele.read(source, "belebele")
    assert dataset.notes == {"questions_whose_passage_is_worded_otherwise_than_before": 1}
    assert next(iter(dataset.passages["eng_Latn"])).text == "The Rhine rises in the Alps.\nIt is long."


def change(file: str, line: int, **fields: object) -> Callable[[Path], None]:
    def apply(source: Path) -> None:
        rows = [json.loads(each) for each in (source / file).read_text().splitlines()]
        rows[line - 1].update(fields)
        (source / file).write_text("".join(json.dumps(each) + "\n" for each in rows))
    return apply


@pytest.mark.parametrize(("damage", "found"), [
    (change("eng_Latn.jsonl", 2, link=None), "eng_Latn.jsonl:2: 'link' is missing or no string"),
    (change("eng_Latn.jsonl", 2, flores_passage=" "), "eng_Latn.jsonl:2: 'flores_passage' is empty"),
    (change("eng_Latn.jsonl", 2, question=7), "eng_Latn.jsonl:2: 'question' is missing or no string (7)"),
    (change("eng_Latn.jsonl", 2, question_number="first"), "eng_Latn.jsonl:2: 'question_number' is missing or no"),
    (change("eng_Latn.jsonl", 3, question_number=1), "eng_Latn.jsonl:3: question 1 of 'https://en.wikivoyage.org/wi"),
    (change("zho_Hans.jsonl", 1, question_number=3),
     "zho_Hans.jsonl: question 'https://en.wikivoyage.org/wiki/Rhine#2' of arb_Arab.jsonl is missing"),
    (lambda s: [each.write_text(each.read_text().partition("\n")[0]) for each in s.glob("eng*")] and
     [each.unlink() for each in s.glob("[az]*")],
     "eng_Latn.jsonl: 1 questions on 1 passages, where the published file has 3 on 2"),
    (lambda s: (s / "eng_Latn.jsonl").rename(s / "eng-Latn.jsonl"), "eng-Latn.jsonl: language code 'eng-Latn'"),
    (lambda s: [each.unlink() for each in s.iterdir()], "no <code>.jsonl here, such as eng_Latn.jsonl"),
])
def test_what_is_wrong_is_named(damage: Callable[[Path], object], found: str, source: Path) -> None:
    damage(source)
    with pytest.raises(InputError) as raised:
        belebele.read(source, "belebele")
    assert found in str(raised.value)
