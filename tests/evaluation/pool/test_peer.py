"""PEER: worked by hand, against a slow reference, and against the authors' package where every passage is retrieved."""

import itertools
import random

import pytest
from scipy.stats import chi2, kruskal

from hybrid_pyserini.evaluation.pool.peer import equal_rank_probability, equal_weights, is_constant, peer


@pytest.mark.parametrize(("samples", "k", "expected"), [
    # H = 3 * 2 * 2 * 65.25 ** 2 / (84.75 ** 2 + 45.75 ** 2 + 83.75 ** 2 + 214.25 ** 2) = .8215, one degree of freedom
    ([[1, 40], [2, 300]], 1000, 0.365),
    ([[1, 4], [2, 3]], 10, 1.0),  # equal means, H = 0
    ([[1, 2], [3, 4]], 10, float(chi2.sf(2.4, 1))),  # H = 3 * (2 + 2) / 5
    ([[1], [5]], 10, float(chi2.sf(1, 1))),  # one passage a language: H = N - 1
    ([[3], [1], [9]], 10, float(chi2.sf(2, 2))),
    # ranks 1, 2 and 11, mean 14/3: H = 2 * (2 * 19**2 + 38**2) / (22**2 + 16**2 + 38**2), all in sixths
    ([[1, 2], [None]], 10, float(chi2.sf(2 * (2 * 19 ** 2 + 38 ** 2) / (22 ** 2 + 16 ** 2 + 38 ** 2), 1))),
    # three unretrieved share rank 10 + (3 + 1) / 2 = 12
    ([[1, None], [None, None]], 10, float(chi2.sf(3 * 2 * 2 * 2.75 ** 2 / (8.25 ** 2 + 3 * 2.75 ** 2), 1))),
    ([[None, None], [None]], 10, 1.0), ([[1, 7]], 10, 1.0), ([], 10, 1.0), ([[1, 2], []], 10, 1.0),
])
def test_a_level_by_hand(samples: list[list[int | None]], k: int, expected: float) -> None:
    assert equal_rank_probability(samples, k) == pytest.approx(expected, abs=5e-4 if expected == 0.365 else 1e-12)


def test_raw_ranks_are_not_ranked_anew_as_kruskal_does() -> None:
    assert kruskal([1, 40], [2, 300]).pvalue == pytest.approx(0.4386, abs=5e-4)
    whole = [[1, 4, 6], [2, 3, 5]]  # the ranks 1 to 6 themselves: both agree
    assert equal_rank_probability(whole, 6) == pytest.approx(kruskal(*whole).pvalue)


def reference(samples: list[list[int | None]], k: int) -> float:
    """The definition, step by step."""
    everything = list(itertools.chain(*samples))
    missing = everything.count(None)
    shared = sum(range(k + 1, k + missing + 1)) / missing if missing else None
    groups = [[shared if rank is None else rank for rank in sample] for sample in samples if sample]
    ranks = list(itertools.chain(*groups))
    if len(groups) < 2 or len(set(ranks)) == 1:
        return 1.0
    grand = sum(ranks) / len(ranks)
    above = 0.0
    for group in groups:
        above += len(group) * (sum(group) / len(group) - grand) ** 2
    below = 0.0
    for rank in ranks:
        below += (rank - grand) ** 2
    return float(chi2.sf((len(ranks) - 1) * above / below, len(groups) - 1))


def test_against_the_slow_reference() -> None:
    draw = random.Random(1)
    for _ in range(400):
        k = draw.randint(1, 30)
        ranks = draw.sample(range(1, 61), draw.randint(1, 12))
        samples: list[list[int | None]] = [[] for _ in range(draw.randint(1, 5))]
        for rank in ranks:
            draw.choice(samples).append(rank if rank <= k else None)
        assert equal_rank_probability(samples, k) == pytest.approx(reference(samples, k), abs=1e-12)


def test_levels_are_weighted() -> None:
    language_of = {"a": "de", "b": "en", "c": "de", "d": "en", "e": "de", "f": "en", "g": "de"}
    judged = {"a": 3, "b": 3, "c": 1, "d": 1, "e": 1, "f": 1, "g": 0}
    ranks = {"a": 1, "b": 2, "c": 3, "d": 5, "e": 4, "f": 6}
    three, one = chi2.sf(1, 1), equal_rank_probability([[3, 4], [5, 6]], 10)
    assert peer(judged, ranks, language_of, {1: 0.5, 3: 0.5}, 10) == pytest.approx((three + one) / 2)
    assert peer(judged, ranks, language_of, {1: 0.25, 3: 0.75}, 10) == pytest.approx(0.75 * three + 0.25 * one)
    # a level without passages: fewer than two languages
    assert peer(judged, ranks, language_of, {1: 0.5, 2: 0.5}, 10) == pytest.approx((1 + one) / 2)
    # what is retrieved and not relevant is level 0
    zero = ranks | {"g": 7, "h": 8, "i": 9}
    with_zero = peer(judged, zero, language_of | {"h": "en", "i": "en"}, {0: 0.5, 3: 0.5}, 10)
    assert with_zero == pytest.approx((three + equal_rank_probability([[7], [8, 9]], 10)) / 2)


def test_equal_weights_of_the_levels_that_occur() -> None:
    assert equal_weights([{"q": {"a": 3, "b": 0}}, {"q": {"a": 1, "c": -1}}]) == {1: 0.5, 3: 0.5}


@pytest.mark.parametrize(("judged", "expected"), [
    ({"de1": 1, "en1": 1, "fr1": 1}, True), ({"de1": 1, "de2": 1}, True), ({"de1": 1}, True),
    ({"de1": 1, "de2": 1, "en1": 1}, False), ({"de1": 1, "de2": 2, "en1": 1, "en2": 2}, True),
    ({"de1": 1, "de2": 0, "en1": 1, "en2": -1}, True), ({"de1": 2, "de2": 2, "en1": 2, "fr1": 1}, False),
])
def test_when_it_is_constant(judged: dict[str, int], expected: bool) -> None:
    """And so it is, or not, for every ranking of 6 passages that has any passage of each level in its top 4."""
    language_of = {docid: docid[:2] for docid in judged}
    assert is_constant(judged, language_of) is expected
    weights = equal_weights([{"q": judged}])
    relevant = [docid for docid, relevance in judged.items() if relevance >= 1]
    values, retrieved = set(), set()
    for places in itertools.permutations(range(1, 7), len(relevant)):
        ranks = {docid: rank if rank <= 4 else None for docid, rank in zip(relevant, places, strict=True)}
        there = [docid for docid, rank in ranks.items() if rank]
        if {judged[docid] for docid in there} == {judged[docid] for docid in relevant}:
            values.add(round(peer(judged, ranks, language_of, weights, 4), 12))
            retrieved.add(len(there))
    assert (len(values) == 1) is expected
    assert len(relevant) == 1 or min(retrieved) < len(relevant)  # some are below the top 4


def test_a_level_that_is_not_retrieved_is_1_whatever_the_level() -> None:
    """One passage a language, whose value is .317 as soon as one of them is retrieved."""
    judged, language_of = {"de1": 1, "en1": 1}, {"de1": "de", "en1": "en"}
    values = [
        peer(judged, {"de1": a, "en1": b}, language_of, {1: 1.0}, 4) for a, b in ((1, None), (3, 2), (None, None))
    ]
    assert values == [pytest.approx(0.3173105), pytest.approx(0.3173105), 1.0]


def test_the_authors_package_agrees_where_all_is_retrieved() -> None:
    """Its function of one level: its measure needs an older ir-measures. Elsewhere it differs, see peer.py."""
    published = pytest.importorskip("peer_measure", reason="the package peer_measure is not installed")
    draw = random.Random(2)
    values = set()
    for _ in range(200):
        ranks = draw.sample(range(1, 500), draw.randint(2, 40))
        samples: list[list[int | None]] = [[] for _ in range(draw.randint(2, 6))]
        for rank in ranks:
            draw.choice(samples).append(rank)
        ours, theirs = equal_rank_probability(samples, 500), published.kruskal(*samples)[1]
        assert ours == pytest.approx(theirs, abs=1e-12)
        values.add(round(ours, 6))
    assert len(values) > 150
    unretrieved = [[1, 2], [3, None]]  # the shared rank begins after the level's passages there, after k here
    assert published.kruskal([1, 2], [3, float("nan")])[1] == pytest.approx(equal_rank_probability(unretrieved, 4))
    assert published.kruskal([1, 2], [3, float("nan")])[1] != pytest.approx(equal_rank_probability(unretrieved, 100))
