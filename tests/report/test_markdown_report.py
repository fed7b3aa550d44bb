"""The report as Markdown."""

from dataclasses import replace

from reported_workspace import NASTY

from hybrid_pyserini.records import Pair
from hybrid_pyserini.report.markdown_report import markdown_report
from hybrid_pyserini.report.report import Report
from hybrid_pyserini.report.table_formats import Table, markdown_table
from hybrid_pyserini.report.worst_questions import Shown, WorstQuestion

ESCAPED = (
    "\\<script>alert('1')\\</script> &amp; \"\\<b>\\|\\*\\_\\`\\[x\\](http://example.org)"
)


def test_its_parts(report: Report) -> None:
    text = markdown_report(report)
    assert text.startswith("# six: poor, other, good\n\n## Summary\n\n- ")
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## Summary", "## Over alpha", "## Tables", "## Language pairs", "## Language bias in the pool",
        "## Worst questions", "## Provenance",
    ]
    for picture in report.pictures:
        assert f"]({picture.name}.svg)" in text
    for table in (*report.tables, *report.bias_tables, report.data):
        assert markdown_table(table) in text
    assert "**RR of good minus poor**\n\n|    |   de |   en |  all |\n" in text


def test_texts_are_texts(report: Report) -> None:
    text = markdown_report(report)
    assert NASTY not in text and f"### 1. de q3? {ESCAPED}\n" in text
    assert f"| 1 | de |  | de passage 1 {ESCAPED} |" in text


def test_titles_are_texts() -> None:
    assert markdown_table(Table("Table 1: AP on _six_", ["a"], [])).startswith("**Table 1: AP on \\_six\\_**\n")


def test_right_to_left(report: Report) -> None:
    arabic = Shown("ar:1", None, "ar", "DNA", "نص")
    question = WorstQuestion("q", Pair("ar", "all"), "ما", 0.1, (arabic,), arabic, (), 3, {"de": 3})
    assert report.worst is not None
    text = markdown_report(replace(report, worst=replace(report.worst, questions=[question])))
    assert '### 1. <span dir="rtl">ما</span>\n\nq, ar to pool: RR 0.100' in text
    assert '| unranked | ar | yes | <span dir="rtl">DNA: نص</span> |' in text
    assert "| ... |  |  | In all, 3 that are not judged relevant stand above: 3 de |" in text
