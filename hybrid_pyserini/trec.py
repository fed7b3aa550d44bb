"""Topics, qrels, runs and ranks, in the forms trec_eval and Pyserini read, and trec_eval's order of a ranking.

``trec_eval`` ranks by score, highest first, and equal scores by passage id, highest first as UTF-8 bytes. Everything
here is written in that order, so that the file's order is the order that is evaluated.
"""

import gzip
import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from hybrid_pyserini.atomic import replacing_file
from hybrid_pyserini.collection import check_id
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import open_binary, read_lines
from hybrid_pyserini.records import Qrels, Topics

_GZIP_LEVEL = 1
"""Runs become 4.7 times as small; the default level 6, with 5.7 times, takes longer than all else of a search."""


class Hit(NamedTuple):
    """One line of a run."""

    docid: str
    score: float


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A judged relevant passage in a full ranking. ``rank`` is None where the system does not rank the passage."""

    query_id: str
    docid: str
    rank: int | None
    score: float | None
    size: int
    """N, the number of passages that were to be ranked."""


def in_order(hits: Iterable[Hit]) -> list[Hit]:
    """Hits in trec_eval's order."""
    by_docid = sorted(hits, key=lambda hit: hit.docid.encode(), reverse=True)
    return sorted(by_docid, key=lambda hit: hit.score, reverse=True)


def docid_order(docids: Sequence[str]) -> list[int]:
    """Positions of ``docids`` in the order in which equal scores rank: descending as UTF-8 bytes."""
    return sorted(range(len(docids)), key=lambda position: docids[position].encode(), reverse=True)


def read_topics(path: Path) -> Topics:
    """Read ``qid<TAB>query`` lines; raises InputError for a broken line, an empty query or a repeated id."""
    topics: Topics = {}
    for number, line in read_lines(path):
        parts = line.split("\t")
        if len(parts) != 2:
            raise InputError(
                f"expected qid<TAB>query, found {len(parts)} field(s)", remedy="mend the line", path=path, line=number
            )
        qid = check_id(parts[0], "query id", path, number)
        if not parts[1].strip():
            raise InputError(f"query {qid!r} is empty", remedy="give it a text or remove it", path=path, line=number)
        if qid in topics:
            raise InputError(f"query id {qid!r} occurs twice", remedy="make ids unique", path=path, line=number)
        topics[qid] = parts[1]
    if not topics:
        raise InputError("no topics in the file", remedy="write one query a line", path=path)
    return topics


def write_topics(path: Path, topics: Topics) -> int:
    """Write topics; return the number of queries in which runs of white space had to become one blank."""
    changed = 0
    with replacing_file(path) as aside, aside.open("w", encoding="utf-8", newline="\n") as file:
        for qid, query in topics.items():
            check_id(qid, "query id", path)
            single = " ".join(query.split())
            if not single:
                raise InputError(f"query {qid!r} is empty", remedy="remove it or give it a text", path=path)
            changed += single != query
            file.write(f"{qid}\t{single}\n")
    return changed


def read_qrels(path: Path) -> Qrels:
    """Read ``qid 0 docid rel`` lines; raises InputError for a broken line or a repeated judgement."""
    return parse_qrels(read_lines(path), path)


def parse_qrels(lines: Iterable[tuple[int, str]], path: Path) -> Qrels:
    """The judgements of numbered lines. ``path`` is what an InputError names as their file."""
    qrels: Qrels = {}
    for number, line in lines:
        parts = line.split()
        if not parts:
            continue
        if len(parts) != 4 or not parts[3].removeprefix("-").isdecimal():
            raise InputError(
                "expected 'qid 0 docid relevance' with a whole number last", remedy="mend the line",
                path=path, line=number,
            )
        qid, _, docid, relevance = parts
        judged = qrels.setdefault(qid, {})
        if docid in judged:
            raise InputError(
                f"query {qid!r} judges passage {docid!r} twice", remedy="keep one of the lines",
                path=path, line=number,
            )
        judged[docid] = int(relevance)
    if not qrels:
        raise InputError("no judgements in the file", remedy="write one 'qid 0 docid relevance' a line", path=path)
    return qrels


def scored_qrels(topics: Topics, qrels: Qrels) -> Qrels:
    """The judgements of the scored queries: the topics that have a passage with relevance 1 or more."""
    return {qid: qrels[qid] for qid in topics if any(relevance >= 1 for relevance in qrels.get(qid, {}).values())}


def relevant_passages(topics: Topics, qrels: Qrels) -> dict[str, list[str]]:
    """Scored query -> its passages with relevance 1 or more, whose ranks in the pool are wanted."""
    return {
        qid: [docid for docid, relevance in judged.items() if relevance >= 1]
        for qid, judged in scored_qrels(topics, qrels).items()
    }


def write_qrels(path: Path, qrels: Qrels) -> int:
    """Write qrels; return the number of judgements."""
    count = 0
    with replacing_file(path) as aside, aside.open("w", encoding="utf-8", newline="\n") as file:
        for qid, judged in qrels.items():
            for docid, relevance in judged.items():
                file.write(f"{qid} 0 {docid} {relevance}\n")
                count += 1
    return count


def read_run(path: Path) -> dict[str, dict[str, float]]:
    """Read a run, plain or gzipped, as query id -> docid -> score.

    Raises InputError for a broken line, a score that is no finite number, and a passage retrieved twice.
    """
    try:
        run, lines = _read_sound_run(path)
    except (ValueError, OSError, EOFError, zlib.error):
        return _read_line_by_line(path)
    finite = math.isfinite(sum(sum(hits.values()) for hits in run.values()))
    if not finite or sum(map(len, run.values())) < lines:
        return _read_line_by_line(path)
    return run


def _read_sound_run(path: Path) -> tuple[dict[str, dict[str, float]], int]:
    """A run as it is read where nothing is wrong, in half the time of checking line by line; and its number of lines.

    Scores may be infinite or NaN; of a passage retrieved twice the last counts. Raises ValueError, or what opening and
    unpacking raise, for anything else, an empty line included.
    """
    run: dict[str, dict[str, float]] = {}
    hits: dict[str, float] = {}
    current, lines = None, 0
    with open_binary(path) as file, TextIOWrapper(file, encoding="utf-8-sig", newline="\n") as text:
        for line in text:
            qid, _, docid, _, score, _ = line.split()
            if qid != current:
                current, hits = qid, run.setdefault(qid, {})
            hits[docid] = float(score)
            lines += 1
    return run, lines


def _read_line_by_line(path: Path) -> dict[str, dict[str, float]]:
    """Read a run with empty lines, or raise the InputError that names the line where it is wrong."""
    run: dict[str, dict[str, float]] = {}
    for number, line in read_lines(path):
        parts = line.split()
        if not parts:
            continue
        if len(parts) != 6:
            raise InputError(
                f"expected 'qid Q0 docid rank score tag', found {len(parts)} field(s)", remedy="mend the line",
                path=path, line=number,
            )
        qid, _, docid, _, score, _ = parts
        try:
            value = float(score)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError(
                f"score {score!r} of passage {docid!r} is no finite number", remedy="search again",
                path=path, line=number,
            )
        hits = run.setdefault(qid, {})
        if docid in hits:
            raise InputError(
                f"query {qid!r} retrieves passage {docid!r} twice", remedy="remove one of the lines",
                path=path, line=number,
            )
        hits[docid] = value
    return run


class RunWriter:
    """A run that is being written, query by query."""

    def __init__(self, file: BinaryIO, tag: str) -> None:
        self._file = file
        self._end = f"%.9g {tag.replace('%', '%%')}\n"
        self._lines: list[bytes] = []
        """The lines of a query, to be filled with its id, in the place of the tab, and with hits."""

    def write(self, qid: str, docids: Sequence[bytes], scores: Sequence[float]) -> None:
        """Write a query's hits in trec_eval's order: passage ids in UTF-8, and scores; ``%.9g`` gives every float32
        score back exactly.

        Runs hold millions of hits: all of a query are formatted in one call, in half the time of a call each.
        """
        count = len(docids)
        for rank in range(len(self._lines) + 1, count + 1):
            self._lines.append(f"\t Q0 %b {rank} {self._end}".encode())
        hits: list[bytes | float] = [0.0] * (2 * count)
        hits[::2], hits[1::2] = docids, scores
        lines = b"".join(self._lines[:count]).replace(b"\t", qid.replace("%", "%%").encode())
        self._file.write(lines % tuple(hits))


@contextmanager
def writing_run(path: Path, tag: str) -> Iterator[RunWriter]:
    """Yield the writer of a run, gzipped where ``path`` ends in ``.gz``; it takes its name when the block ends well."""
    with _writing(path) as file:
        yield RunWriter(file, tag)


def write_run(path: Path, rankings: Iterable[tuple[str, Iterable[tuple[str, float]]]], tag: str) -> None:
    """Write a whole run from (query id, hits in trec_eval's order); a hit is a ``Hit`` or the plain pair that it is."""
    with writing_run(path, tag) as run:
        for qid, hits in rankings:
            listed = list(hits)
            run.write(qid, [docid.encode() for docid, _ in listed], [score for _, score in listed])


RANKS_HEADER = "qid\tdocid\trank\tscore\tN"


class RanksWriter:
    """A ranks file that is being written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file.write(f"{RANKS_HEADER}\n".encode())

    def write(self, ranked: Iterable[RankedPassage]) -> None:
        """Write the ranks of judged relevant passages; what is not ranked has an empty rank and score."""
        for r in ranked:
            rank = "" if r.rank is None else r.rank
            score = "" if r.score is None else f"{r.score:.9g}"
            self._file.write(f"{r.query_id}\t{r.docid}\t{rank}\t{score}\t{r.size}\n".encode())


@contextmanager
def writing_ranks(path: Path) -> Iterator[RanksWriter]:
    """Yield the writer of a ranks file, which takes its name when the block ends well."""
    with _writing(path) as file:
        yield RanksWriter(file)


def write_ranks(path: Path, ranked: Iterable[RankedPassage]) -> None:
    """Write a whole ranks file."""
    with writing_ranks(path) as ranks:
        ranks.write(ranked)


@contextmanager
def _writing(path: Path) -> Iterator[BinaryIO]:
    """Yield the file aside that becomes ``path``. Of equal text a gzip has equal bytes: no time, no name in it."""
    with replacing_file(path) as aside, aside.open("wb") as plain:
        if path.suffix != ".gz":
            yield plain
            return
        with gzip.GzipFile("", "wb", _GZIP_LEVEL, plain, mtime=0) as packed:
            yield cast(BinaryIO, packed)


def read_ranks(path: Path) -> Iterator[RankedPassage]:
    """Stream a ranks file; raises InputError for a broken line."""
    for number, line in read_lines(path):
        if number == 1 and line == RANKS_HEADER:
            continue
        parts = line.split("\t")
        try:
            qid, docid, rank, score, size = parts
            yield RankedPassage(qid, docid, int(rank) if rank else None, float(score) if score else None, int(size))
        except ValueError:
            raise InputError(
                f"expected {RANKS_HEADER.replace(chr(9), '<TAB>')}", remedy="search again", path=path, line=number
            ) from None
