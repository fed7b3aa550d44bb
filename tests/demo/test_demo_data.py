"""The data set: what is held out and what is trained on, judgements, ids, and that nothing of it ever changes."""

from pathlib import Path

import babel
import pytest

from hybrid_pyserini.data.dataset_writer import write_dataset
from hybrid_pyserini.data.sources.example_source import read_examples
from hybrid_pyserini.demo.data import DemoData, Questions, demo_dataset, prepared_demo, prepared_demo_validation
from hybrid_pyserini.demo.facts import Fact, Relation
from hybrid_pyserini.demo.held_out import choose_held_out
from hybrid_pyserini.demo.names import LANGUAGES
from hybrid_pyserini.demo.wording import passage, question
from hybrid_pyserini.trec import read_qrels, read_topics
from hybrid_pyserini.workspace import Workspace

BABEL = "2.18.0"
SHA256 = "4715453db7790fbba79777ee6023abfafa6d296d7836ab255124bf0cb2cf6c0b"
COUNTS = {"currency": 258, "official_language": 347, "first_weekday": 241, "time_zone": 211, "script": 96,
          "own_name": 99}
"""What Babel 2.18.0 (CLDR 47) gives."""

COMMITTED = Path(__file__).parents[2] / "topics" / "demo"

only_this_babel = pytest.mark.skipif(
    babel.__version__ != BABEL, reason=f"hash and counts are those of Babel {BABEL}; this is {babel.__version__}"
)


def territory(question_id: str) -> str:
    relation, subject = question_id.split(".")
    assert Relation(relation).about_territory
    return subject


def held_out(demo: DemoData) -> list[Questions]:
    return [demo.test, demo.validation]


@only_this_babel
def test_nothing_has_changed(demo: DemoData) -> None:
    assert demo.sha256 == SHA256, (
        f"The demo's data is no longer what it was with Babel {BABEL}. If a sentence or a fact was changed on purpose, "
        "read samples in all languages, write the new hash here, and measure runs/demo/expected.json again. After an "
        "update of Babel, write its version and counts here as well."
    )


@only_this_babel
def test_the_topics_and_qrels_of_the_project_are_those_that_prepare_writes(demo: DemoData, tmp_path: Path) -> None:
    write_dataset(Workspace(tmp_path), prepared_demo(demo), {}, overwrite=False)
    written = {file.name: file.read_bytes() for file in (tmp_path / "topics" / "demo").iterdir()}
    del written["dataset.json"]  # names the machine
    assert {file.name: file.read_bytes() for file in COMMITTED.iterdir()} == written


def test_two_builds_are_equal(demo: DemoData) -> None:
    again = demo_dataset()
    assert again == demo and again.sha256 == demo.sha256


@only_this_babel
def test_counts_of_this_babel(demo: DemoData, facts: list[Fact]) -> None:
    assert {str(relation): sum(fact.relation == relation for fact in facts) for relation in Relation} == COUNTS
    assert (len(demo.train_examples), len(demo.validation_examples)) == (981, 84)
    assert [sum(map(len, demo.test.qrels[language].values())) for language in LANGUAGES] == [187] * 11


def test_counts_of_any_babel(demo: DemoData, facts: list[Fact]) -> None:
    assert [len(questions.topics["en"]) for questions in held_out(demo)] == [160, 80]
    assert sum(map(len, demo.passages.values())) == 11 * len(facts)
    assert 1_000 <= len(facts) <= 1_400


def test_one_held_out_question_per_territory_which_training_knows_through_another(demo: DemoData) -> None:
    asked = [territory(question_id) for questions in held_out(demo) for question_id in questions.topics["en"]]
    assert len(set(asked)) == len(asked) == 240
    trained: dict[str, set[str]] = {}
    for example in demo.train_examples:
        relation, subject, _ = example.group.split(".")
        if Relation(relation).about_territory:
            trained.setdefault(subject, set()).add(relation)
    for questions in held_out(demo):
        for question_id in questions.topics["en"]:
            relation, subject = question_id.split(".")
            assert trained[subject] - {relation}


def test_held_out_questions_are_nowhere_in_training(demo: DemoData) -> None:
    trained_texts = {text for example in demo.train_examples for text in (*example.queries.values(),
                                                                         *example.positives.values())}
    trained_groups = {group for example in demo.train_examples for group in (example.group, *example.other_groups)}
    texts = {passage.id: passage.text for passages in demo.passages.values() for passage in passages}
    for questions in held_out(demo):
        for language in LANGUAGES:
            assert not trained_texts & set(questions.topics[language].values())
            for docids in questions.qrels[language].values():
                for docid in docids:
                    assert docid.split(":")[1] not in trained_groups
                    assert texts[docid] not in trained_texts


def test_test_validation_and_training_share_the_facts_out(demo: DemoData, facts: list[Fact]) -> None:
    test = {docid.split(":")[1] for docids in demo.test.qrels["en"].values() for docid in docids}
    validation = {example.group for example in demo.validation_examples}
    training = {example.group for example in demo.train_examples}
    assert test | validation | training == {fact.id for fact in facts}
    assert len(test) + len(validation) + len(training) == len(facts)
    assert validation == {docid.split(":")[1] for docids in demo.validation.qrels["en"].values() for docid in docids}


def test_every_territory_relation_is_tested(demo: DemoData) -> None:
    for questions in held_out(demo):
        relations = [question_id.split(".")[0] for question_id in questions.topics["en"]]
        for relation in ("currency", "official_language", "first_weekday", "time_zone"):
            assert relations.count(relation) >= len(relations) / 8


def test_a_territory_with_one_question_gives_none_away(facts: list[Fact]) -> None:
    antarctica = [fact for fact in facts if fact.subject == "AQ"]
    few = [fact for fact in facts if fact.subject in ("CH", "BR", "TF")]
    chosen = choose_held_out([fact for fact in few if fact.subject != "TF" or fact.relation == Relation.CURRENCY])
    assert sorted(map(territory, chosen.test)) == ["BR", "CH"] and not chosen.validation
    assert choose_held_out(reversed(facts)) == choose_held_out(facts)
    assert len({fact.question_id for fact in antarctica}) <= 1


def test_relevant_is_every_passage_that_answers_and_no_other(demo: DemoData, facts: list[Fact]) -> None:
    """Worked out again from the facts: subject and relation say which questions a passage answers."""
    for questions in held_out(demo):
        for language in LANGUAGES:
            for question_id, judged in questions.qrels[language].items():
                relation, subject = question_id.split(".")
                expected = {f"{language}:{f.id}" for f in facts if (f.relation, f.subject) == (relation, subject)}
                assert judged == dict.fromkeys(expected, 1)
    switzerland = {fact.answer for fact in facts if fact.question_id == "official_language.CH"}
    assert {"de", "fr", "it"} <= switzerland


def test_a_question_id_is_the_same_question_in_every_language(demo: DemoData, facts: list[Fact]) -> None:
    by_question = {fact.question_id: fact for fact in facts}
    for questions in held_out(demo):
        assert tuple(questions.topics) == tuple(questions.qrels) == LANGUAGES
        for language in LANGUAGES:
            assert list(questions.topics[language]) == list(questions.topics["en"]) == list(questions.qrels[language])
            for question_id, text in questions.topics[language].items():
                assert text == question(by_question[question_id], language)


def test_passages(demo: DemoData, facts: list[Fact]) -> None:
    assert tuple(demo.passages) == demo.languages == LANGUAGES
    docids = [p.id for passages in demo.passages.values() for p in passages]
    assert len(set(docids)) == len(docids)
    for language in LANGUAGES:
        assert len(demo.passages[language]) == len(facts)
        for fact, made in zip(facts, demo.passages[language], strict=True):
            text = passage(fact, language)
            assert (made.id, made.group, made.language) == (f"{language}:{fact.id}", fact.id, language)
            assert (made.text, made.contents, made.title) == (text, text, "")


def test_examples_are_whole_and_know_the_other_answers(demo: DemoData, facts: list[Fact]) -> None:
    by_id = {fact.id: fact for fact in facts}
    examples = demo.train_examples + demo.validation_examples
    assert len({example.id for example in examples}) == len(examples)
    for example in examples:
        fact = by_id[example.group]
        assert not any(character.isspace() for character in example.id)
        assert tuple(example.queries) == tuple(example.positives) == LANGUAGES
        assert all(example.queries[language] == question(fact, language) for language in LANGUAGES)
        assert all(example.positives[language] == passage(fact, language) for language in LANGUAGES)
        others = {other.id for other in facts if other.question_id == fact.question_id} - {fact.id}
        assert set(example.other_groups) == others and len(example.other_groups) == len(others)
    assert any(example.other_groups for example in demo.train_examples)


def test_it_goes_into_a_workspace_and_comes_back(demo: DemoData, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    info = write_dataset(workspace, prepared_demo(demo), {"cldr": demo.sha256}, overwrite=False)
    write_dataset(workspace, prepared_demo_validation(demo), {"cldr": demo.sha256}, overwrite=False)
    assert info.languages == LANGUAGES and len(info.pairs) == 121 + 11
    assert read_topics(workspace.topics("demo", "th")) == demo.test.topics["th"]
    assert read_qrels(workspace.qrels("demo", "hi")) == demo.test.qrels["hi"]
    assert read_topics(workspace.topics("demo-validation", "ar")) == demo.validation.topics["ar"]
    assert list(read_examples(workspace.source("demo-train"))) == demo.train_examples
    assert list(read_examples(workspace.source("demo-validation"))) == demo.validation_examples
