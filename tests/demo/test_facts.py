"""Facts: right where everybody knows them, complete, each stated once."""

import pytest
from babel.core import get_global

from hybrid_pyserini.demo.facts import Fact, Relation, collect_facts


def answers(facts: list[Fact], relation: Relation, subject: str) -> set[str]:
    return {fact.answer for fact in facts if (fact.relation, fact.subject) == (relation, subject)}


@pytest.mark.parametrize(("relation", "subject", "expected"), [
    (Relation.CURRENCY, "CH", {"CHF"}),
    (Relation.CURRENCY, "DE", {"EUR"}),
    (Relation.CURRENCY, "PA", {"PAB", "USD"}),
    (Relation.OFFICIAL_LANGUAGE, "BR", {"pt"}),
    (Relation.OFFICIAL_LANGUAGE, "CA", {"en", "fr"}),
    (Relation.OFFICIAL_LANGUAGE, "ES", {"es"}),
    (Relation.OFFICIAL_LANGUAGE, "RS", {"sr"}),
    (Relation.FIRST_WEEKDAY, "DE", {"monday"}),
    (Relation.FIRST_WEEKDAY, "US", {"sunday"}),
    (Relation.FIRST_WEEKDAY, "EG", {"saturday"}),
    (Relation.FIRST_WEEKDAY, "MV", {"friday"}),
    (Relation.TIME_ZONE, "JP", {"Japan"}),
    (Relation.TIME_ZONE, "CH", {"Europe_Central"}),
    (Relation.SCRIPT, "ru", {"Cyrl"}),
    (Relation.SCRIPT, "hi", {"Deva"}),
    (Relation.OWN_NAME, "de", {"de"}),
])
def test_facts_known_by_heart(facts: list[Fact], relation: Relation, subject: str, expected: set[str]) -> None:
    assert answers(facts, relation, subject) == expected


def test_own_names_are_the_languages_own(facts: list[Fact]) -> None:
    own = {fact.subject: fact.answer_names for fact in facts if fact.relation == Relation.OWN_NAME}
    assert (own["de"]["zh"], own["zh"]["de"], own["el"]["en"]) == ("Deutsch", "中文", "Ελληνικά")
    assert all(len(set(given.values())) == 1 for given in own.values())


def test_no_week_is_taken_over_from_another_country(facts: list[Fact]) -> None:
    """Babel's pt_AO has Portugal's week: CLDR says nothing about Angola's."""
    for territory in ("AO", "CV", "GW", "MO", "MZ", "ST", "TL"):
        assert answers(facts, Relation.FIRST_WEEKDAY, territory) == set()
    assert answers(facts, Relation.FIRST_WEEKDAY, "PT") == {"sunday"}


def test_territories_with_several_time_zones_are_left_out(facts: list[Fact]) -> None:
    for territory in ("US", "RU", "AU"):
        assert answers(facts, Relation.TIME_ZONE, territory) == set()


def test_money_of_the_past_and_money_that_is_no_tender_are_left_out(facts: list[Fact]) -> None:
    currencies = {(fact.subject, fact.answer) for fact in facts if fact.relation == Relation.CURRENCY}
    rows = {
        (territory, code): (end, tender)
        for territory, table in get_global("territory_currencies").items() for code, _, end, tender in table
    }
    assert ("DE", "DEM") in rows and ("CH", "CHE") in rows
    assert all(rows[pair] == (None, True) for pair in currencies)


def test_ids_are_unique_and_without_blanks(facts: list[Fact]) -> None:
    ids = [fact.id for fact in facts]
    assert len(set(ids)) == len(ids)
    assert not any(character.isspace() for fact_id in ids for character in fact_id)
    assert {fact.id for fact in facts if fact.question_id == "currency.PA"} == {"currency.PA.PAB", "currency.PA.USD"}


def test_no_two_relations_state_the_same_fact(facts: list[Fact]) -> None:
    pairs = [(fact.subject, fact.answer) for fact in facts]
    assert len(set(pairs)) == len(pairs)


def test_the_order_is_fixed(facts: list[Fact]) -> None:
    order = [(list(Relation).index(fact.relation), fact.subject, fact.answer) for fact in facts]
    assert order == sorted(order)
    assert collect_facts() == facts
