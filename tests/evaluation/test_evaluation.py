"""A model's evaluation as a whole: worked by hand, its holes, its errors, and what it leaves on the disk."""

import gzip
import hashlib
import json
from pathlib import Path

import pyarrow.parquet
import pytest

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation import evaluation
from hybrid_pyserini.evaluation.evaluation import evaluate
from hybrid_pyserini.evaluation.measures import parse_measures
from hybrid_pyserini.provenance import sha256
from hybrid_pyserini.records import Pair
from hybrid_pyserini.search.run_manifest import RunManifest, check_runs
from hybrid_pyserini.trec import Hit, RankedPassage, write_qrels, write_ranks, write_run
from hybrid_pyserini.workspace import Workspace, choose_pairs

DEFAULT = ["AP", "nDCG@10", "R@1", "R@10", "R@100", "RR"]
AP = {  # by hand from conftest.RANKS
    "de-de": (1 + 1 / 2 + 1 / 4) / 3, "de-en": (1 / 2 + 0 + 1) / 3,
    "de-all": ((1 + 2 / 3) / 2 + (1 / 2 + 2 / 8) / 2 + 1) / 3,
    "en-de": 1 / 4, "en-en": 1.0, "en-all": (1 + (1 + 2 / 5) / 2 + (1 / 3 + 2 / 4) / 2) / 3,
}


def run_evaluation(workspace: Workspace, measures: list[str] = DEFAULT, pairs: str | None = None) -> dict:
    info = workspace.dataset("toy")
    return evaluate(workspace, info, "m", choose_pairs(info, pairs), parse_measures(measures))


def error_of(workspace: Workspace, pairs: str | None = None) -> str:
    """The one line that evaluating ends with; nothing may be left behind."""
    with pytest.raises(InputError) as error:
        run_evaluation(workspace, pairs=pairs)
    left = [path.name for path in (workspace.root / "runs" / "toy").iterdir() if "eval" in path.name]
    assert left == []
    assert "\n" not in str(error.value)
    return str(error.value)


def test_the_whole_by_hand(toy: Workspace) -> None:
    RunManifest("m", 100, 1000, {}, {}, {}).write(toy.run_manifest("toy", "m"))
    record = run_evaluation(toy, ["AP", "R@1"])
    assert list(record) == [
        "schema", "dataset", "model", "hits", "pool_hits", "languages", "language_groups", "settings",
        "settings_micro", "by_query_language", "by_passage_language", "by_query_script", "by_passage_script",
        "by_query_resource", "by_passage_resource", "pairs", "queries", "pool", "language_bias", "remarks", "runs",
        "judged_by", "made_by",
    ]
    assert (record["dataset"], record["model"], record["hits"], record["pool_hits"]) == ("toy", "m", 100, 1000)
    assert record["languages"] == ["de", "en"]
    assert {pair: of_pair["AP"] for pair, of_pair in record["pairs"].items()} == pytest.approx(AP)
    assert {pair: of_pair["R@1"] for pair, of_pair in record["pairs"].items()} == pytest.approx({
        "de-de": 1 / 3, "de-en": 1 / 3, "de-all": 1 / 3, "en-de": 0, "en-en": 1, "en-all": 1 / 3,
    })
    assert {setting: of_setting["AP"] for setting, of_setting in record["settings"].items()} == pytest.approx({
        "mono": (AP["de-de"] + 1) / 2, "cross": (AP["de-en"] + AP["en-de"]) / 2,
        "multi": (AP["de-all"] + AP["en-all"]) / 2,
    })
    assert record["settings_micro"]["mono"]["AP"] == pytest.approx((AP["de-de"] + 1) / 2)  # three queries each
    assert record["language_groups"]["script"] == {"Latn": ["de", "en"]}
    assert record["by_query_script"] == {"Latn": record["settings"]}
    assert record["by_query_resource"] == {"5": record["settings"]}
    assert record["by_passage_script"]["Latn"]["cross"] == record["settings"]["cross"]
    assert record["by_query_language"]["de"]["cross"]["AP"] == pytest.approx(AP["de-en"])
    assert record["by_passage_language"]["de"]["cross"]["AP"] == pytest.approx(AP["en-de"])
    assert record["queries"] == {
        pair: {"scored": 3, "unanswered": int(pair == "de-en"), "ignored": 0} for pair in AP
    }
    assert record["language_bias"]["rank_distance"] == {
        "mean": 2.5, "normalised": pytest.approx(2.5 / 7),
        "by_query_language": {"de": 3, "en": 2},  # (2 + 6 + 1) / 3 and (1 + 4 + 1) / 3
        "bound": False, "unranked_share": 0,
    }
    assert not [place for place in record["remarks"] if not place.startswith("language_bias")]
    assert json.loads(toy.evaluation("toy", "m").read_text(encoding="utf-8")) == record


def test_the_documentation_names_every_figure(toy: Workspace) -> None:
    text = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text(encoding="utf-8")
    record = run_evaluation(toy, ["AP"])
    told = {"schema", "dataset", "model", "hits", "pool_hits", "languages", "runs", "judged_by", "made_by"}
    names = [*(record.keys() - told), *(name.replace("@100", "@K") for name in record["language_bias"]), "AP(full)"]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_inputs_are_hashed_and_arguments_recorded(toy: Workspace) -> None:
    record = run_evaluation(toy, ["AP"], pairs="de-de,de-all,en-all")
    folder = toy.root / "runs" / "toy"
    names = ["run.toy.m.de-de.txt", "run.toy.m.de-all.txt", "run.toy.m.en-all.txt", "ranks.toy.m.de-all.tsv",
             "ranks.toy.m.en-all.tsv"]
    assert record["runs"] == {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    topics = toy.topics_folder("toy")
    judged_by = ["qrels.toy.all.txt", "qrels.toy.de.txt", "topics.toy.de.tsv", "topics.toy.en.tsv"]
    assert record["judged_by"] == {
        name: hashlib.sha256((topics / name).read_bytes()).hexdigest() for name in judged_by
    }
    assert record["made_by"]["arguments"] == {
        "dataset": "toy", "model": "m", "measures": ["AP"], "pairs": ["de-de", "de-all", "en-all"],
        "bias_at": 100,
    }
    assert record["made_by"]["versions"]["ir-measures"]


def test_gzipped_runs_are_found(toy: Workspace) -> None:
    expected = run_evaluation(toy, ["AP"])
    for pair in toy.dataset("toy").pairs:
        plain = toy.run("toy", "m", pair)
        toy.run("toy", "m", pair, gzipped=True).write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
    found = run_evaluation(toy, ["AP"])
    assert {name for name in found["runs"] if name.startswith("run.")} == {f"run.toy.m.{pair}.txt.gz" for pair in AP}
    assert found | {"runs": None} == expected | {"runs": None}
    toy.run("toy", "m", Pair("de", "de"), gzipped=True).unlink()
    toy.evaluation("toy", "m").unlink()
    toy.per_query("toy", "m").unlink()
    assert "1 of 6 runs are missing: run.toy.m.de-de.txt;" in error_of(toy)


def test_per_query_values(toy: Workspace) -> None:
    record = run_evaluation(toy)
    table = pyarrow.parquet.read_table(toy.per_query("toy", "m"))
    assert table.column_names == ["pair", "query_id", "measure", "value"]
    rows = table.to_pylist()
    assert len(rows) == 6 * 3 * len(DEFAULT) + 2 * 3 * 3  # the pools' rank distance, Max@R and AP(full)
    of_query = {(row["pair"], row["query_id"], row["measure"]): row["value"] for row in rows}
    assert len(of_query) == len(rows)
    assert of_query["de-de", "q3", "AP"] == 0.25
    assert of_query["de-en", "q2", "AP"] == 0  # unanswered
    assert [of_query["de-all", question, "rank_distance"] for question in ("q1", "q2", "q3")] == [2, 6, 1]
    for pair, means in record["pairs"].items():
        for measure, mean in means.items():
            values = [of_query[pair, question, measure] for question in ("q1", "q2", "q3")]
            assert sum(values) / 3 == pytest.approx(mean)


def test_equal_work_gives_equal_bytes(toy: Workspace) -> None:
    def contents() -> list[bytes]:
        run_evaluation(toy)
        return [toy.evaluation("toy", "m").read_bytes(), toy.per_query("toy", "m").read_bytes()]

    assert contents() == contents()


def test_without_a_manifest_the_depth_is_unknown(toy: Workspace) -> None:
    assert run_evaluation(toy)["hits"] is None


def test_chosen_pairs_leave_null_means_with_reasons(toy: Workspace) -> None:
    for pair in ("en-de", "de-en"):
        toy.run("toy", "m", Pair(*pair.split("-"))).unlink()
    record = run_evaluation(toy, ["AP"], pairs="en-en,de-de,de-all")
    assert list(record["pairs"]) == ["en-en", "de-de", "de-all"]
    assert record["settings"] == {
        "mono": {"AP": pytest.approx((AP["de-de"] + 1) / 2)}, "cross": {"AP": None}, "multi": {"AP": None},
    }
    assert record["remarks"]["settings.cross"] == "null: 2 of 2 pairs were not given (de-en en-de)"
    distances = record["language_bias"]["rank_distance"]
    assert (distances["mean"], distances["by_query_language"]) == (None, {"de": 3})
    assert record["remarks"]["language_bias.rank_distance"] == "null: 1 of 2 pairs were not given (en-all)"


def test_pairs_with_their_own_qrels(toy: Workspace) -> None:
    """As in MLQA-R, where only some questions of a language have a passage in the other."""
    write_qrels(toy.qrels("toy", Pair("de", "en")), {"q1": {"en:1": 1}, "q2": {"en:2": 0}, "other": {"en:2": 1}})
    record = run_evaluation(toy, ["AP"])
    assert record["queries"]["de-en"] == {"scored": 1, "unanswered": 0, "ignored": 1}
    assert record["pairs"]["de-en"] == {"AP": 0.5}
    assert record["pairs"]["en-en"] == {"AP": 1.0}
    assert record["settings"]["cross"]["AP"] == pytest.approx((0.5 + 0.25) / 2)
    assert record["settings_micro"]["cross"]["AP"] == pytest.approx((0.5 + 3 * 0.25) / 4)


def test_topics_and_qrels_are_read_once_a_file(toy: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not once a pair: of XQuAD-R's 132 pairs that would be 264 times instead of 23."""
    write_qrels(toy.qrels("toy", Pair("de", "en")), {"q1": {"en:1": 1}})
    read: list[Path] = []
    for name in ("read_topics", "read_qrels"):
        real = getattr(evaluation, name)
        monkeypatch.setattr(evaluation, name, lambda path, real=real: read.append(path) or real(path))
    run_evaluation(toy, ["AP"])
    names = ["topics.toy.de.tsv", "topics.toy.en.tsv", *(f"qrels.toy.{k}.txt" for k in ("all", "de", "de-en", "en"))]
    assert sorted(path.name for path in read) == sorted(names)


def test_bounds_are_marked(toy: Workspace) -> None:
    write_ranks(toy.ranks("toy", "m", Pair("de", "all")), [
        RankedPassage("q1", "de:1", 1, 1.0, 8), RankedPassage("q1", "en:1", None, None, 8),
        RankedPassage("q2", "de:2", None, None, 8), RankedPassage("q2", "en:2", None, None, 8),
        RankedPassage("q3", "de:3", 1, 1.0, 8), RankedPassage("q3", "en:3", 2, 0.5, 8),
    ])
    distances = run_evaluation(toy, ["AP"])["language_bias"]["rank_distance"]
    assert distances["by_query_language"] == {"de": (7 + 7 + 1) / 3, "en": 2}
    assert (distances["bound"], distances["unranked_share"]) == (True, 3 / 12)


def test_runs_from_elsewhere_have_no_rank_distance(toy: Workspace) -> None:
    for language in ("de", "en"):
        toy.ranks("toy", "m", Pair(language, "all")).unlink()
    record = run_evaluation(toy, ["AP"])
    assert record["settings"]["multi"]["AP"] is not None
    assert record["language_bias"]["rank_distance"] == {
        "mean": None, "normalised": None, "by_query_language": {}, "bound": None, "unranked_share": None,
    }
    assert record["remarks"]["language_bias.rank_distance"] == "null: the runs have no ranks beside them"


def test_ranks_of_some_pools_only_are_a_fault(toy: Workspace) -> None:
    toy.ranks("toy", "m", Pair("en", "all")).unlink()
    assert "ranks.toy.m.en-all.tsv: no such file" in error_of(toy)


def test_pools_of_different_sizes_are_a_fault(toy: Workspace) -> None:
    path = toy.ranks("toy", "m", Pair("en", "all"))
    path.write_text(path.read_text().replace("\t8\n", "\t9\n"))
    assert "pools of different sizes: 8 9" in error_of(toy)


def test_an_empty_run_counts_zero_and_is_remarked(toy: Workspace) -> None:
    toy.run("toy", "m", Pair("de", "en")).write_text("")
    record = run_evaluation(toy, ["AP"])
    assert record["pairs"]["de-en"] == {"AP": 0}
    assert record["queries"]["de-en"] == {"scored": 3, "unanswered": 3, "ignored": 0}
    remarks = {place: why for place, why in record["remarks"].items() if not place.startswith("language_bias")}
    assert remarks == {"pairs.de-en": "the run is empty: all figures are zero"}


def test_a_run_of_other_passages_is_remarked(toy: Workspace) -> None:
    toy.run("toy", "m", Pair("de", "en")).write_bytes(toy.run("toy", "m", Pair("de", "de")).read_bytes())
    record = run_evaluation(toy, ["AP"])
    assert record["pairs"]["de-en"] == {"AP": 0}
    assert "holds no relevant passage" in record["remarks"]["pairs.de-en"]


def test_a_run_of_other_queries_is_an_error(toy: Workspace) -> None:
    write_run(toy.run("toy", "m", Pair("en", "de")), [("x1", [Hit("de:1", 1.0)]), ("x2", [Hit("de:1", 1.0)])], "m")
    message = error_of(toy)
    assert "run.toy.m.en-de.txt: answers 2 queries, but none of the 3 scored ones (such as 'q1')" in message


def test_missing_runs_are_named_before_anything_is_scored(toy: Workspace) -> None:
    toy.run("toy", "m", Pair("de", "de")).write_text("broken, but never read")
    for pair in ("en-en", "en-all"):
        toy.run("toy", "m", Pair(*pair.split("-"))).unlink()
    message = error_of(toy)
    assert "2 of 6 runs are missing: run.toy.m.en-en.txt run.toy.m.en-all.txt" in message
    assert "--pairs" in message


def test_runs_of_queries_that_have_changed_since_are_refused(toy: Workspace) -> None:
    file = toy.topics("toy", "de")
    RunManifest(
        "m", 100, 1000, {}, {f"topics/toy/{file.name}": sha256(file)}, {}
    ).write(toy.run_manifest("toy", "m"))
    check_runs(toy, toy.dataset("toy"), "m", toy.dataset("toy").pairs)
    file.write_text(file.read_text().replace("\t", "\tnow ", 1))
    assert error_of(toy) == (
        f"{toy.run_manifest('toy', 'm')}: the runs of 'm' are of other queries than topics.toy.de.tsv has now; make "
        "the runs again, with --overwrite"
    )


def test_a_model_without_runs_names_those_that_have_some(toy: Workspace) -> None:
    write_run(toy.run("toy", "bm25", Pair("de", "en")), [], "bm25")
    with pytest.raises(InputError, match=r"no runs of 'other' on toy \(there: bm25, m\)"):
        check_runs(toy, toy.dataset("toy"), "other", ())


def test_nothing_to_score_is_an_error(toy: Workspace) -> None:
    write_qrels(toy.qrels("toy", "en"), {"q1": {"en:1": 0}, "other": {"en:1": 1}})
    assert "qrels.toy.en.txt: no query of topics.toy.de.tsv has a relevant passage here" in error_of(toy)


@pytest.mark.parametrize(("line", "message"), [
    ("q1 Q0 de:1 1 nan m", "score 'nan' of passage 'de:1' is no finite number"),
    ("q1 Q0 de:1 1 high m", "score 'high' of passage 'de:1' is no finite number"),
    ("q1 Q0 de:1 1 0.5", "found 5 field(s)"),
    ("q1 Q0 x 9 0.2 m\nq1 Q0 x 10 0.1 m", "query 'q1' retrieves passage 'x' twice"),
])
def test_broken_run_lines_are_named_and_leave_nothing(toy: Workspace, line: str, message: str) -> None:
    """In the last pair, so that every other pair is already scored."""
    path = toy.run("toy", "m", Pair("en", "all"))
    before = path.read_text().splitlines()
    path.write_text("\n".join([*before, line]) + "\n")
    found = error_of(toy)
    number = len(before) + 1 + line.count("\n")
    assert f"run.toy.m.en-all.txt:{number}: " in found
    assert message in found


def test_a_failed_evaluation_keeps_the_one_before(toy: Workspace) -> None:
    run_evaluation(toy, ["AP"])
    before = [toy.evaluation("toy", "m").read_bytes(), toy.per_query("toy", "m").read_bytes()]
    toy.run("toy", "m", Pair("en", "all")).write_text("broken\n")
    with pytest.raises(InputError):
        run_evaluation(toy)
    assert [toy.evaluation("toy", "m").read_bytes(), toy.per_query("toy", "m").read_bytes()] == before


def test_missing_topics_and_qrels_are_named(toy: Workspace) -> None:
    toy.topics("toy", "en").unlink()
    assert "topics.toy.en.tsv: no such file" in error_of(toy)
    toy.qrels("toy", "all").unlink()
    assert "qrels.toy.all.txt: no such file" in error_of(toy, pairs="de-all")


def test_ids_that_look_like_numbers_stay_as_they_are(toy: Workspace) -> None:
    for language in ("de", "en"):
        path = toy.topics("toy", language)
        path.write_text(path.read_text().replace("q1", "007").replace("q2", "7"))
    for name in ("en", "de", "all"):
        path = toy.qrels("toy", name)
        path.write_text(path.read_text().replace("q1", "007").replace("q2", "7"))
    for path in (toy.root / "runs" / "toy").iterdir():
        path.write_text(path.read_text().replace("q1", "007").replace("q2", "7"))
    record = run_evaluation(toy, ["AP"])
    assert {pair: of_pair["AP"] for pair, of_pair in record["pairs"].items()} == pytest.approx(AP)
