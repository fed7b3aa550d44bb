"""The table of NLLB's codes against transformers' own lists and CLDR, and what is found of a language in a model."""

import pytest
from babel.core import get_global
from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES as M2M
from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES as FLORES

from hybrid_pyserini import languages
from hybrid_pyserini.translation.language_codes import NLLB, code_in

NOT_CLDRS = {"ko": "Kore", "ps": "pus"}
"""FLORES-200 writes Hang for Kore; CLDR has no alias of Southern Pashto, NLLB no other Pashto."""


def test_every_code_is_nllbs() -> None:
    assert set(NLLB.values()) <= set(FLORES)
    assert len(set(NLLB.values())) == len(NLLB)


@pytest.mark.parametrize("short", sorted(set(NLLB) - set(NOT_CLDRS)))
def test_language_and_script_are_cldrs(short: str) -> None:
    long, script = NLLB[short].split("_")
    ours = {"nob": "no", "tgl": "tl"}  # as in languages.py
    assert ours.get(long, get_global("language_aliases").get(long, long)) == short
    assert get_global("likely_subtags")[short].split("_")[1] == script


def test_the_table_agrees_with_the_languages_that_are_known() -> None:
    for long, short in languages._LONG.items():
        assert NLLB[short].split("_")[0] == long or long in ("ara", "cmn"), short  # Tatoeba's, beside arb and zho
    assert languages._SCRIPT.keys() <= NLLB.keys()


def test_no_language_of_both_models_is_left_out() -> None:
    """Breton, Fula, Western Frisian and Northern Sotho, M2M-100's ``ns``, have no code of NLLB's in CLDR's terms."""
    assert set(M2M["m2m100"]) - set(NLLB) == {"br", "ff", "fy", "ns"}


@pytest.mark.parametrize(("language", "m2m", "nllb"), [
    ("de", "de", "deu_Latn"), ("deu_Latn", "de", "deu_Latn"), ("deu", "de", "deu_Latn"), ("zh", "zh", "zho_Hans"),
    ("zh_cn", "zh", "zho_Hans"), ("zho_Hans", "zh", "zho_Hans"), ("zh_tw", None, "zho_Hant"),
    ("zho_Hant", None, "zho_Hant"), ("arb_Arab", "ar", "arb_Arab"), ("cmn", "zh", "zho_Hans"),
    ("arb_Latn", None, None), ("no", "no", "nob_Latn"),
    ("ko", "ko", "kor_Hang"), ("kor_Hang", "ko", "kor_Hang"), ("cym_Latn", "cy", "cym_Latn"), ("cy", "cy", "cym_Latn"),
    ("br", "br", None), ("te", None, "tel_Telu"), ("xx", None, None), ("", None, None), ("kas_Deva", None, "kas_Deva"),
])
def test_codes_are_found(language: str, m2m: str | None, nllb: str | None) -> None:
    assert (code_in(language, M2M["m2m100"]), code_in(language, FLORES)) == (m2m, nllb)
