"""How often 95% intervals hold what they are to hold, and how often a test finds a difference that is not there.

    python tests/benchmarks/interval_coverage.py [--samples 2000] [--draws 1000]

Intervals: questions of as many articles, and as unequal in number, as XQuAD-R's validation split (4), held-out split
(12) and whole benchmark (48). A value is the logistic of a normal effect of the article (standard deviation 1) and of
the question (2), about one of two centres: values about a half, and skewed values, most of them near 1. What is to be
held is the mean over all articles there could be. Beside the interval of ``comparison/intervals.py`` (t) stand the
bootstrap's percentiles, Efron's BCa, Hesterberg's expanded percentiles, the studentised bootstrap, and Student's t over
questions taken for independent.

Tests: two systems of equal quality on the held-out split's articles, trained with some seeds each. System and article,
seed, and seed and question have effects of several sizes. Beside the test over both stands one over articles alone.

It prints tables, and as its last line one JSON object. Three minutes on one busy core with the defaults.
"""

import argparse
import json
from collections.abc import Sequence

import numpy as np
from scipy import stats

from hybrid_pyserini.comparison.bootstrap import Layout, bootstrap_means
from hybrid_pyserini.comparison.intervals import Estimate, Seeds, estimate

ARTICLES = {
    4: [24, 20, 36, 33],
    12: [23, 24, 24, 21, 32, 23, 24, 22, 25, 21, 26, 17],
    48: [8, 16, 17, 18, 19, 19, 20, 21, 21, 21, 21, 21, 22, 22, 23, 23, 23, 23, 23, 23, 23, 24, 24, 24, 24, 24, 24, 24,
         24, 24, 25, 25, 25, 25, 25, 25, 25, 25, 25, 25, 25, 26, 30, 32, 35, 36, 39, 74],
}
"""Number of articles -> questions in each."""

CENTRES = {"about a half": 0.3, "skewed": 4.0}
METHODS = ("t", "percentile", "bca", "expanded", "studentised", "questions")
EFFECTS = {  # standard deviations of seeds, of systems by article, of seeds by question
    "seeds small": (0.02, 0.1, 0.15), "seeds large": (0.1, 0.1, 0.15), "seeds by question only": (0.0, 0.0, 0.3),
    "nothing but seeds": (0.1, 0.0, 0.05),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=2000, help="data sets for each line (default: %(default)s)")
    parser.add_argument("--draws", type=int, default=1000, help="of each bootstrap (default: %(default)s)")
    arguments = parser.parse_args()
    figures: dict[str, float] = {}
    print("coverage of 95% intervals (and their mean width)")
    print(f"{'articles':>8} {'values':>14}" + "".join(f"{method:>16}" for method in METHODS))
    for count, sizes in ARTICLES.items():
        for name, centre in CENTRES.items():
            held, width = coverage(sizes, centre, arguments.samples, arguments.draws)
            cells = (f"{held[method]:.3f} ({width[method]:.3f})" for method in METHODS)
            print(f"{count:>8} {name:>14}" + "".join(f"{cell:>16}" for cell in cells), flush=True)
            figures |= {f"{method}_{count}_{name.replace(' ', '_')}": round(held[method], 4) for method in METHODS}
    print("\nrejected at .05, of two systems of equal quality, 12 articles")
    print(f"{'effects':>24} {'seeds':>6} {'over both':>12} {'articles only':>14}")
    for name, effects in EFFECTS.items():
        for seeds in ((2, 2), (3, 3), (5, 5), (3, 1)):
            both, articles = level(ARTICLES[12], effects, seeds, arguments.samples, arguments.draws)
            print(f"{name:>24} {'+'.join(map(str, seeds)):>6} {both:>12.3f} {articles:>14.3f}", flush=True)
            figures[f"level_{name.replace(' ', '_')}_{seeds[0]}_{seeds[1]}"] = round(both, 4)
    print(json.dumps(figures))


def coverage(
    sizes: Sequence[int], centre: float, samples: int, draws: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Method -> share of samples whose interval holds the mean, and mean width."""
    random = np.random.default_rng(1)
    truth = np.mean(_logistic(centre + np.hypot(1, 2) * np.random.default_rng(0).normal(size=4_000_000)))
    article = np.repeat(np.arange(len(sizes)), sizes)
    held, width = dict.fromkeys(METHODS, 0.0), dict.fromkeys(METHODS, 0.0)
    for _ in range(samples):
        values = _logistic(centre + random.normal(size=len(sizes))[article] + 2 * random.normal(size=len(article)))
        for method, (low, high) in _intervals(values, article, np.asarray(sizes, dtype=float), draws).items():
            held[method] += (low <= truth <= high) / samples
            width[method] += (high - low) / samples
    return held, width


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _intervals(
    values: np.ndarray, article: np.ndarray, sizes: np.ndarray, draws: int
) -> dict[str, tuple[float, float]]:
    clusters = len(sizes)
    sums = np.bincount(article, values)
    # The sums' and squares' means beside the values' own: what the studentised bootstrap needs of the same draws.
    layout = Layout(sizes[:, None], np.ones((1, 1)))
    stacked = np.stack([sums, sums**2, sums * sizes, sizes**2])[:, :, None]
    drawn, squares, products, of_sizes = bootstrap_means(layout, stacked, draws=draws)[:, :, 0]
    mean, questions = values.mean(), len(values)
    found = estimate(clusters, Seeds(layout.means(sums[None, :, None]), drawn[None, :, None]))
    tail = stats.norm.cdf(-np.sqrt(clusters / (clusters - 1)) * stats.t.ppf(0.975, clusters - 1))
    residuals = (sums - mean * sizes) / questions
    error = np.sqrt(clusters / (clusters - 1) * (residuals**2).sum())
    # To within a factor that is nearly the same in all draws, the number of their questions.
    errors = np.sqrt(np.maximum(squares - 2 * drawn * products + drawn**2 * of_sizes, 0) / questions)
    errors *= np.sqrt(clusters / (clusters - 1))
    t = np.quantile((drawn - mean) / np.maximum(errors, 1e-9), [0.975, 0.025])
    half = stats.t.ppf(0.975, questions - 1) * values.std(ddof=1) / np.sqrt(questions)
    return {
        "t": (found.low[0], found.high[0]),
        "percentile": tuple(np.quantile(drawn, [0.025, 0.975])),
        "bca": tuple(np.quantile(drawn, _bca(sums, sizes, drawn))),
        "expanded": tuple(np.quantile(drawn, [tail, 1 - tail])),
        "studentised": (mean - t[0] * error, mean - t[1] * error),
        "questions": (mean - half, mean + half),
    }


def _bca(sums: np.ndarray, sizes: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """The quantiles of the BCa interval (Efron 1987)."""
    left_out = (sums.sum() - sums) / (sizes.sum() - sizes)
    deviations = left_out.mean() - left_out
    acceleration = (deviations**3).sum() / (6 * (deviations**2).sum() ** 1.5)
    bias = stats.norm.ppf(np.mean(drawn < sums.sum() / sizes.sum()))
    shifted = bias + stats.norm.ppf([0.025, 0.975])
    return stats.norm.cdf(bias + shifted / (1 - acceleration * shifted))


def level(
    sizes: Sequence[int], effects: tuple[float, float, float], seeds: tuple[int, int], samples: int, draws: int
) -> tuple[float, float]:
    """The share of samples with p < .05: over seeds and articles, and over articles alone."""
    random = np.random.default_rng(2)
    of_seed, of_article, of_question = effects
    article = np.repeat(np.arange(len(sizes)), sizes)
    both, articles_only = 0, 0
    for _ in range(samples):
        systems = [
            of_seed * random.normal(size=(count, 1)) + of_article * random.normal(size=len(sizes))[article]
            + of_question * random.normal(size=(count, len(article)))
            for count in seeds
        ]
        both += _difference(systems, article, sizes, draws).p[0] < 0.05
        averages = [system.mean(axis=0, keepdims=True) for system in systems]
        articles_only += _difference(averages, article, sizes, draws).p[0] < 0.05
    return both / samples, articles_only / samples


def _difference(systems: Sequence[np.ndarray], article: np.ndarray, sizes: Sequence[int], draws: int) -> Estimate:
    """The estimate of the difference of two systems' values [seeds, questions]."""
    layout = Layout(np.asarray(sizes, dtype=float)[:, None], np.ones((1, 1)))
    sums = [np.stack([np.bincount(article, of_seed) for of_seed in system])[:, :, None] for system in systems]
    first, second = (Seeds(layout.means(of), bootstrap_means(layout, of, draws=draws)) for of in sums)
    return estimate(len(sizes), first, second)


if __name__ == "__main__":
    main()
