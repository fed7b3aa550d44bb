"""Pools merged from runs per language, by hand."""

from pathlib import Path

import pytest

from hybrid_pyserini import trec
from hybrid_pyserini.baselines.pool_merging import merge_pool, round_robin
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair
from hybrid_pyserini.search.run_manifest import RunManifest
from hybrid_pyserini.trec import RankedPassage
from hybrid_pyserini.workspace import DatasetInfo, Workspace

LANGUAGES = ("de", "en", "th")
PAIRS = tuple(Pair("en", passages) for passages in (*LANGUAGES, "all"))
POOL = Pair("en", "all")
RUNS = {
    "de": {"q1": {"d1": 3.0, "d2": 2.5, "d3": 1.0}, "q2": {"d1": 7.0}, "q4": {"d3": 0.5, "d2": 0.5}},
    "en": {"q1": {"e1": 20.0, "e2": 10.0}, "q2": {"e3": 2.0, "e2": 1.5, "e1": 1.0}, "q4": {"e1": 2.0, "e2": 1.0}},
    "th": {"q1": {"t1": -1.0, "t2": -2.0}, "q4": {"t1": 5.0}},
}
"""No language has q3, none in Thai q2; q4's German ones are equal."""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    trec.write_topics(workspace.topics("toy", "en"), dict.fromkeys(("q1", "q2", "q3", "q4"), "?"))
    trec.write_qrels(workspace.qrels("toy", "all"), {"q1": {"d3": 1, "t9": 1, "e1": 0}, "q3": {"d1": 1}})
    DatasetInfo("toy", LANGUAGES, PAIRS).write(workspace.dataset_file("toy"))
    for language, run in RUNS.items():
        rankings = ((query_id, hits.items()) for query_id, hits in run.items())
        trec.write_run(workspace.run("toy", "m", Pair("en", language)), rankings, "m")
    trec.write_run(workspace.run("toy", "m", POOL), [("q1", [("e1", 1.0)])], "m")
    trec.write_ranks(workspace.ranks("toy", "m", POOL), [RankedPassage("q1", "d3", 1, 1.0, 9)])
    RunManifest("m", 3, 9, {}, {}, {}).write(workspace.run_manifest("toy", "m"))
    return workspace


def pool(workspace: Workspace, how: str, **options: object) -> dict[str, dict[str, float]]:
    merge_pool(workspace, "toy", "m", how, **options)
    return trec.read_run(workspace.run("toy", f"m+{how}", POOL))


def test_round_robin_takes_turns_from_the_first_on() -> None:
    rankings = [["a", "b", "c"], [], ["x"], ["y", "z"]]
    assert round_robin(rankings, 0) == ["a", "x", "y", "b", "z", "c"]
    assert round_robin(rankings, 3) == ["y", "a", "x", "z", "b", "c"]
    assert round_robin([], 0) == []


def test_round_robin_by_hand(workspace: Workspace) -> None:
    """q1 begins with German, q2 with English, q4, the fourth, with German again."""
    run = pool(workspace, "round-robin")
    assert {query_id: list(hits) for query_id, hits in run.items()} == {
        "q1": ["d1", "e1", "t1", "d2", "e2", "t2", "d3"], "q2": ["e3", "d1", "e2", "e1"],
        "q4": ["d3", "e1", "t1", "d2", "e2"],
    }
    assert list(run["q2"].values()) == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4])


def test_normalised_by_hand(workspace: Workspace) -> None:
    """The best of a language has 1 and its last 0, all 1 where they are equal; equal ones by descending id."""
    run = pool(workspace, "normalised")
    assert {query_id: list(hits.items()) for query_id, hits in run.items()} == {
        "q1": [("t1", 1), ("e1", 1), ("d1", 1), ("d2", 0.75), ("t2", 0), ("e2", 0), ("d3", 0)],
        "q2": [("e3", 1), ("d1", 1), ("e2", 0.5), ("e1", 0)],
        "q4": [("t1", 1), ("e1", 1), ("d3", 1), ("d2", 1), ("e2", 0)],
    }


@pytest.mark.parametrize("how", ["round-robin", "normalised"])
def test_pairs_of_languages_are_the_systems_own(workspace: Workspace, how: str) -> None:
    merge_pool(workspace, "toy", "m", how, gzip=True)
    for language, run in RUNS.items():
        assert trec.read_run(workspace.found_run("toy", f"m+{how}", Pair("en", language))) == run
    assert all(pair.kept for pair in merge_pool(workspace, "toy", "m", how, gzip=True))


def test_runs_are_cut_but_ranks_are_not(workspace: Workspace) -> None:
    assert list(pool(workspace, "round-robin", pairs="en-all", hits=2)["q1"]) == ["d1", "e1"]
    ranked = list(trec.read_ranks(workspace.ranks("toy", "m+round-robin", POOL)))
    assert [(r.query_id, r.docid, r.rank, r.size) for r in ranked] == [
        ("q1", "d3", 7, 9), ("q1", "t9", None, 9), ("q3", "d1", None, 9),
    ]


def test_the_systems_own_pool_is_not_needed(workspace: Workspace) -> None:
    expected = pool(workspace, "round-robin")
    workspace.run("toy", "m", POOL).unlink()
    merge_pool(workspace, "toy", "m", "round-robin", output="again")
    assert trec.read_run(workspace.run("toy", "again", POOL)) == expected


def test_what_cannot_be_merged_is_an_error(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="'m' is another system's name"):
        merge_pool(workspace, "toy", "m", "round-robin", output="m")
    path = workspace.run("toy", "m", Pair("en", "th"))
    path.rename(path.with_suffix(".away"))
    with pytest.raises(InputError, match=r"1 of 3 runs are missing: run\.toy\.m\.en-th\.txt"):
        merge_pool(workspace, "toy", "m", "round-robin", pairs="en-all")
    DatasetInfo("toy", LANGUAGES, (Pair("en", "de"), Pair("en", "en"), POOL), {"th": {"passages": 2}}).write(
        workspace.dataset_file("toy")
    )
    with pytest.raises(InputError, match="en-all cannot be merged: toy has no pair en-th"):
        merge_pool(workspace, "toy", "m", "round-robin")
    DatasetInfo("toy", ("en",), (Pair("en", "en"), POOL)).write(workspace.dataset_file("toy"))
    with pytest.raises(InputError, match="en-all has one language: nothing to merge"):
        merge_pool(workspace, "toy", "m", "round-robin")
