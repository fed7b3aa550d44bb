"""The facts of the demo: what CLDR knows about territories and languages, named in all the demo's languages.

A fact is a subject, a relation and an answer: Switzerland, official language, German. A question asks for the answers
of one subject and relation, so a question may have several answers, each a fact (and a passage group) of its own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from babel import localedata
from babel.core import Locale, UnknownLocaleError, get_global
from babel.languages import get_official_languages

from hybrid_pyserini.demo import names
from hybrid_pyserini.demo.names import Names


class Relation(StrEnum):
    """What a question asks; the first four about a territory, the last two about a language."""

    CURRENCY = "currency"
    OFFICIAL_LANGUAGE = "official_language"
    FIRST_WEEKDAY = "first_weekday"
    TIME_ZONE = "time_zone"
    SCRIPT = "script"
    OWN_NAME = "own_name"

    @property
    def about_territory(self) -> bool:
        return self not in (Relation.SCRIPT, Relation.OWN_NAME)


@dataclass(frozen=True)
class Fact:
    """One answer to one question, as CLDR codes and as names."""

    relation: Relation
    subject: str
    answer: str
    subject_names: Names
    answer_names: Names

    @property
    def question_id(self) -> str:
        return f"{self.relation}.{self.subject}"

    @property
    def id(self) -> str:
        """Also the passage group: the fact's passages in the eleven languages are translations of each other."""
        return f"{self.question_id}.{self.answer}"


Codes = Iterator[tuple[str, str]]
"""Pairs of subject and answer."""


def _territories() -> list[str]:
    """The territories CLDR has language statistics for, without ZZ, its 'unknown region'."""
    return sorted(set(get_global("territory_languages")) - {"ZZ"})


def _language(code: str) -> str:
    """``zh_Hant`` -> ``zh``: the language without the script that it is written in."""
    return code.split("_")[0]


def _currencies() -> Codes:
    """Legal tender without an end date. The date of today plays no part, so that the data never changes by itself."""
    table = get_global("territory_currencies")
    for territory in _territories():
        for currency, _start, end, tender in table.get(territory, ()):
            if tender and end is None:
                yield territory, currency


def _official_languages() -> Codes:
    """Languages official in the whole territory, by law or in fact; not those official in a part of it."""
    for territory in _territories():
        for code in sorted({_language(code) for code in get_official_languages(territory, de_facto=True)}):
            yield territory, code


def _first_weekdays() -> Codes:
    """Babel keeps the week with locales, so we ask the territory's most likely one (``und_CH`` -> ``de_CH``).

    Where CLDR knows nothing about a territory, it says Monday, as ISO does. A few locales take what they lack from
    another country's (pt_AO from pt_PT, zh_Hant_MO from zh_Hant_HK): their week may be the other country's, so they
    are left out.
    """
    parents = get_global("parent_exceptions")
    for territory in _territories():
        try:
            locale = Locale.parse(f"und_{territory}")
        except UnknownLocaleError:
            continue
        parent = parents.get(str(locale), "").split("_")[-1]
        if locale.territory == territory and not (len(parent) == 2 and parent.isupper()):
            yield territory, names.WEEKDAYS[locale.first_week_day]


def _time_zones() -> Codes:
    """The metazone of the territories that have exactly one."""
    metazones = get_global("meta_zones")
    for territory in _territories():
        found = {metazones.get(zone) for zone in get_global("territory_zones").get(territory, ())}
        if len(found) == 1 and None not in found:
            yield territory, found.pop()


def _language_subjects() -> list[str]:
    """The languages official somewhere that have a locale in CLDR, and so a name for themselves."""
    return sorted({language for _, language in _official_languages() if localedata.exists(language)})


def _scripts() -> Codes:
    """The script a language is most likely written in.

    Hans and Hant are left out: on its own, their name is the mere word 'Simplified' or 'Traditional'.
    """
    for language in _language_subjects():
        script = get_global("likely_subtags")[language].split("_")[1]
        if script not in ("Hans", "Hant"):
            yield language, script


def _own_names() -> Codes:
    """The answer's code is the language itself: the name it gives itself."""
    for language in _language_subjects():
        yield language, language


def _own_name(code: str) -> Names | None:
    """What a language calls itself: the same word whatever the passage's language is."""
    own = Locale.parse(code).languages.get(code)
    return dict.fromkeys(names.LANGUAGES, own) if own and own != code else None


_Namer = Callable[[str], Names | None]
_SOURCES: dict[Relation, tuple[Callable[[], Codes], _Namer, _Namer]] = {
    Relation.CURRENCY: (_currencies, names.territory_names, names.currency_names),
    Relation.OFFICIAL_LANGUAGE: (_official_languages, names.territory_names, names.language_names),
    Relation.FIRST_WEEKDAY: (_first_weekdays, names.territory_names, names.weekday_names),
    Relation.TIME_ZONE: (_time_zones, names.territory_names, names.time_zone_names),
    Relation.SCRIPT: (_scripts, names.language_names, names.script_names),
    Relation.OWN_NAME: (_own_names, names.language_names, _own_name),
}


def collect_facts() -> list[Fact]:
    """Every fact whose subject and answer have a name in all languages, in the order of relation, subject, answer."""
    facts = []
    for relation, (codes, name_subject, name_answer) in _SOURCES.items():
        for subject, answer in sorted(set(codes())):
            subject_names, answer_names = name_subject(subject), name_answer(answer)
            if subject_names and answer_names:
                facts.append(Fact(relation, subject, answer, subject_names, answer_names))
    return facts
