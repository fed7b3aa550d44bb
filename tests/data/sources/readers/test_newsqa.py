"""NewsQA: the example of its README, and what is left out."""

import json
from pathlib import Path
from typing import Any

import pytest
from written_files import read_source, write

from hybrid_pyserini.data.sources.readers import newsqa
from hybrid_pyserini.errors import InputError

README = """{
    "data": [
        {
            "storyId": "./contoso/stories/2e1d4",
            "text": "Hyrule (Contoso) -- Tingle, Tingle! Kooloo-Limpah! ...These are the magic words that Tingle created himself. Don't steal them!",
            "type": "train",
            "questions": [
                {
                    "q": "What should you not do with Tingle's magic words?",
                    "consensus": {
                        "s": 115,
                        "e": 125
                    },
                    "isAnswerAbsent": 0.25,
                    "isQuestionBad": 0.25,
                    "answers": [
                        {"sourcerAnswers": [{"s": 115, "e": 125}]},
                        {"sourcerAnswers": [{"noAnswer": true}]}
                    ],
                    "validatedAnswers": [
                        {"s": 115, "e": 125, "count": 2},
                        {"noAnswer": true, "count": 1},
                        {"badQuestion": true, "count": 1}
                    ]
                }
            ]
        }
    ],
    "version": "1"
}
"""  # noqa: E501


def readme() -> dict[str, Any]:
    return json.loads(README)


def test_the_example_of_the_readme(tmp_path: Path) -> None:
    write(tmp_path / newsqa.FILE, README)
    examples, notes = read_source("newsqa", tmp_path, tmp_path)
    (example,) = examples.values()
    assert example.id == "./contoso/stories/2e1d4:0"
    assert example.queries == {"en": "What should you not do with Tingle's magic words?"}
    assert example.positives == {"en": readme()["data"][0]["text"]}
    assert not notes


def test_the_block_in_which_the_answer_begins(tmp_path: Path) -> None:
    data = readme()
    story = data["data"][0]
    story["text"] = text = "\n\n\n".join(f"paragraph {n} ." for n in range(70))  # 210 words
    story["questions"] = [
        {"q": f"Which is {word}?", "consensus": {"s": text.index(f"{word} ."), "e": text.index(f"{word} .") + 1}}
        for word in (0, 32, 33, 34, 69)
    ] + [{"q": "From the blank on?", "consensus": {"s": text.index("33 .") - 1, "e": text.index("33 .") + 2}}]
    story["questions"] += [{"q": " ", "consensus": {"s": 0, "e": 9}}]  # the publisher's scripts know of such
    story["questions"] += [{"q": "?", "consensus": {"noAnswer": True}}, {"q": "??", "consensus": {"badQuestion": True}}]
    data["data"] += [story | {"type": "dev"}, story | {"type": "test"}]
    write(tmp_path / newsqa.FILE, json.dumps(data))
    examples, notes = read_source("newsqa", tmp_path, tmp_path)
    words = text.split()
    # 'paragraph 33 .' is words 99 to 101: its number begins the second block
    assert [each.positives["en"] for each in examples.values()] == [
        " ".join(words[first : first + 100]) for first in (0, 0, 100, 100, 200, 100)
    ]
    assert len({each.group for each in examples.values()}) == 3
    assert notes == {
        "questions_without_an_answer_left_out": 1, "bad_questions_left_out": 1, "questions_without_text_left_out": 1,
    }


@pytest.mark.parametrize(("change", "found"), [
    (lambda story: story.pop("text"), "story 1: 'text' is missing"),
    (lambda story: story.pop("type"), "story 1: 'type' is missing"),
    (lambda story: story["questions"][0].pop("consensus"), "story 1, question 1: 'consensus' is missing"),
    (lambda story: story["questions"][0].update(consensus={}), "question 1: 'consensus': 's' is missing"),
    (lambda story: story["questions"][0]["consensus"].update(s=200), "the answer begins at character 200 of 126"),
    (lambda story: story["questions"][0]["consensus"].update(s=-1), "the answer begins at character -1 of 126"),
    (lambda story: story["questions"][0].update(q=None), "story 1, question 1: 'q' is missing"),
])
def test_what_is_wrong_is_named_with_the_place(tmp_path: Path, change: Any, found: str) -> None:
    data = readme()
    change(data["data"][0])
    path = write(tmp_path / newsqa.FILE, json.dumps(data))
    with pytest.raises(InputError, match=found) as raised:
        read_source("newsqa", tmp_path, tmp_path)
    assert raised.value.path == path


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"combined-newsqa-data-v1\.json: no such file; make it with the scripts"):
        newsqa.files(tmp_path)
