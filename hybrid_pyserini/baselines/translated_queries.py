"""Queries in the passages' language, for BM25: files that were translated somewhere, or a model that translates them.

A pair q-p takes its file, q's queries in p; one of a language with itself takes none. The pool takes those of q in each
of its languages.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hybrid_pyserini.bridge.java import ensure_java
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.languages import other_script, script
from hybrid_pyserini.provenance import sha256
from hybrid_pyserini.records import ALL, Pair, Topics
from hybrid_pyserini.trec import read_topics
from hybrid_pyserini.workspace import BM25, DatasetInfo, Workspace

_OF_A_FILE = "translated"


@dataclass(frozen=True)
class TranslatedQueries:
    """What came out of translating the topics of some languages into others."""

    system: str
    """The name of the runs: ``bm25+`` and where the translations are from."""
    topics: Mapping[Pair, Topics]
    """The queries' own language, and the one they are in now -> the queries; those that were dropped are not there."""
    hashes: dict[str, str]
    """``translation de-en`` -> SHA-256 of its file."""


def from_path(
    workspace: Workspace, info: DatasetInfo, pairs: Sequence[Pair], path: Path
) -> TranslatedQueries:
    """What ``pairs`` need, of a folder of files named as ``translate --topics`` names them, or of the file of one pair.

    Raises InputError for a file with several pairs, or one that needs none or several; for files that are missing or
    broken, of unknown queries, in another script than the passages, or this data set's own topics in another language.
    """
    needed = needed_translations(info, pairs)
    if path.is_dir():
        name = path.absolute().name
        files = {pair: path / workspace.translated_topics(info.name, name, pair).name for pair in needed}
    elif len(pairs) != 1 or pairs[0].setting != "cross":
        raise InputError(
            "a file has the queries of one pair of two languages",
            remedy="give --pairs with that pair, such as en-de, or a folder of files for several", path=path,
        )
    else:
        name, files = _OF_A_FILE, {pairs[0]: path}
    return _read(workspace, info, _system(name), files)


def from_model(
    workspace: Workspace, info: DatasetInfo, pairs: Sequence[Pair], model: str
) -> TranslatedQueries:
    """What ``pairs`` need, translated with a model as ``translate --topics`` does it, and kept where that did it.

    Raises InputError where that does, and for no usable Java, before the hours that translation may take. What was
    translated otherwise, with other beams say, is not replaced.
    """
    ensure_java()
    name, _ = workspace.model(model)
    needed = needed_translations(info, pairs)
    files = {pair: workspace.translated_topics(info.name, name, pair) for pair in needed}
    if needed:
        from hybrid_pyserini.translation.output import TranslatedOtherwiseError
        from hybrid_pyserini.translation.topics import translate_pairs
        from hybrid_pyserini.translation.translating import HowToTranslate

        try:
            translate_pairs(workspace, info, HowToTranslate(model), needed)
        except TranslatedOtherwiseError as error:
            folder = workspace.translated_topics(info.name, name, needed[0]).parent
            raise InputError(
                error.problem, path=error.path, remedy=f"take it as it is with --topics-translated {folder}, or "
                f"translate it again with 'hybrid-pyserini translate {info.name} --topics --overwrite'",
            ) from None
    return _read(workspace, info, _system(name), files)


def needed_translations(info: DatasetInfo, pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """The translations that searching these pairs takes, each once."""
    return tuple(dict.fromkeys(
        Pair(pair.query, language) for pair in pairs
        for language in (info.passage_languages if pair.passage == ALL else (pair.passage,)) if language != pair.query
    ))


def _system(name: str) -> str:
    """Runs of it are named ``run.<dataset>.<system>.<q>-<p>.txt``, so that it holds no dot."""
    return f"{BM25}+{re.sub('[^A-Za-z0-9_]+', '-', name)}"


def _read(workspace: Workspace, info: DatasetInfo, system: str, files: Mapping[Pair, Path]) -> TranslatedQueries:
    own = {
        language: read_topics(path) for language in info.languages
        if (path := workspace.topics(info.name, language)).is_file()
    }
    topics = {pair: _read_file(info, own, pair, path) for pair, path in files.items()}
    return TranslatedQueries(system, topics, {f"translation {pair}": sha256(path) for pair, path in files.items()})


def _read_file(info: DatasetInfo, own: Mapping[str, Topics], pair: Pair, path: Path) -> Topics:
    """A pair's file. ``own``: the data set's topics by language."""
    if not path.is_file():
        raise InputError(
            f"no queries of {pair.query} in {pair.passage}", path=path,
            remedy=f"run 'hybrid-pyserini translate {info.name} --topics --from {pair.query} --to {pair.passage}', or "
            "choose others with --pairs",
        )
    translated = read_topics(path)
    if unknown := [query_id for query_id in translated if query_id not in own[pair.query]]:
        raise InputError(
            f"{len(unknown)} of {len(translated)} queries, such as {unknown[0]!r}, are none of {info.name} in "
            f"{pair.query}", remedy="give the translation of this data set's topics", path=path,
        )
    if other := other_script(translated.values(), pair.passage):
        raise InputError(
            f"not in {pair.passage!r}, which is written in {script(pair.passage)}: most letters are {other}",
            remedy=f"give the queries in {pair.passage!r}", path=path,
        )
    alike = [language for language, topics in own.items() if translated.items() <= topics.items()]
    if alike and pair.passage not in alike:
        raise InputError(
            f"these are the queries of {info.name} in {' '.join(alike)}, not in {pair.passage!r}",
            remedy=f"give the queries in {pair.passage!r}", path=path,
        )
    return translated
