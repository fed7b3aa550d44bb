import hashlib
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Negative, ParallelExample
from hybrid_pyserini.training.batching import CROSS_LINGUAL, MIXED, MONOLINGUAL
from hybrid_pyserini.training.eligible import EligiblePositions, eligibility
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
    assert list(read) == examples


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


def test_eligible_positions_are_found_over_blocks() -> None:
    masks = np.random.default_rng(3).integers(0, 3, (200_000, 2), dtype=np.uint64)
    masks[3000:6000] = 0
    for fits in (eligibility(MONOLINGUAL, 1), eligibility(MIXED, None), eligibility(CROSS_LINGUAL, None)):
        expected = np.flatnonzero(fits(masks[:, 0], masks[:, 1]))
        found = EligiblePositions(masks, fits)
        places = [0, len(expected) - 1, *range(0, len(expected), 997)]
        assert (len(found), [found[i] for i in places]) == (len(expected), expected[places].tolist())
        for outside in (-1, len(expected)):
            with pytest.raises(IndexError):
                found[outside]


def test_eligible_positions_are_not_held(tmp_path: Path) -> None:
    """Those of two million examples would be 16 MB."""
    masks = np.lib.format.open_memmap(tmp_path / "masks.npy", "w+", np.dtype("<u8"), (2_000_000, 2))
    masks[:-1] = 1
    tracemalloc.start()
    try:
        found = EligiblePositions(masks, eligibility(MIXED, None))
        assert (len(found), found[1_999_998]) == (1_999_999, 1_999_998)
        held, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 50_000 and most < 2_000_000


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


def test_the_hash_is_of_the_texts(tmp_path: Path) -> None:
    read = store(tmp_path, [EXAMPLE])
    assert read.sha256 == hashlib.sha256((read.folder / "examples.arrow").read_bytes()).hexdigest()


def test_a_store_of_the_first_format_is_refused(tmp_path: Path) -> None:
    manifest = store(tmp_path, [EXAMPLE]).folder / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 1}))
    with pytest.raises(InputError, match="a store of another format; build it again with --overwrite"):
        ExampleStore(tmp_path / "s")


def test_no_store_and_no_examples_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no store of examples"):
        ExampleStore(tmp_path)
    with pytest.raises(InputError, match="no training examples"):
        build_store(tmp_path / "s", [])
    assert not (tmp_path / "s").exists()
