"""Training sources that come without passages or topics to search: what a reader makes of one, and where it lies.

``prepare`` writes ``sources/<name>.jsonl`` and, beside it, ``sources/<name>.json``: what was counted, where the data
come from and the hash of every file read. Everything is written aside first; the manifest goes before the examples
change and comes after them, so that in between no source counts as prepared.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from hybrid_pyserini.atomic import folder_aside
from hybrid_pyserini.data.sources.example_source import write_examples
from hybrid_pyserini.data.sources.row_join import join_rows
from hybrid_pyserini.data.text import one_line
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json, write_json
from hybrid_pyserini.provenance import made_by, sha256
from hybrid_pyserini.records import ParallelExample
from hybrid_pyserini.workspace import Workspace, check_name

HARD_NEGATIVES = 3
"""The most hard negatives of an example that a reader takes where a publisher has more, as many as ``mine`` adds by
default: training takes all that an example has into its batch."""


@dataclass(frozen=True)
class PreparedSource:
    """A training source in the project's terms."""

    name: str
    examples: Callable[[Path], Iterable[ParallelExample]]
    """Given a folder with room for what must be remembered meanwhile, the examples; gone through once."""
    origin: str
    licence: str
    notes: Counter[str] = field(default_factory=Counter)
    """What reading left out or changed, for people: complete once the examples have been gone through."""


@dataclass(frozen=True)
class SourceInfo:
    """What ``sources/<name>.json`` says."""

    name: str
    examples: int
    languages: dict[str, dict[str, int]]
    """Language -> ``queries``, ``positives``, ``negatives``."""
    origin: str
    licence: str
    sources: dict[str, str]
    """Source file name -> SHA-256."""
    notes: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> "SourceInfo":
        """Raises InputError for a file that is none of these."""
        try:
            return cls(**read_json(path))
        except TypeError as error:
            raise InputError(
                f"not a training source's manifest ({error})", remedy="run prepare again with --overwrite", path=path
            ) from None


def source_of_rows(
    name: str, paths: Sequence[Path], rows: Callable[[Path, Counter[str]], Iterator[tuple[int, dict[str, Any]]]],
    origin: str, licence: str,
) -> PreparedSource:
    """A training source of files in a publisher's form. ``rows``, given a file and the source's notes, yields (line,
    row as ``example_rows`` describes it); ids are unique over the files, and passages grouped in each file."""
    notes: Counter[str] = Counter()

    def examples(scratch: Path) -> Iterator[ParallelExample]:
        for path in paths:
            for _, example in join_rows(map(_with_query_in_one_line, rows(path, notes)), path, scratch):
                yield example

    return PreparedSource(name, examples, origin, licence, notes)


def _with_query_in_one_line(numbered: tuple[int, dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    """As the queries of topics are, so that training and search see the same text."""
    line, row = numbered
    query = row["query"]
    return line, row | {"query": one_line(query)} if isinstance(query, str) else row


def find_prepared_source(workspace: Workspace, name: str, sources: Mapping[str, str]) -> SourceInfo | None:
    """What is already prepared under ``name`` from files of these hashes; None where that has to be done (again).

    Raises InputError where ``name`` was made from other files.
    """
    manifest = workspace.source_info(name)
    if not manifest.exists():
        return None
    info = SourceInfo.read(manifest)
    if info.sources == sources:
        return info if workspace.source(name).exists() else None
    changed = sorted(file for file in {*info.sources, *sources} if info.sources.get(file) != sources.get(file))
    raise InputError(
        f"{name} is prepared already, from other files than these ({', '.join(changed)} differ)",
        remedy="give --overwrite to replace it, or use another --workspace", path=manifest,
    )


def write_source(
    workspace: Workspace, source: PreparedSource, sources: Mapping[str, str], *, overwrite: bool
) -> SourceInfo:
    """Write a training source, and return what its manifest says. ``sources``: file name -> SHA-256.

    Raises InputError, leaving the workspace as it was, for a bad name, a source without examples and, without
    ``overwrite``, another file of that name.
    """
    name = check_name(source.name, "training source")
    with folder_aside(workspace.root / f"prepare-{name}") as aside:
        staged = Workspace(aside)
        counts: dict[str, Counter[str]] = {}
        examples = tqdm(source.examples(aside), desc=name, unit=" examples", disable=None)
        written = write_examples(staged.source(name), _counted(examples, counts))
        if not written:
            left_out = "".join(f"; {note.replace('_', ' ')}: {count}" for note, count in source.notes.items() if count)
            raise InputError(f"no examples in {', '.join(sources)}{left_out}", remedy="check the files")
        info = SourceInfo(
            name=name, examples=written, languages={language: dict(counts[language]) for language in sorted(counts)},
            origin=source.origin, licence=source.licence, sources=dict(sources),
            notes={**source.notes, "made_by": made_by(command="prepare", name=name)},
        )
        write_json(staged.source_info(name), asdict(info))
        _refuse_to_replace(workspace, staged, name, overwrite=overwrite)
        workspace.source_info(name).unlink(missing_ok=True)
        for place in (Workspace.source, Workspace.source_info):
            place(workspace, name).parent.mkdir(parents=True, exist_ok=True)
            place(staged, name).replace(place(workspace, name))
    return info


def _counted(examples: Iterable[ParallelExample], counts: dict[str, Counter[str]]) -> Iterator[ParallelExample]:
    for example in examples:
        for language in example.queries:
            counts.setdefault(language, Counter())["queries"] += 1
        for language in example.positives:
            counts.setdefault(language, Counter())["positives"] += 1
        for language, negatives in example.negatives.items():
            counts.setdefault(language, Counter())["negatives"] += len(negatives)
        yield example


def _refuse_to_replace(workspace: Workspace, staged: Workspace, name: str, *, overwrite: bool) -> None:
    """Without ``overwrite`` no file goes that ``prepare`` did not make of these files: it may be someone's own. One
    of the same content was left by a ``prepare`` that was killed before its manifest."""
    there = workspace.source(name)
    if not overwrite and there.exists() and sha256(there) != sha256(staged.source(name)):
        raise InputError(
            "another training source of that name is there", remedy="rename it, or give --overwrite to replace it",
            path=there,
        )
