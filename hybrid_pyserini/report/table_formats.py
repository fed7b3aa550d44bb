"""Tables of figures as text, Markdown and LaTeX, with the best and the second best of a column or row told apart."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hybrid_pyserini.report.tables import markdown

DAGGER = "†"

_BOLD, _UNDERLINED, _PLAIN = "\033[1m", "\033[4m", "\033[0m"
_SUPERSCRIPTS = {1: "¹", 2: "²"}


@dataclass(frozen=True)
class Cell:
    """A figure. ``place``: 1 for the best, 2 for the second best of those it is set against, else 0."""

    text: str
    place: int = 0
    dagger: bool = False


def best_two(printed: Mapping[str, float], *, smallest: bool = False) -> dict[str, int]:
    """Name -> 1 for the best, 2 for the second best of figures as they are printed, else 0. Figures that print the same
    share a place, and where all do none has one. ``smallest``: the smaller is the better."""
    ranking = sorted(set(printed.values()), reverse=not smallest)[:2]
    if len(ranking) < 2:
        return dict.fromkeys(printed, 0)
    return {name: ranking.index(figure) + 1 if figure in ranking else 0 for name, figure in printed.items()}


@dataclass(frozen=True)
class Table:
    """The first column names the rows."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def render_tables(tables: Sequence[Table], notes: Sequence[str], form: str, *, terminal: bool) -> str:
    """Tables with their notes as table, markdown or latex, ending in a line break."""
    if form == "markdown":
        return as_markdown(tables, notes) + "\n"
    if form == "latex":
        return as_latex(tables, notes) + "\n"
    return as_text(tables, notes, terminal=terminal) + "\n"


def as_text(tables: Sequence[Table], notes: Sequence[str], *, terminal: bool) -> str:
    """Aligned columns; on a terminal the best is bold and the second underlined, else they have a superscript."""
    said = "bold: best, underlined: second" if terminal else "¹ best, ² second"
    return "\n\n".join([*(_text_table(table, terminal) for table in tables), "\n".join([f"{said}.", *notes])])


def _text_table(table: Table, terminal: bool) -> str:
    marks = [
        [("" if terminal else _SUPERSCRIPTS.get(cell.place, "")) + DAGGER * cell.dagger for cell in row]
        for row in table.rows
    ]
    most = [max((len(row[column]) for row in marks), default=0) for column in range(len(table.header))]
    texts = [
        [cell.text + mark + " " * (width - len(mark)) for cell, mark, width in zip(row, of_row, most, strict=True)]
        for row, of_row in zip(table.rows, marks, strict=True)
    ]
    lines = markdown(table.header, texts).splitlines()
    if terminal:
        lines[2:] = [_styled_line(line, row) for line, row in zip(lines[2:], table.rows, strict=True)]
    return "\n".join([table.title, "", *lines])


def _styled_line(line: str, row: Sequence[Cell]) -> str:
    parts = line.removeprefix("| ").removesuffix(" |").split(" | ")
    return "| " + " | ".join(_styled(part, cell) for part, cell in zip(parts, row, strict=True)) + " |"


def _styled(part: str, cell: Cell) -> str:
    style = {1: _BOLD, 2: _UNDERLINED}.get(cell.place)
    return part.replace(cell.text, f"{style}{cell.text}{_PLAIN}", 1) if style else part


def as_markdown(tables: Sequence[Table], notes: Sequence[str]) -> str:
    """Markdown with the best bold and the second underlined."""
    said = "Bold: best; underlined: second. " + markdown_escaped(" ".join(notes))
    return "\n\n".join([*map(markdown_table, tables), said])


def markdown_table(table: Table) -> str:
    """A table below its title."""
    wrap = {0: "{}", 1: "**{}**", 2: "<u>{}</u>"}
    return f"**{markdown_escaped(table.title)}**\n\n" + markdown(
        [markdown_escaped(title) for title in table.header],
        [
            [wrap[cell.place].format(markdown_escaped(cell.text)) + DAGGER * cell.dagger for cell in row]
            for row in table.rows
        ],
    )


def markdown_escaped(text: str) -> str:
    """A text that Markdown shows as it is, in a table's cell too."""
    for character in "\\|_*<":
        text = text.replace(character, f"\\{character}")
    return text


_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "†": r"$^{\dagger}$", "<": "$<$", ">": "$>$",
    "≤": r"$\leq$",
}


def latex_escaped(text: str) -> str:
    """A text that LaTeX prints as it is; the hyphen before a number becomes a minus."""
    escaped = "".join(_LATEX.get(character, character) for character in text.replace("<=", "≤"))
    return re.sub(r"(?<![\w.])-(?=[\d.])", "$-$", escaped)


def as_latex(tables: Sequence[Table], notes: Sequence[str]) -> str:
    """A ``table`` each, with booktabs' rules; the notes in the captions' place below the last."""
    wrap = {0: "{}", 1: r"\textbf{{{}}}", 2: r"\underline{{{}}}"}
    parts = ["% needs \\usepackage{booktabs}"]
    for table in tables:
        rows = [
            [wrap[cell.place].format(latex_escaped(cell.text)) + latex_escaped(DAGGER * cell.dagger) for cell in row]
            for row in table.rows
        ]
        parts.append("\n".join([
            r"\begin{table}", r"\centering", rf"\caption{{{latex_escaped(_caption(table))}}}",
            rf"\begin{{tabular}}{{l{'r' * (len(table.header) - 1)}}}", r"\toprule",
            _latex_row([latex_escaped(title) for title in table.header]), r"\midrule", *map(_latex_row, rows),
            r"\bottomrule", r"\end{tabular}", r"\end{table}",
        ]))
    said = " ".join(["Bold: best; underlined: second.", *notes])
    return "\n\n".join([*parts, rf"{{\footnotesize {latex_escaped(said)}\par}}"])


def _caption(table: Table) -> str:
    """The title without a number of its own: LaTeX counts."""
    return re.sub(r"^Table \d+: ", "", table.title)


def _latex_row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"
