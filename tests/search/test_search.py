"""Runs and ranks against a slow full sort and against faiss; what is kept, refused and left behind."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np
import pytest
from small_dense_workspace import QUERIES, SIZES, RealEncoder, TieEncoder, files_below, passages, qrels, small_workspace

from hybrid_pyserini import trec
from hybrid_pyserini.encoder.checkpoint import EncoderSettings
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.indexing.indexing import build_index_with
from hybrid_pyserini.records import ALL, Pair
from hybrid_pyserini.search import scoring
from hybrid_pyserini.search.run_manifest import RunManifest
from hybrid_pyserini.search.search import search_with
from hybrid_pyserini.trec import read_ranks, read_run
from hybrid_pyserini.workspace import DatasetInfo, Workspace

ALL_PAIRS = [f"{q}-{p}" for q in SIZES for p in (*SIZES, "all")]


@pytest.fixture(autouse=True)
def parts_smaller_than_the_data_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several blocks of queries, and several tiles of all languages but one."""
    monkeypatch.setattr(scoring, "_QUERIES_A_BLOCK", 16)
    monkeypatch.setattr(scoring, "_PASSAGES_A_TILE", 32)


def indexed(root: Path, encoder: TieEncoder) -> tuple[Workspace, DatasetInfo]:
    workspace, info = small_workspace(root)
    build_index_with(encoder, workspace, info, "m")
    encoder.encoded.clear()
    return workspace, info


def run_path(workspace: Workspace, pair: str) -> Path:
    return workspace.run("small", "m", Pair(*pair.split("-")))


def runs_of(workspace: Workspace) -> dict[str, bytes]:
    """Every run and ranks file, hidden leftovers too -> its bytes."""
    folder = workspace.root / "runs" / "small"
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".json"}


def finished_pairs(workspace: Workspace) -> list[str]:
    manifest = workspace.run_manifest("small", "m")
    return list(json.loads(manifest.read_text())["pairs"]) if manifest.exists() else []


def slow_ranking(query: str, languages: list[str]) -> list[tuple[str, int]]:
    """Every passage with its exact score, in trec_eval's order, from whole numbers alone."""
    encoder = TieEncoder()
    query_vector = encoder.vector("Query: " + query)
    scores = {
        passage.id: sum(
            int(a * b) for a, b in zip(query_vector, encoder.vector("Passage: " + passage.contents), strict=True)
        )
        for language in languages for passage in passages(language)
    }
    return sorted(scores.items(), key=lambda scored: (scored[1], scored[0].encode()), reverse=True)


@pytest.mark.parametrize("hits", [1, 7, 75, 1000])
def test_every_run_is_the_slow_rankings_beginning(tmp_path: Path, hits: int) -> None:
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m", hits=hits)
    for pair in ALL_PAIRS:
        query_language, passage_language = pair.split("-")
        languages = list(SIZES) if passage_language == "all" else [passage_language]
        expected = [
            f"q{i} Q0 {docid} {rank} {score} m"
            for i in range(QUERIES)
            for rank, (docid, score) in enumerate(slow_ranking(f"{query_language} query {i}", languages)[:hits], 1)
        ]
        assert run_path(workspace, pair).read_text(encoding="utf-8").splitlines() == expected


def test_ranks_are_the_places_in_the_slow_full_ranking(tmp_path: Path) -> None:
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m", hits=1)  # ranks are of the full ranking, whatever the run's depth
    for language in SIZES:
        expected = []
        for i in range(QUERIES):
            ranking = slow_ranking(f"{language} query {i}", list(SIZES))
            places = {docid: rank for rank, (docid, _) in enumerate(ranking, 1)}
            judged = {docid: rel for part in SIZES for docid, rel in qrels(part).get(f"q{i}", {}).items()}
            expected += [
                (f"q{i}", docid, places[docid], float(dict(ranking)[docid]), 160)
                for docid, relevance in judged.items() if relevance >= 1
            ]
        found = list(read_ranks(workspace.ranks("small", "m", Pair(language, "all"))))
        assert len(found) == (QUERIES - 1) * 6
        assert [(r.query_id, r.docid, r.rank, r.score, r.size) for r in found] == expected


def test_the_pool_is_the_exact_merge_of_the_languages(tmp_path: Path) -> None:
    encoder = RealEncoder()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m")
    for language in SIZES:
        pool = read_run(run_path(workspace, f"{language}-all"))
        parts = [read_run(run_path(workspace, f"{language}-{other}")) for other in SIZES]
        for query_id, hits in pool.items():
            merged = {docid: score for part in parts for docid, score in part[query_id].items()}
            order = sorted(merged, key=lambda docid: (merged[docid], docid.encode()), reverse=True)
            assert list(hits.items()) == [(docid, merged[docid]) for docid in order]


def test_scores_are_faiss_scores_over_the_pools_index(tmp_path: Path) -> None:
    encoder = RealEncoder()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m", pairs="en-all", hits=20)
    folder = workspace.index("small", "m", "all")
    docids = (folder / "docid").read_text(encoding="utf-8").splitlines()
    queries = encoder.encode_queries([f"en query {i}" for i in range(QUERIES)])
    scores, numbers = faiss.read_index(str(folder / "index")).search(queries, 20)
    for i, hits in enumerate(read_run(run_path(workspace, "en-all")).values()):
        assert list(hits) == [docids[number] for number in numbers[i]]
        assert np.allclose(list(hits.values()), scores[i], atol=1e-6)


def test_a_run_does_not_depend_on_which_pairs_are_searched(tmp_path: Path) -> None:
    encoder = RealEncoder()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m")
    together = runs_of(workspace)
    for pair in ("de-en", "en-all"):
        search_with(encoder, workspace, info, "m", pairs=pair, overwrite=True)
        assert runs_of(workspace) == together
    assert set(finished_pairs(workspace)) == set(ALL_PAIRS)


def test_each_languages_queries_are_encoded_once(tmp_path: Path) -> None:
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m")
    assert encoder.encoded == [[f"Query: {language} query {i}" for i in range(QUERIES)] for language in SIZES]


def test_the_manifest_says_what_the_runs_were_made_from(tmp_path: Path) -> None:
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m", pairs=["de-en", "de-all"], hits=5)
    manifest = json.loads(workspace.run_manifest("small", "m").read_text())
    assert manifest.pop("made_by")["arguments"] == {
        "dataset": "small", "model": "m", "dtype": "fp32", "hits": 5, "pool_hits": 5, "gzip": False,
    }
    inputs = manifest.pop("inputs")
    assert manifest == {
        "model": "m", "hits": 5, "pool_hits": 5, "gzip": False, "ranks": True,
        "system": {"fingerprint": "a" * 64, "dtype": "fp32"},
        "pairs": {"de-en": {"queries": QUERIES}, "de-all": {"queries": QUERIES}},
    }
    assert inputs.keys() == {
        *(f"indexes/small/m/{language}/manifest.json" for language in SIZES),
        "topics/small/topics.small.de.tsv", "topics/small/qrels.small.all.txt",
    }


def test_a_second_run_keeps_every_finished_pair(tmp_path: Path) -> None:
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    first = search_with(encoder, workspace, info, "m")
    encoder.encoded.clear()
    before = {name: time for name, time in files_below(tmp_path).items() if not name.endswith(("small", ".json"))}
    second = search_with(encoder, workspace, info, "m")
    assert encoder.encoded == []
    assert files_below(tmp_path).items() >= before.items()
    assert [str(each.pair) for each in second] == ALL_PAIRS
    assert not any(each.kept for each in first)
    assert all(each.kept for each in second)


def test_pairs_are_added_to_those_there(tmp_path: Path) -> None:
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m", pairs="de-en,de-all,de-en")
    assert sorted(runs_of(workspace)) == [
        "ranks.small.m.de-all.tsv", "run.small.m.de-all.txt", "run.small.m.de-en.txt",
    ]
    before = run_path(workspace, "de-en").stat().st_mtime_ns
    search_with(encoder, workspace, info, "m", pairs="th-th")
    inputs = json.loads(workspace.run_manifest("small", "m").read_text())["inputs"]
    assert {path for path in inputs if "topics." in path} == {
        "topics/small/topics.small.de.tsv", "topics/small/topics.small.th.tsv",
    }
    searched = search_with(encoder, workspace, info, "m")
    assert [str(each.pair) for each in searched if each.kept] == ["de-en", "de-all", "th-th"]
    assert run_path(workspace, "de-en").stat().st_mtime_ns == before
    assert sorted(finished_pairs(workspace)) == sorted(ALL_PAIRS)


def test_a_finished_pair_whose_file_is_gone_is_searched_again(tmp_path: Path) -> None:
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m")
    before = runs_of(workspace)
    run_path(workspace, "en-th").unlink()
    workspace.ranks("small", "m", Pair("th", "all")).unlink()
    searched = search_with(encoder, workspace, info, "m")
    assert [str(each.pair) for each in searched if not each.kept] == ["en-th", "th-all"]
    assert runs_of(workspace) == before
    assert sorted(finished_pairs(workspace)) == sorted(ALL_PAIRS)


def stopping_after(count: int, function: Callable[..., object]) -> Callable[..., object]:
    """``function``, until it is called once more than ``count`` times."""
    calls = iter(range(count))

    def stopping(*arguments: object) -> object:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return function(*arguments)

    return stopping


@pytest.mark.parametrize(("place", "name", "count", "finished"), [
    (trec, "writing_run", 2, 0),  # two of the first language's runs are open
    (trec.RunWriter, "write", 2 * QUERIES + 3, 0),
    (trec.RunWriter, "write", 5 * QUERIES, 4),  # amid the second language's
    (trec.RanksWriter, "write", 2, 0),  # all runs of the language are written to the end, the pool's ranks are not
    (trec.RanksWriter, "write", 5, 4),
    (RunManifest, "finish", 1, 4),  # all files of the second language have their names
])
@pytest.mark.parametrize("overwrite", [False, True])
def test_an_interrupted_search_claims_what_is_there_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overwrite: bool, place: object, name: str, count: int,
    finished: int,
) -> None:
    """The pairs of a query language are finished together."""
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m")
    whole = runs_of(workspace)
    if not overwrite:
        for path in (workspace.root / "runs" / "small").iterdir():
            path.unlink()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(place, name, stopping_after(count, getattr(place, name)))
        search_with(encoder, workspace, info, "m", overwrite=overwrite)
    assert finished_pairs(workspace) == sorted(ALL_PAIRS[:finished])
    assert runs_of(workspace).items() <= whole.items()
    searched = search_with(encoder, workspace, info, "m")
    assert [str(each.pair) for each in searched if each.kept] == ALL_PAIRS[:finished]
    assert runs_of(workspace) == whole


def test_a_killed_run_is_not_taken_for_a_finished_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_half(path: Path, *_: object) -> None:
        path.parent.mkdir(parents=True)
        path.write_text("q0 Q0 de:0 1 ")  # as if killed where no clean-up can run
        raise KeyboardInterrupt

    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(trec, "writing_run", write_half)
        search_with(encoder, workspace, info, "m", pairs="de-de")
    assert not workspace.run_manifest("small", "m").exists()
    searched = search_with(encoder, workspace, info, "m", pairs="de-de")
    assert not searched[0].kept
    assert len(read_run(run_path(workspace, "de-de"))) == QUERIES


@pytest.mark.parametrize("interrupted", [False, True])
def test_other_settings_are_refused_or_replace_every_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupted: bool
) -> None:
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m", hits=5)
    before = runs_of(workspace)
    with pytest.raises(InputError, match=r"run\.small\.m\.json: .*hits is 5 there, 6 now.*--overwrite"):
        search_with(encoder, workspace, info, "m", hits=6, pairs="de-en")
    assert runs_of(workspace) == before
    if interrupted:
        monkeypatch.setattr(trec, "writing_run", stopping_after(0, trec.writing_run))
        with pytest.raises(KeyboardInterrupt):
            search_with(encoder, workspace, info, "m", hits=6, pairs="de-en", overwrite=True)
    else:
        search_with(encoder, workspace, info, "m", hits=6, pairs="de-en", overwrite=True)
    kept = [] if interrupted else ["de-en"]
    assert list(runs_of(workspace)) == [run_path(workspace, pair).name for pair in kept]
    assert finished_pairs(workspace) == kept


def test_gzipped_runs_have_the_same_lines(tmp_path: Path) -> None:
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m")
    plain = runs_of(workspace)
    with pytest.raises(InputError, match=r"run\.small\.m\.json: .*gzip is False there, True now.*--overwrite"):
        search_with(encoder, workspace, info, "m", gzip=True)
    assert runs_of(workspace) == plain
    searched = search_with(encoder, workspace, info, "m", gzip=True, overwrite=True)
    assert {each.run.name for each in searched} == {f"{run_path(workspace, pair).name}.gz" for pair in ALL_PAIRS}
    packed = runs_of(workspace)
    assert {
        name.removesuffix(".gz"): gzip.decompress(content) if name.endswith(".gz") else content
        for name, content in packed.items()
    } == plain
    assert len(packed) == len(plain)
    search_with(encoder, workspace, info, "m", gzip=True, pairs="de-en", overwrite=True)
    assert runs_of(workspace) == packed
    with pytest.raises(InputError, match="gzip is True there, False now"):
        search_with(encoder, workspace, info, "m")
    killed = run_path(workspace, "de-en").with_name(f".{run_path(workspace, 'de-en').name}.gz.partial")
    killed.touch()
    search_with(encoder, workspace, info, "m", pairs="de-en", overwrite=True)
    assert list(runs_of(workspace)) == [run_path(workspace, "de-en").name]
    assert not killed.exists()


def test_finished_gzipped_pairs_are_kept(tmp_path: Path) -> None:
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m", gzip=True)
    encoder.encoded.clear()
    assert all(each.kept for each in search_with(encoder, workspace, info, "m", gzip=True))
    assert encoder.encoded == []
    whole = runs_of(workspace)
    packed = workspace.run("small", "m", Pair("en", "th"), gzipped=True)
    run_path(workspace, "en-th").write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()  # as gunzip does
    searched = search_with(encoder, workspace, info, "m", gzip=True)
    assert [str(each.pair) for each in searched if not each.kept] == ["en-th"]
    assert runs_of(workspace) == whole


def test_runs_without_their_manifest_are_never_beside_those_of_the_other_form(tmp_path: Path) -> None:
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m", gzip=True)
    workspace.run_manifest("small", "m").unlink()
    search_with(encoder, workspace, info, "m")
    names = {run_path(workspace, pair).name for pair in ALL_PAIRS}
    assert set(runs_of(workspace)) == names | {f"ranks.small.m.{language}-all.tsv" for language in SIZES}


def test_a_manifest_from_before_there_were_gzipped_runs_is_one_of_plain_ones(tmp_path: Path) -> None:
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m")
    path = workspace.run_manifest("small", "m")
    manifest = json.loads(path.read_text())
    del manifest["gzip"]
    path.write_text(json.dumps(manifest))
    assert all(each.kept for each in search_with(encoder, workspace, info, "m"))


@pytest.mark.parametrize("changed", ["index", "topics", "qrels"])
def test_runs_of_changed_inputs_are_refused(tmp_path: Path, changed: str) -> None:
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m")
    if changed == "index":
        build_index_with(encoder, workspace, info, "m", chunk_tokens=7, overwrite=True)
    elif changed == "topics":
        trec.write_topics(workspace.topics("small", "de"), {"q0": "other"})
    else:
        trec.write_qrels(workspace.qrels("small", "all"), {"q0": {passages("de")[1].id: 1}})
    with pytest.raises(InputError, match=f"other settings .*{changed}.*there.*now"):
        search_with(encoder, workspace, info, "m")
    assert len(search_with(encoder, workspace, info, "m", overwrite=True)) == len(ALL_PAIRS)


@pytest.mark.parametrize(("other", "named"), [
    (TieEncoder(fingerprint="b" * 64), r"fingerprint is aaaaaaaa\.\.\. there, bbbbbbbb\.\.\. now"),
    (TieEncoder(dtype="bf16"), "dtype is 'fp32' there, 'bf16' now"),
    (TieEncoder(settings=EncoderSettings(query_prompt="query: ")), "query_prompt is 'Query: ' there, 'query: ' now"),
    (TieEncoder(settings=EncoderSettings(pooling="cls")), "pooling is 'mean' there, 'cls' now"),
    (TieEncoder(settings=EncoderSettings(max_length=128)), "max_length is 256 there, 128 now"),
])
def test_an_index_of_another_encoder_is_refused(tmp_path: Path, other: TieEncoder, named: str) -> None:
    workspace, info = indexed(tmp_path, TieEncoder())
    with pytest.raises(InputError, match=f"indexes/small/m/de: .*{named}.*hybrid-pyserini index"):
        search_with(other, workspace, info, "m")
    assert other.encoded == []
    assert not (tmp_path / "runs").exists()


def test_hits_above_the_number_of_passages_are_clamped_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m", hits=75, pairs="en-de,en-en,en-th,en-all")
    warning = "warning: 75 hits asked for; a run has fewer where there are fewer passages: de 70, th 9\n"
    assert warning in capsys.readouterr().err
    sizes = {pair: len(read_run(run_path(workspace, pair))["q0"]) for pair in ("en-de", "en-en", "en-th", "en-all")}
    assert sizes == {"en-de": 70, "en-en": 75, "en-th": 9, "en-all": 75}
    search_with(encoder, workspace, info, "m", hits=9, overwrite=True)
    assert "warning" not in capsys.readouterr().err


def break_topics(workspace: Workspace) -> None:
    with workspace.topics("small", "th").open("a") as file:
        file.write("q77 no tab\n")


def judge_unknown(workspace: Workspace) -> None:
    with workspace.qrels("small", "all").open("a") as file:
        file.write("q39 0 fr:0 1\n")


@pytest.mark.parametrize(("harm", "message"), [
    (break_topics, r"topics\.small\.th\.tsv:41: expected qid<TAB>query"),
    (judge_unknown, r"qrels\.small\.all\.txt: query 'q39' judges passage 'fr:0', which no index of the pool has"),
    (lambda workspace: workspace.topics("small", "th").unlink(), r"topics\.small\.th\.tsv: no such file; .*prepare"),
    (lambda workspace: workspace.qrels("small", "all").unlink(), r"qrels\.small\.all\.txt: no such file; .*prepare"),
    (lambda workspace: (workspace.index("small", "m", "th") / "docid").unlink(), "m/th: the index has no file 'docid'"),
])
def test_bad_input_shows_before_anything_is_searched(
    tmp_path: Path, harm: Callable[[Workspace], None], message: str
) -> None:
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    harm(workspace)
    with pytest.raises(InputError, match=message):
        search_with(encoder, workspace, info, "m")
    assert encoder.encoded == []
    assert not (tmp_path / "runs").exists()


def test_bad_input_shows_before_old_runs_are_removed(tmp_path: Path) -> None:
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m", hits=5)
    before = runs_of(workspace)
    break_topics(workspace)
    with pytest.raises(InputError, match="expected qid<TAB>query"):
        search_with(encoder, workspace, info, "m", hits=6, overwrite=True)
    assert runs_of(workspace) == before


def test_a_broken_run_manifest_is_refused(tmp_path: Path) -> None:
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    for text, problem in (("{", "broken JSON"), ('{"hits": 5}', "not the manifest of runs")):
        workspace.run_manifest("small", "m").parent.mkdir(parents=True, exist_ok=True)
        workspace.run_manifest("small", "m").write_text(text)
        with pytest.raises(InputError, match=rf"run\.small\.m\.json.*{problem}"):
            search_with(encoder, workspace, info, "m")


@pytest.mark.parametrize(("arguments", "message"), [
    ({"hits": 0}, "0 hits; give --hits 1 or more"),
    ({"pairs": "de-fr"}, "'de-fr' is not a pair of small"),
    ({"pairs": []}, "no language pair of small to search"),
])
def test_impossible_arguments_are_refused(tmp_path: Path, arguments: dict[str, object], message: str) -> None:
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    with pytest.raises(InputError, match=message):
        search_with(encoder, workspace, info, "m", **arguments)


@pytest.mark.parametrize(("value", "message"), [
    (float("nan"), "vector of query 'q3' .and 0 more. holds NaN"),
    (3e38, "a score of finite vectors is infinite"),
])
def test_scores_that_are_not_finite_are_refused(tmp_path: Path, value: float, message: str) -> None:
    class Overflowing(TieEncoder):
        def vector(self, text: str) -> list[float]:
            return [value] * 4 if text == "Query: en query 3" else [2.0] * 4

    encoder = Overflowing()
    workspace, info = indexed(tmp_path, encoder)
    with pytest.raises(InputError, match=message):
        search_with(encoder, workspace, info, "m", pairs="en-de")
    assert not [path for path in (tmp_path / "runs").rglob("*") if path.is_file()]


def test_a_negative_zero_is_written_as_zero(tmp_path: Path) -> None:
    class SignedZero(TieEncoder):
        def vector(self, text: str) -> list[float]:
            return [-0.0 if text.startswith("Query") else 1.0] * 4

    encoder = SignedZero()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m", pairs="en-all")
    lines = run_path(workspace, "en-all").read_text(encoding="utf-8").splitlines()
    assert {line.split()[4] for line in lines} == {"0"}
    docids = [passage.id for language in SIZES for passage in passages(language)]
    assert [line.split()[2] for line in lines[:160]] == sorted(docids, key=str.encode, reverse=True)


def test_runs_of_the_pool_have_a_depth_of_their_own(tmp_path: Path) -> None:
    """The best 12 of the pool are the first 12 of a deep search, though no language is searched that deep."""
    encoder = TieEncoder()
    workspace, info = indexed(tmp_path, encoder)
    search_with(encoder, workspace, info, "m", hits=160)
    full = {pair: trec.read_run(workspace.run(info.name, "m", pair)) for pair in info.pairs}
    search_with(encoder, workspace, info, "m", hits=3, pool_hits=12, overwrite=True)
    for pair in info.pairs:
        depth = 12 if pair.passage == ALL else 3
        shallow = trec.read_run(workspace.run(info.name, "m", pair))
        assert {q: list(hits) for q, hits in shallow.items()} == {q: list(h)[:depth] for q, h in full[pair].items()}
