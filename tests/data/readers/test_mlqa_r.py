"""MLQA-R: questions in two, three and four languages, worked by hand from the files to the evaluation.

A is asked in German and English, B in these and Spanish, C in all four languages, D in English and Vietnamese. One
German sentence answers both A and B. The files are in LAReQA's form, as ``json.dump`` writes it: on one line, in ASCII.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ir_measures
import pytest
from ir_measures import AP

from hybrid_pyserini.cli import main
from hybrid_pyserini.data.readers import mlqa_r
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_jsonl
from hybrid_pyserini.records import ALL, Pair
from hybrid_pyserini.trec import (
    Hit,
    RankedPassage,
    read_qrels,
    read_ranks,
    read_run,
    read_topics,
    scored_qrels,
    write_ranks,
    write_run,
)
from hybrid_pyserini.workspace import Workspace

TINY = Path(__file__).parent / "tiny-mlqa-r"
IDS = {
    "A": "6dcd4ce23d88e2ee9568ba546c007c63d9131c1b", "B": "ae4f281df5a5d0ff3cad6371f76d5c29b6d953ec",
    "C": "32096c2e0eff33d844ee6d675407ace18289357d", "D": "50c9e8d5fc98727b4bbc93cf5d64a68db647f04f",
}
LETTERS = {id_: letter for letter, id_ in IDS.items()}
ASKED = {"de": "CAB", "en": "ABCD", "es": "CB", "vi": "CD"}
POOL_QRELS = {
    "A": {"de:01-00-00", "en:00-00-00"}, "B": {"de:01-00-00", "en:00-00-01", "es:01-00-00"},
    "C": {"de:00-00-00", "en:01-00-00", "es:00-00-00", "vi:00-00-00"}, "D": {"en:01-00-01", "vi:00-00-01"},
}
# By hand: the questions of q that a sentence of p answers.
SCORED = {
    "de-de": "ABC", "de-en": "ABC", "de-es": "BC", "de-vi": "C", "de-all": "ABC",
    "en-de": "ABC", "en-en": "ABCD", "en-es": "BC", "en-vi": "CD", "en-all": "ABCD",
    "es-de": "BC", "es-en": "BC", "es-es": "BC", "es-vi": "C", "es-all": "BC",
    "vi-de": "C", "vi-en": "CD", "vi-es": "C", "vi-vi": "CD", "vi-all": "CD",
}
# The pairs that do not ask all that their passage language answers.
OWN_QRELS = {
    "es-de", "vi-de", "de-en", "es-en", "vi-en", "vi-es", "de-vi", "es-vi", "de-all", "es-all", "vi-all",
}
PAIRS = [Pair(*name.split("-")) for name in SCORED]


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy to be broken; the reader takes its counts for the published ones."""
    monkeypatch.setattr(mlqa_r, "COUNTS", {"de": (3, 3), "en": (4, 5), "es": (2, 3), "vi": (2, 3)})
    return shutil.copytree(TINY, tmp_path / "source")


@pytest.fixture
def workspace(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Workspace:
    assert main(["prepare", "mlqa-r", "--source", str(source), "--workspace", str(tmp_path / "w")]) == 0
    return Workspace(tmp_path / "w")


def test_counts_are_printed(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", "mlqa-r", "--source", str(source), "--workspace", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "language      topics    passages  judgements",
        "de                 3           3           3",
        "en                 4           5           4",
        "es                 2           3           2",
        "vi                 2           3           2",
        "all               11          14          11",
        "16 language pairs, 4 pools",
        "questions in 2 languages: 2",
        "questions in 3 languages: 1",
        "questions in 4 languages: 1",
        "groups of answer sentences: 3",
        "articles: 2",
    ]


def test_published_counts_are_those_of_the_paper() -> None:
    assert mlqa_r.COUNTS == {
        "ar": (517, 2545), "de": (512, 2362), "en": (1148, 6264), "es": (500, 1787), "hi": (507, 2426),
        "vi": (511, 2828), "zh": (504, 2322),
    }


def test_topics_qrels_and_articles(workspace: Workspace) -> None:
    for language, letters in ASKED.items():
        assert [LETTERS[id_] for id_ in read_topics(workspace.topics("mlqa-r", language))] == list(letters)
        assert {LETTERS[id_]: set(judged) for id_, judged in qrels(workspace, language).items()} == {
            letter: {docid for docid in POOL_QRELS[letter] if docid.startswith(language)} for letter in letters
        }
    assert {LETTERS[id_]: set(judged) for id_, judged in qrels(workspace, ALL).items()} == POOL_QRELS
    articles = dict(line.split("\t") for line in workspace.question_articles("mlqa-r").read_text().splitlines())
    titles = {"A": "Rhine", "B": "Rhine", "C": "Tea", "D": "Tea"}  # in English, which asks all of them
    assert {LETTERS[id_]: title for id_, title in articles.items()} == titles


def test_groups_are_the_connected_components(workspace: Workspace) -> None:
    group = {
        row["id"]: row["group"] for language in ASKED
        for _, row in read_jsonl(workspace.collection("mlqa-r", language))
    }
    of_rhine = {"de:01-00-00", "en:00-00-00", "en:00-00-01", "es:01-00-00"}  # A and B, joined by the German sentence
    assert {group[docid] for docid in of_rhine} == {f"mlqa-r:{IDS['A']}"}
    assert {group[docid] for docid in POOL_QRELS["C"]} == {f"mlqa-r:{IDS['C']}"}
    assert {group[docid] for docid in POOL_QRELS["D"]} == {f"mlqa-r:{IDS['D']}"}
    answers = set().union(*POOL_QRELS.values())
    assert all(group[docid] == docid for docid in group.keys() - answers) and len(group) == 14


def test_pairs_that_ask_fewer_questions_have_qrels_of_their_own(workspace: Workspace) -> None:
    assert {str(pair) for pair in PAIRS if workspace.qrels("mlqa-r", pair).exists()} == OWN_QRELS
    for name in OWN_QRELS:
        pair = Pair(*name.split("-"))
        own = {LETTERS[id_]: set(judged) for id_, judged in read_qrels(workspace.qrels("mlqa-r", pair)).items()}
        assert own == {
            letter: {docid for docid in POOL_QRELS[letter] if pair.passage in (docid[:2], ALL)}
            for letter in SCORED[name]
        }


def test_every_pair_scores_the_questions_that_both_languages_have(workspace: Workspace) -> None:
    """The same whether by the pair's own qrels or by its passage language's."""
    for pair in PAIRS:
        topics = read_topics(workspace.topics("mlqa-r", pair.query))
        for path in (workspace.qrels_of("mlqa-r", pair), workspace.qrels("mlqa-r", pair.passage)):
            assert {LETTERS[id_] for id_ in scored_qrels(topics, read_qrels(path))} == set(SCORED[str(pair)])


# A system gives every query the passages in file order, the pool's by language. The relevant ones' ranks, by hand:
# de A 2, B 2, C 1; en A 1, B 2, C 3, D 4; es B 2, C 1; vi C 1, D 2; all A 2 4, B 2 5 10, C 1 6 9 12, D 7 13.
POOL_AP = {
    "A": (1 / 2 + 2 / 4) / 2, "B": (1 / 2 + 2 / 5 + 3 / 10) / 3, "C": (1 / 1 + 2 / 6 + 3 / 9 + 4 / 12) / 4,
    "D": (1 / 7 + 2 / 13) / 2,
}
PAIR_AP = {
    "de-de": 2 / 3, "en-de": 2 / 3, "es-de": 3 / 4, "vi-de": 1,
    "de-en": 11 / 18, "en-en": 25 / 48, "es-en": 5 / 12, "vi-en": 7 / 24,
    "de-es": 3 / 4, "en-es": 3 / 4, "es-es": 3 / 4, "vi-es": 1,
    "de-vi": 1, "en-vi": 3 / 4, "es-vi": 1, "vi-vi": 3 / 4,
    "de-all": 7 / 15, "en-all": (7 / 5 + 27 / 182) / 4, "es-all": 9 / 20, "vi-all": (1 / 2 + 27 / 182) / 2,
}


def run_in_file_order(workspace: Workspace) -> None:
    order = {
        language: [row["id"] for _, row in read_jsonl(workspace.collection("mlqa-r", language))] for language in ASKED
    }
    order[ALL] = [docid for language in ASKED for docid in order[language]]
    for pair in PAIRS:
        hits = [Hit(docid, 1 / rank) for rank, docid in enumerate(order[pair.passage], start=1)]
        asked = [IDS[letter] for letter in ASKED[pair.query]]
        write_run(workspace.run("mlqa-r", "m", pair), [(id_, hits) for id_ in asked], "m")
        if pair.passage == ALL:
            write_ranks(workspace.ranks("mlqa-r", "m", pair), [
                RankedPassage(id_, docid, order[ALL].index(docid) + 1, 1 / (order[ALL].index(docid) + 1), 14)
                for id_ in asked for docid in sorted(POOL_QRELS[LETTERS[id_]])
            ])


def test_figures_by_hand(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    run_in_file_order(workspace)
    assert main(["evaluate", "mlqa-r", "--model", "m", "--workspace", str(workspace.root)]) == 0
    record = json.loads(workspace.evaluation("mlqa-r", "m").read_text())
    assert {pair: counts["scored"] for pair, counts in record["queries"].items()} == {
        pair: len(letters) for pair, letters in SCORED.items()
    }
    assert {pair: figures["AP"] for pair, figures in record["pairs"].items()} == pytest.approx(PAIR_AP)
    of_setting = {
        setting: [PAIR_AP[str(pair)] for pair in PAIRS if pair.setting == setting] for setting in record["settings"]
    }
    assert [len(pairs) for pairs in of_setting.values()] == [4, 12, 4]
    for setting, figures in of_setting.items():
        assert record["settings"][setting]["AP"] == pytest.approx(sum(figures) / len(figures))
    assert record["settings_micro"]["multi"]["AP"] == pytest.approx(
        (2 * POOL_AP["A"] + 3 * POOL_AP["B"] + 4 * POOL_AP["C"] + 2 * POOL_AP["D"]) / 11
    )
    distance = record["language_bias"]["rank_distance"]  # A 2, B 8, C 11, D 6
    assert distance["by_query_language"] == pytest.approx({"de": 7, "en": 6.75, "es": 9.5, "vi": 8.5})
    assert distance["mean"] == pytest.approx(7.9375) and distance["normalised"] == pytest.approx(7.9375 / 13)


def test_any_tool_that_averages_over_a_pairs_qrels_has_the_same_figures(workspace: Workspace) -> None:
    """As ``trec_eval -c`` does: a judged query without an answer counts zero. German asks no D, so English qrels alone
    would count it against German."""
    run_in_file_order(workspace)
    for pair in PAIRS:
        run = list(ir_measures.read_trec_run(str(workspace.run("mlqa-r", "m", pair))))
        judged = list(ir_measures.read_trec_qrels(str(workspace.qrels_of("mlqa-r", pair))))
        assert len({qrel.query_id for qrel in judged}) == len(SCORED[str(pair)])
        assert ir_measures.calc_aggregate([AP], judged, run)[AP] == pytest.approx(PAIR_AP[str(pair)])
    of_english = list(ir_measures.read_trec_qrels(str(workspace.qrels("mlqa-r", "en"))))
    run = list(ir_measures.read_trec_run(str(workspace.run("mlqa-r", "m", Pair("de", "en")))))
    figure = ir_measures.calc_aggregate([AP], of_english, run)[AP]
    assert figure == pytest.approx(PAIR_AP["de-en"] * 3 / 4)


def test_a_model_searches_and_is_evaluated(
    workspace: Workspace, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole way with a real index: every pair has the scored queries, and the pools rank what their topics ask."""
    name, where = tiny_checkpoint.name, ["--workspace", str(workspace.root)]
    for command in ("index", "search", "evaluate"):
        assert main([command, "mlqa-r", "--model", str(tiny_checkpoint), *where]) == 0, capsys.readouterr().err
    record = json.loads(workspace.evaluation("mlqa-r", name).read_text())
    assert {pair: counts["scored"] for pair, counts in record["queries"].items()} == {
        pair: len(letters) for pair, letters in SCORED.items()
    }
    for pair in PAIRS:
        run = read_run(workspace.run("mlqa-r", name, pair))
        assert [LETTERS[id_] for id_ in run] == list(ASKED[pair.query])
        assert record["pairs"][str(pair)]["AP"] == pytest.approx(slow_ap(run, pair))
        if pair.passage == ALL:
            ranked = list(read_ranks(workspace.ranks("mlqa-r", name, pair)))
            assert {(LETTERS[each.query_id], each.docid) for each in ranked} == {
                (letter, docid) for letter in SCORED[str(pair)] for docid in POOL_QRELS[letter]
            }
            assert {each.size for each in ranked} == {14}


def slow_ap(run: dict[str, dict[str, float]], pair: Pair) -> float:
    total = 0.0
    for letter in SCORED[str(pair)]:
        relevant = {docid for docid in POOL_QRELS[letter] if pair.passage in (docid[:2], ALL)}
        ranks = [rank for rank, docid in enumerate(run[IDS[letter]], start=1) if docid in relevant]
        total += sum(found / rank for found, rank in enumerate(ranks, start=1)) / len(relevant)
    return total / len(SCORED[str(pair)])


def qrels(workspace: Workspace, passages: str) -> dict[str, dict[str, int]]:
    return read_qrels(workspace.qrels("mlqa-r", passages))


def change(path: Path, apply: Callable[[dict[str, Any]], object]) -> None:
    value = json.loads(path.read_text())
    apply(value["data"][0]["paragraphs"][0])
    path.write_text(json.dumps(value))


def test_an_answer_outside_every_sentence_leaves_its_question_out_and_is_counted(source: Path) -> None:
    """As LAReQA's own loader does. The question stays one of the published number."""
    change(source / "vi.json", lambda paragraph: paragraph["qas"][0]["answers"][0].update(answer_start=22))
    dataset = mlqa_r.read(source, "mlqa-r")
    assert dataset.notes["questions_left_out_because_their_answer_starts_outside_every_sentence"] == 1
    assert list(dataset.topics["vi"]) == [IDS["D"]] and IDS["C"] not in dataset.qrels["vi"]
    assert dataset.notes["questions_in_3_languages"] == 2


@pytest.mark.parametrize(("damage", "found"), [
    (lambda s: (s / "vi.json").unlink(), "vi.json: no such file; MLQA-R has one for each of de en es vi"),
    (lambda s: (s / "vi.json").write_text((s / "vi.json").read_text()[:-40]), "vi.json:1: broken JSON"),
    (lambda s: change(s / "es.json", lambda p: p["qas"].pop()),
     "es.json: 1 questions and 3 sentences, where the published MLQA-R has 2 and 3"),
    (lambda s: change(s / "en.json", lambda p: p["qas"][1].update(id=IDS["A"])), f"id '{IDS['A']}' occurs twice"),
    (lambda s: change(s / "en.json", lambda p: p["qas"][0]["answers"].append({})), "has 2 answers, expected one"),
])
def test_files_that_are_not_the_published_ones(damage: Callable[[Path], object], found: str, source: Path) -> None:
    damage(source)
    with pytest.raises(InputError) as raised:
        mlqa_r.read(source, "mlqa-r")
    assert found in str(raised.value)
