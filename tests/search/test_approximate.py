"""Search by faiss indexes of other types than Flat: their runs against exact ones, faiss and stock order."""

from pathlib import Path

import faiss
import pytest
from small_dense_workspace import SIZES, RealEncoder, small_workspace

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation.evaluation import evaluate
from hybrid_pyserini.evaluation.measures import parse_measures
from hybrid_pyserini.indexing.dense_index import IndexType
from hybrid_pyserini.indexing.indexing import build_index_with
from hybrid_pyserini.records import ALL, Pair
from hybrid_pyserini.search.search import search_with
from hybrid_pyserini.trec import read_run
from hybrid_pyserini.workspace import DatasetInfo, Workspace

LISTS = IndexType("IVF4,Flat", "nprobe=1")
ALL_LISTS = IndexType("IVF4,Flat", "nprobe=4")


def searched(root: Path, index_type: IndexType, hits: int = 20) -> tuple[Workspace, DatasetInfo]:
    """Searched exactly as ``m``, and with an index of this type."""
    workspace, info = small_workspace(root)
    encoder = RealEncoder()
    for each in (IndexType(), index_type):
        build_index_with(encoder, workspace, info, "m", index_type=each)
        search_with(encoder, workspace, info, each.name_with("m"), hits=hits)
    return workspace, info


def test_an_index_that_looks_at_all_lists_finds_what_is_best(tmp_path: Path) -> None:
    workspace, info = searched(tmp_path, ALL_LISTS)
    for pair in info.pairs:
        exact, found = (read_run(workspace.run("small", model, pair)) for model in ("m", "m+IVF4-Flat"))
        assert found.keys() == exact.keys()
        for query_id, hits in exact.items():
            assert found[query_id].keys() == hits.keys()
            assert found[query_id] == pytest.approx(hits, abs=1e-6)


def test_one_list_gives_fewer_passages_which_are_faiss_own(tmp_path: Path) -> None:
    workspace, _ = searched(tmp_path, LISTS, hits=60)
    index = faiss.read_index(str(workspace.index("small", "m+IVF4-Flat", "en") / "index"))
    queries = RealEncoder().encode_queries([f"de query {i}" for i in range(40)])
    scores, rows = index.search(queries, 60)
    docids = (workspace.index("small", "m+IVF4-Flat", "en") / "docid").read_text(encoding="utf-8").splitlines()
    run = read_run(workspace.run("small", "m+IVF4-Flat", Pair("de", "en")))
    lengths = set()
    for number, hits in enumerate(run.values()):
        wanted = {docids[row]: score for score, row in zip(scores[number], rows[number], strict=True) if row >= 0}
        assert hits == pytest.approx(wanted)
        assert list(hits.values()) == sorted(hits.values(), reverse=True)
        lengths.add(len(hits))
    assert max(lengths) < SIZES["en"] / 2
    assert len(lengths) > 1


def test_lists_on_disk_are_read_from_where_the_index_lies_now(tmp_path: Path) -> None:
    on_disk = IndexType("IVF4,Flat", "nprobe=4", on_disk=True)
    workspace, info = searched(tmp_path / "built", on_disk)
    run = workspace.run("small", "m+IVF4-Flat", Pair("de", "en")).read_bytes()
    (tmp_path / "built").rename(tmp_path / "moved")
    searched(tmp_path / "built", IndexType("IVF4,Flat", "nprobe=1", on_disk=True))  # other lists where they lay
    moved = Workspace(tmp_path / "moved")
    search_with(RealEncoder(), moved, info, "m+IVF4-Flat", hits=20, overwrite=True)
    assert moved.run("small", "m+IVF4-Flat", Pair("de", "en")).read_bytes() == run


def test_the_pool_merges_what_the_languages_found(tmp_path: Path) -> None:
    workspace, _ = searched(tmp_path, LISTS)
    pool = read_run(workspace.run("small", "m+IVF4-Flat", Pair("th", ALL)))
    languages = [read_run(workspace.run("small", "m+IVF4-Flat", Pair("th", language))) for language in SIZES]
    for query_id, hits in pool.items():
        found = {docid: score for run in languages for docid, score in run[query_id].items()}
        best = sorted(found, key=found.__getitem__, reverse=True)[:20]
        assert list(hits) == best


def test_no_ranks_stand_beside_and_evaluation_says_so(tmp_path: Path) -> None:
    workspace, info = searched(tmp_path, LISTS)
    assert workspace.ranks("small", "m", Pair("de", ALL)).is_file()
    assert not workspace.ranks("small", "m+IVF4-Flat", Pair("de", ALL)).exists()
    exact, approximate = (
        evaluate(workspace, info, model, info.pairs, parse_measures(["AP"])) for model in ("m", "m+IVF4-Flat")
    )
    assert exact["language_bias"]["rank_distance"]["mean"] > 0
    assert approximate["language_bias"]["rank_distance"]["mean"] is None
    assert "no ranks beside them" in approximate["remarks"]["language_bias.rank_distance"]
    assert approximate["settings"]["multi"]["AP"] > 0


def test_finished_pairs_are_kept(tmp_path: Path) -> None:
    workspace, info = searched(tmp_path, LISTS)
    again = search_with(RealEncoder(), workspace, info, "m+IVF4-Flat", hits=20)
    assert all(pair.kept for pair in again)
    build_index_with(RealEncoder(), workspace, info, "m", index_type=ALL_LISTS, overwrite=True)
    with pytest.raises(InputError, match=r"indexes/small/m\+IVF4-Flat/de/manifest\.json is .* there"):
        search_with(RealEncoder(), workspace, info, "m+IVF4-Flat", hits=20)

