"""The cluster bootstrap against slow resampling by hand, and its intervals' coverage on simulated articles."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from hybrid_pyserini.comparison.bootstrap import Layout, bootstrap_means
from hybrid_pyserini.comparison.clusters import Clusters, clusters_of
from hybrid_pyserini.comparison.intervals import Estimate, Seeds, estimate
from hybrid_pyserini.data.question_articles import write_question_articles
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.workspace import Workspace

TEST_ARTICLES = [23, 24, 24, 21, 32, 23, 24, 22, 25, 21, 26, 17]
"""Questions in the 12 articles of XQuAD-R's held-out split."""


def test_clusters_are_articles_where_there_are_any(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    alone = clusters_of(workspace, "d", ["q1", "q2", "q3"])
    assert (alone.kind, alone.count, alone.of_question.tolist()) == ("question", 3, [0, 1, 2])
    write_question_articles(workspace.question_articles("d"), {"q3": "Tea", "q1": "Tea", "q2": "Rhine", "other": "X"})
    articles = clusters_of(workspace, "d", ["q1", "q2", "q3"])
    assert (articles.kind, articles.count, articles.of_question.tolist()) == ("article", 2, [1, 0, 1])
    assert articles.sums(np.array([[1.0, 10], [2, 20], [4, 40]])).tolist() == [[2, 20], [5, 50]]
    with pytest.raises(InputError, match="no article for query 'q4'"):
        clusters_of(workspace, "d", ["q1", "q4"])


def test_means_are_means_over_pairs_of_means_over_queries() -> None:
    """Pair 1 has 2 + 1 queries, values 3 in all; pair 2 has 1 + 3, values 2: means 1 and .5, together .75."""
    layout = Layout(np.array([[2.0, 1], [1, 3]]), np.array([[1.0, 0.5], [0, 0.5]]))
    assert layout.means(np.array([[[2.0, 1], [1, 1]]])).tolist() == [[1.0, 0.75]]


def test_draws_are_those_of_slow_resampling() -> None:
    """Each draw copies its clusters' queries one by one, and averages as ``settings.average`` does."""
    random = np.random.default_rng(1)
    of_question = np.repeat(np.arange(4), [3, 1, 2, 4])
    scored = random.random((10, 3)) < 0.9
    values = random.random((2, 10, 3)) * scored
    weights = np.array([[0.5, 0], [0.5, 0], [0, 1]])
    clusters = Clusters("article", of_question)
    layout = Layout(clusters.sums(scored.astype(float)), weights)
    drawn = bootstrap_means(layout, np.stack([clusters.sums(v) for v in values]), draws=40, seed=9)
    choices = np.random.default_rng(9).integers(4, size=(40, 4))
    for model in range(2):
        for draw, chosen in enumerate(choices):
            questions = [q for cluster in chosen for q in np.flatnonzero(of_question == cluster)]
            of_pairs = [np.mean([values[model, q, p] for q in questions if scored[q, p]]) for p in range(3)]
            assert drawn[model, draw] == pytest.approx([(of_pairs[0] + of_pairs[1]) / 2, of_pairs[2]])


def test_a_pair_without_queries_in_a_draw_has_no_mean_there() -> None:
    """One of two clusters alone has queries of pair 2: a quarter of the draws leaves it out."""
    layout = Layout(np.array([[1.0, 1], [1, 0]]), np.array([[1.0, 0.5], [0, 0.5]]))
    sums = np.array([[[1.0, 1], [0, 0]]])
    drawn = bootstrap_means(layout, sums, draws=2000)
    assert not np.isnan(drawn[0, :, 0]).any()
    assert np.isnan(drawn[0, :, 1]).mean() == pytest.approx(0.25, abs=0.05)
    found = estimate(2, Seeds(layout.means(sums), drawn))
    assert np.isfinite(found.low[0]) and np.isnan(found.low[1]) and np.isnan(found.p[1])
    assert found.value.tolist() == [0.5, 0.75]


def test_one_cluster_has_no_interval() -> None:
    layout = Layout(np.array([[5.0]]), np.array([[1.0]]))
    sums = np.array([[[2.0]]])
    found = estimate(1, Seeds(layout.means(sums), bootstrap_means(layout, sums, draws=10)))
    assert found.value.tolist() == [0.4] and np.isnan([found.low[0], found.high[0], found.p[0]]).all()


def estimate_of(
    values: np.ndarray, sizes: list[int], other: np.ndarray | None = None, draws: int = 400
) -> Estimate:
    """The estimate from values [seeds, questions] of one pair, or of their difference to the ``other`` system's."""
    clusters = Clusters("article", np.repeat(np.arange(len(sizes)), sizes))
    layout = Layout(np.array(sizes, dtype=float)[:, None], np.ones((1, 1)))
    systems = []
    for of_system in (values, other):
        if of_system is not None:
            sums = np.stack([clusters.sums(v[:, None]) for v in of_system])
            systems.append(Seeds(layout.means(sums), bootstrap_means(layout, sums, draws=draws)))
    return estimate(len(sizes), *systems)


@pytest.mark.parametrize("questions", [8, 200])
def test_single_questions_give_the_t_tests_interval_and_p(questions: int) -> None:
    """With clusters of one question and one pair all is Student's t, but for the bootstrap's own error."""
    random = np.random.default_rng(3)
    a, b = random.random(questions), random.random(questions) + 0.06
    found = estimate_of(a[None], [1] * questions, b[None], draws=20_000)
    known = stats.ttest_rel(a, b)
    interval = known.confidence_interval()
    assert found.value[0] == pytest.approx(np.mean(a - b))
    near = 0.02 * (interval.high - interval.low)
    assert [found.low[0], found.high[0]] == pytest.approx([interval.low, interval.high], abs=near)
    assert found.p[0] == pytest.approx(known.pvalue, rel=0.1)


def test_clusters_give_the_linearised_variance() -> None:
    """The textbook variance of a ratio of cluster totals (Cochran, Sampling Techniques, 1977, 6.4)."""
    random = np.random.default_rng(4)
    sizes = random.integers(5, 40, 60)
    of_question = np.repeat(np.arange(60), sizes)
    values = random.normal(size=60)[of_question] + random.normal(size=len(of_question))
    found = estimate_of(values[None], sizes.tolist(), draws=20_000)
    totals = np.bincount(of_question, values)
    residuals = (totals - values.mean() * sizes) / len(values)
    half = stats.t.ppf(0.975, 59) * np.sqrt(60 / 59 * (residuals**2).sum())
    assert found.high[0] - found.value[0] == pytest.approx(half, rel=0.03)


def test_two_way_variance_by_hand() -> None:
    """Two seeds with means 1 and 3 on every cluster: no variance over clusters, 2 / 2 = 1 over seeds, 1 degree."""
    sizes = [2, 2, 2]
    found = estimate_of(np.array([np.full(6, 1.0), np.full(6, 3.0)]), sizes)
    assert found.value[0] == 2
    assert found.high[0] - 2 == pytest.approx(stats.t.ppf(0.975, 1) * 1)
    others = np.array([np.full(6, v) for v in (0.0, 1.0, 2.0)])
    against = estimate_of(np.array([np.full(6, 1.0), np.full(6, 3.0)]), sizes, others)
    # 1 and 1 / 3: 4/3 in all, (4/3)^2 / (1 / 1 + (1/9) / 2) degrees
    degrees = (16 / 9) / (1 + 1 / 18)
    assert against.value[0] == 1
    assert against.p[0] == pytest.approx(2 * stats.t.sf(1 / np.sqrt(4 / 3), degrees))


def test_equal_systems_do_not_differ() -> None:
    values = np.random.default_rng(1).random((1, 6))
    found = estimate_of(values, [2, 2, 2], values)
    assert (found.value[0], found.low[0], found.high[0], found.p[0]) == (0, 0, 0, 1)


def articles(random: np.random.Generator, effect: float) -> np.ndarray:
    """Values in (0, 1) of the held-out split's questions, alike within an article."""
    of_question = np.repeat(np.arange(12), TEST_ARTICLES)
    logits = 0.3 + effect * random.normal(size=12)[of_question] + 2 * random.normal(size=len(of_question))
    return 1 / (1 + np.exp(-logits))


def test_coverage_over_articles() -> None:
    """95% intervals hold the mean of all articles there could be about as often as they say; those that take
    questions for independent do not."""
    random = np.random.default_rng(11)
    effect = 1.0
    logits = 0.3 + np.hypot(effect, 2) * np.random.default_rng(0).normal(size=2_000_000)
    truth = np.mean(1 / (1 + np.exp(-logits)))
    by_article, by_question = 0, 0
    for _ in range(300):
        values = articles(random, effect)
        found = estimate_of(values[None], TEST_ARTICLES)
        by_article += found.low[0] <= truth <= found.high[0]
        half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
        by_question += abs(values.mean() - truth) <= half
    assert 0.92 <= by_article / 300 <= 0.98
    assert by_question / 300 < 0.85


def test_level_over_seeds_and_articles() -> None:
    """Two systems of three seeds each, no true difference: about 5% below .05, where a test that takes the seed
    averages for the systems finds far more."""
    random = np.random.default_rng(12)
    two_way, questions_only = 0, 0
    for _ in range(300):
        shared = articles(random, 1.0)
        a, b = (
            shared + 0.05 * random.normal(size=(3, 1)) + 0.05 * random.normal(size=(3, len(shared))) for _ in range(2)
        )
        two_way += estimate_of(a, TEST_ARTICLES, b).p[0] < 0.05
        questions_only += estimate_of(a.mean(0)[None], TEST_ARTICLES, b.mean(0)[None]).p[0] < 0.05
    assert 0.02 <= two_way / 300 <= 0.08
    assert questions_only / 300 > 0.5
