"""How findings are printed."""

import pytest

from hybrid_pyserini.doctor.findings import Finding, Level, page, readable_size


def test_a_page_has_columns_and_each_remedy_below_its_problem() -> None:
    findings = [
        Finding(Level.OK, "Python", "3.11"), Finding(Level.NOTE, "GPU", "none"),
        Finding(Level.MISSING, "torch", "not installed", remedy="pip install torch"),
    ]
    assert page("This machine", findings) == (
        "This machine\n"
        "  ok       Python  3.11\n"
        "  note     GPU     none\n"
        "  MISSING  torch   not installed\n"
        "                   -> pip install torch"
    )


def test_a_long_text_is_broken_at_blanks_and_a_remedy_is_not() -> None:
    words, remedy = ["word-with-hyphens"] * 12, "do " * 60 + "it"
    lines = page("Title", [Finding(Level.NOTE, "it", " ".join(words), remedy=remedy)]).splitlines()[1:]
    assert [line[15:] for line in lines] == [" ".join(words[:5]), " ".join(words[5:10]), " ".join(words[10:]),
                                             f"-> {remedy}"]
    assert {line[:15] for line in lines[1:]} == {" " * 15}


def test_what_is_missing_has_a_remedy() -> None:
    with pytest.raises(ValueError, match="Java is missing, and no remedy"):
        Finding(Level.MISSING, "Java", "none found")


def test_sizes_are_readable() -> None:
    assert [readable_size(size) for size in (0, 16_400_000, 999_000_000, 1_000_000_000, 25_260_000_000)] == [
        "0 MB", "16 MB", "999 MB", "1.0 GB", "25.3 GB",
    ]
