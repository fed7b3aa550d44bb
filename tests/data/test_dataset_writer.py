"""Writing into a workspace: what stands where, and all of it or nothing."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from hybrid_pyserini.collection import read_collection
from hybrid_pyserini.data import dataset_writer
from hybrid_pyserini.data.dataset import PreparedDataset, all_pairs
from hybrid_pyserini.data.dataset_writer import find_prepared, write_dataset
from hybrid_pyserini.data.question_articles import read_question_articles
from hybrid_pyserini.data.sources.example_source import read_examples
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair, ParallelExample, Passage
from hybrid_pyserini.trec import read_qrels, read_topics
from hybrid_pyserini.workspace import Workspace

EXAMPLE = ParallelExample(id="t1", group="t", queries={"de": "Was?"}, positives={"en": "That."})
SOURCES = {"a.txt": "00ff"}


def passage(docid: str, language: str, text: str = "Text.") -> Passage:
    return Passage(id=docid, text=text, contents=f"Title {text}", title="Title", group="g", language=language)


@pytest.fixture
def dataset() -> PreparedDataset:
    return PreparedDataset(
        name="demo",
        passages={"de": [passage("de:1", "de"), passage("de:2", "de")], "en": [passage("en:1", "en", "A\ntext.")]},
        topics={"de": {"q1": "Wer  denn?", "q2": "Was?"}, "en": {"q1": "Who?", "q2": "What?"}},
        qrels={"de": {"q1": {"de:1": 1, "de:2": 0}, "q2": {"de:2": 2}}, "en": {"q1": {"en:1": 1}}},
        pairs=all_pairs(["de", "en"], ["de", "en"]),
        training={"demo-train": [EXAMPLE]},
        origin="somewhere", licence="CC0", notes={"found": 3},
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


def contents(workspace: Workspace) -> dict[str, bytes]:
    files = (path for path in sorted(workspace.root.rglob("*")) if path.is_file())
    return {str(path.relative_to(workspace.root)): path.read_bytes() for path in files}


def test_everything_stands_where_the_workspace_says(workspace: Workspace, dataset: PreparedDataset) -> None:
    info = write_dataset(workspace, dataset, SOURCES, overwrite=False)
    assert sorted(contents(workspace)) == [
        "collections/demo/de.jsonl", "collections/demo/en.jsonl", "sources/demo-train.jsonl",
        "topics/demo/dataset.json", "topics/demo/qrels.demo.all.txt", "topics/demo/qrels.demo.de.txt",
        "topics/demo/qrels.demo.en.txt", "topics/demo/topics.demo.de.tsv", "topics/demo/topics.demo.en.tsv",
    ]
    assert list(read_collection(workspace.collection("demo", "en"))) == dataset.passages["en"]
    assert read_topics(workspace.topics("demo", "de")) == {"q1": "Wer denn?", "q2": "Was?"}
    assert read_qrels(workspace.qrels("demo", "de")) == dataset.qrels["de"]
    assert read_qrels(workspace.qrels("demo", "all")) == {
        "q1": {"de:1": 1, "de:2": 0, "en:1": 1}, "q2": {"de:2": 2},
    }
    assert list(read_examples(workspace.source("demo-train"))) == [EXAMPLE]
    assert workspace.dataset("demo") == info
    assert info.languages == ("de", "en") and info.pool and Pair("en", "all") in info.pairs
    assert info.counts == {
        "de": {"topics": 2, "passages": 2, "judgements": 3}, "en": {"topics": 2, "passages": 1, "judgements": 1},
    }
    assert (info.origin, info.licence, info.sources) == ("somewhere", "CC0", SOURCES)
    assert info.notes["found"] == 3 and info.notes["queries_with_white_space_made_one_blank"] == 1
    assert info.notes["training_sources"] == {"demo-train": 1}


def test_judgements_of_a_pair_have_their_own_file(workspace: Workspace, dataset: PreparedDataset) -> None:
    pair = Pair("de", "en")
    write_dataset(
        workspace, dataclasses.replace(dataset, pair_qrels={pair: {"q2": {"en:1": 1}}}), SOURCES, overwrite=False
    )
    assert read_qrels(workspace.qrels_of("demo", pair)) == {"q2": {"en:1": 1}}
    assert read_qrels(workspace.qrels_of("demo", Pair("en", "en"))) == {"q1": {"en:1": 1}}


def test_articles_of_questions(workspace: Workspace, dataset: PreparedDataset) -> None:
    articles = {"q1": "The\tRhine", "q2": "Tea"}
    info = write_dataset(workspace, dataclasses.replace(dataset, articles=articles), SOURCES, overwrite=False)
    path = workspace.question_articles("demo")
    assert path.read_text() == "q1\tThe Rhine\nq2\tTea\n"
    assert read_question_articles(path) == {"q1": "The Rhine", "q2": "Tea"}
    assert info.notes["articles"] == 2
    assert find_prepared(workspace, "demo", SOURCES) == info
    path.unlink()
    assert find_prepared(workspace, "demo", SOURCES) is None


@pytest.mark.parametrize(("text", "message"), [
    ("q1\tTea\nq2 Tea\n", ":2: expected qid<TAB>article"), ("q1\tTea\n\tRhine\n", ":2: expected qid<TAB>article"),
    ("q1\tTea\tx\n", ":1: expected qid<TAB>article"), ("q1\tTea\nq1\tRhine\n", ":2: query id 'q1' occurs twice"),
])
def test_broken_articles_are_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "articles.tsv").write_text(text)
    with pytest.raises(InputError) as error:
        read_question_articles(tmp_path / "articles.tsv")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"name": "my.data"}, "data set name 'my.data'"),
        ({"topics": {"zh-Hans": {"q1": "谁？"}}}, "language code 'zh-Hans'"),
        ({"passages": {"de": [passage("de:1", "de")] * 2}}, "passage id 'de:1' occurs twice (de and de)"),
        ({"passages": {"de": [passage("x", "de")], "en": [passage("x", "en")]}},
         "passage id 'x' occurs twice (de and en)"),
        ({"passages": {"de": [passage("de 1", "de")]}}, "passage id 'de 1' contains a blank"),
        ({"passages": {"de": [dataclasses.replace(passage("x", "de"), contents=" ")]}}, "passage 'x' is empty"),
        ({"topics": {"de": {"q1": "Wer?", "q2": " "}, "en": {"q1": "Who?"}}}, "query 'q2' (de) is empty"),
        ({"topics": {"de": {"q1": "Wer?", "q 2": "Was?"}, "en": {"q1": "Who?"}}}, "query id 'q 2' contains a blank"),
        ({"qrels": {"de": {"q1": {"de:3": 1}}}}, "qrels de: no passage 'de:3'"),
        ({"qrels": {"de": {"q1": {"en:1": 1}}}}, "qrels de: no passage 'en:1'"),
        ({"qrels": {"de": {"q3": {"de:1": 1}}}}, "qrels de: no topics have query 'q3'"),
        ({"pair_qrels": {Pair("de", "en"): {"q1": {"de:1": 1}}}}, "qrels de-en: no passage 'de:1'"),
        ({"qrels": {"de": {"q1": {"de:1": 1}}, "en": {"q1": {"en:1": 0}}}},
         "pair de-en has no query with a relevant passage"),
        ({"articles": {"q1": "Rhine"}}, "query 'q2' has no article"),
        ({"articles": {"q1": "Rhine", "q2": "Tea", "q3": "Tea"}}, "no topics have query 'q3' of article 'Tea'"),
        ({"articles": {"q1": "Rhine", "q2": " "}}, "the article of query 'q2' is empty"),
        ({"training": {"demo.train": [EXAMPLE]}}, "training source name 'demo.train'"),
    ],
)
def test_nothing_is_left_of_what_is_wrong(
    change: dict[str, Any], found: str, workspace: Workspace, dataset: PreparedDataset
) -> None:
    with pytest.raises(InputError) as raised:
        write_dataset(workspace, dataclasses.replace(dataset, **change), SOURCES, overwrite=False)
    assert found in raised.value.problem
    assert not list(workspace.root.rglob("*"))


def test_what_was_there_stays_when_its_successor_fails(workspace: Workspace, dataset: PreparedDataset) -> None:
    write_dataset(workspace, dataset, SOURCES, overwrite=False)
    before = contents(workspace)
    with pytest.raises(InputError):
        write_dataset(workspace, dataclasses.replace(dataset, qrels={"de": {"q1": {"x": 1}}}), SOURCES, overwrite=True)
    assert contents(workspace) == before


def test_overwriting_leaves_nothing_of_the_old(workspace: Workspace, dataset: PreparedDataset) -> None:
    write_dataset(workspace, dataset, SOURCES, overwrite=False)
    german = dataclasses.replace(
        dataset, passages={"de": dataset.passages["de"]}, topics={"de": dataset.topics["de"]},
        qrels={"de": dataset.qrels["de"]}, pairs=(Pair("de", "de"),),
    )
    info = write_dataset(workspace, german, SOURCES, overwrite=True)
    assert not info.pool
    assert not [name for name in contents(workspace) if ".en." in name or "en.jsonl" in name]


def test_equal_sources_are_found_and_others_refused(workspace: Workspace, dataset: PreparedDataset) -> None:
    assert find_prepared(workspace, "demo", SOURCES) is None
    info = write_dataset(workspace, dataset, SOURCES, overwrite=False)
    assert find_prepared(workspace, "demo", SOURCES) == info
    with pytest.raises(InputError, match=r"from other files than these \(a.txt, b.txt differ\); give --overwrite"):
        find_prepared(workspace, "demo", {"b.txt": "11"})


@pytest.mark.parametrize(
    "lost", ["collections/demo/en.jsonl", "topics/demo/topics.demo.de.tsv", "topics/demo/qrels.demo.de.txt",
             "topics/demo/qrels.demo.all.txt", "topics/demo/qrels.demo.de-en.txt", "topics/demo/qrels.demo.en-all.txt",
             "sources/demo-train.jsonl"],
)
def test_a_lost_file_is_made_again(lost: str, workspace: Workspace, dataset: PreparedDataset) -> None:
    judged = {"q1": {"en:1": 1}}
    dataset = dataclasses.replace(dataset, pair_qrels={Pair("de", "en"): judged, Pair("en", "all"): judged})
    write_dataset(workspace, dataset, SOURCES, overwrite=False)
    before = contents(workspace)
    (workspace.root / lost).unlink()
    assert find_prepared(workspace, "demo", SOURCES) is None
    write_dataset(workspace, dataset, SOURCES, overwrite=False)
    assert contents(workspace) == before


@pytest.mark.parametrize("own", ["collections/demo/de.jsonl", "topics/demo/notes.txt", "sources/demo-train.jsonl"])
def test_what_prepare_did_not_make_is_replaced_only_on_request(
    own: str, workspace: Workspace, dataset: PreparedDataset
) -> None:
    path = workspace.root / own
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"id": "mine"}))
    with pytest.raises(InputError, match="give --overwrite"):
        write_dataset(workspace, dataset, SOURCES, overwrite=False)
    assert list(contents(workspace)) == [own]
    write_dataset(workspace, dataset, SOURCES, overwrite=True)
    assert workspace.dataset("demo").counts["de"]["passages"] == 2


class _Killed(BaseException):
    """Ends a process where it stands, as far as that can be had inside one: whoever cleans up must not see it."""


@pytest.mark.parametrize("moves", range(4))
def test_killed_between_two_moves_it_is_prepared_by_the_next_attempt(
    moves: int, workspace: Workspace, dataset: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The training source, the collections and the topics take their places one by one; all of them or what is there
    of them must not keep ``prepare`` from doing it again."""
    undisturbed = Workspace(workspace.root.with_name("undisturbed"))
    write_dataset(undisturbed, dataset, SOURCES, overwrite=False)
    left = iter(range(moves))

    def move(made: Path, place: Path) -> None:
        if next(left, None) is None:
            raise _Killed
        original(made, place)

    original = dataset_writer._move
    monkeypatch.setattr(dataset_writer, "_move", move)
    if moves < 3:
        with pytest.raises(_Killed):
            write_dataset(workspace, dataset, SOURCES, overwrite=False)
        assert find_prepared(workspace, "demo", SOURCES) is None
    monkeypatch.undo()
    write_dataset(workspace, dataset, SOURCES, overwrite=False)
    assert contents(workspace) == contents(undisturbed)


def test_killed_while_it_replaces_topics_no_data_set_counts_as_there(
    workspace: Workspace, dataset: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a pair's own qrels the pair would be scored by others, and nobody would notice."""
    pair = Pair("de", "en")
    dataset = dataclasses.replace(dataset, pair_qrels={pair: {"q2": {"en:1": 1}}})
    write_dataset(workspace, dataset, SOURCES, overwrite=False)
    before = contents(workspace)

    def killed_half_way(folder: Path) -> None:
        if folder == workspace.topics_folder("demo"):
            workspace.qrels("demo", pair).unlink()
            raise _Killed
        original(folder)

    original = shutil.rmtree
    monkeypatch.setattr(shutil, "rmtree", killed_half_way)
    with pytest.raises(_Killed):
        write_dataset(workspace, dataset, SOURCES, overwrite=True)
    monkeypatch.undo()
    assert find_prepared(workspace, "demo", SOURCES) is None
    write_dataset(workspace, dataset, SOURCES, overwrite=False)
    assert contents(workspace) == before


def test_what_a_kill_left_aside_is_removed_by_the_next_attempt(
    workspace: Workspace, dataset: PreparedDataset
) -> None:
    left = workspace.root / ".prepare-demo.partial" / "collections"
    left.mkdir(parents=True)
    (left / "half.jsonl").touch()
    write_dataset(workspace, dataset, SOURCES, overwrite=False)
    assert not list(workspace.root.glob(".*"))
