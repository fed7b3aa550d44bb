from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Negative, ParallelExample
from hybrid_pyserini.training.batching import CROSS_LINGUAL, MIXED, MONOLINGUAL
from hybrid_pyserini.training.examples import ExampleStore, build_store

EXAMPLE = ParallelExample(
    id="q1", group="g1", queries={"de": "Wo?", "zh": "哪里？"}, positives={"zh": "这里。\n第二行"},
    negatives={"zh": (Negative("那里。", "g2"), Negative("都不是", "g3"))}, other_groups=("g9",),
)


def store(tmp_path: Path, examples: list[ParallelExample]) -> ExampleStore:
    build_store(tmp_path / "s", examples)
    return ExampleStore(tmp_path / "s")


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    plain = ParallelExample("q2", "g1", {"en": "Where?"}, {"en": "Here."})
    read = store(tmp_path, [EXAMPLE, plain])
    assert [read[0], read[1]] == [EXAMPLE, plain] == list(read)
    assert (read.name, len(read), read.languages) == ("s", 2, ("de", "en", "zh"))


def test_rows_are_found_in_every_block(tmp_path: Path) -> None:
    examples = [ParallelExample(f"q{i}", f"g{i}", {"en": f"{i}?"}, {"en": f"{i}!"}) for i in range(9000)]
    read = store(tmp_path, examples)
    for position in (0, 4095, 4096, 8191, 8192, 8999):
        assert read[position] == examples[position]


LANGUAGES = st.sets(st.sampled_from(["ar", "de", "en", "zh"]))


@given(st.lists(st.tuples(LANGUAGES, LANGUAGES), min_size=1, max_size=30))
def test_eligible_is_what_the_languages_say(tmp_path_factory: pytest.TempPathFactory, sides: list) -> None:
    examples = [
        ParallelExample(f"q{i}", f"g{i}", dict.fromkeys(queries, "?"), dict.fromkeys(positives, "!"))
        for i, (queries, positives) in enumerate(sides)
    ]
    read = store(tmp_path_factory.mktemp("store"), examples)
    for language in read.languages:
        expected = [i for i, (queries, positives) in enumerate(sides) if language in queries & positives]
        assert list(read.eligible(MONOLINGUAL, language)) == expected
    assert list(read.eligible(MIXED, None)) == [i for i, (q, p) in enumerate(sides) if q & p]
    assert list(read.eligible(CROSS_LINGUAL, None)) == [
        i for i, (queries, positives) in enumerate(sides) if any(q != p for q in queries for p in positives)
    ]
    assert [read.languages_of(i) for i in range(len(read))] == [(sorted(q), sorted(p)) for q, p in sides]


def test_a_complete_source_lists_no_positions(tmp_path: Path) -> None:
    """Forty million positions would be 320 MB a stream."""
    read = store(tmp_path, [ParallelExample(f"q{i}", "g", {"en": "?"}, {"en": "!"}) for i in range(5)])
    assert isinstance(read.eligible(MONOLINGUAL, "en"), range)


def test_texts_are_mapped_not_read(tmp_path: Path) -> None:
    read = store(tmp_path, [EXAMPLE])
    assert isinstance(read._masks, np.memmap)
    assert "_file" not in vars(read)


def test_a_failing_source_leaves_nothing(tmp_path: Path) -> None:
    def broken():
        yield EXAMPLE
        raise InputError("broken", remedy="mend")

    with pytest.raises(InputError, match="broken"):
        build_store(tmp_path / "s", broken())
    assert list(tmp_path.iterdir()) == []


def test_no_store_and_no_examples_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no store of examples"):
        ExampleStore(tmp_path)
    with pytest.raises(InputError, match="no training examples"):
        build_store(tmp_path / "s", [])
    assert not (tmp_path / "s").exists()
