"""``compare``: evaluated systems -> the paper's tables with intervals and tests of significance."""

import argparse
import sys
from functools import partial

from hybrid_pyserini.commands.table_output import add_table_arguments, check_output, put
from hybrid_pyserini.workspace import Workspace


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
        "--groups", nargs="+", metavar="NAME=L,L,...", default=[],
        help="a further table, by groups of languages, such as unseen=el,vi seen=ar,de,en",
    )
    add_table_arguments(parser, "table", "markdown", "latex", "csv", "json")
    parser.epilog = (
        "Table 1: means of mono, cross and multi, and the rank distance; 2: by query language; 3: further measures;\n"
        "and each two systems' differences. docs/comparing.md says how they are tested.\n"
        "example: hybrid-pyserini compare xquad-r-heldout bm25 x-x-mono x-y hybrid --measures AP R@1 R@10\n"
        "         hybrid-pyserini compare demo x-y=x-y-1,x-y-2,x-y-3 hybrid=hybrid-1,hybrid-2,hybrid-3\n"
        "         hybrid-pyserini compare xquad-r x-y hybrid --groups unseen=el,vi seen=ar,de,en,es,hi,ru,th,tr,zh\n"
        "         hybrid-pyserini compare xquad-r x-y hybrid --format latex --output tables.tex"
    )


def run(arguments: argparse.Namespace) -> None:
    """Compare the systems and print or write the tables."""
    from hybrid_pyserini.comparison.comparison import compare
    from hybrid_pyserini.comparison.grid import parse_groups
    from hybrid_pyserini.comparison.systems import parse_systems
    from hybrid_pyserini.report.comparison_tables import render

    workspace = Workspace(arguments.workspace)
    info = workspace.dataset(arguments.dataset)
    check_output(arguments.output)
    systems = parse_systems(workspace, [arguments.first, *arguments.others])
    groups = parse_groups(info, arguments.groups)
    record = compare(workspace, info, systems, arguments.measures, groups)
    if "measures" in record["remarks"]:
        print(f"hybrid-pyserini compare: {record['remarks']['measures']}", file=sys.stderr)
    put(arguments, partial(render, record))
