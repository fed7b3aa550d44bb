"""The workspace: names of everything, what a data set declares, and how pairs and models are chosen."""

import json
from pathlib import Path

import pytest

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair
from hybrid_pyserini.workspace import DatasetInfo, Workspace, check_language, check_name, choose_pairs

INFO = DatasetInfo(
    "xquad-r", ("de", "en"),
    tuple(Pair(q, p) for q in ("de", "en") for p in ("de", "en", "all")),
    counts={"de": {"topics": 2, "passages": 5, "judgements": 2}}, origin="LAReQA", licence="CC BY-SA 4.0",
    sources={"de.json": "00ff"}, notes={"changed": 3}, pair_qrels=(Pair("de", "en"),),
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path)
    INFO.write(made.dataset_file("xquad-r"))
    return made


def test_a_pair_knows_its_setting() -> None:
    assert [Pair("de", passages).setting for passages in ("de", "en", "all")] == ["mono", "cross", "multi"]
    assert str(Pair("zh_Hans", "all")) == "zh_Hans-all"


def test_every_name_is_as_documented() -> None:
    w, pair = Workspace(Path("w")), Pair("de", "en")
    assert [str(path.relative_to("w")) for path in (
        w.collection("d", "de"), w.topics("d", "de"), w.qrels("d", "de"), w.qrels("d", "all"), w.qrels("d", pair),
        w.dataset_file("d"), w.index("d", "m", "all"), w.run("d", "m", pair), w.run("d", "m", Pair("de", "all")),
        w.ranks("d", "m", Pair("de", "all")), w.evaluation("d", "m"), w.per_query("d", "m"),
    )] == [
        "collections/d/de.jsonl", "topics/d/topics.d.de.tsv", "topics/d/qrels.d.de.txt", "topics/d/qrels.d.all.txt",
        "topics/d/qrels.d.de-en.txt", "topics/d/dataset.json", "indexes/d/m/all", "runs/d/run.d.m.de-en.txt",
        "runs/d/run.d.m.de-all.txt", "runs/d/ranks.d.m.de-all.tsv", "runs/d/eval.d.m.json",
        "runs/d/eval.d.m.per_query.parquet",
    ]


def test_a_pairs_own_qrels_come_first(workspace: Workspace) -> None:
    pair = Pair("de", "en")
    assert workspace.qrels_of("xquad-r", pair) == workspace.qrels("xquad-r", "en")
    workspace.qrels("xquad-r", pair).touch()
    assert workspace.qrels_of("xquad-r", pair) == workspace.qrels("xquad-r", pair)
    assert workspace.qrels_of("xquad-r", Pair("en", "all")) == workspace.qrels("xquad-r", "all")


def test_a_declaration_comes_back(workspace: Workspace) -> None:
    assert workspace.dataset("xquad-r") == INFO
    assert workspace.datasets() == ["xquad-r"]
    assert INFO.pool
    assert not DatasetInfo("d", ("de",), (Pair("de", "de"),)).pool


def test_languages_of_passages() -> None:
    """Questions in English and German, passages in German, Dutch and, judged for no question, French."""
    pairs = (Pair("en", "de"), Pair("en", "nl"), Pair("en", "all"), Pair("de", "nl"))
    counts = {"fr": {"topics": 0, "passages": 7, "judgements": 0}, "en": {"topics": 3, "passages": 0}}
    assert DatasetInfo("d", ("de", "en", "fr", "nl"), pairs, counts).passage_languages == ("de", "fr", "nl")


def test_an_unknown_data_set_names_the_known_ones(workspace: Workspace) -> None:
    with pytest.raises(InputError, match=r"no data set 'mlqa-r' in this workspace \(there: xquad-r\)"):
        workspace.dataset("mlqa-r")
    with pytest.raises(InputError, match=r"\(there: none\)"):
        Workspace(workspace.root / "elsewhere").dataset("mlqa-r")


@pytest.mark.parametrize("change", [
    {"pairs": ["de-en-all"]}, {"pairs": ["de"]}, {"pairs": None}, {"pairs": [1]}, {"languages": 3}, {"unknown": 1},
])
def test_a_broken_declaration_is_one_line(workspace: Workspace, change: dict) -> None:
    path = workspace.dataset_file("xquad-r")
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=r"dataset\.json: not a dataset\.json") as error:
        workspace.dataset("xquad-r")
    assert "\n" not in str(error.value)


def test_a_declaration_without_pairs_is_one_line(workspace: Workspace) -> None:
    workspace.dataset_file("xquad-r").write_text('{"name": "xquad-r", "languages": ["de"]}')
    with pytest.raises(InputError, match=r"not a dataset\.json \('pairs'\)"):
        workspace.dataset("xquad-r")


@pytest.mark.parametrize("name", ["xquad-r", "m_2", "x+y", "A", "7b"])
def test_good_names(name: str) -> None:
    assert check_name(name, "model") == name


@pytest.mark.parametrize("name", ["", "a.b", "-x", "a b", "a/b", "..", "é", "a\n"])
def test_bad_names(name: str) -> None:
    with pytest.raises(InputError, match="model name"):
        check_name(name, "model")


@pytest.mark.parametrize("code", ["de", "zh_Hans", "EN", "x1"])
def test_good_languages(code: str) -> None:
    assert check_language(code) == code


@pytest.mark.parametrize("code", ["all", "zh-Hans", "", "d.e", "de en", "de\n"])
def test_bad_languages(code: str) -> None:
    with pytest.raises(InputError, match="language code"):
        check_language(code)


def test_a_model_is_a_workspace_name_then_a_path(workspace: Workspace) -> None:
    assert workspace.model("hybrid") == ("hybrid", "hybrid")
    (workspace.root / "models" / "hybrid").mkdir(parents=True)
    assert workspace.model("hybrid") == ("hybrid", str(workspace.root / "models" / "hybrid"))
    assert workspace.model("some/where/x-y/") == ("x-y", "some/where/x-y/")
    assert workspace.model("some/gte-base-v1.5") == ("gte-base-v1-5", "some/gte-base-v1.5")
    assert workspace.model("sentence-transformers/LaBSE") == ("LaBSE", "sentence-transformers/LaBSE")
    for bad in ("a.b", "", ".."):
        with pytest.raises(InputError, match="model name"):
            workspace.model(bad)


def test_models_with_runs(workspace: Workspace) -> None:
    assert workspace.models_with_runs("xquad-r") == []
    for model in ("x-y", "bm25"):
        for pair in (Pair("de", "en"), Pair("de", "all")):
            path = workspace.run("xquad-r", model, pair)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    workspace.run_manifest("xquad-r", "unsearched").touch()
    workspace.evaluation("xquad-r", "unsearched").touch()
    (path.parent / ".run.xquad-r.killed.de-en.txt.partial").touch()
    (path.parent / "run.xquad-r.no.model.de-en.txt").touch()
    assert workspace.models_with_runs("xquad-r") == ["bm25", "x-y"]


def test_a_run_is_found_in_either_form(workspace: Workspace) -> None:
    pair = Pair("de", "en")
    plain = workspace.run("xquad-r", "m", pair)
    packed = workspace.run("xquad-r", "m", pair, gzipped=True)
    assert packed == plain.with_name("run.xquad-r.m.de-en.txt.gz")
    assert workspace.found_run("xquad-r", "m", pair) == plain
    packed.parent.mkdir(parents=True)
    packed.touch()
    assert workspace.found_run("xquad-r", "m", pair) == packed
    assert workspace.models_with_runs("xquad-r") == ["m"]
    plain.touch()
    assert workspace.found_run("xquad-r", "m", pair) == plain
    (packed.parent / "run.xquad-r.other.de-en.txt.bak").touch()
    assert workspace.models_with_runs("xquad-r") == ["m"]


def test_all_pairs_or_some_of_them_once_each() -> None:
    assert choose_pairs(INFO, None) == INFO.pairs
    assert choose_pairs(INFO, "en-all,de-en,en-all") == (Pair("en", "all"), Pair("de", "en"))
    assert choose_pairs(INFO, ["de-de"]) == (Pair("de", "de"),)


@pytest.mark.parametrize("wanted", ["de-fr", "de", "", "de-en,", "all-de"])
def test_pairs_that_are_not_declared(wanted: str) -> None:
    with pytest.raises(InputError, match=r"is not a pair of xquad-r; choose among its languages: de en"):
        choose_pairs(INFO, wanted)
