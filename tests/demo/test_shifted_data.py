"""The shifted data sets: what is unseen is nowhere in the training, and everything else is the demo's."""

from pathlib import Path

from hybrid_pyserini.data.sources.example_source import read_examples
from hybrid_pyserini.demo.data import DemoData
from hybrid_pyserini.demo.facts import Fact
from hybrid_pyserini.demo.names import LANGUAGES
from hybrid_pyserini.demo.preparing import BUILT_IN, prepare_built_in
from hybrid_pyserini.demo.shift import IN_DOMAIN, NAME, TRAINING_SOURCE, UNSEEN, prepared_shift
from hybrid_pyserini.demo.wording import question
from hybrid_pyserini.workspace import Workspace


def test_no_training_example_is_of_an_unseen_relation(demo: DemoData) -> None:
    seen, *unseen = prepared_shift(demo)
    examples = seen.training[TRAINING_SOURCE]
    relations = {example.id.split(".")[0] for example in examples}
    assert relations == {"currency", "official_language", "first_weekday", "own_name"}
    assert len(examples) == sum(example.id.split(".")[0] in relations for example in demo.train_examples)
    assert all(not each.training for each in unseen)


def test_each_unseen_relation_is_a_data_set_of_all_its_questions(demo: DemoData, facts: list[Fact]) -> None:
    for prepared, (name, relation) in zip(prepared_shift(demo)[1:], UNSEEN.items(), strict=True):
        assert prepared.name == name
        of_relation = [fact for fact in facts if fact.relation == relation]
        for language in LANGUAGES:
            assert prepared.topics[language] == {fact.question_id: question(fact, language) for fact in of_relation}
            judged = {(qid, docid) for qid, docids in prepared.qrels[language].items() for docid in docids}
            assert judged == {(fact.question_id, f"{language}:{fact.id}") for fact in of_relation}


def test_the_domain_is_the_demos_test_without_them(demo: DemoData) -> None:
    seen = prepared_shift(demo)[0]
    assert seen.name == IN_DOMAIN
    of_demo = demo.test.topics["el"].items()
    kept = {id_: text for id_, text in of_demo if not id_.startswith(("time_zone.", "script."))}
    assert seen.topics["el"] == kept and 0 < len(kept) < len(of_demo)
    assert seen.qrels["el"] == {id_: demo.test.qrels["el"][id_] for id_ in kept}
    trained = {".".join(example.id.split(".")[:2]) for example in seen.training[TRAINING_SOURCE]}
    assert not trained & kept.keys()


def test_all_search_the_same_passages(demo: DemoData) -> None:
    assert [each.passages for each in prepared_shift(demo)] == [demo.passages] * 3


def test_in_a_workspace(demo: DemoData, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    declared, kept = prepare_built_in(workspace, NAME, demo)
    assert [info.name for info in declared] == [IN_DOMAIN, *UNSEEN] == list(BUILT_IN[NAME].datasets) and not kept
    assert prepare_built_in(workspace, NAME, demo)[1]
    examples = list(read_examples(workspace.source(TRAINING_SOURCE)))
    assert examples == prepared_shift(demo)[0].training[TRAINING_SOURCE]
