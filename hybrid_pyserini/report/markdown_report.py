"""A report as Markdown, its pictures as SVG files beside it. Heat maps are tables of their figures."""

from collections.abc import Sequence

from hybrid_pyserini.languages import direction
from hybrid_pyserini.records import ALL
from hybrid_pyserini.report.heat_maps import HeatMap
from hybrid_pyserini.report.picture import Picture
from hybrid_pyserini.report.report import Report, Worst
from hybrid_pyserini.report.table_formats import as_markdown, markdown_escaped, markdown_table
from hybrid_pyserini.report.tables import markdown
from hybrid_pyserini.report.worst_questions import Shown, WorstQuestion


def markdown_report(report: Report) -> str:
    """The report; pictures are shown from ``<name>.svg``."""
    parts = [f"# {report.dataset}: {', '.join(map(_text, report.systems))}", "## Summary", _list(report.summary)]
    if report.curve_table:
        parts += ["## Over alpha", *map(_picture, report.curves), markdown_table(report.curve_table)]
    parts += ["## Tables", as_markdown(report.tables, report.notes)]
    parts += ["## Language pairs", "Rows: the query's language. Columns: the passages' language; `all` is the pool."]
    parts += [f"**{_text(one.title)}**\n\n{_heat_map(one)}" for one in (*report.heat_maps, *report.differences)]
    parts.append(_text(report.differences[0].marks))
    if report.bias_pictures or report.bias_tables:
        parts += ["## Language bias in the pool", *map(_picture, report.bias_pictures)]
        parts += map(markdown_table, report.bias_tables)
    parts += ["## Worst questions", *_worst(report.worst)] if report.worst else []
    parts += ["## Provenance", _list([f"{name}: {text}" for name, text in report.provenance])]
    parts.append(markdown_table(report.data))
    return "\n\n".join(parts) + "\n"


def _list(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {_text(sentence)}" for sentence in sentences)


def _picture(picture: Picture) -> str:
    return f"![{_text(picture.alt)}]({picture.name}.svg)"


def _heat_map(heat_map: HeatMap) -> str:
    rows = []
    for language, cells in heat_map.rows:
        texts = ["-" if cell is None else f"**{cell.text}**" if cell.significant else cell.text for cell in cells]
        rows.append([language, *texts])
    return markdown(["", *heat_map.columns], rows)


def _worst(worst: Worst) -> list[str]:
    questions = (_question(number, worst.measure, one) for number, one in enumerate(worst.questions, start=1))
    return [_text(worst.introduction), *questions]


def _question(number: int, measure: str, one: WorstQuestion) -> str:
    passages = "pool" if one.pair.passage == ALL else one.pair.passage
    rows = [_row(passage, "") for passage in one.above]
    if one.counts:
        rows.append(["...", "", "", _text(one.counts)])
    rows.append(_row(one.answer, "yes"))
    ranks = ", ".join(f"{of.language or of.docid} {'unranked' if of.rank is None else of.rank}" for of in one.relevant)
    lines = ["| rank | in | relevant | passage |", "|---:|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n\n".join([
        f"### {number}. {_set(one.query, one.pair.query)}",
        f"{_text(one.query_id)}, {one.pair.query} to {passages}: {_text(measure)} {one.value:.3f}",
        "\n".join(lines), f"Ranks of its relevant passages: {_text(ranks)}",
    ])


def _row(passage: Shown, relevant: str) -> list[str]:
    rank = "unranked" if passage.rank is None else str(passage.rank)
    text = f"{passage.title}: {passage.text}" if passage.title else passage.text or passage.docid
    return [rank, passage.language or "?", relevant, _set(text, passage.language)]


def _set(text: str, language: str | None) -> str:
    """A text, set from the right where its language is."""
    if language is not None and direction(language) == "rtl":
        return f'<span dir="rtl">{_text(text)}</span>'
    return _text(text)


def _text(text: str) -> str:
    """A text that neither Markdown nor HTML nor GitHub's mathematics takes for its own."""
    escaped = markdown_escaped(text.replace("&", "&amp;"))
    for character in "`[]$~#":
        escaped = escaped.replace(character, f"\\{character}")
    return escaped
