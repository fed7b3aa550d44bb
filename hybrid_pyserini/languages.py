"""What is known of a language: its script and its resource level.

The script is ISO 15924's code, as CLDR's likely subtags give it for the language; a test compares them with Babel's.
The resource level is the class of Joshi et al. 2020, "The State and Fate of Linguistic Diversity and Inclusion in the
NLP World" (arXiv 2004.09095), from 0, left behind, to 5, the languages with most labelled and unlabelled data, as the
authors' list lang2tax.txt (2020) has it. What is not in these tables is ``unknown``: nothing is guessed. They hold the
languages of XQuAD-R, MLQA-R, MIRACL, Mr. TyDi, mMARCO and MKQA, and of Belebele's those whose class is certain.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable

UNKNOWN = "unknown"
"""Stands for the script or the resource level of a language that the tables do not hold."""

_CLASSES = {
    5: "ar de en es fr ja zh",
    4: "ca cs eu fa fi hi hr hu it ko nl pl pt ru sr sv tr vi",
    3: "af be bg bn bs ceb da el et gl he id ka kk lt lv ms ro sk sl ta th tl uk ur uz",
    2: "am ga ha is lo mr mt pa sw ti tn wo xh yo zu",
    1: "as gu ig jv km kn ml my ne no te",
    0: "si",
}
_RESOURCE = {code: level for level, codes in _CLASSES.items() for code in codes.split()}

_SCRIPTS = {
    "Latn": "af bs ca ceb cs da de en es et eu fi fr ga gl ha hr hu id ig is it jv lt lv ms mt nl no pl pt ro sk sl sv"
            " sw tl tn tr uz vi wo xh yo zu",
    "Cyrl": "be bg kk ru sr uk",
    "Arab": "ar fa ur",
    "Deva": "hi mr ne",
    "Ethi": "am ti",
    "Beng": "as bn",
    "Grek": "el", "Hebr": "he", "Geor": "ka", "Hans": "zh", "Jpan": "ja", "Kore": "ko", "Thai": "th", "Laoo": "lo",
    "Khmr": "km", "Mymr": "my", "Sinh": "si", "Gujr": "gu", "Guru": "pa", "Knda": "kn", "Mlym": "ml", "Taml": "ta",
    "Telu": "te",
}
_SCRIPT = {code: script for script, codes in _SCRIPTS.items() for code in codes.split()}

_LONG = {  # ISO 639-3, as FLORES-200 (and so Belebele) and Tatoeba have them; for a macrolanguage its own code too
    "afr": "af", "amh": "am", "ara": "ar", "arb": "ar", "asm": "as", "bel": "be", "ben": "bn", "bos": "bs", "bul": "bg",
    "cat": "ca", "ces": "cs", "cmn": "zh", "dan": "da", "deu": "de", "ell": "el", "eng": "en", "est": "et", "eus": "eu",
    "fin": "fi", "fra": "fr", "gle": "ga", "glg": "gl", "guj": "gu", "hau": "ha", "heb": "he", "hin": "hi", "hrv": "hr",
    "hun": "hu", "ibo": "ig", "ind": "id", "isl": "is", "ita": "it", "jav": "jv", "jpn": "ja", "kan": "kn", "kat": "ka",
    "kaz": "kk", "khm": "km", "kor": "ko", "lao": "lo", "lit": "lt", "lvs": "lv", "mal": "ml", "mar": "mr", "mlt": "mt",
    "mya": "my", "nld": "nl", "nob": "no", "npi": "ne", "pan": "pa", "pes": "fa", "pol": "pl", "por": "pt", "ron": "ro",
    "rus": "ru", "sin": "si", "slk": "sk", "slv": "sl", "spa": "es", "srp": "sr", "swe": "sv", "swh": "sw", "tam": "ta",
    "tel": "te", "tgl": "tl", "tha": "th", "tir": "ti", "tsn": "tn", "tur": "tr", "ukr": "uk", "urd": "ur", "uzn": "uz",
    "vie": "vi", "wol": "wo", "xho": "xh", "yor": "yo", "zho": "zh", "zsm": "ms", "zul": "zu",
}

_RIGHT_TO_LEFT = {"Adlm", "Arab", "Hebr", "Nkoo", "Rohg", "Syrc", "Thaa"}
"""The scripts in use today that run from right to left."""

_LETTERS = {
    "Latn": {"LATIN"}, "Cyrl": {"CYRILLIC"}, "Arab": {"ARABIC"}, "Deva": {"DEVANAGARI"}, "Ethi": {"ETHIOPIC"},
    "Beng": {"BENGALI"}, "Grek": {"GREEK"}, "Hebr": {"HEBREW"}, "Geor": {"GEORGIAN"}, "Hans": {"CJK"}, "Hant": {"CJK"},
    "Jpan": {"CJK", "HIRAGANA", "KATAKANA"}, "Kore": {"CJK", "HANGUL"}, "Thai": {"THAI"}, "Laoo": {"LAO"},
    "Khmr": {"KHMER"}, "Mymr": {"MYANMAR"}, "Sinh": {"SINHALA"}, "Gujr": {"GUJARATI"}, "Guru": {"GURMUKHI"},
    "Knda": {"KANNADA"}, "Mlym": {"MALAYALAM"}, "Taml": {"TAMIL"}, "Telu": {"TELUGU"},
}
"""Script -> the words that Unicode's names of its letters begin with."""

_TRADITIONAL_CHINESE = {"tw", "hk", "mo"}
"""The regions in whose Chinese the likely script is Hant."""


def script(code: str) -> str:
    """The script of a language code such as ``de``, ``zh_tw`` or ``eng_Latn``; a script in the code itself decides."""
    base, *others = code.split("_")
    for subtag in others:
        if len(subtag) == 4 and subtag.isalpha():
            return subtag.title()
    language = short(base)
    if language == "zh" and _TRADITIONAL_CHINESE & {subtag.lower() for subtag in others}:
        return "Hant"
    return _SCRIPT.get(language, UNKNOWN)


def other_script(texts: Iterable[str], language: str) -> str | None:
    """The commonest script of the letters of ``texts``, by Unicode's name for it, if most of them are of others than
    the language's; None if not, and where the language's script or its letters are not known.

    Full-width and other forms count as the letters they stand for.
    """
    own = _LETTERS.get(script(language))
    if own is None:
        return None
    counts = Counter(
        unicodedata.name(letter, UNKNOWN).split()[0] for text in texts
        for letter in unicodedata.normalize("NFKC", text) if letter.isalpha()
    )
    others = Counter({name: count for name, count in counts.items() if name not in own})
    return others.most_common(1)[0][0].title() if 2 * others.total() > counts.total() else None


def resource(code: str) -> str:
    """The resource class of a language code, ``0`` to ``5``; that of the language, in whatever script or region."""
    return str(_RESOURCE.get(short(code.split("_")[0]), UNKNOWN))


def tag(code: str) -> str:
    """The code as BCP 47 writes it, for the attribute ``lang``: ``zh-Hans`` for ``zh_Hans``, ``en-Latn`` for
    ``eng_Latn``."""
    base, *others = code.split("_")
    return "-".join([short(base), *others])


def direction(code: str) -> str:
    """``rtl`` for a language that is written from right to left, ``ltr`` for another; ``auto`` for an unknown one."""
    of_language = script(code)
    return "auto" if of_language == UNKNOWN else "rtl" if of_language in _RIGHT_TO_LEFT else "ltr"


def short(base: str) -> str:
    """A language code without script and region in the tables' form: ``de`` for ``deu``; unknown ones as they are."""
    return _LONG.get(base.lower(), base.lower())
