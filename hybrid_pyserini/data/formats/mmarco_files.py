"""mMARCO's folder (arXiv 2108.13897): MS MARCO's passages and queries, translated by machine into 13 languages.

The folder ``data`` of Hugging Face's ``unicamp-dl/mmarco``, in Google's translation, with whichever languages:

    google/collections/<language>_collection.tsv       passage id<TAB>passage, 8,841,823 lines
    google/queries/dev/<language>_queries.dev.small.tsv or ..._queries.dev.tsv      query id<TAB>query
    google/queries/train/<language>_queries.train.tsv
    qrels.dev.small.tsv                                query id<TAB>0<TAB>passage id<TAB>1, 6,980 queries
    triples.train.ids.small.tsv                        query id<TAB>positive's id<TAB>negative's id, 39,780,811 lines

(so its loader ``mmarco.py``; ir_datasets has the same files). Ids are shared by all languages: a passage id is a
passage group.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hybrid_pyserini.data.formats.source_files import required
from hybrid_pyserini.errors import InputError

ORIGIN = "https://huggingface.co/datasets/unicamp-dl/mmarco"
LICENCE = "Apache 2.0"
LANGUAGES = {
    "arabic": "ar", "chinese": "zh", "dutch": "nl", "english": "en", "french": "fr", "german": "de", "hindi": "hi",
    "indonesian": "id", "italian": "it", "japanese": "ja", "portuguese": "pt", "russian": "ru", "spanish": "es",
    "vietnamese": "vi",
}
"""The language's name in the files -> its code."""

AGAIN = f"take the file from {ORIGIN} again"


@dataclass(frozen=True)
class LanguageFiles:
    """A language's files."""

    code: str
    collection: Path
    queries: Path


def _root(source: Path) -> Path:
    """The folder ``data``, which may be given itself."""
    return source / "data" if (source / "data").is_dir() else source


def needed(source: Path, name: str) -> Path:
    """A file of the folder; raises InputError where it is missing."""
    return required(_root(source) / name, f"take it from the folder data of {ORIGIN}")


def files_of(source: Path, name: str, queries: Sequence[str]) -> dict[str, Path]:
    """The file of this name and the languages' files, as they are called in the folder; raises InputError for one that
    is missing."""
    paths = [needed(source, name)]
    paths += [path for files in languages_of(source, queries) for path in (files.collection, files.queries)]
    return {path.relative_to(_root(source)).as_posix(): path for path in paths}


def languages_of(source: Path, queries: Sequence[str]) -> list[LanguageFiles]:
    """The languages whose collection is there; ``queries``: names of their files of queries, of which the first counts.

    Raises InputError for a language without queries, and for none.
    """
    google = _root(source) / "google"
    found: list[LanguageFiles] = []
    for language, code in LANGUAGES.items():
        collection = google / "collections" / f"{language}_collection.tsv"
        if not collection.is_file():
            continue
        candidates = [google / "queries" / name.format(language) for name in queries]
        there = next((path for path in candidates if path.is_file()), None)
        if there is None:
            raise InputError(f"no such file for {collection.name}", remedy=f"take it from {ORIGIN}", path=candidates[0])
        found.append(LanguageFiles(code, collection, there))
    if not found:
        raise InputError(
            "no <language>_collection.tsv here", path=google / "collections",
            remedy=f"give the folder data of {ORIGIN}, with the languages you want",
        )
    return found


def passage_group(passage_id: object) -> str:
    return f"mmarco:{passage_id}"


def check_count(path: Path, found: int, published: int) -> None:
    """Raise InputError for a file that is not whole."""
    if found != published:
        raise InputError(f"{found} lines, where the published file has {published}", remedy=AGAIN, path=path)
