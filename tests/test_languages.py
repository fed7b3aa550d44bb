"""The tables of languages: scripts against Babel's CLDR, classes against the paper's examples, the benchmarks whole."""

import pytest
from babel import Locale, UnknownLocaleError
from babel.core import get_global

from hybrid_pyserini import languages
from hybrid_pyserini.languages import UNKNOWN, other_script, resource, script

BENCHMARKS = {
    "xquad-r": "ar de el en es hi ru th tr vi zh",
    "mlqa-r": "ar de en es hi vi zh",
    "miracl": "ar bn de en es fa fi fr hi id ja ko ru sw te th yo zh",
    "mrtydi": "ar bn en fi id ja ko ru sw te th",
    "mmarco": "ar de en es fr hi id it ja nl pt ru vi zh",
    "mkqa": "ar da de en es fi fr he hu it ja km ko ms nl no pl pt ru sv th tr vi zh_cn zh_hk zh_tw",
    "belebele": "arb_Arab ben_Beng eng_Latn pes_Arab swh_Latn zho_Hans zho_Hant yor_Latn sin_Sinh npi_Deva kaz_Cyrl",
}


def cldr_script(code: str) -> str:
    """The likely script of a language code, from CLDR's table in Babel."""
    language, *regions = code.split("_")
    likely = get_global("likely_subtags")
    tag = "_".join([language, *(region.upper() for region in regions)])
    return likely.get(tag, likely.get(language)).split("_")[1]


@pytest.mark.parametrize("code", sorted(languages._SCRIPT))
def test_scripts_are_cldrs(code: str) -> None:
    assert script(code) == cldr_script(code)


@pytest.mark.parametrize(("code", "expected"), [
    ("zh", "Hans"), ("zh_cn", "Hans"), ("zh_tw", "Hant"), ("zh_hk", "Hant"), ("ZH_MO", "Hant"),
    ("zho_Hant", "Hant"), ("hin_Latn", "Latn"), ("arb", "Arab"), ("pt_br", "Latn"), ("ben_Beng", "Beng"),
    ("tlh", UNKNOWN), ("xx", UNKNOWN), ("xx_Cyrl", "Cyrl"),
])
def test_a_script_in_the_code_decides_and_a_region_of_chinese_does(code: str, expected: str) -> None:
    assert script(code) == expected


@pytest.mark.parametrize("code", ["zh_tw", "zh_hk", "zh_mo", "zh_cn"])
def test_scripts_of_chinese_regions_are_cldrs(code: str) -> None:
    assert script(code) == cldr_script(code)


def test_three_letter_codes_are_cldrs_names_for_the_same_languages() -> None:
    aliases = get_global("language_aliases")
    ours = {"nob": "no", "tgl": "tl"}  # CLDR: nb, which is what no is in the benchmarks, and fil, standard Tagalog
    for long, short in languages._LONG.items():
        assert short == ours.get(long, aliases.get(long)), long


@pytest.mark.parametrize(("level", "codes"), [
    (5, "en es de ja fr"), (4, "ru hu vi nl ko"), (3, "id uk ceb af he"), (2, "zu lo mt ga"),
])
def test_the_examples_of_the_papers_table(level: int, codes: str) -> None:
    """Table 1 of arXiv 2004.09095 names some languages of each class."""
    assert {code: resource(code) for code in codes.split()} == dict.fromkeys(codes.split(), str(level))


def test_the_fives_and_fours_are_as_many_as_in_the_paper() -> None:
    levels = list(languages._RESOURCE.values())
    assert (levels.count(5), levels.count(4)) == (7, 18)  # classes 3 to 0 are not held whole
    assert all(levels.count(level) <= most for level, most in {3: 28, 2: 19, 1: 222, 0: 2191}.items())


def test_a_language_has_one_class_and_one_script() -> None:
    for table, lists in ((languages._RESOURCE, languages._CLASSES), (languages._SCRIPT, languages._SCRIPTS)):
        codes = " ".join(lists.values()).split()
        assert len(codes) == len(table) == len(set(codes))
    assert languages._RESOURCE.keys() == languages._SCRIPT.keys() == set(languages._LONG.values()) | {"ceb"}


@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_the_benchmarks_languages_are_known(benchmark: str) -> None:
    for code in BENCHMARKS[benchmark].split():
        assert script(code) != UNKNOWN, code
        assert resource(code) != UNKNOWN, code


def test_what_is_not_in_the_table_is_not_guessed() -> None:
    assert (resource("xx"), script("xx"), resource("yue_Hant")) == (UNKNOWN, UNKNOWN, UNKNOWN)
    assert resource("zh_tw") == resource("zho_Hant") == "5"


@pytest.mark.parametrize(("code", "expected", "runs"), [
    ("ar", "ar", "rtl"), ("he", "he", "rtl"), ("fa", "fa", "rtl"), ("urd_Arab", "ur-Arab", "rtl"), ("de", "de", "ltr"),
    ("zh_Hans", "zh-Hans", "ltr"), ("eng_Latn", "en-Latn", "ltr"), ("arb_Latn", "ar-Latn", "ltr"), ("xx", "xx", "auto"),
])
def test_tags_and_directions(code: str, expected: str, runs: str) -> None:
    assert (languages.tag(code), languages.direction(code)) == (expected, runs)


def test_directions_are_cldrs() -> None:
    for code in languages._SCRIPT:
        try:
            known = Locale.parse(code).text_direction
        except UnknownLocaleError:
            continue
        assert languages.direction(code) == known, code


@pytest.mark.parametrize(("texts", "language", "expected"), [
    (["Häuser", "NFL 2016"], "de", None), (["Häuser"], "el", "Latin"), (["σπίτια", "NFL"], "el", None),
    (["σπίτια"], "de", "Greek"), (["ＮＦＬ"], "de", None), (["東京の本"], "ja", None), (["のほん"], "zh", "Hiragana"),
    (["中文"], "zh_tw", None), (["한국어"], "ko", None), (["किताबें"], "hin_Latn", "Devanagari"), (["книга"], "xx", None),
    (["книга"], "hye_Armn", None), (["2016?"], "de", None), (["ABC кни"], "de", None), (["ABC книг"], "de", "Cyrillic"),
])
def test_texts_that_are_mostly_in_another_script(texts: list[str], language: str, expected: str | None) -> None:
    assert other_script(texts, language) == expected


@pytest.mark.parametrize("code", sorted(languages._SCRIPT))
def test_the_letters_of_each_languages_script_are_known(code: str) -> None:
    """By the language's name for itself, as CLDR has it."""
    assert script(code) in languages._LETTERS
    try:
        own_name = Locale.parse(code).get_language_name(code)
    except UnknownLocaleError:
        return
    assert own_name is None or other_script([own_name], code) is None
    assert own_name is None or other_script([own_name], "el" if code != "el" else "en")
