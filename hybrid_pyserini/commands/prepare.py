"""``prepare``: a published data set's own files, or one's own, -> collections, topics, qrels and training sources."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hybrid_pyserini.data.published_format import PublishedFormat
from hybrid_pyserini.data.registry import READERS, Reader, find_reader
from hybrid_pyserini.data.sources.source_registry import SOURCE_READERS, SourceReader
from hybrid_pyserini.demo.preparing import BUILT_IN, prepare_built_in
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.workspace import DatasetInfo, Workspace, check_name

if TYPE_CHECKING:
    from hybrid_pyserini.data.sources.training_source import SourceInfo

_KEPT = "is prepared already from these files: kept (--overwrite prepares it again)"
_EXAMPLES = """examples:
  hybrid-pyserini prepare xquad-r --source path/to/xquad-r
  hybrid-pyserini prepare xquad-r --heldout --source path/to/xquad-r
  hybrid-pyserini prepare squadshifts --source path/to/squadshifts
  hybrid-pyserini prepare duorc --source path/to/duorc
  hybrid-pyserini prepare xquad-r --download
  hybrid-pyserini prepare ciral --download --languages yo,ha --source put/the/files/here
  hybrid-pyserini prepare own --name my-data --source path/to/my-folder"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    summaries = {name: _summary(reader) for name, reader in READERS.items()} | {
        name: each.summary for name, each in BUILT_IN.items()
    }
    sources = {name: reader.summary for name, reader in SOURCE_READERS.items()}
    parser.epilog = "\n".join([
        "data sets:", *(f"  {name:18} {summary}" for name, summary in summaries.items()), "",
        "training sources alone:", *(f"  {name:18} {summary}" for name, summary in sources.items()), "", _EXAMPLES,
    ])
    parser.add_argument("dataset", metavar="DATASET", help=f"which: {', '.join([*summaries, *sources])}")
    parser.add_argument(
        "--source", type=Path, metavar="FOLDER", help="where its files are (all but what is built in need it)"
    )
    parser.add_argument(
        "--download", action="store_true",
        help="fetch its files first, into --source or the workspace's downloads/, those that are not there yet",
    )
    parser.add_argument("--languages", metavar="CODES", help="download the files of these languages only: yo,sw")
    parser.add_argument("--name", help="what to call your own data in the workspace")
    parser.add_argument("--heldout", action="store_true", help="split it into training examples and a test set")
    parser.add_argument("--overwrite", action="store_true", help="prepare again what is prepared already")


def _summary(reader: Reader) -> str:
    return f"{reader.summary}; also {', '.join(reader.variants)}" if reader.variants else reader.summary


def run(arguments: argparse.Namespace) -> None:
    """Prepare what is named, unless it is prepared already from the same files, and print its counts."""
    if arguments.dataset in BUILT_IN:
        _prepare_built_in(arguments)
    elif arguments.dataset in SOURCE_READERS:
        _prepare_source(arguments, SOURCE_READERS[arguments.dataset])
    else:
        _prepare_dataset(arguments, find_reader(arguments.dataset, heldout=arguments.heldout))


def _prepare_dataset(arguments: argparse.Namespace, reader: Reader) -> None:
    from hybrid_pyserini.data.dataset_writer import find_prepared, write_dataset

    files = _given(arguments, reader)
    info = None if arguments.overwrite else find_prepared(files.workspace, files.name, files.hashes)
    if info is not None:
        print(f"{files.name} {_KEPT}")
    else:
        dataset = reader.read(files.folder, files.name)
        info = write_dataset(files.workspace, dataset, files.hashes, overwrite=arguments.overwrite)
        folders = files.workspace.topics_folder(files.name), files.workspace.collections_folder(files.name)
        print(f"{files.name} prepared in {folders[0]} and {folders[1]}")
    print_counts(info)


def _prepare_source(arguments: argparse.Namespace, reader: SourceReader) -> None:
    """The same of a training source that comes without a data set."""
    from hybrid_pyserini.data.sources.training_source import find_prepared_source, write_source

    if arguments.heldout:
        raise InputError(f"{arguments.dataset!r} is a training source: it has no held-out split",
                         remedy="leave out --heldout")
    files = _given(arguments, reader)
    info = None if arguments.overwrite else find_prepared_source(files.workspace, files.name, files.hashes)
    if info is not None:
        print(f"{files.name} {_KEPT}")
    else:
        source = reader.read(files.folder, files.name)
        info = write_source(files.workspace, source, files.hashes, overwrite=arguments.overwrite)
        print(f"training source {files.name} prepared: {files.workspace.source(files.name)}")
    _print_source(info)


class _Given(NamedTuple):
    """The files to prepare from, and where what comes of them goes."""

    workspace: Workspace
    name: str
    folder: Path
    hashes: dict[str, str]
    """File -> SHA-256."""


def _given(arguments: argparse.Namespace, reader: PublishedFormat) -> _Given:
    from hybrid_pyserini.data.formats.source_files import check_fetched
    from hybrid_pyserini.provenance import sha256

    workspace, name = Workspace(arguments.workspace), _name(arguments, reader)
    folder = _source(arguments, reader, workspace)
    files = reader.files(folder)
    for path in files.values():
        check_fetched(path)
    return _Given(workspace, name, folder, {file: sha256(path) for file, path in files.items()})


def _source(arguments: argparse.Namespace, reader: PublishedFormat, workspace: Workspace) -> Path:
    """The folder with the files, which are fetched into it where that is asked for; else no network is touched."""
    if arguments.download:
        return _download(arguments, reader, workspace)
    if arguments.languages:
        raise InputError("--languages says what to download", remedy="leave it out, or give --download")
    if arguments.source is None:
        raise InputError("no folder with the files", remedy="give --source FOLDER, or --download where it is known")
    if not arguments.source.is_dir():
        raise InputError("no such folder", remedy="give the folder with the files as --source", path=arguments.source)
    return arguments.source


def _download(arguments: argparse.Namespace, reader: PublishedFormat, workspace: Workspace) -> Path:
    from hybrid_pyserini.data.download import download
    from hybrid_pyserini.data.published_files import published_files

    published = reader.published or arguments.dataset
    files = published_files(published)
    if not files:
        raise InputError(
            f"no address of {arguments.dataset!r} is known", remedy="get its files yourself and give --source FOLDER"
        )
    if arguments.languages:
        wanted = arguments.languages.split(",")
        known = sorted({file.language for file in files if file.language})
        unknown = sorted({*wanted} - {*known})
        if unknown:
            raise InputError(f"no files in {', '.join(unknown)}", remedy=f"choose among {' '.join(known)}")
        files = [file for file in files if file.language in ("", *wanted)]
    folder = arguments.source or workspace.downloads(published)
    fetched, kept = download(files, folder)
    print(f"{fetched} files downloaded to {folder}, {kept} kept that were there")
    return folder


def _prepare_built_in(arguments: argparse.Namespace) -> None:
    from hybrid_pyserini.demo.data import demo_dataset

    if any((arguments.source, arguments.name, arguments.heldout, arguments.download, arguments.languages)):
        raise InputError(
            f"{arguments.dataset!r} is built in", remedy="leave out --source, --name, --heldout and --download"
        )
    workspace = Workspace(arguments.workspace)
    declared, kept = prepare_built_in(workspace, arguments.dataset, demo_dataset(), overwrite=arguments.overwrite)
    *names, last = (info.name for info in declared)
    print(f"{', '.join(names)} and {last} are prepared{' already: kept' if kept else ''}")
    print_counts(declared[0])


def _name(arguments: argparse.Namespace, reader: PublishedFormat) -> str:
    """What the data set is called: a published one by its own name, so that a name always means the same."""
    if reader.name is None and arguments.name is None:
        raise InputError(f"{arguments.dataset!r} needs a name", remedy="give --name")
    if reader.name is not None and arguments.name is not None:
        raise InputError(f"this data set is always called {reader.name!r}", remedy="leave out --name")
    return reader.name or check_name(arguments.name, "data set")


def print_counts(info: DatasetInfo) -> None:
    """A table of counts by language, then what else the data set declares."""
    _print_table(info.counts, ("topics", "passages", "judgements"))
    pools = sum(pair.setting == "multi" for pair in info.pairs)
    print(f"{len(info.pairs) - pools} language pairs, {pools} pools")
    for note, value in info.notes.items():
        if note == "training_sources":
            for source, count in value.items():
                print(f"training source {source}: {count} examples")
        else:
            _print_note(note, value)


def _print_source(info: "SourceInfo") -> None:
    """The same of a training source."""
    _print_table(info.languages, ("queries", "positives", "negatives"))
    print(f"{info.examples} examples")
    for note, value in info.notes.items():
        _print_note(note, value)


def _print_table(counts: Mapping[str, Mapping[str, int]], columns: Sequence[str]) -> None:
    width = max(map(len, ["language", *counts]))
    print(f"{'language':{width}}" + "".join(f"{column:>12}" for column in columns))
    total = {column: sum(of_language.get(column, 0) for of_language in counts.values()) for column in columns}
    for language, of_language in [*counts.items(), ("all", total)]:
        print(f"{language:{width}}" + "".join(f"{of_language.get(column, 0):>12}" for column in columns))


def _print_note(note: str, value: object) -> None:
    if note != "made_by" and value:
        print(f"{note.replace('_', ' ')}: {value}")
