"""Which passages hold an answer, against Pyserini's copy of DPR's rule."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyserini.eval.evaluate_dpr_retrieval import SimpleTokenizer, has_answers

from hybrid_pyserini.data.answers import AnswerIndex, tokens

_WORDS = st.sampled_from([
    "new", "New", "York", "york", "city", "1.5", "1", "5", "U.S.", "US", "café", "cafe\u0301", "naïve", "don't", "_",
    "Straße", "STRASSE", "İstanbul", "istanbul", "ΟΔΟΣ", "οδος", "οδός", "東京", "東", "京都", "नई", "दिल्ली", "ทดสอบ",
    "x\u2028y", "a\tb", "\u200d", "a_b", "½", "²", "Ⅷ", "#1", "(", ")", "'", "\u0300",
])
_TEXT = st.lists(_WORDS, max_size=12).map(" ".join) | st.text(max_size=20)
_ANSWER = st.lists(_WORDS, min_size=1, max_size=3).map(" ".join) | st.text(max_size=4)


@settings(max_examples=1500, deadline=None)
@given(passage=_TEXT, answers=st.lists(_ANSWER, max_size=5))
def test_as_pyserini_has_it(passage: str, answers: list[str]) -> None:
    """An answer without any token, which DPR finds in every passage, is found in none."""
    tokenizer = SimpleTokenizer()
    expected = {
        owner for owner, answer in enumerate(answers)
        if has_answers(passage, [answer], tokenizer)
        and tokenizer.tokenize(unicodedata.normalize("NFD", answer)).words()
    }
    assert AnswerIndex((answer, owner) for owner, answer in enumerate(answers)).owners(passage) == expected


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=40) | st.text(st.characters(max_codepoint=127), max_size=40))
def test_tokens_are_pyserinis(text: str) -> None:
    """ASCII has a way of its own."""
    assert tokens(text) == SimpleTokenizer().tokenize(unicodedata.normalize("NFD", text)).words(uncased=True)


@pytest.mark.parametrize(("passage", "found"), [
    ("She moved to New York City.", {0, 1}),
    ("new york, city", {0}),
    ("a new yorker", set()),
    ("", set()),
    ("York", set()),
    ("the new new york", {0}),
])
def test_one_answer_within_another(passage: str, found: set[int]) -> None:
    assert AnswerIndex([("New York", 0), ("New York City", 1), ("  ", 2)]).owners(passage) == found


def test_an_answer_may_have_several_owners() -> None:
    assert AnswerIndex([("Tee", 3), ("tee", 5), ("Kaffee", 5)]).owners("TEE!") == {3, 5}


def test_what_is_forgotten_is_looked_for_no_longer() -> None:
    index = AnswerIndex([("Tee", 3), ("tee", 5), ("grüner Tee", 3)])
    index.forget(3)
    assert index.owners("Grüner Tee") == {5}
    index.forget(5)
    index.forget(4)
    assert index.owners("Grüner Tee") == set()
