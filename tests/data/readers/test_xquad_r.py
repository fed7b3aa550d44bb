"""XQuAD-R: the published counts, the 489 groups, the held-out split, and files that are not the published ones."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.readers import xquad_r
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair, ParallelExample

PUBLISHED = {"ar": 1222, "de": 1276, "el": 1234, "en": 1180, "es": 1215, "hi": 1244, "ru": 1219, "th": 852,
             "tr": 1167, "vi": 1209, "zh": 1196}


@pytest.fixture(scope="module")
def whole(real_xquad_r: Path) -> PreparedDataset:
    return xquad_r.read(real_xquad_r, "xquad-r")


@pytest.fixture(scope="module")
def heldout(real_xquad_r: Path) -> PreparedDataset:
    return xquad_r.read_heldout(real_xquad_r, "xquad-r-heldout")


def texts(dataset: PreparedDataset) -> dict[str, set[str]]:
    """Everything that is encoded in a test: sentences and questions, by language."""
    return {
        language: {passage.text for passage in dataset.passages[language]}
        | {" ".join(query.split()) for query in dataset.topics[language].values()}
        for language in dataset.languages
    }


def test_the_benchmark_has_the_published_counts(whole: PreparedDataset) -> None:
    assert {language: len(list(passages)) for language, passages in whole.passages.items()} == PUBLISHED
    assert {len(topics) for topics in whole.topics.values()} == {1190}
    assert {sum(map(len, qrels.values())) for qrels in whole.qrels.values()} == {1190}
    settings = [pair.setting for pair in whole.pairs]
    assert (settings.count("mono"), settings.count("cross"), settings.count("multi")) == (11, 110, 11)


def test_answer_sentences_are_489_groups_with_each_a_passage_in_all_languages(whole: PreparedDataset) -> None:
    languages_of: dict[str, set[str]] = {}
    for language, passages in whole.passages.items():
        relevant = {docid for judged in whole.qrels[language].values() for docid in judged}
        for passage in passages:
            if passage.id in relevant:
                languages_of.setdefault(passage.group, set()).add(language)
            else:
                assert passage.group == passage.id
    assert len(languages_of) == 489
    assert all(len(languages) == 11 for languages in languages_of.values())


def test_first_and_last_of_the_benchmark(whole: PreparedDataset) -> None:
    assert whole.topics["en"]["56beb4343aeaaa14008c925b"] == "How many points did the Panthers defense surrender?"
    first, *_, last = whole.passages["en"]
    assert first.id == "en:00-00-00" and first.text.startswith("The Panthers defense gave up just 308 points")
    assert last.id.startswith("en:47-04-") and last.title == "Force"
    assert whole.qrels["en"]["56beb4343aeaaa14008c925b"] == {"en:00-00-00": 1}


def test_newlines_and_repeated_sentences_survive(whole: PreparedDataset) -> None:
    assert sum("\n" in passage.text for passage in whole.passages["en"]) == 4
    chinese = [passage.text for passage in whole.passages["zh"]]
    assert len(chinese) - len(set(chinese)) == 4


def test_the_split_is_the_documented_one(whole: PreparedDataset) -> None:
    articles = list(dict.fromkeys(passage.title for passage in whole.passages["en"]))
    assert list(xquad_r.TEST_ARTICLES) == articles[1::4]
    assert list(xquad_r.VALIDATION_ARTICLES) == articles[3::12]


def test_questions_know_their_articles(whole: PreparedDataset, heldout: PreparedDataset) -> None:
    assert len(whole.articles) == 1190 and len(set(whole.articles.values())) == 48
    assert whole.articles["56beb4343aeaaa14008c925b"] == "Super_Bowl_50"
    assert set(heldout.articles.values()) == set(xquad_r.TEST_ARTICLES)
    assert heldout.articles.keys() == heldout.topics["el"].keys()


def test_heldout_counts(heldout: PreparedDataset) -> None:
    assert {len(topics) for topics in heldout.topics.values()} == {282}
    assert {name: len(list(examples)) for name, examples in heldout.training.items()} == {
        "xquad-r-train": 795, "xquad-r-validation": 113,
    }
    assert {passage.title for passages in heldout.passages.values() for passage in passages} == set(
        xquad_r.TEST_ARTICLES
    )
    assert len(heldout.pairs) == 132


def test_no_text_of_a_test_article_is_trained_on(heldout: PreparedDataset) -> None:
    tested = texts(heldout)
    test_groups = {passage.group for passages in heldout.passages.values() for passage in passages}
    seen: dict[str, set[str]] = {}
    for name, examples in heldout.training.items():
        for example in examples:
            assert example.id not in heldout.topics["en"]
            assert not test_groups & {example.group, *example.other_groups}
            assert set(example.queries) == set(example.positives) == set(PUBLISHED)
            for language in PUBLISHED:
                assert example.queries[language] not in tested[language]
                assert example.positives[language] not in tested[language]
                seen.setdefault(name, set()).add(example.positives[language])
    assert len(seen) == 2 and not seen["xquad-r-train"] & seen["xquad-r-validation"]


def test_docids_and_groups_of_the_split_are_those_of_the_benchmark(
    whole: PreparedDataset, heldout: PreparedDataset
) -> None:
    for language in PUBLISHED:
        assert set(heldout.passages[language]) < set(whole.passages[language])
    groups = {docid: passage.group for passages in whole.passages.values() for passage in passages
              for docid in [passage.id]}
    for examples in heldout.training.values():
        for example in examples:
            assert example.group == groups[next(iter(whole.qrels["th"][example.id]))]


def test_tiny_benchmark(tiny_xquad_r: Path) -> None:
    dataset = xquad_r.read(tiny_xquad_r, "tiny")
    assert dataset.languages == ("de", "en", "zh") and dataset.pool
    assert len(dataset.pairs) == 9 + 3 and Pair("zh", "all") in dataset.pairs
    assert dataset.qrels["de"]["q2"] == {"de:00-00-00": 1}
    assert dataset.qrels["zh"] == {
        "q1": {"zh:00-00-00": 1}, "q2": {"zh:00-00-01": 1}, "q3": {"zh:00-00-01": 1}, "q4": {"zh:00-01-00": 1},
        "q5": {"zh:01-00-00": 1}, "q6": {"zh:01-00-01": 1},
    }
    assert dataset.notes == {"groups_of_answer_sentences": 4, "answers_past_the_end_of_their_sentence": 1}


def test_tiny_split(tiny_xquad_r: Path) -> None:
    dataset = xquad_r.read_heldout(tiny_xquad_r, "tiny")
    assert list(dataset.topics["en"]) == ["q5", "q6"]
    assert [passage.id for passage in dataset.passages["zh"]] == ["zh:01-00-00", "zh:01-00-01", "zh:01-00-02"]
    examples = {example.id: example for example in dataset.training["xquad-r-train"]}
    assert list(examples) == ["q1", "q2", "q3", "q4"]
    assert examples["q4"] == ParallelExample(
        id="q4", group="xquad-r:q4",
        queries={"de": "An welchem Fluss liegt Köln?", "en": "On which river does Cologne lie?",
                 "zh": "科隆位于哪条河畔？"},
        positives={"de": "Köln liegt am Rhein.", "en": "Cologne lies on the Rhine.", "zh": "科隆位于莱茵河畔。"},
    )
    assert examples["q3"].group == "xquad-r:q1"


def test_a_split_needs_its_articles(tiny_xquad_r: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xquad_r, "VALIDATION_ARTICLES", ("Coffee",))
    with pytest.raises(InputError, match="no article is called 'Coffee'"):
        xquad_r.read_heldout(tiny_xquad_r, "tiny")


def edited(folder: Path, language: str, change: Callable[[list[dict[str, Any]]], object], source: Path) -> Path:
    """A copy of the tiny data set with one language's articles changed."""
    shutil.copytree(source, folder, dirs_exist_ok=True)
    path = folder / f"{language}.json"
    value = json.loads(path.read_text())
    change(value["data"])
    path.write_text(json.dumps(value))
    return folder


def test_a_question_asked_twice_knows_both_answers(tiny_xquad_r: Path, tmp_path: Path) -> None:
    def ask_again(articles: list[dict[str, Any]]) -> None:
        articles[0]["paragraphs"][1]["qas"][0]["question"] = "Wo entspringt der  Rhein?"  # q4, as q1 asks

    source = edited(tmp_path, "de", ask_again, tiny_xquad_r)
    examples = {example.id: example for example in xquad_r.read_heldout(source, "tiny").training["xquad-r-train"]}
    assert examples["q1"].other_groups == ("xquad-r:q4",)
    assert examples["q4"].other_groups == ("xquad-r:q1",)
    assert examples["q2"].other_groups == ()


@pytest.mark.parametrize(
    ("language", "change", "file", "found"),
    [
        ("zh", lambda d: d[0]["paragraphs"][0]["qas"].pop(1), "zh.json", "question 'q2' of de.json is missing"),
        ("zh", lambda d: d[1]["paragraphs"][0]["qas"][0].update(id="q9"), "zh.json",
         "question 'q5' of de.json is missing"),
        ("de", lambda d: d[0]["paragraphs"][0]["qas"].pop(1), "de.json", "question 'q2' of en.json is missing"),
        ("en", lambda d: d.reverse(), "en.json", "other articles, or in another order, than de.json"),
        ("en", lambda d: [d[0]["paragraphs"][1]["qas"][0].update(id="q5"),
                          d[1]["paragraphs"][0]["qas"][0].update(id="q4")], "en.json",
         "question 'q4' is asked of Tea, in de.json of Rhine"),
        ("de", lambda d: [d[0]["paragraphs"][1]["sentences"].pop(), d[0]["paragraphs"][1]["sentence_breaks"].pop()],
         "de.json", "6 questions and 5 sentences, where the published XQuAD-R has 6 and 6"),
    ],
)
def test_files_that_are_not_the_published_ones_are_refused(
    language: str, change: Callable[[list[dict[str, Any]]], object], file: str, found: str, tiny_xquad_r: Path,
    tmp_path: Path,
) -> None:
    source = edited(tmp_path, language, change, tiny_xquad_r)
    with pytest.raises(InputError) as raised:
        xquad_r.read(source, "tiny")
    assert raised.value.path == source / file
    assert raised.value.problem == found


def test_a_missing_language_is_named(tiny_xquad_r: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_xquad_r, tmp_path, dirs_exist_ok=True)
    (tmp_path / "en.json").unlink()
    with pytest.raises(InputError, match="no such file; XQuAD-R has one for each of de en zh") as raised:
        xquad_r.files(tmp_path)
    assert raised.value.path == tmp_path / "en.json"


def test_the_validation_articles_are_a_data_set_that_shares_nothing_with_the_test(
    real_xquad_r: Path, heldout: PreparedDataset
) -> None:
    validation = xquad_r.read_validation(real_xquad_r, "xquad-r-validation")
    assert {passage.title for passages in validation.passages.values() for passage in passages} == {
        "Nikola_Tesla", "European_Union_law", "Immune_system", "Chloroplast"
    }
    asked = {example.id for example in heldout.training["xquad-r-validation"]}
    assert {frozenset(topics) for topics in validation.topics.values()} == {frozenset(asked)}
    assert not asked & set(heldout.topics["en"])
    tested = texts(heldout)
    for language, validated in texts(validation).items():
        assert not validated & tested[language]
