"""BM25's indexes of a data set: one per passage language, and the pool of all languages.

Every passage is cut into tokens by its own language's analysis, in the pool too. An index folder is Lucene's, with a
``manifest.json`` beside its files; it takes its name only when it is complete, and a finished one is kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from hybrid_pyserini.atomic import replacing_folder
from hybrid_pyserini.baselines.analysis import analysis_of, load_analyzer
from hybrid_pyserini.bridge.lucene import write_index
from hybrid_pyserini.collection import read_collection
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json, write_json
from hybrid_pyserini.provenance import MANIFEST, differences, made_by, sha256
from hybrid_pyserini.records import ALL
from hybrid_pyserini.workspace import BM25, DatasetInfo, Workspace


@dataclass(frozen=True)
class Bm25IndexManifest:
    """What an index was made from."""

    dataset: str
    language: str
    """A passage language, or ``all`` for the pool."""
    analysis: dict[str, str]
    """Language -> the name of its analysis."""
    sources: dict[str, str]
    """Collection -> SHA-256."""
    made_by: dict[str, Any]
    passages: int = 0
    """All passages, also those that Lucene does not hold."""
    without_tokens: tuple[str, ...] = field(default=())
    """Passages of which the analysis leaves nothing, such as a single stop word: no query can find them."""

    @classmethod
    def read(cls, folder: Path) -> "Bm25IndexManifest":
        """Read the manifest of an index folder; raises InputError where there is none."""
        path = folder / MANIFEST
        try:
            value = read_json(path)
            return cls(**value | {"without_tokens": tuple(value["without_tokens"])})
        except (KeyError, TypeError) as error:
            raise InputError(
                f"not the manifest of a BM25 index ({error})", remedy="give --overwrite to build it again", path=path
            ) from None


def build_indexes(
    workspace: Workspace, info: DatasetInfo, languages: Sequence[str], *, overwrite: bool = False
) -> dict[str, Bm25IndexManifest]:
    """Build the indexes of these passage languages (``all`` is the pool); return the manifest of each.

    Raises InputError for a missing or broken collection, a passage id that two languages of the pool share, and an
    existing index that was made from something else, unless ``overwrite``.
    """
    wanted = {language: _manifest_to_be(workspace, info, language) for language in languages}
    finished = {
        language: manifest for language in languages
        if not overwrite and (manifest := _finished(workspace, wanted[language])) is not None
    }
    unfinished = [language for language in languages if language not in finished]
    for language in tqdm(unfinished, unit=" indexes", desc="indexing for BM25", disable=not unfinished):
        finished[language] = _build(workspace, wanted[language])
    return finished


def _manifest_to_be(workspace: Workspace, info: DatasetInfo, language: str) -> Bm25IndexManifest:
    """The manifest of an index that is not built yet, without counts."""
    languages = info.passage_languages if language == ALL else (language,)
    for code in languages:
        path = workspace.collection(info.name, code)
        if not path.is_file():
            raise InputError(
                f"no collection for language {code!r} of {info.name}",
                remedy=f"run 'hybrid-pyserini prepare {info.name}' again", path=path,
            )
    return Bm25IndexManifest(
        dataset=info.name, language=language, analysis={code: analysis_of(code).name for code in languages},
        sources={code: sha256(workspace.collection(info.name, code)) for code in languages},
        made_by=made_by(dataset=info.name, model=BM25),
    )


def _finished(workspace: Workspace, wanted: Bm25IndexManifest) -> Bm25IndexManifest | None:
    """The manifest of a finished index; raises InputError where there is another one in its place."""
    folder = workspace.bm25_index(wanted.dataset, wanted.language)
    if not folder.exists():
        return None
    found = Bm25IndexManifest.read(folder)
    differing = [
        *(f"analysis of {difference}" for difference in differences(found.analysis, wanted.analysis)),
        *(f"collection of {difference}" for difference in differences(found.sources, wanted.sources)),
    ]
    if differing:
        raise InputError(
            f"an index that was made from something else ({'; '.join(differing)})",
            remedy="give --overwrite to build it again", path=folder,
        )
    return found


def _build(workspace: Workspace, manifest: Bm25IndexManifest) -> Bm25IndexManifest:
    without_tokens: list[str] = []
    indexed = 0

    def documents() -> Iterator[tuple[str, list[str]]]:
        nonlocal indexed
        for docid, tokens in _analysed(workspace, manifest):
            if tokens:
                indexed += 1
                yield docid, tokens
            else:
                without_tokens.append(docid)

    folder = workspace.bm25_index(manifest.dataset, manifest.language)
    with replacing_folder(folder) as aside:
        in_index = write_index(aside, documents())
        if in_index != indexed:
            raise InputError(
                f"Lucene has indexed {in_index} of {indexed} passages", path=folder,
                remedy="its log above names the others; mend them in the collection",
            )
        manifest = replace(
            manifest, passages=indexed + len(without_tokens), without_tokens=tuple(without_tokens)
        )
        write_json(aside / MANIFEST, asdict(manifest))
    return manifest


def _analysed(workspace: Workspace, manifest: Bm25IndexManifest) -> Iterator[tuple[str, list[str]]]:
    """Yield (passage id, tokens) of the index's collections, each cut by its own language's analysis."""
    language_of: dict[str, str] = {}
    for language in manifest.analysis:
        analyze = load_analyzer(language)
        path = workspace.collection(manifest.dataset, language)
        for passage in read_collection(path):
            other = language_of.setdefault(passage.id, language)
            if other != language:
                raise InputError(
                    f"passage id {passage.id!r} occurs in {other} and in {language}", path=path,
                    remedy="prepare the data set with ids that are unique over its pool",
                )
            yield passage.id, analyze(passage.contents)
