"""Names: from CLDR, in every language or not at all, and in the language's own letters."""

import unicodedata

import pytest
from babel.dates import get_day_names
from babel.numbers import get_currency_name

from hybrid_pyserini.demo import names
from hybrid_pyserini.demo.facts import Fact, Relation

ALPHABETS = {"ar": "ARABIC", "el": "GREEK", "hi": "DEVANAGARI", "ru": "CYRILLIC", "th": "THAI", "zh": "CJK"}


def test_names_known_by_heart() -> None:
    assert names.territory_names("CH") == {
        "ar": "سويسرا", "de": "Schweiz", "el": "Ελβετία", "en": "Switzerland", "es": "Suiza", "hi": "स्विट्ज़रलैंड",
        "ru": "Швейцария", "th": "สวิตเซอร์แลนด์", "tr": "İsviçre", "vi": "Thụy Sĩ", "zh": "瑞士",
    }
    language, script, zone = names.language_names("de"), names.script_names("Cyrl"), names.time_zone_names("Japan")
    assert language and (language["en"], language["ru"]) == ("German", "немецкий")
    assert script and (script["en"], script["zh"]) == ("Cyrillic", "西里尔文")
    assert zone and (zone["en"], zone["es"]) == ("Japan Time", "hora de Japón")


def test_currency_and_weekday_names_are_what_babels_own_formatters_say(facts: list[Fact]) -> None:
    for fact in facts:
        for language in names.LANGUAGES:
            if fact.relation == Relation.CURRENCY:
                expected = get_currency_name(fact.answer, locale=language)
            elif fact.relation == Relation.FIRST_WEEKDAY:
                days = get_day_names("wide", context="stand-alone", locale=language)
                expected = days[names.WEEKDAYS.index(fact.answer)]
            else:
                continue
            assert fact.answer_names[language] == " ".join(expected.split())


@pytest.mark.parametrize("missing", [None, "", "XX"])
def test_one_missing_name_drops_all(missing: str | None) -> None:
    """Nothing, an empty name and the bare code all count as missing."""
    def name_of(locale: object) -> str | None:
        return missing if str(locale) == "th" else "a name"

    assert names._in_every_language("XX", name_of) is None
    assert names._in_every_language("XY", lambda locale: f"the\u00a0 name, {locale}") == {
        language: f"the name, {language}" for language in names.LANGUAGES
    }


def test_codes_that_some_language_cannot_name() -> None:
    assert names.territory_names("CQ") is None, "Sark has a name in English only"
    assert names.script_names("Osge") is None
    assert names.time_zone_names("No_Such_Zone") is None


def test_every_fact_is_named_in_every_language(facts: list[Fact]) -> None:
    for fact in facts:
        for code, given in ((fact.subject, fact.subject_names), (fact.answer, fact.answer_names)):
            assert tuple(given) == names.LANGUAGES
            for name in given.values():
                assert name and name != code and name == " ".join(name.split())


def test_names_are_written_in_their_languages_letters(facts: list[Fact]) -> None:
    """English standing in for a missing name would show here; Latin letters inside one (``фр. CFA``) may."""
    for fact in facts:
        own_name = fact.relation == Relation.OWN_NAME
        for language, alphabet in ALPHABETS.items():
            for name in [fact.subject_names[language]] + ([] if own_name else [fact.answer_names[language]]):
                letters = [character for character in name if character.isalpha()]
                native = [letter for letter in letters if unicodedata.name(letter).startswith(alphabet)]
                assert 2 * len(native) >= len(letters) > 0, (language, name)


def test_no_two_subjects_and_no_two_answers_share_a_name(facts: list[Fact]) -> None:
    """Else two questions would be the same question."""
    for relation in Relation:
        for language in names.LANGUAGES:
            for codes in (
                {fact.subject: fact.subject_names[language] for fact in facts if fact.relation == relation},
                {fact.answer: fact.answer_names[language] for fact in facts if fact.relation == relation},
            ):
                folded = {unicodedata.normalize("NFKC", name).casefold() for name in codes.values()}
                assert len(folded) == len(codes), (relation, language)
