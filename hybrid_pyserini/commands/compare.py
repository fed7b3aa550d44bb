"""``compare``: evaluated systems -> the paper's tables with intervals and tests of significance."""

import argparse
import sys
from pathlib import Path

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.workspace import Workspace

FORMATS = ("table", "markdown", "latex", "csv", "json")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("dataset", metavar="DATASET", help="a data set prepared in the workspace")
    parser.add_argument(
        "first", metavar="SYSTEM",
        help="a model that was evaluated, 'bm25' included, or NAME=MODEL,MODEL,... for one system trained with several "
        "seeds",
    )
    parser.add_argument("others", nargs="+", metavar="SYSTEM", help="one or more others, written in the same way")
    parser.add_argument(
        "--measures", nargs="+", metavar="MEASURE",
        help="of those that all were evaluated with; Tables 1 and 2 show the first (default: all of these, in "
        "evaluate's order)",
    )
    parser.add_argument(
        "--format", choices=FORMATS, default="table",
        help="table: for reading here; markdown; latex: with booktabs; csv: one figure a line; json: everything "
        "(default: table)",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write there instead of printing")
    parser.epilog = (
        "Table 1: means of mono, cross and multi, and the rank distance; 2: by query language; 3: further measures;\n"
        "and each two systems' differences. docs/comparing.md says how they are tested.\n"
        "example: hybrid-pyserini compare xquad-r-heldout bm25 x-x-mono x-y hybrid --measures AP R@1 R@10\n"
        "         hybrid-pyserini compare demo x-y=x-y-1,x-y-2,x-y-3 hybrid=hybrid-1,hybrid-2,hybrid-3\n"
        "         hybrid-pyserini compare xquad-r x-y hybrid --format latex --output tables.tex"
    )


def run(arguments: argparse.Namespace) -> None:
    """Compare the systems and print or write the tables."""
    from hybrid_pyserini.atomic import replacing_file
    from hybrid_pyserini.evaluation.comparison import compare
    from hybrid_pyserini.evaluation.systems import parse_systems
    from hybrid_pyserini.report.comparison_tables import render

    workspace = Workspace(arguments.workspace)
    info = workspace.dataset(arguments.dataset)
    if arguments.output is not None:
        _check_output(arguments.output)
    systems = parse_systems(workspace, [arguments.first, *arguments.others])
    record = compare(workspace, info, systems, arguments.measures)
    if "measures" in record["remarks"]:
        print(f"hybrid-pyserini compare: {record['remarks']['measures']}", file=sys.stderr)
    if arguments.output is None:
        sys.stdout.write(render(record, arguments.format, terminal=sys.stdout.isatty()))
        return
    with replacing_file(arguments.output) as aside:
        aside.write_text(render(record, arguments.format), encoding="utf-8")


def _check_output(path: Path) -> None:
    """Raise InputError where no file can be written: comparing takes a while. Missing folders will be made, as other
    commands make them; recipes write into folders of their own."""
    if path.is_dir():
        raise InputError("a folder", remedy="name a file in it", path=path)
    there = next(folder for folder in path.absolute().parents if folder.exists())
    if not there.is_dir():
        raise InputError("no folder, so nothing can be written into it", remedy="choose another --output", path=there)
