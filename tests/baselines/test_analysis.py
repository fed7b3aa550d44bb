"""How each language is cut into tokens, on the runtime that every installation has."""

import pytest

from hybrid_pyserini.baselines.analysis import ANALYSES, OTHERS, analysis_of, blanks, load_analyzer, thai_trigrams

SENTENCES = {
    "ar": ("الكتب في المكتبات", "كتب"),
    "bg": ("Къщите и книгите", "книг"),
    "bn": ("মানুষের বইগুলি", "মানুস"),
    "ca": ("Les cases i els llibres de l'home", "llibr"),
    "cs": ("Domy a knihy ve městech", "knih"),
    "da": ("Husene og bøgerne", "hus"),
    "de": ("Die Häuser und die Bücher", "haus"),
    "el": ("Οι άνθρωποι και τα βιβλία", "ανθρωπ"),
    "en": ("The houses and the running foxes", "fox"),
    "es": ("Las casas y los libros", "cas"),
    "et": ("Majad ja raamatud", "maja"),
    "eu": ("Etxeak eta liburuak", "liburu"),
    "fa": ("کتاب‌های خوب", "خوب"),
    "fi": ("Talot ja kirjat", "talo"),
    "fr": ("Les maisons et les livres", "maison"),
    "ga": ("Na tithe agus na leabhair", "leabhair"),
    "gl": ("As casas e os libros", "cas"),
    "ha": ("Gidajen Kano da littattafai", "Kano"),
    "he": ("הבתים והספרים", "הבתים"),
    "hi": ("लड़कों की किताबें", "किताब"),
    "hu": ("A házak és a könyvek", "ház"),
    "id": ("Rumah-rumah dan membaca buku", "baca"),
    "it": ("Le biblioteche e gli alberi", "alber"),
    "ja": ("東京の本を読みました", "読む"),
    "km": ("ភាសាខ្មែរ NFL", "ភាស"),
    "ko": ("대한민국", "한민"),
    "lo": ("ພາສາລາວ NFL", "ພາສ"),
    "lt": ("Namai ir knygos", "knyg"),
    "lv": ("Mājas un grāmatas", "grāmat"),
    "ms": ("Rumah dan membaca buku", "membaca"),
    "my": ("မြန်မာဘာသာ", "ဘာသ"),
    "ne": ("घरहरू र किताबहरू", "किताब"),
    "nl": ("De huizen en de boeken", "boek"),
    "no": ("Husene og bøkene", "hus"),
    "pl": ("Książki w miastach", "miasto"),
    "pt": ("As casas e os livros", "livr"),
    "ro": ("Casele și cărțile", "cărț"),
    "ru": ("Дома и книги", "книг"),
    "so": ("Guryaha Muqdisho iyo buugaagta", "Muqdisho"),
    "sr": ("Куће и књиге", "knjig"),
    "sv": ("Husen och böckerna", "hus"),
    "sw": ("Vitabu vya Kiswahili", "Kiswahili"),
    "ta": ("வீடுகள் மற்றும் புத்தகங்கள்", "வீடு"),
    "te": ("పుస్తకాలు బాగున్నాయి", "పుస్తకా"),
    "th": ("ประเทศไทย NFL", "เทศ"),
    "tr": ("Evler ve kitaplar", "kitap"),
    "uk": ("Будинки і книги", "книга"),
    "vi": ("Những ngôi nhà running", "running"),
    "yo": ("Àwọn ìwé Yorùbá", "Yorùbá"),
    "zh": ("中华人民共和国", "人民"),
}
"""Language -> a sentence, and a token that its analysis makes of it: a stem, a segment, a word as it is."""


def test_every_language_of_the_table_has_a_sentence() -> None:
    assert SENTENCES.keys() == ANALYSES.keys()


@pytest.mark.java
@pytest.mark.parametrize("language", ANALYSES)
def test_each_languages_words_are_cut_as_it_writes_them(language: str) -> None:
    sentence, token = SENTENCES[language]
    tokens = load_analyzer(language)(sentence)
    assert token in tokens
    assert all(tokens)
    assert not any(character.isspace() for token in tokens for character in token)


@pytest.mark.java
@pytest.mark.parametrize("language", ["el", "vi", "th", "sw", "yo", "xx"])
def test_no_other_language_gets_the_english_stemmer(language: str) -> None:
    """Pyserini takes it without a word for the first two, at indexing and at search."""
    assert "running" in load_analyzer(language)("running foxes")
    assert "run" in load_analyzer("en")("running foxes")


@pytest.mark.java
def test_greek_forms_of_a_word_meet() -> None:
    """Inflected, and with or without accents; Pyserini's English analyzer leaves all of them apart."""
    greek, english = load_analyzer("el"), load_analyzer("en")
    assert greek("άνθρωποι") == greek("ΑΝΘΡΩΠΟΥΣ") == greek("ανθρωπος")
    assert len({*english("άνθρωποι"), *english("ΑΝΘΡΩΠΟΥΣ"), *english("ανθρωπος")}) == 3


def test_thai_trigrams() -> None:
    assert thai_trigrams("ภาษาไทย") == ["ภาษ", "าษา", "ษาไ", "าไท", "ไทย"]
    assert thai_trigrams("Super Bowl 50 ที่ NFL.") == ["super", "bowl", "50", "ที่", "nfl"]
    assert thai_trigrams("ครั้ง") == ["ครั", "รั้", "ั้ง"]
    assert thai_trigrams(' "…" ') == []


def test_trigrams_of_a_script_leave_others_whole() -> None:
    assert load_analyzer("km")("ភាសា ABC ภาษา") == ["ភាស", "ាសា", "abc", "ภาษา"]


def test_thai_words_are_found_without_blanks_between_them() -> None:
    """A question and its answer share a word that no blank marks; splitting at blanks finds nothing."""
    question, answer = "เมืองหลวงของไทย", "กรุงเทพมหานครเป็นเมืองหลวง"
    assert {"เมื", "หลว", "ลวง"} <= set(thai_trigrams(question)) & set(thai_trigrams(answer))
    assert not set(blanks(question)) & set(blanks(answer))


@pytest.mark.parametrize(("code", "base"), [
    ("zh_Hans", "zh"), ("zho_Hant", "zh"), ("kor_Hang", "ko"), ("eng_Latn", "en"), ("arb_Arab", "ar"),
    ("nob_Latn", "no"), ("en_de", "en"), ("en_zh", "en"), ("zh_tw", "zh"), ("deu", "de"),
])
def test_codes_of_three_letters_and_what_follows_the_language(code: str, base: str) -> None:
    assert analysis_of(code) is ANALYSES[base]


@pytest.mark.parametrize("code", ["arb_Latn", "hin_Latn", "urd_Latn", "acm_Arab"])
def test_a_language_in_another_script_has_no_analyzer(code: str) -> None:
    assert analysis_of(code) is OTHERS


def test_a_language_that_the_table_lacks_has_a_reason_to_be_said() -> None:
    assert analysis_of("xx") is OTHERS
    assert "no analyzer is known" in OTHERS.reason


def test_every_analysis_has_a_reason() -> None:
    assert all(analysis.reason for analysis in ANALYSES.values())
