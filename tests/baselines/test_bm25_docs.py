"""docs/bm25.md has the table of analyses as it is; ``python tests/baselines/test_bm25_docs.py`` writes it there."""

import re
from collections import defaultdict
from pathlib import Path

from hybrid_pyserini.baselines.analysis import ANALYSES, OTHERS, Analysis

PAGE = Path(__file__).parents[2] / "docs" / "bm25.md"
BENCHMARKS = {
    "MIRACL": "ar bn de en es fa fi fr hi id ja ko ru sw te th yo zh", "Mr. TyDi": "ar bn en fi id ja ko ru sw te th",
    "mMARCO": "ar de en es fr hi id it ja nl pt ru vi zh", "CIRAL": "en ha so sw yo", "NeuCLIR": "en fa ru zh",
    "MKQA": "ar da de en es fi fr he hu it ja km ko ms nl no pl pt ru sv th tr vi zh",
    "XQuAD-R": "ar de el en es hi ru th tr vi zh", "MLQA-R": "ar de en es hi vi zh",
}
_TABLE = re.compile("(<!-- analyses: .* -->\n).*(<!-- end of analyses -->\n)", re.DOTALL)


def table() -> str:
    """A row for each analysis, with its languages."""
    languages: dict[Analysis, list[str]] = defaultdict(list)
    for language, analysis in ANALYSES.items():
        languages[analysis].append(language)
    rows = [(" ".join(codes), analysis) for analysis, codes in languages.items()] + [("others", OTHERS)]
    cells = [f"| {codes} | `{analysis.name.rpartition('.')[2]}` | {analysis.reason} |\n" for codes, analysis in rows]
    return "".join(["| language | cut by | reason |\n|---|---|---|\n", *cells])


def with_table(page: str) -> str:
    return _TABLE.sub(lambda found: found[1] + table() + found[2], page)


def test_the_page_has_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert table() in page
    assert with_table(page) == page


def test_every_language_of_the_benchmarks_is_in_the_table() -> None:
    for name, languages in BENCHMARKS.items():
        assert set(languages.split()) <= ANALYSES.keys(), name


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
