"""A report's files: ``index.html``, which needs no other, and ``report.md`` with its pictures beside it."""

from pathlib import Path

from hybrid_pyserini.atomic import discard_file, replacing_file
from hybrid_pyserini.report.markdown_report import markdown_report
from hybrid_pyserini.report.page import page
from hybrid_pyserini.report.picture import NAMES
from hybrid_pyserini.report.report import Report

PAGE, MARKDOWN = "index.html", "report.md"


def write_report(report: Report, folder: Path) -> None:
    """Write all of a report into a folder; pictures of an earlier one go, and other files stay."""
    contents = {f"{picture.name}.svg": picture.svg for picture in report.pictures}
    contents |= {MARKDOWN: markdown_report(report).encode(), PAGE: page(report).encode()}
    for name, content in contents.items():
        with replacing_file(folder / name) as aside:
            aside.write_bytes(content)
    for name in NAMES:
        if f"{name}.svg" not in contents:
            discard_file(folder / f"{name}.svg")
