from pathlib import Path

import pytest
import torch
from parallel_words import parallel_examples

from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Negative
from hybrid_pyserini.training.batching import BatchPlan
from hybrid_pyserini.training.chunked import ChunkedEncoder
from hybrid_pyserini.training.collator import LoadedPair, PlannedBatches, collate, load_pair
from hybrid_pyserini.training.examples import ExampleStore, build_store


@pytest.fixture(scope="module")
def encoder(tiny_checkpoint: Path) -> Encoder:
    return Encoder.load(str(tiny_checkpoint))


def pair(query: str, positive: str, group: str, *negatives: tuple[str, str]) -> LoadedPair:
    return LoadedPair(query, positive, tuple(Negative(*n) for n in negatives), group, frozenset({group}))


PAIRS = [
    pair("river", "river mountain city bread", "a", ("Brot", "n1")),
    pair("mountain bread", "city", "b"),
    pair("Garten", "Garten Brief", "a", ("Wald", "b"), ("Musik", "n2")),
    pair("冬天", "冬天 花园", "c"),
]


def test_rows_are_the_texts_own_vectors(encoder: Encoder) -> None:
    """Sorting by length and chunking must not swap texts."""
    many = [pair(f"river {'bread ' * (i % 7)}", f"city {'music ' * (i % 11)}", f"g{i}") for i in range(40)]
    batch = collate(many, encoder)
    with torch.inference_mode():
        vectors = ChunkedEncoder(encoder.model)(batch["chunks"])[batch["order"]].numpy()
    assert len(batch["chunks"]) > 1
    assert vectors[:40] == pytest.approx(encoder.encode_queries([p.query for p in many]), abs=1e-5)
    assert vectors[40:] == pytest.approx(encoder.encode_passages([p.positive for p in many]), abs=1e-5)


def test_candidates_stand_by_rank_positives_first(encoder: Encoder) -> None:
    """Four pairs on two processes: candidates a b n1 | a c b n2."""
    first, second = (collate(PAIRS, encoder, rank, 2) for rank in (0, 1))
    assert first["counts"] == second["counts"] == [3, 4]
    assert first["own"].tolist() == [0, 1]
    assert second["own"].tolist() == [3, 4]
    assert first["excluded"].tolist() == [
        [False, False, False, True, False, False, False],  # group a: the other process's positive
        [False, False, False, False, False, True, False],  # group b: a hard negative that is its passage
    ]
    assert second["excluded"].tolist() == [
        [True, False, False, False, False, False, False],
        [False, False, False, False, False, False, False],
    ]
    assert len(first["order"]) == 2 + 3
    assert len(second["order"]) == 2 + 4


def test_texts_carry_prompts_and_languages(encoder: Encoder) -> None:
    example = parallel_examples(1)[0]
    from hybrid_pyserini.training.batching import PlannedPair

    loaded = load_pair(example, PlannedPair(0, 0, "de", "zh"))
    assert (loaded.query, loaded.positive) == (example.queries["de"], example.positives["zh"])
    batch = collate([loaded, pair("x", "y", "g")], encoder)
    expected = encoder.tokenize([f"Query: {example.queries['de']}", f"Passage: {example.positives['zh']}"])
    rows = [ids[mask.bool()].tolist() for c in batch["chunks"] for ids, mask in zip(c["input_ids"], c["attention_mask"],
                                                                                   strict=True)]
    assert rows[batch["order"][0]] == expected[0]
    assert rows[batch["order"][2]] == expected[1]


def test_a_batch_must_divide_by_the_processes(encoder: Encoder, tmp_path: Path) -> None:
    build_store(tmp_path / "s", parallel_examples(20))
    store = ExampleStore(tmp_path / "s")
    plan = BatchPlan([store], "hybrid", 10, seed=0)
    with pytest.raises(InputError, match="use --batch-size 8 or 12"):
        PlannedBatches(plan, [store], encoder, steps=3, rank=0, processes=4)


@pytest.mark.parametrize("budget", [1, 40, 100, 1024])
def test_chunks_hold_so_many_tokens_and_come_in_few_lengths(encoder: Encoder, budget: int) -> None:
    """Longest first; a text that is longer than the budget is a chunk by itself. The encoder takes 64 tokens."""
    many = [pair("river " * (i % 70 + 1), "city " * (i * 3 % 70 + 1), f"g{i}") for i in range(40)]
    batch = collate(many, encoder, chunk_tokens=budget)
    shapes = [tuple(chunk["input_ids"].shape) for chunk in batch["chunks"]]
    assert sum(texts for texts, _ in shapes) == 80
    assert all(texts * length <= budget or texts == 1 for texts, length in shapes)
    lengths = [length for _, length in shapes]
    assert lengths == sorted(lengths, reverse=True)
    assert {length % 8 for length in lengths} == {0}
    assert max(lengths) == 64
    texts_of_one_length = [texts for texts, length in shapes[:-1] if length == 64]
    assert len(set(texts_of_one_length)) == 1
    if budget == 100:
        assert any(texts > 1 for texts, _ in shapes)


def test_padding_never_exceeds_what_the_encoder_takes(encoder: Encoder) -> None:
    assert encoder.most_tokens == 64
    assert encoder.chunk([[5] * 61], multiple=48)["input_ids"].shape == (1, 64)
    chunk = encoder.chunk([[5] * 3, [5] * 9], multiple=8)
    assert chunk["input_ids"].shape == (2, 16)
    assert chunk["attention_mask"].sum(dim=1).tolist() == [3, 9]
