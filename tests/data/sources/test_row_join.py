"""The join on disk against a slow one that holds the whole source in memory; its memory, and what a kill leaves."""

import gzip
import hashlib
import json
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_pyserini.data.sources import row_join
from hybrid_pyserini.data.sources.example_rows import ExampleRow, parse_row
from hybrid_pyserini.data.sources.example_source import read_examples
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_jsonl
from hybrid_pyserini.records import Negative, ParallelExample
from hybrid_pyserini.training import examples
from hybrid_pyserini.training.examples import build_store

Outcome = tuple[list[ParallelExample], tuple[Path, int, str] | None]
"""The examples that were read, and the mistake at which reading ended: file, line and problem."""


@dataclass
class Question:
    line: int
    rows: list[ExampleRow] = field(default_factory=list)

    @property
    def group(self) -> str | None:
        return next((row.group for row in self.rows if row.group is not None), None)


def slow_read(*paths: Path) -> Iterator[ParallelExample]:
    """Row-form files, read together: as ``read_examples``, by sets and lists."""
    seen: dict[str, Path] = {}
    for path in paths:
        questions: dict[str, Question] = {}
        for line, fields in read_jsonl(path):
            row = parse_row(fields, path, line)
            question = questions.setdefault(row.id, Question(line))
            if any(row.language == before.language for before in question.rows):
                raise InputError(f"example id {row.id!r} occurs twice in language {row.language!r}",
                                 remedy="", path=path, line=line)
            if row.group is not None and question.group not in (None, row.group):
                raise InputError(f"example id {row.id!r} has group {row.group!r} here and {question.group!r} before",
                                 remedy="", path=path, line=line)
            question.rows.append(row)
        for line, example in slow_join(questions):
            if example.id in seen:
                before = "occurs twice" if seen[example.id] == path else f"is in {seen[example.id]} already"
                raise InputError(f"example id {example.id!r} {before}", remedy="", path=path, line=line)
            seen[example.id] = path
            yield example


def slow_join(questions: dict[str, Question]) -> Iterator[tuple[int, ParallelExample]]:
    groups = slow_groups(questions)
    of_text: dict[tuple[str, str], list[str]] = {}
    for question_id, question in questions.items():
        for row in question.rows:
            for text in row.positives:
                of_text.setdefault((row.language, text), []).append(groups[question_id])
    for row in (row for question in questions.values() for row in question.rows):
        for text, group in row.negatives:
            if group is not None and (row.language, text) in of_text:
                of_text[row.language, text].append(group)
    for question_id, question in questions.items():
        group = groups[question_id]
        others = {other for together in of_text.values() if group in together for other in together} - {group}
        for place in range(max(len(row.positives) for row in question.rows)):
            yield question.line, ParallelExample(
                id=f"{question_id}#{place + 1}" if place else question_id, group=group,
                queries={row.language: row.query for row in question.rows},
                positives={row.language: row.positives[place] for row in question.rows if place < len(row.positives)},
                negatives={
                    row.language: tuple(
                        Negative(text, named or of_text.get((row.language, text), [own_group(text)])[0])
                        for text, named in row.negatives
                    )
                    for row in question.rows if row.negatives
                },
                other_groups=tuple(sorted(others)),
            )


def slow_groups(questions: dict[str, Question]) -> dict[str, str]:
    """The first question's name goes from question to question along shared texts, until nothing changes."""
    texts = {
        question_id: {(row.language, text) for row in question.rows for text in row.positives}
        for question_id, question in questions.items() if question.group is None
    }
    order = list(questions)
    first = {question_id: question_id for question_id in texts}
    for _ in texts:
        for one in texts:
            for other in texts:
                if texts[one] & texts[other]:
                    first[one] = min(first[one], first[other], key=order.index)
    return {
        question_id: question.group if question.group is not None else f"question:{first[question_id]}"
        for question_id, question in questions.items()
    }


def own_group(text: str) -> str:
    return f"text:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def outcome(examples: Iterable[ParallelExample]) -> Outcome:
    found: list[ParallelExample] = []
    try:
        for example in examples:
            found.append(example)
    except InputError as error:
        assert isinstance(error.path, Path) and error.line is not None
        return found, (error.path, error.line, error.problem)
    return found, None


IDS = st.sampled_from(["1", "1.0", "01", "b", "B", "é", "b#2", "c"])
TEXTS = st.sampled_from(["Hier.", "hier.", "Hier. ", "7", "\0", "\0x", "Da."])
GROUPS = st.sampled_from(["1", "1.0", "g", "\uffff", "\U00010000"])
NEGATIVES = st.one_of(TEXTS, st.fixed_dictionaries({"text": TEXTS, "group": GROUPS}))
ROWS = st.fixed_dictionaries(
    {"id": IDS, "language": st.sampled_from(["de", "nl"]), "query": st.sampled_from(["Wo?", "Wann?"]),
     "positives": st.lists(TEXTS, min_size=1, max_size=3)},
    optional={"negatives": st.lists(NEGATIVES, max_size=3)},
)


def source(path: Path, rows: list[dict[str, Any]]) -> Path:
    written = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    path.write_bytes(gzip.compress(written) if path.suffix == ".gz" else written)
    return path


@given(rows=st.lists(ROWS, min_size=1, max_size=14, unique_by=lambda row: (row["id"], row["language"])),
       groups=st.dictionaries(IDS, GROUPS, max_size=5), omitted=st.sets(st.integers(0, 13)),
       names=st.sampled_from([("a.jsonl", "b.jsonl"), ("a.jsonl.gz", "b.jsonl")]), halves=st.integers(0, 14))
def test_equals_the_slow_join(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], groups: dict[str, str], omitted: set[int],
    names: tuple[str, str], halves: int,
) -> None:
    for place, row in enumerate(rows):
        if row["id"] in groups and place not in omitted:
            row["group"] = groups[row["id"]]
    folder = tmp_path_factory.mktemp("rows")
    parts = [(name, part) for name, part in zip(names, (rows[:halves], rows[halves:]), strict=True) if part]
    paths = [source(folder / name, part) for name, part in parts]
    assert outcome(read_examples(*paths, scratch=folder)) == outcome(slow_read(*paths))


@given(rows=st.lists(st.builds(lambda row, extra: row | extra, ROWS, st.one_of(
    st.just({}), st.fixed_dictionaries({"group": GROUPS}), st.sampled_from([{"group": "question:1"}, {"query": ""}]),
)), min_size=1, max_size=8))
def test_mistakes_are_the_slow_joins(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]) -> None:
    path = source(tmp_path_factory.mktemp("rows") / "a.jsonl", rows)
    assert outcome(read_examples(path, scratch=path.parent)) == outcome(slow_read(path))


def test_equals_the_slow_join_over_many_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_join, "_BLOCK_ROWS", 7)
    path = source(tmp_path / "a.jsonl", list(scattered_rows(60)))
    assert outcome(read_examples(path, scratch=tmp_path)) == outcome(slow_read(path))


def scattered_rows(count: int) -> Iterator[dict[str, Any]]:
    """A language after the other; some positives shared, so that groups arise, and some of them negatives elsewhere."""
    for language in ("de", "en", "zh"):
        for i in range(count):
            yield {"id": f"question-{i}", "language": language, "query": f"{language} {i} ?",
                   "positive": f"{language} {i - i % 5 // 4} !", "negatives": [f"{language} {i * 7 % count} !"]}


def own_rows(count: int) -> Iterator[dict[str, Any]]:
    for i in range(count):
        yield {"id": f"question-{i}", "group": f"g{i}", "queries": {"de": f"{i} ?"}, "positives": {"de": f"{i} !"}}


@pytest.mark.parametrize("rows", [scattered_rows, own_rows])
def test_memory_does_not_grow_with_the_source(rows: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A set of 10,000 more ids would be 1 MB. Here of what Python allocates; of all of it in tests/benchmarks."""
    for module in (row_join, examples):
        monkeypatch.setattr(module, "_BLOCK_ROWS", 256)

    def peak(count: int) -> int:
        path = source(tmp_path / f"{count}.jsonl", list(rows(count)))
        tracemalloc.start()
        try:
            assert build_store(tmp_path / "store", read_examples(path, scratch=tmp_path)) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(300)  # what is made once, such as the schema, is made before it counts
    assert peak(12000) < peak(2000) + 300_000


_KILLED = """
import os, signal, sys
from pathlib import Path
from hybrid_pyserini.data.sources.example_source import read_examples
from hybrid_pyserini.training.examples import build_store

def examples(folder):
    for number, example in enumerate(read_examples(folder / "source.jsonl", scratch=folder / "scratch")):
        if number == 4500:  # in the second block, with the rows on disk
            os.kill(os.getpid(), signal.SIGKILL)
        yield example

folder = Path(sys.argv[1])
build_store(folder / "store", examples(folder))
"""


def test_a_killed_build_leaves_no_store_and_nothing_to_remember(tmp_path: Path) -> None:
    path = source(tmp_path / "source.jsonl", list(scattered_rows(5000)))
    (tmp_path / "scratch").mkdir()
    done = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert list((tmp_path / "scratch").iterdir()) == []
    assert not (tmp_path / "store").exists()
    build_store(tmp_path / "store", read_examples(path, scratch=tmp_path / "scratch"))
    assert {path.name for path in tmp_path.iterdir()} == {"source.jsonl", "scratch", "store"}
