"""LAReQA's files: spans, docids and groups of the hand-made data set, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hybrid_pyserini.data.formats.lareqa import LareqaFile, name_groups, read_lareqa, to_passage
from hybrid_pyserini.errors import InputError

TINY = Path(__file__).parents[1] / "readers" / "tiny-xquad-r"


@pytest.fixture(scope="module")
def languages() -> list[LareqaFile]:
    return [read_lareqa(TINY / f"{language}.json", language) for language in ("de", "en", "zh")]


def test_sentences_are_stripped_numbered_and_keep_their_newlines(languages: list[LareqaFile]) -> None:
    assert [(sentence.docid, sentence.text) for sentence in languages[1].sentences] == [
        ("en:00-00-00", "The Rhine rises in the Alps."),
        ("en:00-00-01", "It is 1,233 km long."),
        ("en:00-00-02", "It flows\nnorth."),
        ("en:00-00-03", "Many ships use it."),
        ("en:00-01-00", "Cologne lies on the Rhine."),
        ("en:01-00-00", "Tea came from China."),
        ("en:01-00-01", "It reached Europe in 1606."),
    ]


def test_repeated_sentences_stay(languages: list[LareqaFile]) -> None:
    assert [sentence.docid for sentence in languages[2].sentences if "1606" in sentence.text] == [
        "zh:01-00-01", "zh:01-00-02",
    ]


def test_the_sentence_that_holds_the_start_of_the_answer_is_relevant(languages: list[LareqaFile]) -> None:
    de, en, zh = ({id_: asked.answer.docid[3:] for id_, asked in file.questions.items()} for file in languages)
    assert de == {"q1": "00-00-00", "q2": "00-00-00", "q3": "00-00-01",
                  "q4": "00-01-00", "q5": "01-00-00", "q6": "01-00-01"}
    assert en == {"q1": "00-00-00", "q2": "00-00-01", "q3": "00-00-02",
                  "q4": "00-01-00", "q5": "01-00-00", "q6": "01-00-01"}
    assert zh == {"q1": "00-00-00", "q2": "00-00-01", "q3": "00-00-01",
                  "q4": "00-01-00", "q5": "01-00-00", "q6": "01-00-01"}


def test_only_the_german_answer_to_q4_runs_past_its_sentence(languages: list[LareqaFile]) -> None:
    past = [(file.language, id_) for file in languages for id_, asked in file.questions.items() if asked.past_end]
    assert past == [("de", "q4")]


def test_groups_join_questions_over_languages(languages: list[LareqaFile]) -> None:
    # One German sentence answers q1 and q2, one Chinese sentence q2 and q3: q1, q2 and q3 are one group everywhere.
    groups = name_groups(languages, "x")
    assert groups["en:00-00-00"] == groups["en:00-00-01"] == groups["en:00-00-02"] == "x:q1"
    assert groups["de:00-00-01"] == groups["zh:00-00-00"] == "x:q1"
    assert set(groups.values()) == {"x:q1", "x:q4", "x:q5", "x:q6"}
    assert "en:00-00-03" not in groups


def test_a_sentence_that_answers_nothing_is_its_own_group(languages: list[LareqaFile]) -> None:
    passage = to_passage(languages[1].sentences[3], "en", name_groups(languages, "x"))
    assert passage.group == passage.id == "en:00-00-03"
    assert (passage.text, passage.contents, passage.title) == ("Many ships use it.", "Many ships use it.", "Rhine")


def broken(change: Callable[[dict[str, Any]], Any], folder: Path) -> Path:
    """The English file with one thing changed in its first article."""
    value = json.loads((TINY / "en.json").read_text())
    change(value["data"][0])
    path = folder / "en.json"
    path.write_text(json.dumps(value))
    return path


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda a: a.pop("title"), "article 1: 'title' is missing or no string"),
        (lambda a: a.update(paragraphs={}), "article 1: 'paragraphs' is missing or no list"),
        (lambda a: a["paragraphs"][1].pop("sentences"), "paragraph 2: 'sentences' is missing or no list"),
        (lambda a: a["paragraphs"][0]["sentences"].pop(), "paragraph 1: 3 'sentences' but 4 'sentence_breaks'"),
        (lambda a: a["paragraphs"][0]["sentences"].__setitem__(1, " \n"), "paragraph 1: sentence 2 is empty"),
        (lambda a: a["paragraphs"][0]["sentence_breaks"].__setitem__(0, [0]), "sentence break [0] is no [begin, end]"),
        (lambda a: a["paragraphs"][0]["qas"][1].update(id="q1"), "question id 'q1' occurs twice"),
        (lambda a: a["paragraphs"][1]["qas"][0].update(id="q1"), "paragraph 2: question id 'q1' occurs twice"),
        (lambda a: a["paragraphs"][0]["qas"][1].update(id="q 2"), "question id 'q 2' contains a blank"),
        (lambda a: a["paragraphs"][0]["qas"][1].update(question=" "), "question 'q2' is empty"),
        (lambda a: a["paragraphs"][0]["qas"][1].update(question="\ud83d"), "question 'q2' holds half a character"),
        (lambda a: a["paragraphs"][0]["qas"][1].update(answers=[]), "question 'q2' has 0 answers, expected one"),
        (lambda a: a["paragraphs"][0]["qas"][1]["answers"][0].update(answer_start="9"),
         "question 'q2': 'answer_start' is missing or no whole number"),
        (lambda a: a["paragraphs"][0]["qas"][1]["answers"][0].update(answer_start=999),
         "question 'q2': answer_start 999 lies outside every sentence"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_place(
    change: Callable[[dict[str, Any]], Any], found: str, tmp_path: Path
) -> None:
    path = broken(change, tmp_path)
    with pytest.raises(InputError) as raised:
        read_lareqa(path, "en")
    assert str(raised.value).startswith(f"{path}: ")
    assert found in raised.value.problem


def test_an_answer_between_two_sentences_is_outside_both(tmp_path: Path) -> None:
    # "The Rhine rises in the Alps." ends before character 28, the blank there belongs to no sentence.
    path = broken(lambda a: a["paragraphs"][0]["qas"][0]["answers"][0].update(answer_start=28), tmp_path)
    with pytest.raises(InputError, match="answer_start 28 lies outside every sentence"):
        read_lareqa(path, "en")


def test_an_answer_that_ends_with_its_sentence_does_not_run_past_it(tmp_path: Path) -> None:
    path = broken(lambda a: a["paragraphs"][0]["qas"][0]["answers"][0].update(text="Alps."), tmp_path)
    assert not read_lareqa(path, "en").questions["q1"].past_end
