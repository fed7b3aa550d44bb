"""Fused runs against Pyserini's own command on the same files, ranks by hand; what is kept, redone, refused."""

import gzip
import json
import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from stock_pyserini import run_stock

from hybrid_pyserini import trec
from hybrid_pyserini.baselines import fusion
from hybrid_pyserini.baselines.fusion import fuse
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair
from hybrid_pyserini.search.run_manifest import RunManifest
from hybrid_pyserini.trec import Hit, RankedPassage
from hybrid_pyserini.workspace import DatasetInfo, Workspace

PAIRS = (Pair("de", "de"), Pair("de", "en"), Pair("de", "all"))
POOL = Pair("de", "all")
DEPTHS = {"lexical": 40, "dense": 25, "other": 10}
SKIPPED = {"lexical": "q2", "dense": "q3", "other": "q2"}
"""System -> the query that it has no hits for; q4 only ``dense`` has, q5 none."""
QUERIES = ("q1", "q2", "q3", "q4", "q5", "q6")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Three systems' runs with many ties, of different depths, each without some of the queries."""
    workspace = Workspace(tmp_path / "workspace")
    trec.write_topics(workspace.topics("toy", "de"), dict.fromkeys(QUERIES, "?"))
    for passages in ("de", "en", "all"):
        trec.write_qrels(workspace.qrels("toy", passages), {"q1": {"p01": 1, "p99": 1}, "q5": {"p02": 1}})
    DatasetInfo("toy", ("de", "en"), PAIRS).write(workspace.dataset_file("toy"))
    for system in DEPTHS:
        add_system(workspace, system)
    return workspace


def add_system(workspace: Workspace, system: str, seed: int = 0) -> None:
    depth = DEPTHS[system]
    for pair in PAIRS:
        chance = random.Random(f"{system} {pair} {seed}")
        rankings = {
            query_id: trec.in_order(
                Hit(f"p{number:02}", round(chance.uniform(-1, 1), 1) if system != "lexical" else chance.randrange(9))
                for number in chance.sample(range(60), depth)
            )
            for query_id in QUERIES
            if query_id not in ("q5", SKIPPED[system]) and (query_id != "q4" or system == "dense")
        }
        trec.write_run(workspace.run("toy", system, pair), rankings.items(), system)
    trec.write_ranks(workspace.ranks("toy", system, POOL), [RankedPassage("q1", "p01", 1, 1.0, 60)])
    RunManifest(system, depth, depth + 1, {}, {}, {}).write(workspace.run_manifest("toy", system))


def stock_fusion(folder: Path, runs: list[Path], *options: object) -> dict[str, dict[str, float]]:
    """Of the whole lists, with scores as a run here holds them, in trec_eval's order."""
    output = folder / "stock.txt"
    run_stock("fusion", "--runs", *runs, "--output", output, "--k", 10_000, *options)
    return {
        query_id: dict(trec.in_order(map(Hit._make, hits.items())))
        for query_id, hits in rounded(trec.read_run(output)).items()
    }


def rounded(run: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """With scores of float32."""
    return {query_id: {docid: float(np.float32(score)) for docid, score in hits.items()}
            for query_id, hits in run.items()}


@pytest.mark.java
@pytest.mark.parametrize(("systems", "method", "options", "stock_options"), [
    (("lexical", "dense"), "rrf", {}, ()),
    (("dense", "other", "lexical"), "rrf", {"rrf_k": 7}, ("--rrf.k", 7)),
    (("dense", "lexical"), "interpolation", {"alpha": 0.7}, ("--alpha", 0.7)),
    (("dense", "lexical"), "interpolation", {}, ()),
    (("other", "lexical", "dense"), "average", {}, ()),
    (("lexical", "dense"), "normalize", {}, ()),
])
def test_as_pyserinis_own_command(
    workspace: Workspace, tmp_path: Path, systems: tuple[str, ...], method: str, options: dict[str, float],
    stock_options: tuple[object, ...],
) -> None:
    (fused,) = fuse(workspace, "toy", systems, method=method, pairs="de-en", hits=1000, **options)
    assert fused.run == workspace.run("toy", "-".join([method, *systems]), Pair("de", "en"))
    runs = [workspace.run("toy", system, Pair("de", "en")) for system in systems]
    stock = stock_fusion(tmp_path, runs, "--method", method, *stock_options)
    ours = trec.read_run(fused.run)
    assert set(ours) == {"q1", "q2", "q3", "q4", "q6"}
    assert {query_id: list(hits.items()) for query_id, hits in rounded(ours).items()} == {
        query_id: list(hits.items()) for query_id, hits in stock.items()
    }
    assert any(a == b for hits in ours.values() for a, b in pairwise(hits.values()))  # ties, or their order is untested


def test_runs_are_cut_as_deep_as_the_deepest_but_ranks_are_not(workspace: Workspace) -> None:
    fuse(workspace, "toy", ["dense", "lexical"], output="whole", hits=60)
    fuse(workspace, "toy", ["dense", "lexical"])
    fuse(workspace, "toy", ["dense", "lexical"], output="short", hits=3, pool_hits=2, gzip=True)
    for pair in PAIRS:
        whole = trec.read_run(workspace.run("toy", "whole", pair))
        for name, depth in (("rrf-dense-lexical", 41 if pair == POOL else 40), ("short", 2 if pair == POOL else 3)):
            run = trec.read_run(workspace.found_run("toy", name, pair))
            assert run == {query_id: dict(list(hits.items())[:depth]) for query_id, hits in whole.items()}
    assert max(map(len, whole.values())) > 41  # else nothing was cut
    ranking = list(whole["q1"])
    ranked = list(trec.read_ranks(workspace.ranks("toy", "short", POOL)))
    assert [(r.query_id, r.docid, r.rank, r.size) for r in ranked] == [
        ("q1", "p01", ranking.index("p01") + 1, 60), ("q1", "p99", None, 60), ("q5", "p02", None, 60),
    ]
    assert ranked[0].rank > 2  # beyond the run's end
    assert ranked[0].score == whole["q1"]["p01"]


def test_without_ranks_of_every_system_there_are_none(workspace: Workspace) -> None:
    workspace.ranks("toy", "lexical", POOL).unlink()
    fuse(workspace, "toy", ["dense", "lexical"])
    assert not workspace.ranks("toy", "rrf-dense-lexical", POOL).exists()
    assert all(pair.kept for pair in fuse(workspace, "toy", ["dense", "lexical"]))


def test_pools_of_different_sizes_are_an_error(workspace: Workspace) -> None:
    trec.write_ranks(workspace.ranks("toy", "lexical", POOL), [RankedPassage("q1", "p01", 1, 1.0, 61)])
    with pytest.raises(InputError, match="the pools of dense lexical have 60 and 61 passages"):
        fuse(workspace, "toy", ["dense", "lexical"])


def test_queries_stand_in_the_topics_order_whichever_run_has_them(workspace: Workspace) -> None:
    fuse(workspace, "toy", ["dense", "lexical"])
    assert list(trec.read_run(workspace.run("toy", "rrf-dense-lexical", POOL))) == ["q1", "q2", "q3", "q4", "q6"]


def test_runs_without_a_hit_are_fused(workspace: Workspace) -> None:
    for system in ("lexical", "other"):
        workspace.run("toy", system, Pair("de", "en")).write_text("")
    fuse(workspace, "toy", ["dense", "lexical"], pairs="de-en")
    dense = trec.read_run(workspace.run("toy", "dense", Pair("de", "en")))
    fused = trec.read_run(workspace.run("toy", "rrf-dense-lexical", Pair("de", "en")))
    assert {query_id: list(hits) for query_id, hits in fused.items()} == {q: list(hits) for q, hits in dense.items()}
    fuse(workspace, "toy", ["other", "lexical"], pairs="de-en")
    assert workspace.run("toy", "rrf-other-lexical", Pair("de", "en")).read_text() == ""


def test_a_rank_is_the_place_in_trec_evals_order(workspace: Workspace) -> None:
    """Whatever a run from elsewhere says: its lines are not in order, and its equal scores not by descending id."""
    lines = ["q1 Q0 a 1 0.5 x", "q1 Q0 b 2 0.5 x", "q1 Q0 c 3 0.9 x"]
    for system in ("lexical", "dense"):
        workspace.run("toy", system, POOL).write_text("\n".join(lines) + "\n")
    (fused,) = fuse(workspace, "toy", ["dense", "lexical"], pairs="de-all")
    assert trec.read_run(fused.run)["q1"] == pytest.approx({"c": 2 / 61, "b": 2 / 62, "a": 2 / 63})


def test_blocks_of_queries_leave_no_trace(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    (whole,) = fuse(workspace, "toy", ["dense", "lexical"], pairs="de-en", method="normalize")
    before = whole.run.read_bytes()
    monkeypatch.setattr(fusion, "_QUERIES_A_BLOCK", 2)
    fuse(workspace, "toy", ["dense", "lexical"], pairs="de-en", method="normalize", overwrite=True)
    assert whole.run.read_bytes() == before


def test_ids_that_look_like_numbers_or_nothing_stay_what_they_are(workspace: Workspace) -> None:
    """Pyserini's reader makes 7 of 007, and no id at all of NA."""
    trec.write_topics(workspace.topics("toy", "de"), {"007": "?", "NA": "?"})
    for system in ("lexical", "dense"):
        trec.write_run(workspace.run("toy", system, POOL), [("007", [("null", 1.0)]), ("NA", [("01", 1.0)])], system)
    fuse(workspace, "toy", ["dense", "lexical"], pairs="de-all", method="average")
    assert trec.read_run(workspace.run("toy", "average-dense-lexical", POOL)) == {
        "007": {"null": 1.0}, "NA": {"01": 1.0},
    }


def test_finished_pairs_are_kept_until_a_run_or_a_setting_is_another(workspace: Workspace) -> None:
    assert not any(pair.kept for pair in fuse(workspace, "toy", ["dense", "lexical"], pairs="de-en"))
    assert [pair.kept for pair in fuse(workspace, "toy", ["dense", "lexical"])] == [False, True, False]
    manifest = json.loads(workspace.run_manifest("toy", "rrf-dense-lexical").read_text())
    assert manifest["system"] == {"fusion": "rrf", "rrf_k": 60, "of": ["dense", "lexical"]}
    assert (manifest["hits"], manifest["pool_hits"], manifest["ranks"]) == (40, 41, True)
    assert manifest["pairs"]["de-de"] == {"queries": 5}
    with pytest.raises(InputError, match="rrf_k is 60 there, 61 now"):
        fuse(workspace, "toy", ["dense", "lexical"], rrf_k=61)
    add_system(workspace, "lexical", seed=1)
    with pytest.raises(InputError, match=r"runs/toy/run\.toy\.lexical\.de-all\.txt is .* --overwrite"):
        fuse(workspace, "toy", ["dense", "lexical"])
    before = workspace.run("toy", "rrf-dense-lexical", POOL).read_bytes()
    assert not any(pair.kept for pair in fuse(workspace, "toy", ["dense", "lexical"], overwrite=True))
    assert workspace.run("toy", "rrf-dense-lexical", POOL).read_bytes() != before


def test_a_run_that_is_another_and_packed_now_is_noticed(workspace: Workspace) -> None:
    fuse(workspace, "toy", ["dense", "lexical"])
    add_system(workspace, "lexical", seed=1)
    for pair in PAIRS:
        plain = workspace.run("toy", "lexical", pair)
        workspace.run("toy", "lexical", pair, gzipped=True).write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
    with pytest.raises(InputError, match=r"runs/toy/run\.toy\.lexical\.de-all\.txt is .* --overwrite"):
        fuse(workspace, "toy", ["dense", "lexical"])


def test_runs_of_other_queries_are_refused(workspace: Workspace) -> None:
    """A data set that was prepared anew, and searched again with one of the systems only."""
    topics = "topics/toy/topics.toy.de.tsv"
    RunManifest("lexical", 40, 41, {}, {topics: "0" * 64}, {}).write(workspace.run_manifest("toy", "lexical"))
    with pytest.raises(InputError, match=r"runs of 'lexical' are of other queries than topics\.toy\.de\.tsv has now"):
        fuse(workspace, "toy", ["dense", "lexical"])
    assert not workspace.run("toy", "rrf-dense-lexical", POOL).exists()


@pytest.mark.parametrize(("systems", "options", "problem"), [
    (["dense", "none"], {}, r"no runs of 'none' on toy \(there: dense, lexical, other\)"),
    (["dense"], {}, "one system is nothing to fuse"),
    (["dense", "lexical", "dense"], {}, "system 'dense' is named 2 times"),
    (["dense", "lexical", "other"], {"method": "interpolation"}, "interpolation is of two systems, not 3"),
    (["dense", "lexical"], {"method": "borda"}, "no method 'borda'; choose among rrf"),
    (["dense", "lexical"], {"alpha": 0.3}, "rrf has no --alpha; leave it out, or give --method interpolation"),
    (["dense", "lexical"], {"method": "average", "rrf_k": 3}, "average has no --rrf-k"),
    (["dense", "lexical"], {"method": "interpolation", "alpha": 1.1}, r"alpha is 1\.1"),
    (["dense", "lexical"], {"rrf_k": -1}, "the k of RRF is -1"),
    (["dense", "lexical"], {"hits": 0}, "0 hits"),
    (["dense", "lexical"], {"pairs": "de-xx"}, "'de-xx' is not a pair of toy"),
    (["dense", "lexical"], {"output": "a.b"}, "system name 'a.b' has other characters"),
    *((["dense", "lexical"], {"output": name, "overwrite": True}, f"{name!r} is another system's name")
      for name in ("dense", "other", "bm25", "trained")),
])
def test_impossible_wishes_are_errors(
    workspace: Workspace, systems: list[str], options: dict[str, object], problem: str
) -> None:
    trained = workspace.new_model("trained")
    trained.mkdir(parents=True)
    (trained / "config.json").write_text("{}")
    files = sorted(workspace.root.rglob("*"))
    with pytest.raises(InputError, match=problem):
        fuse(workspace, "toy", systems, **options)
    assert sorted(workspace.root.rglob("*")) == files


def test_what_a_system_lacks_is_named(workspace: Workspace) -> None:
    workspace.run("toy", "lexical", Pair("de", "en")).unlink()
    with pytest.raises(InputError, match=r"1 of 3 runs are missing: run\.toy\.lexical\.de-en\.txt; .* with --pairs"):
        fuse(workspace, "toy", ["dense", "lexical"])
    assert len(fuse(workspace, "toy", ["dense", "lexical"], pairs="de-de,de-all")) == 2
    workspace.run_manifest("toy", "other").unlink()
    with pytest.raises(InputError, match="how many passages a query the runs of 'other' hold; give --hits"):
        fuse(workspace, "toy", ["dense", "other"])
