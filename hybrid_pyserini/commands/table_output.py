"""Where tables go: printed, or into a file, in one of several forms. What ``compare`` and ``shift`` share."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from hybrid_pyserini.errors import InputError

_FORMS = {
    "table": "table: for reading here", "markdown": "markdown", "latex": "latex: with booktabs",
    "csv": "csv: one figure a line", "json": "json: everything",
}


def add_table_arguments(parser: argparse.ArgumentParser, *forms: str) -> None:
    """Add ``--format`` and ``--output``."""
    parser.add_argument(
        "--format", choices=forms, default="table",
        help=f"{'; '.join(_FORMS[form] for form in forms)} (default: table)",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write there instead of printing")


def check_output(path: Path | None) -> None:
    """Raise InputError where no file can be written: comparing takes a while. Missing folders will be made, as other
    commands make them; recipes write into folders of their own."""
    if path is None:
        return
    if path.is_dir():
        raise InputError("a folder", remedy="name a file in it", path=path)
    there = next(folder for folder in path.absolute().parents if folder.exists())
    if not there.is_dir():
        raise InputError("no folder, so nothing can be written into it", remedy="choose another --output", path=there)


def put(arguments: argparse.Namespace, render: Callable[..., str]) -> None:
    """Print or write what ``render(form, terminal=...)`` makes."""
    from hybrid_pyserini.atomic import replacing_file

    if arguments.output is None:
        sys.stdout.write(render(arguments.format, terminal=sys.stdout.isatty()))
        return
    with replacing_file(arguments.output) as aside:
        aside.write_text(render(arguments.format, terminal=False), encoding="utf-8")
