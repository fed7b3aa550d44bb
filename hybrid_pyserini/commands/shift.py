"""``shift``: systems on the data they were trained for and on other data sets -> mean, worst, drop, with intervals."""

import argparse
from functools import partial

from hybrid_pyserini.commands.table_output import add_table_arguments, check_output, put
from hybrid_pyserini.workspace import Workspace


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("in_domain", metavar="DATASET", help="the data set that is like the training data")
    parser.add_argument("others", nargs="+", metavar="OTHER", help="one or more data sets that are not")
    parser.add_argument(
        "--systems", nargs="+", required=True, metavar="SYSTEM",
        help="models that were evaluated on all of them, 'bm25' included, or NAME=MODEL,MODEL,... for one system "
        "trained with several seeds",
    )
    parser.add_argument(
        "--measures", nargs="+", metavar="MEASURE",
        help="of those that all were evaluated with everywhere (default: all of these)",
    )
    add_table_arguments(parser, "table", "markdown", "latex", "json")
    parser.epilog = (
        "docs/comparing.md says how the intervals come about.\n"
        "example: hybrid-pyserini shift xquad-r mlqa-r miracl --systems bm25 hybrid=hybrid-1,hybrid-2,hybrid-3"
    )


def run(arguments: argparse.Namespace) -> None:
    """Compare, and print or write the tables."""
    from hybrid_pyserini.comparison.domain_shift import domain_shift
    from hybrid_pyserini.comparison.systems import parse_systems
    from hybrid_pyserini.report.shift_tables import render

    workspace = Workspace(arguments.workspace)
    check_output(arguments.output)
    systems = parse_systems(workspace, arguments.systems, least=1)
    record = domain_shift(workspace, arguments.in_domain, arguments.others, systems, arguments.measures)
    put(arguments, partial(render, record))
