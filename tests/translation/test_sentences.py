"""Where sentences end, and what a text of translated ones looks like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_pyserini.translation.sentences import Sentence, halves, joined, sentences


@pytest.mark.parametrize(("text", "expected"), [
    ("This one. Two! Three?", ["This one.", "Two!", "Three?"]), ("At One. Go", ["At One. Go"]),
    ("What of Dr. Smith and J. Doe? He left.", ["What of Dr. Smith and J. Doe?", "He left."]),
    ("Das ist z. B. Brot. Es war alt.", ["Das ist z. B. Brot.", "Es war alt."]),
    ("It has 3.5 million. In 1998. He saw it.", ["It has 3.5 million.", "In 1998.", "He saw it."]),
    ("born c. 1800 and no. 5 of it", ["born c. 1800 and no. 5 of it"]),
    ("他来了。你好吗？「好！」他说。", ["他来了。", "你好吗？", "「好！」", "他说。"]),
    ("वह आया। वह गया।", ["वह आया।", "वह गया।"]),
    ("هل جاء؟ نعم.", ["هل جاء؟", "نعم."]),
    ('He said "Go." Then left.', ['He said "Go."', "Then left."]),
    ("A heading\n\nA text. Of two.\nAnd a line", ["A heading", "A text.", "Of two.", "And a line"]),
    ("  no end ", ["no end"]), ("...", ["..."]), ("", []),
])
def test_sentences_are_found(text: str, expected: list[str]) -> None:
    assert [sentence.text for sentence in sentences(text)] == expected


@given(st.text(alphabet="aB1.!? \n。？)Dr", max_size=60))
def test_nothing_is_lost_but_the_white_space_around(text: str) -> None:
    cut = sentences(text)
    assert "".join(sentence.text + sentence.gap for sentence in cut) == text.strip()
    assert all(sentence.text and not sentence.gap.strip() for sentence in cut)


@pytest.mark.parametrize(("language", "expected"), [
    ("de", "a b\n\nc"), ("zh", "ab\n\nc"), ("ja", "ab\n\nc"), ("zho_Hant", "ab\n\nc"), ("th", "a b\n\nc"),
    ("ko", "a b\n\nc"),
])
def test_line_ends_stay_and_blanks_are_the_languages(language: str, expected: str) -> None:
    assert joined(["a", "b", "c"], [" ", "\n\n", ""], language) == expected
    assert joined(["a", "b", "c"], ["", "\n\n", ""], language) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("aaaa b cccc", ("aaaa", " ", "b cccc")), ("ab  cdef", ("ab", "  ", "cdef")), ("河流山脉", ("河流", "", "山脉")),
])
def test_a_long_sentence_is_cut_at_white_space_or_in_the_middle(text: str, expected: tuple[str, str, str]) -> None:
    first, second = halves(Sentence(text, "\n"))
    assert (first.text, first.gap, second.text) == expected
    assert second.gap == "\n"
