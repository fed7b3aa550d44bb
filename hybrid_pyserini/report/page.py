"""A report as one HTML page that needs nothing else: style, tables and pictures are in it, and no script."""

from base64 import b64encode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hybrid_pyserini.languages import direction, tag
from hybrid_pyserini.report.picture import Picture
from hybrid_pyserini.report.report import Report
from hybrid_pyserini.report.table_formats import DAGGER


def page(report: Report) -> str:
    """The page; whatever stands in questions, passages and names is shown as it is, and never taken for HTML."""
    templates = Environment(
        loader=PackageLoader("hybrid_pyserini.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"language_attributes": _language_attributes, "source": _source}
    return templates.get_template("page.html").render(report=report, dagger=DAGGER)


def _language_attributes(code: str | None) -> Markup:
    """``lang`` and ``dir`` of a text: a browser chooses fonts, breaks lines and sets right-to-left text by them."""
    if code is None:
        return Markup('dir="auto"')
    return Markup('lang="{}" dir="{}"').format(tag(code), direction(code))


def _source(picture: Picture) -> str:
    """The picture itself, for an ``img``. Within the page's own HTML the ids of several SVGs would meet."""
    return f"data:image/svg+xml;base64,{b64encode(picture.svg).decode()}"
