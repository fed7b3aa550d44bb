"""Training sources that come alone: written with a manifest, kept, refused, and nothing half-written."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from hybrid_pyserini.data.sources.example_source import read_examples
from hybrid_pyserini.data.sources.training_source import (
    PreparedSource,
    SourceInfo,
    find_prepared_source,
    source_of_rows,
    write_source,
)
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Negative, ParallelExample
from hybrid_pyserini.workspace import Workspace

EXAMPLES = [
    ParallelExample("a", "g1", {"de": "Wer?", "en": "Who?"}, {"de": "Der.", "en": "He."},
                    {"en": (Negative("She.", "g2"), Negative("It.", "g3"))}),
    ParallelExample("b", "g2", {"en": "Who else?"}, {"en": "She."}),
]
SOURCES = {"a.json": "00"}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "w")


def source(examples: list[ParallelExample] = EXAMPLES) -> PreparedSource:
    notes: Counter[str] = Counter()

    def read(scratch: Path) -> Iterator[ParallelExample]:
        assert scratch.is_dir()
        yield from examples
        notes["left_out"] += 3  # known at the end only

    return PreparedSource("tiny", read, "somewhere", "free", notes)


def test_examples_and_manifest(workspace: Workspace) -> None:
    info = write_source(workspace, source(), SOURCES, overwrite=False)
    assert list(read_examples(workspace.source("tiny"))) == EXAMPLES
    assert (info.examples, info.origin, info.licence, info.sources) == (2, "somewhere", "free", SOURCES)
    assert info.languages == {
        "de": {"queries": 1, "positives": 1}, "en": {"queries": 2, "positives": 2, "negatives": 2},
    }
    assert info.notes["left_out"] == 3
    assert find_prepared_source(workspace, "tiny", SOURCES) == info == SourceInfo.read(workspace.source_info("tiny"))
    assert sorted(path.name for path in workspace.root.rglob("*")) == ["sources", "tiny.json", "tiny.jsonl"]


def test_other_files_are_refused_and_a_lost_file_is_made_again(workspace: Workspace) -> None:
    write_source(workspace, source(), SOURCES, overwrite=False)
    with pytest.raises(InputError, match=r"from other files than these \(a.json, b.json differ\); give --overwrite"):
        find_prepared_source(workspace, "tiny", {"a.json": "11", "b.json": "00"})
    workspace.source("tiny").unlink()
    assert find_prepared_source(workspace, "tiny", SOURCES) is None


def test_someone_elses_file_is_not_replaced(workspace: Workspace) -> None:
    own = workspace.source("tiny")
    own.parent.mkdir(parents=True)
    own.write_text("mine\n")
    with pytest.raises(InputError, match=r"tiny\.jsonl: another training source of that name is there; rename it"):
        write_source(workspace, source(), SOURCES, overwrite=False)
    assert [path for path in workspace.root.rglob("*") if path.is_file()] == [own]
    assert own.read_text() == "mine\n"
    write_source(workspace, source(), SOURCES, overwrite=True)
    assert list(read_examples(own)) == EXAMPLES


def test_what_a_killed_prepare_left_is_taken_for_its_own(workspace: Workspace) -> None:
    """It was killed between the examples and the manifest."""
    write_source(workspace, source(), SOURCES, overwrite=False)
    workspace.source_info("tiny").unlink()
    assert find_prepared_source(workspace, "tiny", SOURCES) is None
    write_source(workspace, source(), SOURCES, overwrite=False)
    assert find_prepared_source(workspace, "tiny", SOURCES) is not None


def test_an_error_leaves_everything_as_it_was(workspace: Workspace) -> None:
    write_source(workspace, source(), SOURCES, overwrite=False)
    before = {path: path.read_bytes() for path in workspace.root.rglob("*") if path.is_file()}

    def broken(scratch: Path) -> Iterator[ParallelExample]:
        yield EXAMPLES[0]
        raise InputError("broken", remedy="mend it")

    def empty(scratch: Path) -> Iterator[ParallelExample]:
        return iter([])

    for examples in (broken, empty):
        with pytest.raises(InputError, match="broken|no examples in a.json"):
            write_source(workspace, PreparedSource("tiny", examples, "", ""), SOURCES, overwrite=True)
    assert {path: path.read_bytes() for path in workspace.root.rglob("*") if path.is_file()} == before


def test_rows_of_several_files_are_grouped_by_file(tmp_path: Path) -> None:
    """Two questions of one file share a passage; a negative that answers one of them is in its group."""
    def rows(path: Path, notes: Counter[str]) -> Iterator[tuple[int, dict]]:
        notes[path.name] += 1
        for number, (query, positive) in enumerate([("Was?", "Tee."), ("Welches?", "Tee."), ("Wie?", "So.")]):
            yield number + 1, {"id": f"{path.name}:{number}", "language": "de", "query": query, "positive": positive,
                               "negatives": [] if number else ["So."]}

    prepared = source_of_rows("tiny", [Path("x"), Path("y")], rows, "", "")
    examples = list(prepared.examples(tmp_path))
    assert [(each.id, each.group) for each in examples] == [
        (f"{file}:{number}", f"question:{file}:{first}") for file in "xy" for number, first in ((0, 0), (1, 0), (2, 2))
    ]
    assert examples[3].negatives == {"de": (Negative("So.", "question:y:2"),)}
    assert prepared.notes == {"x": 1, "y": 1}
