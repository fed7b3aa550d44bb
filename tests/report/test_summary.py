"""The summary, sentence by sentence."""

from typing import Any

from hybrid_pyserini.comparison.families import RANK_DISTANCE
from hybrid_pyserini.report.summary import summary


def record() -> dict[str, Any]:
    def figures(*means: float | None) -> dict[str, Any]:
        return {
            name: {"mean": mean, "low": mean and mean - 0.5, "high": mean and mean + 0.5}
            for name, mean in zip(("bm25", "a", "b"), means, strict=True)
        }

    def difference(setting: str, a: str, b: str, p: float | None, measure: str = "AP") -> dict[str, Any]:
        return {"language": None, "group": None, "setting": setting, "measure": measure, "a": a, "b": b, "p_holm": p}

    distances = figures(5.0, 30.0, 20.0)
    distances["bm25"] |= {"bound": True, "low": None, "high": None}
    return {
        "measures": ["AP"],
        "settings": {
            "mono": {"AP": figures(0.2, 0.9, 0.8)}, "cross": {"AP": figures(0.1, 0.5, 0.7)},
            "multi": {"AP": figures(None, 0.5, 0.6), RANK_DISTANCE: distances},
        },
        "differences": [
            difference("mono", "bm25", "a", 0.001), difference("mono", "a", "b", 0.2),
            difference("cross", "bm25", "b", 0.04), difference("cross", "a", "b", 0.01),
            difference("multi", "a", "b", None), difference("multi", "a", "b", 0.03, RANK_DISTANCE),
            difference("cross", "a", "b", 0.9) | {"language": "de"},
            difference("cross", "a", "b", 0.9) | {"group": "g"},
        ],
        "remarks": {"systems.a": "one model", "systems.b": "one model"},
    }


def test_who_is_best_and_whether_that_is_more_than_chance() -> None:
    assert summary(record()) == [
        "No system is best in everything: a in mono; b in cross, multi and rank distance (AP).",
        "Within a language (mono), a has the highest AP, 0.900 ±0.500: significantly better than bm25; not "
        "significantly different from b.",
        "Across languages (cross), b has the highest AP, 0.700 ±0.500: significantly better than bm25 and a.",
        "In the pool of all languages (multi), b has the highest AP, 0.600 ±0.500: not tested against bm25 and a.",
        "b has the smallest rank distance in the pool, 20.0 ±0.5 ranks: significantly better than a; not tested "
        "against bm25.",
        "a and b are one model each: what is said here is about these models on other questions, and not about other "
        "seeds.",
    ]


def test_one_that_is_best_everywhere() -> None:
    one = record()
    one["settings"]["mono"]["AP"]["a"]["mean"] = 0.1
    one["remarks"] = {"systems.b": "one model"}
    assert summary(one)[0] == (
        "b is best in mono, cross, multi and rank distance (AP; of the rank distance, smaller is better)."
    )
    assert summary(one)[-1].startswith("b is one model: ")


def test_without_any_mean_that_is_said() -> None:
    """As after ``evaluate --pairs``, with systems of several seeds: there is no other sentence."""
    one = record()
    one["settings"], one["remarks"] = {"mono": {}, "cross": {}, "multi": {}}, {}
    (sentence,) = summary(one)
    assert sentence.startswith("No mean is of all its language pairs, so no system is best")


def test_where_nothing_has_a_figure_nothing_is_said() -> None:
    one = record()
    one["settings"] = {"mono": one["settings"]["mono"], "cross": {}, "multi": {}}
    one["remarks"] = {}
    assert [sentence.split(",")[0] for sentence in summary(one)] == [
        "a is best in mono (AP).", "Within a language (mono)",
    ]
