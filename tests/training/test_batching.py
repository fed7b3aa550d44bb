"""The batch plan by property, and against a slow reference written from DESIGN's words alone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chisquare

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.training.batching import CROSS_LINGUAL, MIXED, MONOLINGUAL, BatchPlan, PlannedPair
from hybrid_pyserini.training.keyed import KeyedPermutation, keyed_fraction, keyed_index


@dataclass
class ListSource:
    """A source in memory: per example, the languages of its query and of its positive."""

    name: str
    examples: list[tuple[tuple[str, ...], tuple[str, ...]]]

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(sorted({language for sides in self.examples for side in sides for language in side}))

    def __len__(self) -> int:
        return len(self.examples)

    def languages_of(self, position: int) -> tuple[Sequence[str], Sequence[str]]:
        return self.examples[position]

    def eligible(self, kind: str, language: str | None) -> Sequence[int]:
        def fits(queries: Sequence[str], passages: Sequence[str]) -> bool:
            if kind == MONOLINGUAL:
                return language in queries and language in passages
            return any((q == p) == (kind == MIXED) for q in queries for p in passages)

        return [i for i, sides in enumerate(self.examples) if fits(*sides)]


def parallel(name: str, size: int, *languages: str) -> ListSource:
    return ListSource(name, [(languages, languages)] * size)


def reference_batch(
    sources: list[ListSource], strategy: str, size: int, seed: int, alpha: float, step: int
) -> list[PlannedPair]:
    """The rules, replayed from step 0 with whole permutations and no caches. Shares only the keyed numbers."""
    kinds = {"en-en": [MONOLINGUAL], "x-x-mono": [MONOLINGUAL], "x-x": [MIXED], "x-y": [CROSS_LINGUAL]}
    drawn: Counter[tuple[int, str, str]] = Counter()
    for s in range(step + 1):
        if strategy == "hybrid":
            kind = MONOLINGUAL if keyed_fraction(seed, s, "kind") < alpha else CROSS_LINGUAL
        else:
            (kind,) = kinds[strategy]
        able = [i for i, source in enumerate(sources) if kind != CROSS_LINGUAL or len(source.languages) > 1]
        if strategy == "en-en":
            able = [i for i in able if "en" in sources[i].languages]
        tickets = [i for i in able for _ in sources[i].examples]
        chosen = tickets[keyed_index(len(tickets), seed, s, "source")]
        language = ""
        if kind == MONOLINGUAL:
            among = ["en"] if strategy == "en-en" else list(sources[chosen].languages)
            language = among[keyed_index(len(among), seed, s, "language")]
        key = (chosen, kind, language)
        drawn[key] += 1
    source = sources[chosen]
    eligible = list(source.eligible(kind, language or None))
    whole_passes: list[int] = []
    number = 0
    while len(whole_passes) < drawn[key] * size:
        order = KeyedPermutation(len(eligible), seed, source.name, kind, language, number)
        one_pass = [eligible[order[i]] for i in range(len(eligible))]
        whole_passes += one_pass[: len(eligible) // size * size]
        number += 1
    batch = []
    for place, example in enumerate(whole_passes[(drawn[key] - 1) * size : drawn[key] * size]):
        queries, passages = source.languages_of(example)
        choices = [(q, p) for q in queries for p in passages if (q == p) == (kind == MIXED)]
        pick = keyed_index(len(choices), seed, step, place, "languages") if not language else 0
        query, passage = (language, language) if language else choices[pick]
        batch.append(PlannedPair(chosen, example, query, passage))
    return batch


@given(
    strategy=st.sampled_from(["en-en", "x-x", "x-x-mono", "x-y", "hybrid"]), seed=st.integers(0, 2**40),
    alpha=st.floats(0.05, 0.95), size=st.integers(2, 6), step=st.integers(0, 30),
    sizes=st.lists(st.integers(6, 25), min_size=1, max_size=3),
)
def test_every_batch_is_the_slow_references(
    strategy: str, seed: int, alpha: float, size: int, step: int, sizes: list[int]
) -> None:
    sources = [parallel(f"s{i}", n, *[("en", "de"), ("en", "de", "zh"), ("en",)][i]) for i, n in enumerate(sizes)]
    sources[0].examples[0] = (("en", "de"), ("en",))  # an example that misses a language
    sources[0].examples += [(("de",), ("de",))] * size
    plan = BatchPlan(sources, strategy, size, seed, alpha)
    assert plan.batch(step) == reference_batch(sources, strategy, size, seed, alpha, step)


def test_a_batch_is_a_function_of_seed_and_step() -> None:
    source = [parallel("s", 40, "de", "en", "zh")]
    forwards = [BatchPlan(source, "hybrid", 8, seed=1).batch(step) for step in range(12)]
    one_plan = BatchPlan(source, "hybrid", 8, seed=1)
    assert [one_plan.batch(step) for step in reversed(range(12))] == forwards[::-1]
    assert BatchPlan(source, "hybrid", 8, seed=2).batch(0) != forwards[0]
    assert len({tuple(batch) for batch in forwards}) == 12


def test_monolingual_batches_hold_one_language_and_cross_lingual_pairs_two() -> None:
    plan = BatchPlan([parallel("s", 30, "de", "en", "zh")], "hybrid", 10, seed=3)
    for step in range(60):
        batch = plan.batch(step)
        if plan.stream_of(step).kind == MONOLINGUAL:
            assert len({language for p in batch for language in (p.query_language, p.passage_language)}) == 1
        else:
            assert all(p.query_language != p.passage_language for p in batch)
            assert len({p.query_language for p in batch}) > 1


def test_x_x_mixes_languages_within_a_batch_but_not_within_a_pair() -> None:
    batch = BatchPlan([parallel("s", 64, "de", "en", "zh")], "x-x", 64, seed=3).batch(0)
    assert all(p.query_language == p.passage_language for p in batch)
    assert {p.query_language for p in batch} == {"de", "en", "zh"}


def test_en_en_is_english_only() -> None:
    plan = BatchPlan([parallel("s", 10, "de", "en"), parallel("t", 500, "de", "fr")], "en-en", 5, seed=0)
    assert {(p.source, p.query_language, p.passage_language) for s in range(20) for p in plan.batch(s)} == {
        (0, "en", "en")
    }


@pytest.mark.parametrize("alpha", [0.0, 0.25, 0.5, 1.0])
def test_kinds_come_in_their_share(alpha: float) -> None:
    plan = BatchPlan([parallel("s", 10, "de", "en")], "hybrid", 2, seed=9, alpha=alpha)
    monolingual = sum(plan.stream_of(step).kind == MONOLINGUAL for step in range(4000))
    assert binomtest(monolingual, 4000, alpha).pvalue > 1e-4


def test_sources_come_by_size_and_languages_uniformly() -> None:
    plan = BatchPlan([parallel("a", 10, "de", "en", "zh"), parallel("b", 30, "ar", "en")], "x-x-mono", 2, seed=4)
    drawn = Counter(plan.stream_of(step) for step in range(6000))
    by_source = [sum(n for stream, n in drawn.items() if stream.source == s) for s in (0, 1)]
    assert chisquare(by_source, [1500, 4500]).pvalue > 1e-4
    for source in (0, 1):
        assert chisquare([n for stream, n in drawn.items() if stream.source == source]).pvalue > 1e-4


def test_ordered_language_pairs_are_uniform() -> None:
    languages = ("ar", "de", "en", "zh")
    plan = BatchPlan([parallel("s", 500, *languages)], "x-y", 500, seed=8)
    counts = Counter((p.query_language, p.passage_language) for step in range(8) for p in plan.batch(step))
    assert set(counts) == set(permutations(languages, 2))
    assert chisquare(list(counts.values())).pvalue > 1e-4


def test_a_pass_is_complete_before_the_next_begins() -> None:
    """25 examples, batches of 4: six batches of 24 different examples a pass, and passes in other orders."""
    plan = BatchPlan([parallel("s", 25, "en", "de")], "x-y", 4, seed=5)
    passes = [[p.example for step in range(6 * n, 6 * n + 6) for p in plan.batch(step)] for n in range(3)]
    assert all(len(set(one_pass)) == 24 for one_pass in passes)
    assert len({tuple(one_pass) for one_pass in passes}) == 3


def test_a_source_in_one_language_feeds_monolingual_batches_only() -> None:
    plan = BatchPlan([parallel("en-only", 300, "en"), parallel("s", 10, "de", "en")], "hybrid", 4, seed=2)
    sources = {(plan.stream_of(step).kind, plan.stream_of(step).source) for step in range(200)}
    assert sources == {(MONOLINGUAL, 0), (MONOLINGUAL, 1), (CROSS_LINGUAL, 1)}


def test_a_source_in_languages_that_are_not_parallel_feeds_monolingual_batches_only() -> None:
    """Such as Mr. TyDi: several languages, every example in one. Beside it, one whose sides never share a language."""
    tydi = ListSource("tydi", [(("ar",), ("ar",))] * 9 + [(("fi",), ("fi",))] * 9)
    crossed = ListSource("crossed", [(("de",), ("en",))] * 20)
    plan = BatchPlan([tydi, crossed, parallel("s", 10, "de", "en")], "hybrid", 4, seed=2)
    kinds = {(stream.kind, stream.source) for stream in map(plan.stream_of, range(300))}
    assert kinds == {(MONOLINGUAL, 0), (MONOLINGUAL, 2), (CROSS_LINGUAL, 1), (CROSS_LINGUAL, 2)}


@pytest.mark.parametrize(("arguments", "says"), [
    (([parallel("s", 10, "en", "de")], "hybrid", 11, 0), "'s' has 10 examples for monolingual batches in de"),
    (([parallel("s", 10, "en")], "x-y", 4, 0), "no source has examples for the cross-lingual batches of 'x-y'"),
    (([parallel("s", 10, "de")], "en-en", 4, 0), "no source has examples for the monolingual batches of 'en-en'"),
    (([parallel("s", 10, "de")], "x-x-mono", 1, 0), "batch of 1 "),
    (([parallel("s", 10, "de")], "y-y", 4, 0), "unknown strategy 'y-y'"),
    (([parallel("s", 10, "de", "en")], "hybrid", 4, 0, 1.5), "alpha 1.5"),
])
def test_what_cannot_be_planned_is_refused(arguments: tuple, says: str) -> None:
    with pytest.raises(InputError, match=says):
        BatchPlan(*arguments)
