"""The whole comparison by hand, with questions and with articles as clusters; seeds; bounds; holes."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluated_workspace import GOOD, PAIRS, POOR, QUESTIONS, add_system, evaluate_all, make
from scipy import stats

from hybrid_pyserini.comparison.clusters import Clusters
from hybrid_pyserini.comparison.comparison import compare
from hybrid_pyserini.comparison.differences import Sample, TopicScores, mean_differences, pair_differences, topic_scores
from hybrid_pyserini.comparison.families import RANK_DISTANCE
from hybrid_pyserini.comparison.grid import INTO, parse_groups
from hybrid_pyserini.comparison.significance import holm
from hybrid_pyserini.comparison.systems import parse_systems
from hybrid_pyserini.data.question_articles import write_question_articles
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair
from hybrid_pyserini.report.comparison_tables import render
from hybrid_pyserini.trec import write_qrels
from hybrid_pyserini.workspace import Workspace

RR = {"good": [1 / rank for rank in GOOD], "poor": [1 / rank for rank in POOR]}
DIFFERENCES = np.subtract(RR["good"], RR["poor"])  # .5 .5 0 0 .75 .5


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make(tmp_path)


def comparison(workspace: Workspace, *systems: str, measures: list[str] | None = None) -> dict[str, Any]:
    words = systems or ("good", "poor")
    return compare(workspace, workspace.dataset("six"), parse_systems(workspace, words), measures)


def difference(record: dict[str, Any], **place: Any) -> dict[str, Any]:
    (found,) = [row for row in record["differences"] if place.items() <= row.items()]
    return found


def test_the_whole_by_hand(workspace: Workspace) -> None:
    record = comparison(workspace)
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert (record["dataset"], record["measures"], record["languages"]) == ("six", ["RR", "R@1"], ["de", "en"])
    assert record["clusters"] == {"of": "question", "count": 6, "questions": 6}
    assert record["made_by"]["arguments"]["articles"] is None
    assert [system["models"] for system in record["systems"]] == [["good"], ["poor"]]
    assert record["pairs"]["de-en"] == {
        "RR": {"good": pytest.approx(5.5 / 6), "poor": pytest.approx(3.25 / 6)},
        "R@1": {"good": pytest.approx(5 / 6), "poor": pytest.approx(1 / 6)},
    }
    for settings in (record["settings"], *record["by_query_language"].values()):
        for setting in ("mono", "cross", "multi"):
            figure = settings[setting]["RR"]["good"]
            assert figure["mean"] == pytest.approx(5.5 / 6)
            half = stats.t.ppf(0.975, 5) * stats.sem(RR["good"])
            assert [figure["low"], figure["high"]] == pytest.approx([5.5 / 6 - half, 5.5 / 6 + half], rel=0.03)
            assert figure["sd"] is None
    cross = difference(record, language=None, setting="cross", measure="RR")
    t = stats.ttest_rel(RR["good"], RR["poor"])
    assert (cross["a"], cross["b"], cross["difference"]) == ("good", "poor", pytest.approx(0.375))
    assert cross["p"] == pytest.approx(t.pvalue, rel=0.1)
    assert cross["p_randomisation"] == 2 / 16  # four questions differ, all to one side
    assert cross["d_z"] == pytest.approx(0.375 / DIFFERENCES.std(ddof=1))
    assert [cross[name] for name in ("wins", "ties", "losses")] == [2, 0, 0]  # of pairs: de-en and en-de
    pair = next(row for row in record["pair_differences"] if row["pair"] == "de-en" and row["measure"] == "RR")
    assert (pair["p_t"], pair["p_randomisation"]) == (pytest.approx(t.pvalue), 2 / 16)
    assert [pair[name] for name in ("wins", "ties", "losses")] == [4, 2, 0]  # of queries
    assert pair["p_t_holm"] == pytest.approx(min(1, 6 * t.pvalue))  # six equal pairs


def test_rank_distance_by_hand(workspace: Workspace) -> None:
    """``good``: 4 for one of six questions, else 3; ``poor``: 5."""
    record = comparison(workspace)
    figures = record["settings"]["multi"][RANK_DISTANCE]
    assert (figures["good"]["mean"], figures["poor"]["mean"]) == (pytest.approx(19 / 6), 5)
    assert figures["poor"] == {"mean": 5, "low": 5, "high": 5, "sd": None, "bound": False}
    assert record["by_query_language"]["de"]["multi"][RANK_DISTANCE]["good"]["mean"] == pytest.approx(19 / 6)
    found = difference(record, language=None, measure=RANK_DISTANCE)
    assert found["difference"] == pytest.approx(19 / 6 - 5)
    assert [found[name] for name in ("wins", "ties", "losses")] == [2, 0, 0]  # nearer is better


def test_what_differs_everywhere_by_the_same_has_no_p(workspace: Workspace) -> None:
    """RR by .5 and the rank distance by 2 for every question: no standard error, so no p, no dagger, and no pair that
    counts as significant."""
    add_system(workspace, "first", (1,) * 6, (3,) * 6)
    add_system(workspace, "second", (2,) * 6, (5,) * 6)
    record = comparison(workspace, "first", "second")
    for of, by in (("RR", 0.5), (RANK_DISTANCE, -2)):
        multi = difference(record, language=None, setting="multi", measure=of)
        assert (multi["difference"], multi["p"], multi["p_holm"]) == (by, None, None)
        assert multi["p_randomisation"] == 2 / 64
    assert {(row["p_t"], row["p_t_holm"]) for row in record["pair_differences"]} == {(None, None)}
    tables = render(record, "table").split("\n\n")
    assert "†" not in "".join(tables[:-1])
    header, _, mono, *_ = tables[-2].splitlines()
    assert "| p " not in header and header.endswith("| signif. |") and mono.split("|")[-2].strip() == "0-0"


def test_rounding_errors_between_seeds_are_no_variance(workspace: Workspace) -> None:
    """Three seeds of the same figures, whose mean differs from each by a rounding error."""
    for seed in "abc":
        add_system(workspace, f"x{seed}", (3,) * 6, (5,) * 6)
    add_system(workspace, "first", (1,) * 6, (3,) * 6)
    record = comparison(workspace, "first", "x=xa,xb,xc")
    for row in record["differences"]:
        assert row["p"] is None, row


def test_means_by_groups_of_languages(workspace: Workspace) -> None:
    info = workspace.dataset("six")
    one, other = (workspace.run("six", model, Pair("en", "de")) for model in ("good", "poor"))
    of_good = one.read_text()
    one.write_text(other.read_text())
    other.write_text(of_good)
    evaluate_all(workspace, "good", "poor")
    groups = parse_groups(info, ["unseen=de", "all=en,de"])
    record = compare(workspace, info, parse_systems(workspace, ("good", "poor")), ["RR"], groups)
    good, poor = 5.5 / 6, 3.25 / 6
    unseen = {setting: of["RR"]["good"]["mean"] for setting, of in record["by_group"]["unseen"].items()}
    assert unseen == pytest.approx({"mono": good, "cross": good, INTO: poor, "multi": good})
    together = {setting: of["RR"]["good"]["mean"] for setting, of in record["by_group"]["all"].items()}
    half = (good + poor) / 2
    assert together == pytest.approx({"mono": good, "cross": half, INTO: half, "multi": good})
    assert record["by_group"]["unseen"]["multi"][RANK_DISTANCE] == (
        record["by_query_language"]["de"]["multi"][RANK_DISTANCE]
    )
    rows = [row for row in record["differences"] if row["group"] and row["measure"] == "RR"]
    assert {row["setting"] for row in rows} == {"mono", "cross", INTO, "multi"} and len(rows) == 8
    assert [row["p_holm"] for row in rows] == pytest.approx(holm([row["p"] for row in rows]))
    assert all(row["language"] is None for row in rows)


@pytest.mark.parametrize(("words", "problem"), [
    (["unseen"], "'unseen' is no group of languages"),
    (["=de"], "'=de' is no group of languages"),
    (["a=de", "a=en"], "group 'a' is given twice"),
    (["a=de,nl"], "six has no language 'nl'"),
    (["a="], "six has no language ''"),
    (["a=de", "b=de,de"], "language 'de' is in group 'b' twice"),
])
def test_what_are_no_groups(workspace: Workspace, words: list[str], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        parse_groups(workspace.dataset("six"), words)


def test_holm_goes_over_a_table(workspace: Workspace) -> None:
    add_system(workspace, "third", (1, 2, 3, 1, 2, 1), (2, 2, 2, 2, 2, 3))
    record = comparison(workspace, "good", "poor", "third")
    rows = record["differences"]
    first_table = [row for row in rows if row["language"] is None and row["measure"] in ("RR", RANK_DISTANCE)]
    second = [row for row in rows if row["language"] and row["measure"] == "RR"]
    third = [row for row in rows if row["language"] is None and row["measure"] == "R@1"]
    assert [len(first_table), len(second), len(third)] == [12, 18, 9]  # three twos of systems
    for table in (first_table, second, third):
        for name in ("p", "p_randomisation"):
            assert [row[f"{name}_holm"] for row in table] == pytest.approx(holm([row[name] for row in table]))
    of_pairs = [row for row in record["pair_differences"] if row["measure"] == "RR"]
    assert len(of_pairs) == 18  # six pairs, three twos of systems
    for name in ("p_t", "p_randomisation"):
        assert [row[f"{name}_holm"] for row in of_pairs] == pytest.approx(holm([row[name] for row in of_pairs]))


def test_holm_where_only_some_have_a_p(workspace: Workspace) -> None:
    """``poor`` and ``flat`` differ by 2 in every question's rank distance, which has no p: it is not among those
    that are corrected, of which each keeps its own."""
    add_system(workspace, "flat", (1, 2, 3, 1, 2, 1), (3,) * 6)
    rows = [row for row in comparison(workspace, "poor", "flat", "good")["differences"] if row["language"] is None]
    table = [row for row in rows if row["measure"] in ("RR", RANK_DISTANCE)]
    without = [(row["a"], row["b"], row["measure"]) for row in table if row["p"] is None]
    assert without == [("poor", "flat", RANK_DISTANCE)]
    tested = [row for row in table if row["p"] is not None]
    assert len(tested) == 11
    assert len({round(row["p"], 12) for row in tested}) == 5  # three of RR, two of the rank distance
    assert [row["p_holm"] for row in tested] == pytest.approx(holm([row["p"] for row in tested]))
    assert [row["p_holm"] for row in table if row["p"] is None] == [None]
    assert None not in [row["p_randomisation_holm"] for row in table]


def test_articles_are_the_clusters(workspace: Workspace) -> None:
    articles = dict(zip(QUESTIONS, ("A", "A", "B", "B", "C", "C"), strict=True))
    write_question_articles(workspace.question_articles("six"), articles)
    record = comparison(workspace)
    assert record["clusters"] == {"of": "article", "count": 3, "questions": 6}
    digest = hashlib.sha256(workspace.question_articles("six").read_bytes()).hexdigest()
    assert record["made_by"]["arguments"]["articles"] == digest
    multi = difference(record, language=None, setting="multi", measure="RR")
    assert multi["difference"] == pytest.approx(0.375)
    assert multi["p_randomisation"] == 0.5  # articles' sums 1, 0, 1.25: four signs, two of them as far from 0
    sums = [1, 0, 1.25]
    assert multi["p"] == pytest.approx(stats.ttest_1samp(sums, 0).pvalue, rel=0.1)
    assert multi["d_z"] == pytest.approx(0.375 / DIFFERENCES.std(ddof=1))  # questions, not articles


def test_seeds_of_a_system(workspace: Workspace) -> None:
    add_system(workspace, "poor-2", (4, 4, 1, 1, 2, 1), (7,) * 6)  # RR .25 .25 1 1 .5 1, mean 4 / 6
    record = comparison(workspace, "good", "x=poor,poor-2")
    figure = record["settings"]["mono"]["RR"]["x"]
    assert figure["mean"] == pytest.approx((3.25 / 6 + 4 / 6) / 2)
    assert figure["sd"] == pytest.approx(np.std([3.25 / 6, 4 / 6], ddof=1))
    assert record["settings"]["multi"][RANK_DISTANCE]["x"]["mean"] == 6
    seed_variance = np.var([3.25 / 6, 4 / 6], ddof=1) / 2
    averaged = np.mean([RR["poor"], [0.25, 0.25, 1, 1, 0.5, 1]], axis=0)
    cluster_variance = np.var(RR["good"] - averaged, ddof=1) / 6
    variance = seed_variance + cluster_variance
    degrees = variance**2 / (seed_variance**2 / 1 + cluster_variance**2 / 5)
    mono = difference(record, language=None, setting="mono", measure="RR")
    known = 2 * stats.t.sf(np.mean(RR["good"] - averaged) / np.sqrt(variance), degrees)
    assert mono["p"] == pytest.approx(known, rel=0.05)
    for row in (*record["differences"], *record["pair_differences"]):  # it would say nothing of seeds
        assert (row["p_randomisation"], row["p_randomisation_holm"]) == (None, None)
    assert record["remarks"]["systems.good"] == "one model: intervals and tests say nothing about other seeds"
    assert "systems.x" not in record["remarks"]


def test_bounds_are_shown_but_not_tested(workspace: Workspace) -> None:
    add_system(workspace, "bm25", POOR, None)
    path = workspace.ranks("six", "bm25", Pair("de", "all"))
    assert not path.exists()
    record = comparison(workspace, "good", "bm25")
    assert record["settings"]["multi"][RANK_DISTANCE]["bm25"]["mean"] is None
    assert record["remarks"]["rank_distance.bm25"] == "none: the runs have no ranks beside them"
    for pair in PAIRS:
        if pair.setting == "multi":
            text = workspace.ranks("six", "good", pair).read_text().splitlines()
            lost = text[1].split("\t")
            text[1] = "\t".join([*lost[:2], "", "", lost[4]])
            workspace.ranks("six", "bm25", pair).write_text("\n".join(text) + "\n")
    evaluate_all(workspace, "bm25")
    record = comparison(workspace, "good", "bm25")
    figure = record["settings"]["multi"][RANK_DISTANCE]["bm25"]
    assert figure["bound"] is True and figure["low"] is None
    assert figure["mean"] == pytest.approx((15 + 5 * 3) / 6)  # of the first question one passage is last of 20, one 5th
    assert not [row for row in record["differences"] if row["measure"] == RANK_DISTANCE]
    assert record["remarks"]["rank_distance.bm25"].startswith("an upper bound")
    assert "systems.good" in record["remarks"] and "systems.bm25" not in record["remarks"]  # BM25 has no seed


def test_a_constant_rank_distance_is_neither_shown_nor_tested(workspace: Workspace) -> None:
    """Every question has one relevant passage in the pool, whose distance from itself is 0 in any ranking."""
    for pair in PAIRS:
        if pair.setting == "multi":
            write_qrels(workspace.qrels("six", pair), {question: {f"de:{question[1:]}": 1} for question in QUESTIONS})
            for model in ("good", "poor"):
                path = workspace.ranks("six", model, pair)
                header, *lines = path.read_text().splitlines()
                path.write_text("\n".join([header, *(line for line in lines if "\tde:" in line)]) + "\n")
    evaluate_all(workspace, "good", "poor")
    record = comparison(workspace)
    figures = record["settings"]["multi"]
    assert {name: of["mean"] for name, of in figures[RANK_DISTANCE].items()} == {"good": None, "poor": None}
    assert figures["RR"]["good"]["mean"] == pytest.approx(5.5 / 6)
    assert not [row for row in record["differences"] if row["measure"] == RANK_DISTANCE]
    for model in ("good", "poor"):
        assert record["remarks"][f"rank_distance.{model}"].startswith("constant by construction, so not shown")
    assert "rank distance of good: constant by construction" in render(record, "table")


def test_a_mean_with_a_hole_is_neither_shown_nor_tested(workspace: Workspace) -> None:
    evaluate_all(workspace, "good", "poor", pairs=[Pair("de", "de"), Pair("en", "en"), Pair("de", "en")])
    record = comparison(workspace)
    assert record["settings"]["cross"] == {} and record["settings"]["multi"] == {}
    assert record["remarks"]["settings.cross"] == "null: 1 of 2 pairs were not given (en-de)"
    assert set(record["pairs"]) == {"de-de", "en-en", "de-en"}
    assert {(row["language"], row["setting"]) for row in record["differences"]} == {
        (None, "mono"), ("de", "mono"), ("en", "mono"), ("de", "cross"),
    }


def test_no_mean_at_all(workspace: Workspace) -> None:
    dataset = workspace.dataset("six")
    dataclasses.replace(dataset, pairs=(*PAIRS, Pair("de", "fr"))).write(workspace.dataset_file("six"))
    evaluate_all(workspace, "good", "poor", pairs=[Pair("de", "en")])
    record = comparison(workspace)
    assert record["differences"] == [] and len(record["pair_differences"]) == 2
    text = render(record, "table")
    assert "|" not in text and "settings of mono: null: 2 of 2 pairs were not given" in text


def test_one_article_has_no_intervals_over_articles(workspace: Workspace) -> None:
    write_question_articles(workspace.question_articles("six"), dict.fromkeys(QUESTIONS, "A"))
    record = comparison(workspace)
    figure = record["settings"]["mono"]["RR"]["good"]
    assert figure == {"mean": pytest.approx(5.5 / 6), "low": None, "high": None, "sd": None}
    mono = difference(record, language=None, setting="mono", measure="RR")
    assert (mono["p"], mono["p_holm"], mono["low"], mono["p_randomisation"]) == (None, None, None, 1.0)
    assert record["remarks"]["clusters"].startswith("one article: no intervals")
    text = render(record, "table")
    assert "| good | 0.917¹ |" in text and "one article: no intervals" in text
    assert "95% interval" not in text and "| p |" not in text


def test_equal_work_gives_equal_records(workspace: Workspace) -> None:
    assert comparison(workspace) == comparison(workspace)


def uneven() -> tuple[Sample, TopicScores, TopicScores]:
    """Two pairs; the first scores three questions, the second the last two of them."""
    sample = Sample(
        Clusters("question", np.arange(3)), np.array([[True, False], [True, True], [True, True]]),
        np.array([[1, 0.5], [0, 0.5]]),
    )
    values = [np.array([[[0.9, 0], [0.6, 0.5], [0.0, 0.1]]]), np.array([[[0.3, 0], [0.6, 0.1], [0.3, 0.1]]])]
    return sample, *(topic_scores(sample, of_system) for of_system in values)


def test_pairs_with_their_own_queries() -> None:
    """As in MLQA-R. Differences: .6, 0, -.3 in the first pair, mean .1; .4, 0 in the second, mean .2."""
    sample, a, b = uneven()
    first, second = pair_differences(sample, a, b)
    assert (first["difference"], second["difference"]) == (pytest.approx(0.1), pytest.approx(0.2))
    assert first["p_t"] == pytest.approx(stats.ttest_1samp([0.6, 0, -0.3], 0).pvalue)
    assert [second[name] for name in ("wins", "ties", "losses")] == [1, 1, 0]
    assert (first["p_randomisation"], second["p_randomisation"]) == (1.0, 1.0)
    alone, both = mean_differences(sample, a, b)
    assert (alone["difference"], both["difference"]) == (pytest.approx(0.1), pytest.approx(0.15))
    # What questions add to the mean of both: .6 / 3 / 2, (0 / 3 + .4 / 2) / 2 and (-.3 / 3 + 0) / 2.
    added = [0.1, 0.1, -0.05]
    assert both["d_z"] == pytest.approx(np.mean(added) / np.std(added, ddof=1))
    assert both["p_randomisation"] == 0.5  # sums .15; .05, .05, .25 and their opposites: four of eight as far as .15


@pytest.mark.parametrize("seed", range(10))
def test_rounding_errors_are_no_difference(seed: int) -> None:
    """The same values in other pairs: no question differs in its mean over pairs, but sums in another order do."""
    random = np.random.default_rng(seed)
    values = 1 / random.integers(1, 9, (1, 12, 6))
    sample = Sample(Clusters("question", np.arange(12)), np.ones((12, 6), dtype=bool), np.full((6, 1), 1 / 6))
    others = values[:, :, random.permutation(6)]
    (found,) = mean_differences(sample, topic_scores(sample, values), topic_scores(sample, others))
    assert [found[name] for name in ("difference", "low", "high", "p", "p_randomisation", "d_z")] == [0, 0, 0, 1, 1, 0]
