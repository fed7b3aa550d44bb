"""Names of territories, languages, currencies and the like in the demo's eleven languages, from CLDR through Babel.

CLDR (the Unicode Common Locale Data Repository) is the table behind most country and currency menus. Where it has no
name in a language, Babel knows nothing or only the code. Such a name would make a passage that nobody can read, so
everything here is all or nothing: a name in each of the languages, or None.
"""

from collections.abc import Callable, Mapping
from functools import cache

from babel.core import Locale

LANGUAGES = ("ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh")
"""XQuAD-R's languages (``zh``: simplified characters)."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""In Babel's order, which counts the days from Monday = 0."""

Names = Mapping[str, str]
"""Language -> name, for each of ``LANGUAGES``."""


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)


def _in_every_language(code: str, look_up: Callable[[Locale], str | None]) -> Names | None:
    """The name in each language, white space made plain; None if a language has none or only the code itself."""
    names = {}
    for language in LANGUAGES:
        name = look_up(_locale(language))
        if not name or name == code:
            return None
        names[language] = " ".join(name.split())
    return names


def territory_names(code: str) -> Names | None:
    """Names of a territory (``CH``)."""
    return _in_every_language(code, lambda locale: locale.territories.get(code))


def language_names(code: str) -> Names | None:
    """Names of a language (``gsw``)."""
    return _in_every_language(code, lambda locale: locale.languages.get(code))


def currency_names(code: str) -> Names | None:
    """Names of a currency (``CHF``)."""
    return _in_every_language(code, lambda locale: locale.currencies.get(code))


def script_names(code: str) -> Names | None:
    """Names of a script (``Cyrl``)."""
    return _in_every_language(code, lambda locale: locale.scripts.get(code))


def weekday_names(code: str) -> Names | None:
    """Names of a weekday (``monday``), in the form that stands by itself."""
    number = WEEKDAYS.index(code)
    return _in_every_language(code, lambda locale: locale.days["stand-alone"]["wide"][number])


def time_zone_names(code: str) -> Names | None:
    """Names of a CLDR metazone (``Europe_Central``): the general name, or the standard time's where there is no other.

    A zone without daylight saving time has only the name of its standard time. The kind is the same in all languages.
    """
    def name_of(kind: str) -> Names | None:
        return _in_every_language(code, lambda locale: locale.meta_zones.get(code, {}).get("long", {}).get(kind))

    return name_of("generic") or name_of("standard")
