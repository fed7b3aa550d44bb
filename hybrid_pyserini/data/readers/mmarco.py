"""mMARCO (arXiv 2108.13897): MS MARCO's passages and queries, translated by machine into 13 languages.

The folder ``data`` of Hugging Face's ``unicamp-dl/mmarco``, in Google's translation, with whichever languages:

    google/collections/<language>_collection.tsv       passage id<TAB>passage, 8,841,823 lines
    google/queries/dev/<language>_queries.dev.small.tsv or ..._queries.dev.tsv      query id<TAB>query
    google/queries/train/<language>_queries.train.tsv
    qrels.dev.small.tsv                                query id<TAB>0<TAB>passage id<TAB>1, 6,980 queries
    triples.train.ids.small.tsv                        query id<TAB>positive's id<TAB>negative's id, 39,780,811 lines

(so its loader ``mmarco.py``; ir_datasets has the same files). Ids are shared by all languages. So a query id is one
question, every language pair and the pool can be scored, and a passage id is a passage group. Docids are
``<language>:<passage id>``.

``read`` gives the data set to search, on the 6,980 queries of ``dev/small``; ``read_training`` a parallel example for
each query and positive of the triples, in all languages that have collection and training queries, with the first
negatives of that query and positive. Neither holds collection or triples in memory.
"""

from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import attrgetter, itemgetter
from pathlib import Path
from sqlite3 import Connection, IntegrityError

from tqdm import tqdm

from hybrid_pyserini.data.dataset import PreparedDataset, all_pairs
from hybrid_pyserini.data.scratch import scratch_database
from hybrid_pyserini.data.source_files import required
from hybrid_pyserini.data.text import check_text, one_line
from hybrid_pyserini.data.training_source import HARD_NEGATIVES, PreparedSource
from hybrid_pyserini.data.tsv import read_tsv
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Negative, ParallelExample, Passage, Qrels, Topics
from hybrid_pyserini.trec import read_qrels

ORIGIN = "https://huggingface.co/datasets/unicamp-dl/mmarco"
LICENCE = "Apache 2.0"
LANGUAGES = {
    "arabic": "ar", "chinese": "zh", "dutch": "nl", "english": "en", "french": "fr", "german": "de", "hindi": "hi",
    "indonesian": "id", "italian": "it", "japanese": "ja", "portuguese": "pt", "russian": "ru", "spanish": "es",
    "vietnamese": "vi",
}
"""The language's name in the files -> its code."""

PASSAGES = 8_841_823
"""In each language."""
JUDGED = 6980
"""Queries of ``qrels.dev.small.tsv``."""
TRIPLES = 39_780_811

_QRELS = "qrels.dev.small.tsv"
_TRIPLES = "triples.train.ids.small.tsv"
_AGAIN = f"take the file from {ORIGIN} again"


@dataclass(frozen=True)
class _Language:
    """A language's files."""

    code: str
    collection: Path
    queries: Path


def files(source: Path) -> dict[str, Path]:
    """What ``read`` reads; raises InputError where the qrels, or a collection's queries, are missing."""
    return _named(source, [_needed(source, _QRELS), *_parts(_dev(source))])


def training_files(source: Path) -> dict[str, Path]:
    """What ``read_training`` reads; raises InputError where the triples, or a collection's queries, are missing."""
    return _named(source, [_needed(source, _TRIPLES), *_parts(_train(source))])


def training_languages(source: Path) -> tuple[str, ...]:
    return tuple(language.code for language in _train(source))


def read(source: Path, name: str) -> PreparedDataset:
    """Raises InputError, with file and line, for whatever is wrong, and for other counts than the published ones."""
    languages = _dev(source)
    judged = read_qrels(_needed(source, _QRELS))
    if len(judged) != JUDGED:
        raise InputError(
            f"{len(judged)} queries, where the published file has {JUDGED}", remedy=_AGAIN, path=_needed(source, _QRELS)
        )
    codes = [language.code for language in languages]
    return PreparedDataset(
        name=name,
        passages={language.code: _Passages(language) for language in languages},
        topics={language.code: _topics(language.queries, judged) for language in languages},
        qrels={
            code: {
                query: {f"{code}:{passage}": relevance for passage, relevance in of_query.items()}
                for query, of_query in judged.items()
            }
            for code in codes
        },
        pairs=all_pairs(codes, codes),
        origin=ORIGIN,
        licence=LICENCE,
        notes={"docids": "prefixed with '<language>:', because ids are shared by all languages"},
    )


def read_training(source: Path, name: str) -> PreparedSource:
    """The training source; InputErrors, with file and line, come while the examples are gone through."""
    notes: Counter[str] = Counter()
    return PreparedSource(
        name, partial(_examples, _needed(source, _TRIPLES), _train(source), notes), ORIGIN, LICENCE, notes
    )


def _root(source: Path) -> Path:
    """The folder ``data``, which may be given itself."""
    return source / "data" if (source / "data").is_dir() else source


def _needed(source: Path, name: str) -> Path:
    return required(_root(source) / name, f"take it from the folder data of {ORIGIN}")


def _dev(source: Path) -> list[_Language]:
    return _languages(source, ("dev/{}_queries.dev.small.tsv", "dev/{}_queries.dev.tsv"))


def _train(source: Path) -> list[_Language]:
    return _languages(source, ("train/{}_queries.train.tsv",))


def _languages(source: Path, queries: Sequence[str]) -> list[_Language]:
    """The languages whose collection is there. Raises InputError for one without queries."""
    root = _root(source) / "google"
    found: list[_Language] = []
    for language, code in LANGUAGES.items():
        collection = root / "collections" / f"{language}_collection.tsv"
        if not collection.is_file():
            continue
        candidates = [root / "queries" / name.format(language) for name in queries]
        there = next((path for path in candidates if path.is_file()), None)
        if there is None:
            raise InputError(f"no such file for {collection.name}", remedy=f"take it from {ORIGIN}", path=candidates[0])
        found.append(_Language(code, collection, there))
    if not found:
        raise InputError(
            "no <language>_collection.tsv here", path=root / "collections",
            remedy=f"give the folder data of {ORIGIN}, with the languages you want",
        )
    return found


def _parts(languages: Sequence[_Language]) -> list[Path]:
    return [path for language in languages for path in (language.collection, language.queries)]


def _named(source: Path, paths: Sequence[Path]) -> dict[str, Path]:
    return {path.relative_to(_root(source)).as_posix(): path for path in paths}


def _topics(path: Path, judged: Qrels) -> Topics:
    """The judged queries; raises InputError where one is missing."""
    topics: Topics = {}
    for line, (query_id, query) in read_tsv(path, ("query id", "query")):
        if query_id not in judged:
            continue
        if query_id in topics:
            raise InputError(f"query id {query_id!r} occurs twice", remedy=_AGAIN, path=path, line=line)
        topics[query_id] = check_text(query, f"query {query_id!r}", path, line)
    for query_id in judged:
        if query_id not in topics:
            raise InputError(f"no query {query_id!r}, which {_QRELS} judges", remedy=_AGAIN, path=path)
    return topics


@dataclass(frozen=True)
class _Passages:
    """A collection, streamed from its file at each iteration."""

    language: _Language

    def __iter__(self) -> Iterator[Passage]:
        """Raises InputError, with file and line, for a broken line, and for another number than published."""
        code, path, line = self.language.code, self.language.collection, 0
        for line, (passage_id, passage) in read_tsv(path, ("passage id", "passage")):
            text = check_text(passage, f"passage {passage_id!r}", path, line)
            yield Passage(f"{code}:{passage_id}", text, text, "", _group(passage_id), code)
        _check_count(path, line, PASSAGES)


def _group(passage_id: object) -> str:
    return f"mmarco:{passage_id}"


def _check_count(path: Path, found: int, published: int) -> None:
    if found != published:
        raise InputError(f"{found} lines, where the published file has {published}", remedy=_AGAIN, path=path)


def _examples(
    triples: Path, languages: Sequence[_Language], notes: Counter[str], scratch: Path
) -> Iterator[ParallelExample]:
    """A parallel example for each query and positive, by query id. On disk, in ``scratch``: the triples, sorted, and
    where in its file each passage and query begins; texts are read from the files when they are needed."""
    with scratch_database(scratch) as database, ExitStack() as files:
        database.execute("CREATE TABLE triple (query INTEGER, positive INTEGER, negative INTEGER)")
        database.executemany("INSERT INTO triple VALUES (?, ?, ?)", _triples(triples))
        passages, asked = (
            {language.code: _Texts(database, path(language), files) for language in languages}
            for path in (attrgetter("collection"), attrgetter("queries"))
        )
        rows = database.execute("SELECT query, positive, negative FROM triple ORDER BY query, rowid")
        for query, of_query in groupby(rows, itemgetter(0)):
            queries = {code: one_line(texts.text(query)) for code, texts in asked.items()}
            negatives: dict[int, list[int]] = {}
            for _, positive, negative in of_query:
                negatives.setdefault(positive, []).append(negative)
            for number, positive in enumerate(negatives):
                chosen = _hard_negatives(negatives[positive], negatives, notes)
                yield ParallelExample(
                    id=f"{query}#{number + 1}" if number else str(query),
                    group=_group(positive),
                    queries=queries,
                    positives={code: texts.text(positive) for code, texts in passages.items()},
                    negatives={
                        code: tuple(Negative(texts.text(each), _group(each)) for each in chosen)
                        for code, texts in passages.items() if chosen
                    },
                    other_groups=tuple(_group(other) for other in negatives if other != positive),
                )


def _hard_negatives(listed: Sequence[int], positives: Collection[int], notes: Counter[str]) -> list[int]:
    """The first negatives of a query and positive; what is left out is counted."""
    once = dict.fromkeys(listed)
    wrong = [each for each in once if each not in positives]
    notes["negatives_that_are_listed_again"] += len(listed) - len(once)
    notes["negatives_that_are_positives_of_their_query_left_out"] += len(once) - len(wrong)
    notes["negatives_left_out"] += len(wrong[HARD_NEGATIVES:])
    return wrong[:HARD_NEGATIVES]


def _triples(path: Path) -> Iterator[tuple[int, int, int]]:
    line = 0
    lines = read_tsv(path, ("query id", "positive's id", "negative's id"))
    for line, fields in tqdm(lines, desc=path.name, unit=" triples", leave=False, disable=None):
        if not "".join(fields).isdecimal():
            raise InputError("an id is no whole number", remedy=_AGAIN, path=path, line=line)
        query, positive, negative = map(int, fields)
        yield query, positive, negative
    _check_count(path, line, TRIPLES)


def _number(field: bytes, path: Path, line: int) -> int:
    if not field.isdigit():
        raise InputError(f"id {field.decode()!r} is no whole number", remedy=_AGAIN, path=path, line=line)
    return int(field)


class _Texts:
    """The texts of a file of ``id<TAB>text`` lines, by id; where each line begins is on disk."""

    def __init__(self, database: Connection, path: Path, files: ExitStack) -> None:
        """``files`` closes the file. Raises InputError, with file and line, for a line of another form and an id that
        occurs twice."""
        self._database, self._path, self._file = database, path, files.enter_context(path.open("rb"))
        table = path.name.replace(".", "_")
        self._select = f"SELECT place, line FROM {table} WHERE id = ?"
        database.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, place INTEGER, line INTEGER)")
        self._line = 0
        try:
            database.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", self._places())
        except IntegrityError:
            raise InputError("an id that occurs twice", remedy=_AGAIN, path=path, line=self._line) from None

    def text(self, text_id: int) -> str:
        """Raises InputError for an id that is not there and, with the line, for a text that is none."""
        found = self._database.execute(self._select, (text_id,)).fetchone()
        if found is None:
            raise InputError(f"no id {text_id}, which {_TRIPLES} names", remedy=_AGAIN, path=self._path)
        place, line = found
        self._file.seek(place)
        try:
            text = self._file.readline().partition(b"\t")[2].decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise InputError(
                f"not UTF-8 ({error.reason})", remedy=_AGAIN, path=self._path, line=line
            ) from None
        return check_text(text, f"text {text_id}", self._path, line)

    def _places(self) -> Iterator[tuple[int, int, int]]:
        """(Id, where its line begins, number of the line)."""
        place = 0
        for line in tqdm(self._file, desc=self._path.name, unit=" lines", leave=False, disable=None):
            self._line += 1
            text_id, *text = (line.removeprefix(BOM_UTF8) if self._line == 1 else line).split(b"\t")
            if len(text) != 1:
                raise InputError(
                    f"expected id<TAB>text, found {len(text) + 1} field(s)", remedy=_AGAIN, path=self._path,
                    line=self._line,
                )
            yield _number(text_id, self._path, self._line), place, self._line
            place += len(line)
