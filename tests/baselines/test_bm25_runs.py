"""BM25's runs and ranks against a slow scorer and against Pyserini's own commands; what is kept, redone, refused."""

import json
import math
import shutil
from gzip import decompress as gunzip
from pathlib import Path

import pytest

from hybrid_pyserini import trec
from hybrid_pyserini.baselines import bm25_index
from hybrid_pyserini.baselines.analysis import load_analyzer
from hybrid_pyserini.baselines.bm25 import bm25
from hybrid_pyserini.baselines.bm25_search import Bm25Search
from hybrid_pyserini.bridge.command import run_pyserini
from hybrid_pyserini.collection import read_collection, write_collection
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair, Passage
from hybrid_pyserini.workspace import DatasetInfo, Workspace

pytestmark = pytest.mark.java
PASSAGES = {
    "de": ["Die Häuser der Stadt Berlin", "Das Haus am Fluss", "Und wie!", "Die NFL spielt 2016 in Berlin", "Ein Fluss",
           "Ein Fluss", "Brot und Häuser, Häuser und Brot"],
    "el": ["Οι άνθρωποι της πόλης", "Το ποτάμι", "Ο άνθρωπος και το σπίτι", "Το 2016 η NFL"],
    "en": ["The houses of the city of Berlin", "A house by the river: houses", "It is!", "The NFL played in 2016",
           "Running foxes run"],
    "th": ["บ้านในเมืองเบอร์ลิน", "บ้านริมแม่น้ำ", "NFL ปี 2016", "แม่น้ำ"],
}
TOPICS = {
    "de": {"q1": "Welche Häuser hat Berlin?", "q2": "Was macht die NFL 2016?", "q3": "Fluss Haus Running", "q4": "Ob"},
    "el": {"q1": "Ποιους ανθρώπους έχει η πόλη;", "q2": "Τι κάνει η NFL το 2016;", "q3": "ποτάμι", "q4": "Και;"},
    "en": {"q1": "Which house is in Berlin?", "q2": "NFL +2016 AND (run OR *)^", "q3": "rivers", "q4": "Is it?"},
    "th": {"q1": "บ้านใดในเบอร์ลิน", "q2": "NFL ปี 2016 ทำอะไร", "q3": "บ้านริมแม่น้ำอยู่ที่ไหน", "q4": "?"},
}
"""q4 has no hits: no token, or none that a passage has."""
RELEVANT = {"q1": 0, "q2": 3, "q3": 1, "q4": 2}
"""Query -> the place of its relevant passage in each language; q4's is, in German and English, stop words only."""
LANGUAGES = tuple(PASSAGES)


def write_dataset(root: Path) -> Workspace:
    workspace = Workspace(root)
    pool: dict[str, dict[str, int]] = {query_id: {} for query_id in RELEVANT}
    for language, texts in PASSAGES.items():
        write_collection(workspace.collection("toy", language), [
            Passage(f"{language}:{number}", text, text, "", f"{language}:{number}", language)
            for number, text in enumerate(texts)
        ])
        trec.write_topics(workspace.topics("toy", language), TOPICS[language])
        qrels = {query_id: {f"{language}:{number}": 1} for query_id, number in RELEVANT.items()}
        trec.write_qrels(workspace.qrels("toy", language), qrels)
        for query_id, judged in qrels.items():
            pool[query_id] |= judged
    trec.write_qrels(workspace.qrels("toy", "all"), pool)
    pairs = tuple(Pair(q, p) for q in LANGUAGES for p in (*LANGUAGES, "all"))
    DatasetInfo("toy", LANGUAGES, pairs).write(workspace.dataset_file("toy"))
    return workspace


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The data set, indexed and searched with all defaults; read only."""
    workspace = write_dataset(tmp_path_factory.mktemp("prepared"))
    bm25(workspace, "toy")
    return workspace


@pytest.fixture
def workspace(prepared: Workspace, tmp_path: Path) -> Workspace:
    """A copy of the searched data set, to be changed."""
    shutil.copytree(prepared.root, tmp_path / "workspace")
    return Workspace(tmp_path / "workspace")


def slow_ranking(pair: Pair, query: str, k1: float = 0.9, b: float = 0.4) -> list[tuple[str, float]]:
    """BM25 by its formula, in trec_eval's order; scores to six decimals, so that equal ones are equal."""
    languages = LANGUAGES if pair.passage == "all" else (pair.passage,)
    tokens = {
        f"{language}:{number}": load_analyzer(language)(text)
        for language in languages for number, text in enumerate(PASSAGES[language])
    }
    tokens = {docid: words for docid, words in tokens.items() if words}
    average = sum(map(len, tokens.values())) / len(tokens)
    scores = dict.fromkeys(tokens, 0.0)
    for word in load_analyzer(pair.query if pair.passage == "all" else pair.passage)(query):
        documents = sum(word in words for words in tokens.values())
        idf = math.log(1 + (len(tokens) - documents + 0.5) / (documents + 0.5))
        for docid, words in tokens.items():
            frequency = words.count(word)
            scores[docid] += idf * frequency / (frequency + k1 * (1 - b + b * len(words) / average))
    ranking = [(docid, round(score, 6)) for docid, score in scores.items() if score > 0]
    ranking.sort(key=lambda hit: hit[0].encode(), reverse=True)
    return sorted(ranking, key=lambda hit: hit[1], reverse=True)


@pytest.mark.parametrize("query_language", LANGUAGES)
@pytest.mark.parametrize("passages", [*LANGUAGES, "all"])
def test_runs_are_the_formulas_in_trec_evals_order(prepared: Workspace, query_language: str, passages: str) -> None:
    """Pairs: both sides analysed as the passages' language. Pool: every passage and query as its own."""
    pair = Pair(query_language, passages)
    run = trec.read_run(prepared.run("toy", "bm25", pair))
    for query_id, query in TOPICS[query_language].items():
        expected = slow_ranking(pair, query)
        assert list(run.get(query_id, {})) == [docid for docid, _ in expected]
        assert list(run.get(query_id, {}).values()) == pytest.approx([score for _, score in expected], abs=2e-6)


def test_the_toy_data_has_what_the_test_above_is_about(prepared: Workspace) -> None:
    german = trec.read_run(prepared.run("toy", "bm25", Pair("de", "de")))
    assert german["q3"]["de:5"] == german["q3"]["de:4"]  # a tie, ordered by id
    assert set(trec.read_run(prepared.run("toy", "bm25", Pair("en", "de")))["q1"]) == {"de:0", "de:3"}  # Berlin
    # Running: stemmed as the English passages are, not as the German query would be.
    assert "en:4" in trec.read_run(prepared.run("toy", "bm25", Pair("de", "en")))["q3"]
    pool = trec.read_run(prepared.run("toy", "bm25", Pair("th", "all")))
    assert {docid.split(":")[0] for docid in pool["q2"]} == set(LANGUAGES)  # NFL and 2016 are in all
    assert "de:0" not in pool["q3"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_ranks_are_those_of_the_full_ranking(prepared: Workspace, language: str) -> None:
    pair = Pair(language, "all")
    ranked = list(trec.read_ranks(prepared.ranks("toy", "bm25", pair)))
    assert [(r.query_id, r.docid) for r in ranked] == [
        (query_id, f"{passages}:{number}") for query_id, number in RELEVANT.items() for passages in LANGUAGES
    ]
    for r in ranked:
        ranking = [docid for docid, _ in slow_ranking(pair, TOPICS[language][r.query_id])]
        assert r.rank == (ranking.index(r.docid) + 1 if r.docid in ranking else None)
        assert (r.score is None) == (r.rank is None)
        assert r.size == sum(map(len, PASSAGES.values()))  # passages without a token count, too


def test_runs_are_cut_but_ranks_are_not(prepared: Workspace, tmp_path: Path) -> None:
    workspace = write_dataset(tmp_path)
    bm25(workspace, "toy", pairs="en-all,de-de", hits=2, pool_hits=1)
    for pair, hits in ((Pair("en", "all"), 1), (Pair("de", "de"), 2)):
        full = trec.read_run(prepared.run("toy", "bm25", pair))
        assert trec.read_run(workspace.run("toy", "bm25", pair)) == {
            query_id: dict(list(found.items())[:hits]) for query_id, found in full.items()
        }
    ranks = [workspace.ranks("toy", "bm25", Pair("en", "all")) for workspace in (workspace, prepared)]
    assert ranks[0].read_bytes() == ranks[1].read_bytes()
    assert max(r.rank or 0 for r in trec.read_ranks(ranks[0])) > 2


def test_parameters_and_threads(tmp_path: Path) -> None:
    workspace = write_dataset(tmp_path)
    bm25(workspace, "toy", pairs=["de-de"], k1=1.2, b=0.75, threads=3)
    run = trec.read_run(workspace.run("toy", "bm25", Pair("de", "de")))
    for query_id, hits in run.items():
        expected = slow_ranking(Pair("de", "de"), TOPICS["de"][query_id], k1=1.2, b=0.75)
        assert list(hits.items()) == [(docid, pytest.approx(score, abs=2e-6)) for docid, score in expected]


@pytest.mark.parametrize("language", ["de", "en"])
def test_pyserinis_own_commands_agree(prepared: Workspace, tmp_path: Path, language: str) -> None:
    """Where Pyserini has the right analyzer: the same passages, the same scores to the four decimals it rounds to."""
    collection = tmp_path / "collection"
    collection.mkdir()
    shutil.copy(prepared.collection("toy", language), collection)
    run_pyserini("index.lucene", [
        "--collection", "JsonCollection", "--input", str(collection), "--index", str(tmp_path / "index"),
        "--generator", "DefaultLuceneDocumentGenerator", "--threads", "1", "--language", language,
    ])
    run_pyserini("search.lucene", [
        "--index", str(tmp_path / "index"), "--topics", str(prepared.topics("toy", language)), "--bm25",
        "--language", language, "--output", str(tmp_path / "run.txt"),
    ])
    ours = trec.read_run(prepared.run("toy", "bm25", Pair(language, language)))
    stock = trec.read_run(tmp_path / "run.txt")
    assert ours.keys() == stock.keys() == {"q1", "q2", "q3"}
    for query_id, hits in ours.items():
        assert hits == pytest.approx(stock[query_id], abs=1e-4)


def test_pyserini_can_search_our_index(prepared: Workspace, tmp_path: Path) -> None:
    """With its own command and queries that are tokens already."""
    tokens = {query_id: " ".join(load_analyzer("th")(query)) for query_id, query in TOPICS["th"].items()}
    trec.write_topics(tmp_path / "topics.tsv", {query_id: query for query_id, query in tokens.items() if query})
    run_pyserini("search.lucene", [
        "--index", str(prepared.bm25_index("toy", "th")), "--topics", str(tmp_path / "topics.tsv"), "--bm25",
        "--pretokenized", "--output", str(tmp_path / "run.txt"),
    ])
    stock = trec.read_run(tmp_path / "run.txt")
    for query_id, hits in trec.read_run(prepared.run("toy", "bm25", Pair("th", "th"))).items():
        assert hits == pytest.approx(stock[query_id], abs=1e-4)


def test_manifests_say_what_was_made_and_what_was_not_found(prepared: Workspace) -> None:
    runs = json.loads(prepared.run_manifest("toy", "bm25").read_text())
    assert (runs["model"], runs["hits"], runs["pool_hits"]) == ("bm25", 1000, 1000)
    assert runs["system"] == {"k1": 0.9, "b": 0.4}
    assert len(runs["pairs"]) == 20
    for pair, counts in runs["pairs"].items():
        query_language, passages = pair.split("-")
        without = sum(not slow_ranking(Pair(query_language, passages), q) for q in TOPICS[query_language].values())
        assert counts == {"queries": 4, "without_hits": without}
    assert runs["pairs"]["de-de"]["without_hits"] == 1
    assert runs["made_by"]["versions"]["pyserini"]

    pool = json.loads((prepared.bm25_index("toy", "all") / "manifest.json").read_text())
    assert pool["passages"] == 20
    assert pool["without_tokens"] == ["de:2", "en:2"]
    assert pool["analysis"]["el"] == "org.apache.lucene.analysis.el.GreekAnalyzer"
    assert list(pool["sources"]) == list(LANGUAGES)


def test_equal_work_gives_equal_bytes(prepared: Workspace, tmp_path: Path) -> None:
    again = write_dataset(tmp_path)
    bm25(again, "toy", threads=1)
    files = sorted(path.relative_to(again.root) for path in (again.root / "runs").rglob("*.*"))
    assert len(files) == 20 + 4 + 1
    for file in files:
        assert (again.root / file).read_bytes() == (prepared.root / file).read_bytes()


def test_finished_work_is_kept(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bm25Search, "__init__", lambda *_: pytest.fail("searched again"))
    assert all(each.kept for each in bm25(workspace, "toy"))
    monkeypatch.undo()
    before = workspace.run("toy", "bm25", Pair("de", "en")).read_bytes()
    workspace.run("toy", "bm25", Pair("de", "en")).unlink()
    workspace.ranks("toy", "bm25", Pair("el", "all")).unlink()
    searched = [str(each.pair) for each in bm25(workspace, "toy") if not each.kept]
    assert searched == ["de-en", "el-all"]
    assert workspace.run("toy", "bm25", Pair("de", "en")).read_bytes() == before
    redone = bm25(workspace, "toy", pairs="de-de", overwrite=True)
    assert [each.kept for each in redone] == [False]
    assert all(each.kept for each in bm25(workspace, "toy"))


def test_an_interrupted_search_goes_on_where_it_stopped(
    prepared: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = write_dataset(tmp_path)
    rankings = Bm25Search._rankings
    started: list[object] = []

    def stop_in_the_third(self: object, *arguments: object, **options: object) -> object:
        started.append(self)
        for number, ranking in enumerate(rankings(self, *arguments, **options)):
            if len(started) == 3 and number == 2:
                raise KeyboardInterrupt
            yield ranking

    monkeypatch.setattr(Bm25Search, "_rankings", stop_in_the_third)
    with pytest.raises(KeyboardInterrupt):
        bm25(workspace, "toy")
    monkeypatch.undo()
    assert len(list((workspace.root / "runs" / "toy").iterdir())) == 3  # two runs, the manifest, nothing half-written
    assert sum(each.kept for each in bm25(workspace, "toy")) == 2
    for run in (prepared.root / "runs" / "toy").glob("*.t*"):
        assert (workspace.root / "runs" / "toy" / run.name).read_bytes() == run.read_bytes()
    manifests = [json.loads(each.run_manifest("toy", "bm25").read_text()) for each in (workspace, prepared)]
    assert manifests[0] == manifests[1]


def test_other_parameters_are_refused_or_replace_all_runs(workspace: Workspace) -> None:
    before = {path: path.read_bytes() for path in (workspace.root / "runs" / "toy").iterdir()}
    with pytest.raises(InputError, match=r"k1 is 0\.9 there, 1\.2 now.*--overwrite"):
        bm25(workspace, "toy", pairs="de-de", k1=1.2)
    assert {path: path.read_bytes() for path in (workspace.root / "runs" / "toy").iterdir()} == before
    bm25(workspace, "toy", pairs="de-de", k1=1.2, overwrite=True)
    assert {path.name for path in (workspace.root / "runs" / "toy").iterdir()} == {
        "run.toy.bm25.de-de.txt", "run.toy.bm25.json"
    }


def test_gzipped_runs_have_the_same_lines(workspace: Workspace) -> None:
    def files() -> dict[str, bytes]:
        folder = workspace.root / "runs" / "toy"
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".json"}

    before = files()
    with pytest.raises(InputError, match=r"gzip is False there, True now.*--overwrite"):
        bm25(workspace, "toy", gzip=True)
    searched = bm25(workspace, "toy", gzip=True, overwrite=True)
    after = files()
    assert {each.run.name for each in searched} == {name for name in after if name.endswith(".gz")}
    assert {
        name.removesuffix(".gz"): gunzip(content) if name.endswith(".gz") else content
        for name, content in after.items()
    } == before
    assert len(after) == len(before)
    assert all(each.kept for each in bm25(workspace, "toy", gzip=True))


def test_changed_topics_and_collections_are_noticed(workspace: Workspace) -> None:
    trec.write_topics(workspace.topics("toy", "de"), TOPICS["de"] | {"q5": "Brot"})
    with pytest.raises(InputError, match=r"topics\.toy\.de\.tsv is .*--overwrite"):
        bm25(workspace, "toy", pairs="de-el")
    assert bm25(workspace, "toy", pairs="en-el")[0].kept
    passages = list(read_collection(workspace.collection("toy", "el")))
    write_collection(workspace.collection("toy", "el"), passages[1:])
    for pair in ("en-el", "en-all"):
        with pytest.raises(InputError, match=r"made from something else \(collection of el is .*--overwrite"):
            bm25(workspace, "toy", pairs=pair)
    assert bm25(workspace, "toy", pairs="en-en")[0].kept
    bm25(workspace, "toy", pairs="en-el", overwrite=True)
    manifest = json.loads((workspace.bm25_index("toy", "el") / "manifest.json").read_text())
    assert manifest["passages"] == len(passages) - 1


def test_few_passages_and_unknown_languages_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = write_dataset(tmp_path)
    bm25(workspace, "toy", pairs="de-de,de-en,de-all", hits=7)
    assert "7 hits asked for; a run has fewer where there are fewer passages: en 5\n" in capsys.readouterr().err
    DatasetInfo("toy", ("de", "xx"), (Pair("de", "de"),)).write(workspace.dataset_file("toy"))
    bm25(workspace, "toy", pairs="de-de", hits=7)
    assert "no analysis of its own for xx: words of any script" in capsys.readouterr().err


@pytest.mark.parametrize(("options", "problem"), [
    ({"hits": 0}, "0 hits"), ({"k1": -1.0}, "k1 is -1"), ({"k1": math.nan}, "k1 is nan"), ({"b": 1.5}, r"b is 1\.5"),
    ({"threads": 0}, "0 threads"), ({"pairs": "de-xx"}, "'de-xx' is not a pair of toy"),
])
def test_impossible_wishes_are_errors(workspace: Workspace, options: dict[str, object], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        bm25(workspace, "toy", **options)


def test_missing_and_broken_files_are_errors_that_leave_nothing_behind(tmp_path: Path) -> None:
    workspace = write_dataset(tmp_path)
    with pytest.raises(InputError, match="no data set 'none'"):
        bm25(workspace, "none")
    collection = workspace.collection("toy", "th")
    text = collection.read_text()
    collection.write_text(text + "{broken\n")
    with pytest.raises(InputError, match=r"th\.jsonl:5: broken JSON"):
        bm25(workspace, "toy", pairs="th-th")
    collection.write_text(text.replace("th:1", "de:1"))
    with pytest.raises(InputError, match="passage id 'de:1' occurs in de and in th"):
        bm25(workspace, "toy", pairs="th-all")
    assert not list(workspace.bm25_index("toy", "th").parent.iterdir())
    collection.unlink()
    with pytest.raises(InputError, match="no collection for language 'th'"):
        bm25(workspace, "toy", pairs="de-all")
    workspace.topics("toy", "el").write_text("q1\n")
    with pytest.raises(InputError, match=r"topics\.toy\.el\.tsv:1: expected qid<TAB>query"):
        bm25(workspace, "toy", pairs="el-de")
    assert not (workspace.root / "runs").exists()


def test_passages_that_lucene_drops_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It only logs them."""
    workspace = write_dataset(tmp_path)
    monkeypatch.setattr(bm25_index, "write_index", lambda _, documents: len(list(documents)) - 1)
    with pytest.raises(InputError, match="Lucene has indexed 5 of 6 passages"):
        bm25(workspace, "toy", pairs="de-de")
    assert not list(workspace.bm25_index("toy", "de").parent.iterdir())


def test_judgements_of_passages_that_do_not_exist_are_an_error(tmp_path: Path) -> None:
    workspace = write_dataset(tmp_path)
    path = workspace.qrels("toy", "all")
    path.write_text(path.read_text().replace("de:3", "de:33"))
    with pytest.raises(InputError, match="query 'q2' judges passage 'de:33', which no collection of the pool has"):
        bm25(workspace, "toy", pairs="en-all")
    assert not (workspace.root / "runs").exists()


def test_a_damaged_index_is_an_error(workspace: Workspace) -> None:
    folder = workspace.bm25_index("toy", "de")
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"passages": 7', '"passages": 8'))
    workspace.run_manifest("toy", "bm25").unlink()
    with pytest.raises(InputError, match="the index has 6 passages, its manifest 7; give --overwrite"):
        bm25(workspace, "toy", pairs="de-de")
    for file in folder.glob("segments*"):
        file.unlink()
    with pytest.raises(InputError, match="not an index that Lucene can open"):
        bm25(workspace, "toy", pairs="de-de")
    manifest.write_text("{}")
    with pytest.raises(InputError, match="not the manifest of a BM25 index"):
        bm25(workspace, "toy", pairs="de-de")
    assert bm25(workspace, "toy", pairs="de-de", overwrite=True)[0].without_hits == 1
