"""Connected components of questions, against a slow reference."""

from hypothesis import given
from hypothesis import strategies as st

from hybrid_pyserini.data.passage_groups import group_questions


def test_a_shared_passage_joins_and_the_first_question_names_the_group() -> None:
    answered = [("q1", "a"), ("q2", "b"), ("q3", "b"), ("q4", "c"), ("q3", "a")]
    assert group_questions(answered) == {"q1": "q1", "q2": "q1", "q3": "q1", "q4": "q4"}


@given(st.lists(st.tuples(st.integers(0, 12).map(str), st.integers(0, 12)), max_size=40))
def test_equals_relabelling_until_nothing_changes(answered: list[tuple[str, int]]) -> None:
    order = {question: place for place, question in enumerate(dict.fromkeys(question for question, _ in answered))}
    label = dict(order)
    changed = True
    while changed:
        changed = False
        for question, passage in answered:
            for other, same in answered:
                if passage == same and label[other] > label[question]:
                    label[other], changed = label[question], True
    names = list(order)
    assert group_questions(answered) == {question: names[place] for question, place in label.items()}
