"""``examples``: training sources -> a memory-mapped store of parallel examples."""

import argparse
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from hybrid_pyserini.records import ParallelExample
from hybrid_pyserini.workspace import Workspace, check_name


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the store's name; it becomes examples/NAME")
    parser.add_argument(
        "--source", nargs="+", type=Path, metavar="FILE",
        help="jsonl files of training examples, each id in one file only; a group that several files name is one group"
        " (default: sources/NAME.jsonl, where 'prepare' puts them)",
    )
    parser.add_argument(
        "--languages", nargs="+", default=[], metavar="L",
        help="these languages only; th=0.1 keeps Thai in a tenth of the examples (default: all)",
    )
    parser.add_argument(
        "--share", type=float, default=1.0, metavar="X",
        help="this share of the examples only, chosen by their ids: a smaller share is part of a larger one (default: "
        "1)",
    )
    parser.add_argument("--overwrite", action="store_true", help="build the store again if it is there")
    parser.epilog = (
        "examples: hybrid-pyserini examples xquad-r-train\n"
        "          hybrid-pyserini examples scarce --source sources/xquad-r-train.jsonl --languages ar de en th=0.1\n\n"
        "A line is one query in one language,\n"
        '  {"id": "q1", "language": "de", "query": "...", "positive": "...", "group": "p1"}\n'
        "or one example in all its languages,\n"
        '  {"id": "q1", "group": "p1", "queries": {"de": "...", "en": "..."}, "positives": {"de": "...", "en": ".."}}\n'
    )


def check(arguments: argparse.Namespace) -> None:
    """Raise InputError for what is no selection."""
    from hybrid_pyserini.training.selection import Selection

    Selection.parse(arguments.languages, arguments.share)


def run(arguments: argparse.Namespace) -> None:
    workspace = Workspace(arguments.workspace)
    folder = workspace.examples(check_name(arguments.name, "store"))
    sources = arguments.source or [workspace.source(arguments.name)]
    from hybrid_pyserini.training.examples import keep_or_build_store, source_hashes
    from hybrid_pyserini.training.selection import Selection

    selection = Selection.parse(arguments.languages, arguments.share)
    with closing(_read(sources, folder)) as examples:  # so that its bar ends before an error is printed
        store, kept = keep_or_build_store(
            folder, examples, source_hashes(sources), selection=selection, overwrite=arguments.overwrite
        )
    print(f"{'kept ' if kept else ''}{folder}: {len(store)} examples in {' '.join(store.languages)}")
    for language, share in selection.languages.items():
        if share < 1:
            print(f"{language} in {store.counts().get(language, 0)} of them")


def _read(sources: list[Path], store: Path) -> Generator[ParallelExample, None, None]:
    """The examples, streamed; what has to be remembered of them lies beside the store, on a disk that has room."""
    from tqdm import tqdm

    from hybrid_pyserini.data.sources.example_source import read_examples

    yield from tqdm(read_examples(*sources, scratch=store.parent), desc=store.name, unit=" examples")
