"""Sentences: whole, unmistakable, and question and passage in different words."""

import re
import unicodedata
from difflib import SequenceMatcher

import pytest

from hybrid_pyserini.demo.facts import Fact, Relation
from hybrid_pyserini.demo.names import LANGUAGES
from hybrid_pyserini.demo.wording import WORDING, Wording, passage, question

FUNCTION_WORDS = {"ar": {"في"}, "de": {"die"}, "el": {"η"}, "en": {"the"}, "es": {"la", "en"}, "hi": {"में", "है"}}
"""What question and passage may share: articles, prepositions, and the Hindi for 'is'."""

SHARED_LETTERS = {"th": len("ภาษา"), "zh": 1}
"""Without blanks between words: the longest run that they may share (the Thai for 'language' cannot be avoided)."""

ENDS = {"ar": ("؟", "."), "el": (";", "."), "hi": ("?", "।"), "zh": ("？", "。"), "th": ("", "")}
"""Ends of question and passage; Thai has no such marks."""

QUOTES = {"de": "„“", "en": "“”", "tr": "“”", "vi": "“”", "hi": "“”", "th": "“”", "zh": "“”", "ar": "«»", "el": "«»",
          "es": "«»", "ru": "«»"}

ALL = [(relation, language) for relation in Relation for language in LANGUAGES]


def own_text(template: str) -> str:
    return re.sub(r"\{\w+\}", " ", template).casefold()


def words(text: str) -> set[str]:
    """Runs of letters with their combining signs, which in Arabic and Hindi stand inside words."""
    joined = "".join(c if unicodedata.category(c)[0] in "LM" or c in "-’" else " " for c in text)
    return set(joined.split())


def test_every_relation_has_every_language() -> None:
    assert list(WORDING) == list(Relation)
    assert all(tuple(wordings) == LANGUAGES for wordings in WORDING.values())


@pytest.mark.parametrize(("relation", "language"), ALL)
def test_a_template_is_a_sentence_with_each_name_once(relation: Relation, language: str) -> None:
    asked, stated = WORDING[relation][language]
    assert re.findall(r"\{(\w+)\}", asked) == ["subject"]
    assert sorted(re.findall(r"\{(\w+)\}", stated)) == ["answer", "subject"]
    end_of_question, end_of_passage = ENDS.get(language, ("?", "."))
    assert asked.endswith(end_of_question) and stated.endswith(end_of_passage)
    for template in (asked, stated):
        assert template == " ".join(template.split())
        marks = [character for character in template if character in "„“”«»\""]
        assert "".join(marks) == QUOTES[language] * (len(marks) // 2)


@pytest.mark.parametrize(("relation", "language"), ALL)
def test_question_and_passage_share_no_content_word(relation: Relation, language: str) -> None:
    asked, stated = map(own_text, WORDING[relation][language])
    if language in SHARED_LETTERS:
        run = SequenceMatcher(None, asked.replace(" ", ""), stated, autojunk=False).find_longest_match()
        assert run.size <= SHARED_LETTERS[language], stated[run.b:run.b + run.size]
    else:
        assert words(asked) & words(stated) <= FUNCTION_WORDS.get(language, set())


def test_the_check_for_shared_words_can_fail() -> None:
    asked, stated = map(own_text, Wording("{subject} की मुद्रा?", "{subject} में मुद्रा {answer} है।"))
    assert words(asked) & words(stated) == {"मुद्रा"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_different_questions_and_different_passages_have_different_texts(facts: list[Fact], language: str) -> None:
    questions = {fact.question_id: question(fact, language) for fact in facts}
    passages = [passage(fact, language) for fact in facts]
    for texts in (list(questions.values()), passages):
        assert len({unicodedata.normalize("NFKC", text).casefold() for text in texts}) == len(texts)
    assert not set(questions.values()) & set(passages)


def test_sentences_as_they_come_out(facts: list[Fact]) -> None:
    by_id = {fact.id: fact for fact in facts}
    currency, zone = by_id["currency.NL.EUR"], by_id["time_zone.CH.Europe_Central"]
    assert question(currency, "de") == "Niederlande: Welche Währung gilt dort?"
    assert passage(currency, "de") == "Wer im Gebiet „Niederlande“ einkauft, bezahlt mit diesem Geld: Euro."
    assert question(zone, "tr") == "İsviçre hangi saat dilimindedir?"
    assert passage(zone, "es") == "Los relojes del territorio «Suiza» marcan la hora de Europa central."


def test_names_fit_the_few_sentences_that_count_on_their_form(facts: list[Fact]) -> None:
    """Spanish time zones are all feminine ('la hora ...'); German weekdays are all masculine ('der ...tag')."""
    for fact in facts:
        if fact.relation == Relation.TIME_ZONE:
            assert fact.answer_names["es"].startswith("hora ")
        if fact.relation == Relation.FIRST_WEEKDAY:
            assert fact.answer_names["de"].endswith(("tag", "woch", "abend"))
        if fact.relation == Relation.OFFICIAL_LANGUAGE:
            assert fact.answer_names["vi"].startswith("Tiếng ")
