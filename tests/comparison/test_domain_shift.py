"""Figures over several data sets by hand, their intervals against the textbook's formula."""

from pathlib import Path

import numpy as np
import pytest
from evaluated_workspace import PAIRS, add_dataset, add_system, make
from scipy import stats

from hybrid_pyserini.comparison.domain_shift import domain_shift
from hybrid_pyserini.comparison.systems import System
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.workspace import Workspace

NEAR = (1, 2, 1, 2, 4, 4)
FAR = (4, 4, 5, 4, 2, 1)
DISTANCES = (3,) * 6
SYSTEMS = [System("good", ("good",)), System("poor", ("poor",))]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """``six`` is the in-domain data set; ``near`` and ``far`` are others."""
    made = make(tmp_path)
    for dataset, ranks in (("near", NEAR), ("far", FAR)):
        add_dataset(made, dataset)
        add_system(made, "good", ranks, DISTANCES, dataset)
        add_system(made, "poor", tuple(reversed(ranks)), DISTANCES, dataset)
    return made


def reciprocal(ranks: tuple[int, ...]) -> np.ndarray:
    return 1 / np.array(ranks)


def test_figures_by_hand(workspace: Workspace) -> None:
    record = domain_shift(workspace, "six", ["near", "far"], SYSTEMS, ["RR"])
    for setting in ("mono", "cross", "multi"):
        good = record["settings"][setting]["RR"]["good"]
        assert good["datasets"]["six"]["mean"] == pytest.approx(5.5 / 6)
        assert good["datasets"]["near"]["mean"] == pytest.approx((1 + 0.5 + 1 + 0.5 + 0.25 + 0.25) / 6)
        assert good["datasets"]["far"]["mean"] == pytest.approx((0.25 + 0.25 + 0.2 + 0.25 + 0.5 + 1) / 6)
        assert good["mean"]["mean"] == pytest.approx((3.5 + 2.45) / 12)
        assert good["drop"]["mean"] == pytest.approx(5.5 / 6 - 5.95 / 12)
        assert good["worst"] == "far"
        assert good["drop"]["sd"] is None
    assert record["clusters"] == {name: {"of": "question", "count": 6} for name in ("six", "near", "far")}


def test_the_drops_interval_is_that_of_independent_samples(workspace: Workspace) -> None:
    record = domain_shift(workspace, "six", ["near", "far"], SYSTEMS, ["RR"])
    samples = {"six": reciprocal((1, 1, 2, 1, 1, 1)), "near": reciprocal(NEAR), "far": reciprocal(FAR)}
    weights = {"six": 1, "near": -0.5, "far": -0.5}
    variance = sum(weights[name] ** 2 * values.var(ddof=1) / 6 for name, values in samples.items())
    half = stats.t.ppf(0.975, 5) * variance**0.5
    drop = record["settings"]["mono"]["RR"]["good"]["drop"]
    assert (drop["high"] - drop["low"]) / 2 == pytest.approx(half, rel=0.04)  # 10,000 draws: about 1%
    mean = record["settings"]["mono"]["RR"]["good"]["mean"]
    half = stats.t.ppf(0.975, 5) * ((samples["near"].var(ddof=1) + samples["far"].var(ddof=1)) / 4 / 6) ** 0.5
    assert (mean["high"] - mean["low"]) / 2 == pytest.approx(half, rel=0.04)


def test_seeds_are_the_same_models_on_every_data_set(workspace: Workspace) -> None:
    both = [System("both", ("good", "poor")), System("good", ("good",))]
    record = domain_shift(workspace, "six", ["near"], both, ["RR"])
    drop = record["settings"]["mono"]["RR"]["both"]["drop"]
    of_seeds = [5.5 / 6 - 3.5 / 6, 3.25 / 6 - 3.5 / 6]
    assert drop["mean"] == pytest.approx(np.mean(of_seeds))
    assert drop["sd"] == pytest.approx(np.std(of_seeds, ddof=1))


def test_the_worst_is_each_systems_own(workspace: Workspace) -> None:
    add_system(workspace, "poor", (1,) * 6, DISTANCES, "far")
    record = domain_shift(workspace, "six", ["near", "far"], SYSTEMS, ["RR"])
    of_mono = record["settings"]["mono"]["RR"]
    assert (of_mono["good"]["worst"], of_mono["poor"]["worst"]) == ("far", "near")


def test_a_setting_that_one_lacks_is_null_and_says_why(workspace: Workspace) -> None:
    add_dataset(workspace, "alone", [pair for pair in PAIRS if pair.setting == "mono"])
    for model in ("good", "poor"):
        add_system(workspace, model, NEAR, None, "alone")
    record = domain_shift(workspace, "six", ["near", "alone"], SYSTEMS)
    assert record["settings"]["mono"]["RR"]["good"]["datasets"].keys() == {"six", "near", "alone"}
    assert record["settings"]["cross"] is None and record["settings"]["multi"] is None
    assert set(record["remarks"]) == {"settings.cross", "settings.multi"}


def test_measures_are_those_that_all_have(workspace: Workspace) -> None:
    assert domain_shift(workspace, "six", ["near"], SYSTEMS)["measures"] == ["RR", "R@1"]


def test_what_cannot_be_compared_is_refused(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="'near' is named 2 times"):
        domain_shift(workspace, "six", ["near", "near"], SYSTEMS)
    with pytest.raises(InputError, match="'six' is named 2 times"):
        domain_shift(workspace, "six", ["six"], SYSTEMS)
    add_dataset(workspace, "new")
    with pytest.raises(InputError, match="'good' has no evaluation on new"):
        domain_shift(workspace, "six", ["new"], SYSTEMS)
