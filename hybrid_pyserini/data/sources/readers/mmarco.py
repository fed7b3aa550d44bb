"""mMARCO's training triples (arXiv 2108.13897): a parallel example for each query and positive, in up to 14 languages.

The files are those of ``formats/mmarco_files.py``; the languages, all that have collection and training queries. An
example has the first negatives of its query and positive. Neither collections nor triples are held in memory.
"""

from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import groupby
from operator import attrgetter, itemgetter
from pathlib import Path
from sqlite3 import Connection, IntegrityError

from tqdm import tqdm

from hybrid_pyserini.data.formats.mmarco_files import (
    AGAIN,
    LICENCE,
    ORIGIN,
    LanguageFiles,
    check_count,
    files_of,
    languages_of,
    needed,
    passage_group,
)
from hybrid_pyserini.data.formats.tsv import read_tsv
from hybrid_pyserini.data.scratch import scratch_database
from hybrid_pyserini.data.sources.training_source import HARD_NEGATIVES, PreparedSource
from hybrid_pyserini.data.text import check_text, one_line
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Negative, ParallelExample

TRIPLES = 39_780_811

_TRIPLES = "triples.train.ids.small.tsv"
_TRAIN = ("train/{}_queries.train.tsv",)


def files(source: Path) -> dict[str, Path]:
    """What ``read`` reads; raises InputError where the triples, or a collection's queries, are missing."""
    return files_of(source, _TRIPLES, _TRAIN)


def languages(source: Path) -> tuple[str, ...]:
    return tuple(language.code for language in languages_of(source, _TRAIN))


def read(source: Path, name: str) -> PreparedSource:
    """The training source; InputErrors, with file and line, come while the examples are gone through."""
    notes: Counter[str] = Counter()
    return PreparedSource(
        name, partial(_examples, needed(source, _TRIPLES), languages_of(source, _TRAIN), notes), ORIGIN, LICENCE, notes
    )


def _examples(
    triples: Path, languages: Sequence[LanguageFiles], notes: Counter[str], scratch: Path
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
            queries = _with_text(asked, query, notes)
            negatives: dict[int, list[int]] = {}
            for _, positive, negative in of_query:
                negatives.setdefault(positive, []).append(negative)
            for number, positive in enumerate(negatives):
                positives = _with_text(passages, positive, notes)
                there = [code for code in queries if code in positives]
                if not there:
                    notes["examples_without_text_left_out"] += 1
                    continue
                chosen = _hard_negatives(negatives[positive], negatives, notes)
                wrong: dict[str, list[Negative]] = {}
                for each in chosen:
                    for code, text in _with_text(passages, each, notes).items():
                        wrong.setdefault(code, []).append(Negative(text, passage_group(each)))
                yield ParallelExample(
                    id=f"{query}#{number + 1}" if number else str(query),
                    group=passage_group(positive),
                    queries={code: one_line(queries[code]) for code in there},
                    positives={code: positives[code] for code in there},
                    negatives={code: tuple(wrong[code]) for code in there if code in wrong},
                    other_groups=tuple(passage_group(other) for other in negatives if other != positive),
                )


def _with_text(texts: Mapping[str, "_Texts"], text_id: int, notes: Counter[str]) -> dict[str, str]:
    """Language -> the text of an id; a translation that came out empty is left out, and counted each time it is met."""
    found = {code: of_language.text(text_id) for code, of_language in texts.items()}
    there = {code: text for code, text in found.items() if text.strip()}
    if len(there) < len(found):
        notes["empty_texts_left_out"] += len(found) - len(there)
    return there


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
            raise InputError("an id is no whole number", remedy=AGAIN, path=path, line=line)
        query, positive, negative = map(int, fields)
        yield query, positive, negative
    check_count(path, line, TRIPLES)


def _number(field: bytes, path: Path, line: int) -> int:
    if not field.isdigit():
        raise InputError(f"id {field.decode()!r} is no whole number", remedy=AGAIN, path=path, line=line)
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
            raise InputError("an id that occurs twice", remedy=AGAIN, path=path, line=self._line) from None

    def text(self, text_id: int) -> str:
        """Perhaps empty; raises InputError for an id that is not there and, with the line, for what is no text."""
        found = self._database.execute(self._select, (text_id,)).fetchone()
        if found is None:
            raise InputError(f"no id {text_id}, which {_TRIPLES} names", remedy=AGAIN, path=self._path)
        place, line = found
        self._file.seek(place)
        try:
            text = self._file.readline().partition(b"\t")[2].decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise InputError(
                f"not UTF-8 ({error.reason})", remedy=AGAIN, path=self._path, line=line
            ) from None
        return check_text(text, f"text {text_id}", self._path, line) if text.strip() else ""

    def _places(self) -> Iterator[tuple[int, int, int]]:
        """(Id, where its line begins, number of the line)."""
        place = 0
        for line in tqdm(self._file, desc=self._path.name, unit=" lines", leave=False, disable=None):
            self._line += 1
            text_id, *text = (line.removeprefix(BOM_UTF8) if self._line == 1 else line).split(b"\t")
            if len(text) != 1:
                raise InputError(
                    f"expected id<TAB>text, found {len(text) + 1} field(s)", remedy=AGAIN, path=self._path,
                    line=self._line,
                )
            yield _number(text_id, self._path, self._line), place, self._line
            place += len(line)
