"""TREC NeuCLIR 2022 and 2023 (arXiv 2304.12367, 2404.08071): English topics on Chinese, Persian and Russian news.

In one folder, under the names that TREC and the Hugging Face data set neuclir/neuclir1 give them:

    2022    topics.0720.utf8.jsonl                 2022-qrels.all: topic, language (zho), document, grade
    2023    neuclir-2023-topics.0605.jsonl         neuclir-2023-qrels.final.tar.gz with qrels.final.gains.<lang>, or
                                                   these files unpacked
    both    data/zho-00000-of-00001.jsonl.gz       {"id", "cc_file", "time", "title", "text", "url"} a line; or
                                                   zho/docs.jsonl[.gz], as the track's download script names it

data/formats/clir.py says what is in the topics. 2023's topics were judged for all three languages, and its multilingual
task ranks them together: there the pool is declared. Its judgements (``qrels.final.gains``) are those of the three
languages together. Grades are 3, 1 and 0, and in 2023 also 2. The numbers of documents and judgements are those that
ir_datasets counted in the complete files.
"""

import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.formats.clir import (
    BOTH,
    DOCUMENT_FIELDS,
    LANGUAGES,
    check_judgements,
    clir_dataset,
    find_collections,
    read_clir_topics,
)
from hybrid_pyserini.data.formats.corpus import Corpus, Judgements
from hybrid_pyserini.data.formats.source_files import required
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_lines
from hybrid_pyserini.records import Qrels
from hybrid_pyserini.trec import parse_qrels, read_qrels

ORIGIN = "https://neuclir.github.io"
LICENCE = "documents ODC-BY; topics and judgements: see origin"
TOPICS = {2022: "topics.0720.utf8.jsonl", 2023: "neuclir-2023-topics.0605.jsonl"}
DOCUMENTS = {"zh": 3_179_209, "fa": 2_232_016, "ru": 4_627_543}
JUDGEMENTS = {
    2022: {"zh": 36_575, "fa": 34_174, "ru": 33_006}, 2023: {"zh": 27_638, "fa": 26_662, "ru": 25_634},
}
_QRELS = {2022: "2022-qrels.all", 2023: "neuclir-2023-qrels.final.tar.gz"}
_COLLECTIONS = (
    *("data/{lang}-00000-of-00001.jsonl.gz", "{lang}-00000-of-00001.jsonl.gz"),
    *("{lang}/docs.jsonl", "{lang}/docs.jsonl.gz"),
)
_FROM_TREC = "take it from https://trec.nist.gov/data/neuclir{year}.html, or give --download"
_FROM_HUB = "take them from the Hugging Face data set neuclir/neuclir1, or give --download"


def files(source: Path, year: int) -> dict[str, Path]:
    """Topics, qrels, and the documents of the languages that have any; raises InputError for what is missing."""
    collections = find_collections(source, _COLLECTIONS, _FROM_HUB)
    remedy = _FROM_TREC.format(year=year)
    found = [required(source / TOPICS[year], remedy), *collections.values()]
    found += [required(_qrels(source, year, language), remedy) for language in collections]
    return {str(path.relative_to(source)): path for path in found}


def read(source: Path, name: str, year: int, fields: tuple[str, ...] = BOTH) -> PreparedDataset:
    """Read one year; raises InputError, with file and line, for whatever is wrong."""
    notes: dict[str, Any] = {"query": " and ".join(fields)}
    qrels: dict[str, Qrels] = {}
    passages: dict[str, Corpus] = {}
    for language, collection in find_collections(source, _COLLECTIONS, _FROM_HUB).items():
        judged = _judgements(_qrels(source, year, language), language)
        qrels[language] = check_judgements(judged.qrels, JUDGEMENTS[year][language], judged.path)
        passages[language] = Corpus(
            language, (collection,), DOCUMENT_FIELDS, judged, counts=notes, published=DOCUMENTS[language]
        )
    topics = read_clir_topics(source / TOPICS[year], fields)
    return clir_dataset(name, topics, qrels, passages, pool=year == 2023, origin=ORIGIN, licence=LICENCE, notes=notes)


def _qrels(source: Path, year: int, language: str) -> Path:
    """Where a language's judgements are, or should be: 2023's unpacked or, where they are not, in the archive."""
    unpacked = source / _member(language)
    return unpacked if year == 2023 and unpacked.is_file() else source / _QRELS[year]


def _judgements(path: Path, language: str) -> Judgements:
    """A language's judgements. 2022's file has all languages, told apart by the second column."""
    if path.name == _QRELS[2022]:
        return Judgements(parse_qrels(_lines_of(path, LANGUAGES[language]), path), path)
    if path.name == _QRELS[2023]:
        return _unpack(path, _member(language))
    return Judgements(read_qrels(path), path)


def _lines_of(path: Path, language: str) -> Iterator[tuple[int, str]]:
    """The lines of one language; a line of any other is read too, as long as it has a column for it."""
    for number, line in read_lines(path):
        columns = line.split()
        if len(columns) < 2 or columns[1] == language:
            yield number, line
        elif columns[1] not in LANGUAGES.values():
            raise InputError(
                f"language {columns[1]!r} in the second column, expected one of {' '.join(LANGUAGES.values())}",
                remedy="copy or download the file again", path=path, line=number,
            )


def _unpack(archive: Path, name: str) -> Judgements:
    """The judgements in a file of the archive."""
    try:
        with tarfile.open(archive) as tar:
            member = tar.extractfile(name)
            if member is None:
                raise KeyError(f"{name} is no file")
            lines = member.read().decode("utf-8").split("\n")
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise InputError(
            f"the archive ends early or is damaged ({error})", remedy="copy or download it again", path=archive
        ) from None
    except (KeyError, UnicodeDecodeError) as error:
        raise InputError(
            f"no {name} in the archive, or not UTF-8 ({error})", remedy="copy or download it again", path=archive
        ) from None
    return Judgements(parse_qrels(enumerate(lines, start=1), archive / name), archive / name)


def _member(language: str) -> str:
    return f"qrels.final.gains.{LANGUAGES[language]}"
