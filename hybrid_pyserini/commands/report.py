"""``report``: evaluated systems -> one HTML page that needs nothing else, and Markdown."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from hybrid_pyserini.commands.table_output import check_output
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.workspace import Workspace


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("dataset", metavar="DATASET", help="a data set prepared in the workspace")
    parser.add_argument(
        "systems", nargs="+", metavar="SYSTEM",
        help="two or more, as for 'compare': a model that was evaluated, 'bm25' included, or NAME=MODEL,MODEL,... for "
        "one system trained with several seeds. The last is set against each other, and its worst questions are shown",
    )
    parser.add_argument(
        "--measures", nargs="+", metavar="MEASURE",
        help="of those that all were evaluated with; all but Table 3 shows the first (default: all, as evaluated)",
    )
    parser.add_argument(
        "--alpha", nargs="+", action="extend", default=[], metavar="ALPHA=SYSTEM",
        help="these systems are a sweep over alpha, to be drawn as curves: 0=x-y 0.5=hybrid 1=x-x-mono",
    )
    parser.add_argument("--worst", type=int, default=10, metavar="N", help="how many questions (default: %(default)s)")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="default: reports/DATASET in the workspace")
    parser.epilog = (
        "Writes FOLDER/index.html, which opens from the file in any browser, and report.md with its pictures beside\n"
        "it: summary, tables, heat maps of all language pairs and of differences, language bias, curves over alpha,\n"
        "the worst questions with what stood above the answer. docs/report.md shows one.\n"
        "example: hybrid-pyserini report xquad-r-heldout bm25 x-x-mono x-y hybrid\n"
        "         hybrid-pyserini report demo x-y=x-y-1,x-y-2 half=hybrid-1,hybrid-2 --alpha 0=x-y 0.5=half"
    )


def run(arguments: argparse.Namespace) -> None:
    """Compare the systems and write the report."""
    from hybrid_pyserini.comparison.systems import parse_systems
    from hybrid_pyserini.report.report import Asked, make_report
    from hybrid_pyserini.report.writing import PAGE, write_report

    workspace = Workspace(arguments.workspace)
    info = workspace.dataset(arguments.dataset)
    if arguments.worst < 0:
        raise InputError(f"--worst {arguments.worst}", remedy="give 0 or more")
    asked = Asked(
        parse_systems(workspace, arguments.systems), arguments.measures, parse_alphas(arguments.alpha), arguments.worst
    )
    folder = arguments.output or workspace.report(info.name)
    check_output(folder / PAGE)
    write_report(make_report(workspace, info, asked), folder)
    print(folder / PAGE)


def parse_alphas(words: Sequence[str]) -> dict[float, str]:
    """alpha -> system; raises InputError for what is not ALPHA=SYSTEM with an alpha from 0 to 1, each once."""
    alphas: dict[float, str] = {}
    for word in words:
        number, equals, name = word.partition("=")
        try:
            alpha = float(number)
        except ValueError:
            alpha = -1.0
        if not equals or not 0 <= alpha <= 1:
            raise InputError(f"--alpha {word!r} is not ALPHA=SYSTEM", remedy="write 0.5=hybrid, alpha from 0 to 1")
        if alpha in alphas or name in alphas.values():
            raise InputError(f"--alpha {word}: named twice", remedy="give each alpha one system")
        alphas[alpha] = name
    return alphas
