"""How often each source is drawn: against expectation, and that the default's batches are those of earlier versions."""

import hashlib
import shutil
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parallel_words import parallel_examples
from scipy.stats import chisquare

from hybrid_pyserini.cli import main
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.records import ParallelExample
from hybrid_pyserini.training.batching import CROSS_LINGUAL, MONOLINGUAL, BatchPlan
from hybrid_pyserini.training.examples import ExampleStore, build_store
from hybrid_pyserini.training.source_mixing import SourceMixing

DRAWN_BEFORE = {
    "hybrid": "e1b5ffafdb1f93f62b586812c336d2fdc20ed2020e2d6c27a8a9aaba90b47cb4",
    "x-x-mono": "2f06fa577aed889e84962a251e6f6528ee6a0b9d54df857922056bc6fa194ad1",
    "x-y": "1f241dc2ddc632e6742bb272ff6e9341f1f176506d9466f0fd76b63722e7c676",
    "x-x": "1aaa396a5f9711176f8bbf029a288a60fc684ff4b71b70812f23b97debc34993",
}
"""SHA-256 of the first 300 batches below, drawn by the version that knew no mixing but by size."""

SIZES = (40, 90, 25)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> list[ExampleStore]:
    """Three stores: two, three languages and English alone."""
    folder = tmp_path_factory.mktemp("stores")
    languages = {"a": ("de", "en"), "b": ("ar", "en", "zh"), "c": ("en",)}
    for (name, codes), size in zip(languages.items(), SIZES, strict=True):
        texts = dict.fromkeys(codes, "text")
        build_store(folder / name, (ParallelExample(f"q{i}", f"g{i}", texts, texts) for i in range(size)))
    return [ExampleStore(folder / name) for name in languages]


def drawn(plan: BatchPlan, kind: str, steps: int = 12000) -> list[int]:
    """How many batches of a kind came from each source."""
    streams = [plan.stream_of(step) for step in range(steps)]
    counts = Counter(stream.source for stream in streams if stream.kind == kind)
    return [counts[source] for source in range(3)]


@pytest.mark.parametrize("strategy", DRAWN_BEFORE)
@pytest.mark.parametrize("mixing", [SourceMixing(), SourceMixing(power=1), SourceMixing(weights=SIZES)])
def test_by_size_is_what_it_always_was(stores: list[ExampleStore], strategy: str, mixing: SourceMixing) -> None:
    """Trainings of earlier versions go on with the batches they had."""
    plan = BatchPlan(stores, strategy, 8, seed=42, mixing=mixing)
    batches = repr([plan.batch(step) for step in range(300)])
    assert hashlib.sha256(batches.encode()).hexdigest() == DRAWN_BEFORE[strategy]


@pytest.mark.parametrize(("mixing", "shares"), [
    (SourceMixing(), (40, 90, 25)),
    (SourceMixing(power=0), (1, 1, 1)),
    (SourceMixing(power=0.5), (40**0.5, 90**0.5, 5)),
    (SourceMixing(power=2), (1600, 8100, 625)),
    (SourceMixing(weights=(2, 1, 1)), (2, 1, 1)),
    (SourceMixing(weights=(0.1, 0.25, 3)), (0.1, 0.25, 3)),
])
def test_sources_come_in_their_share_among_those_that_have_the_kind(
    stores: list[ExampleStore], mixing: SourceMixing, shares: tuple[float, ...]
) -> None:
    plan = BatchPlan(stores, "hybrid", 8, seed=7, mixing=mixing)
    monolingual, cross_lingual = drawn(plan, MONOLINGUAL), drawn(plan, CROSS_LINGUAL)
    expected = [sum(monolingual) * share / sum(shares) for share in shares]
    assert chisquare(monolingual, expected).pvalue > 1e-3
    assert cross_lingual[2] == 0  # English alone
    expected = [sum(cross_lingual) * share / sum(shares[:2]) for share in shares[:2]]
    assert chisquare(cross_lingual[:2], expected).pvalue > 1e-3


@given(st.lists(st.integers(1, 40_000_000), min_size=1, max_size=6), st.floats(0, 10))
def test_tickets_are_in_the_proportion_of_powers(sizes: list[int], power: float) -> None:
    tickets = SourceMixing(power=power).tickets(sizes)
    for size, number in zip(sizes, tickets, strict=True):
        assert number > 0
        assert number / tickets[0] == pytest.approx((size / sizes[0]) ** power, rel=1e-9)


def test_tickets_are_whole_numbers_worked_by_hand() -> None:
    """sqrt(2) to twelve decimals; a tenth is not the float 0.1."""
    assert SourceMixing(power=0.5).tickets([4, 2]) == [2 * 10**12, 1414213562373]
    assert SourceMixing(weights=(0.1, 0.25, 3)).tickets([7, 7, 7]) == [2, 5, 60]
    assert SourceMixing(power=1).tickets([40_000_000]) == [40_000_000 * 10**12]
    ten, nine = SourceMixing(power=10).tickets([40_000_000, 39_999_999])
    assert Fraction(nine, ten) == Fraction(39_999_999, 40_000_000) ** 10


@pytest.mark.parametrize(("arguments", "says"), [
    ({"power": -0.5}, "--source-power -0.5; give a number from 0"),
    ({"power": float("nan")}, "--source-power nan; give"),
    ({"power": float("inf")}, "--source-power inf; give"),
    ({"power": 10.5}, "--source-power 10.5; .* to 10"),
    ({"weights": (1.0, 0.0)}, "a source weight of 0.0; give numbers above 0; leave a source out"),
    ({"weights": (-1.0, 1.0)}, "a source weight of -1.0"),
    ({"weights": (1.0, float("nan"))}, "a source weight of nan"),
    ({"weights": (1.0, float("inf"))}, "a source weight of inf"),
    ({"power": 1.0, "weights": (1.0, 2.0)}, "both --source-power and --source-weights; give one"),
])
def test_what_is_no_proportion_is_refused(arguments: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        SourceMixing(**arguments)


@pytest.mark.parametrize("weights", [(1.0, 2.0), (1.0, 2.0, 3.0, 4.0)])
def test_a_plan_needs_one_weight_a_source(stores: list[ExampleStore], weights: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match=f"{len(weights)} source weights for 3 sources; .*one number a store"):
        BatchPlan(stores, "hybrid", 8, seed=0, mixing=SourceMixing(weights=weights))


@pytest.fixture
def workspace(tmp_path: Path, tiny_checkpoint: Path) -> Path:
    examples = parallel_examples(60)
    build_store(tmp_path / "examples" / "many", examples)
    build_store(tmp_path / "examples" / "few", examples[:10])
    shutil.copytree(tiny_checkpoint, tmp_path / "models" / "tiny")
    return tmp_path


def train(workspace: Path, *more: str) -> int:
    return main([
        "train", "--workspace", str(workspace), "--examples", "many", "few", "--init", "tiny", "--output", "m",
        "--batch-size", "4", "--max_steps", "12", "--disable_tqdm", "true", "--use_cpu", "true", *more,
    ])


def test_what_is_asked_for_is_drawn_recorded_and_decides(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(workspace, "--source-weights", "1", "1000") == 0
    record = read_json(workspace / "models" / "m" / "training.json")
    assert {stream["source"] for stream in record["batches"]} == {"few"}
    assert (record["settings"]["source_power"], record["settings"]["source_weights"]) == (None, [1.0, 1000.0])
    assert train(workspace, "--source-weights", "1", "1000") == 0
    assert "kept" in capsys.readouterr().out
    assert train(workspace, "--source-power", "0.5") == 2
    said = capsys.readouterr().err
    assert "source_power is None there, 0.5 now; source_weights is [1.0, 1000.0] there, None now" in said


def test_by_size_is_the_same_whether_it_is_said_or_not(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(workspace) == 0
    assert train(workspace, "--source-power", "1") == 0
    assert "kept" in capsys.readouterr().out


@pytest.mark.parametrize(("more", "says"), [
    (["--source-weights", "1", "2", "3"], "3 source weights for 2 sources"),
    (["--source-weights", "1", "-2"], "a source weight of -2.0"),
    (["--source-power", "-1"], "--source-power -1.0"),
    (["--source-power", "nan"], "--source-power nan"),
    (["--source-power", "1", "--source-weights", "1", "2"], "both --source-power and --source-weights"),
])
def test_mistakes_are_one_line_before_anything_is_loaded(
    workspace: Path, capsys: pytest.CaptureFixture[str], more: list[str], says: str
) -> None:
    shutil.rmtree(workspace / "examples")
    assert train(workspace, *more) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert [path.name for path in (workspace / "models").iterdir()] == ["tiny"]
