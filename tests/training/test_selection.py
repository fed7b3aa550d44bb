"""Which languages of which examples go into a store."""

from pathlib import Path

import pytest

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Negative, ParallelExample
from hybrid_pyserini.training.examples import ExampleStore, build_store, keep_or_build_store
from hybrid_pyserini.training.selection import Selection
from tests.parallel_words import parallel_examples

EXAMPLES = parallel_examples(1000)


def ids(selection: Selection) -> set[str]:
    return {example.id for example in selection.of(EXAMPLES)}


def test_the_default_takes_everything_as_it_is() -> None:
    assert list(Selection().of(EXAMPLES)) == EXAMPLES
    assert Selection().record() is None


def test_languages_go_from_queries_positives_and_negatives() -> None:
    texts = {"de": "a", "en": "b", "zh": "c"}
    negatives = {"de": (Negative("d", "h"),), "zh": (Negative("e", "i"),)}
    example = ParallelExample("q", "g", texts, texts, negatives, ("o",))
    (selected,) = Selection({"en": 1, "zh": 1}).of([example, parallel_examples(1, ("de",))[0]])
    assert selected == ParallelExample(
        "q", "g", {"en": "b", "zh": "c"}, {"en": "b", "zh": "c"}, {"zh": (Negative("e", "i"),)}, ("o",)
    )


def test_an_example_without_query_or_positive_is_left_out() -> None:
    one_sided = ParallelExample("q", "g", {"de": "a"}, {"en": "b"})
    assert list(Selection({"de": 1}).of([one_sided])) == []
    assert list(Selection({"de": 1, "en": 1}).of([one_sided])) == [one_sided]


def test_a_share_is_about_that_and_part_of_a_larger_one() -> None:
    tenth, half = ids(Selection(share=0.1)), ids(Selection(share=0.5))
    assert 70 < len(tenth) < 130  # 100 expected, standard deviation 9.5
    assert 450 < len(half) < 550
    assert tenth < half


def test_a_share_goes_by_ids_alone() -> None:
    backwards = {example.id for example in Selection(share=0.3).of(reversed(EXAMPLES))}
    assert backwards == ids(Selection(share=0.3))


def test_a_scarce_language_is_in_its_share_of_examples_and_the_others_in_all() -> None:
    selected = list(Selection({"de": 1, "zh": 0.1}).of(EXAMPLES))
    assert len(selected) == 1000
    assert all("de" in example.queries and "en" not in example.queries for example in selected)
    scarce = [example for example in selected if "zh" in example.queries]
    assert 70 < len(scarce) < 130
    assert all("zh" in example.positives for example in scarce)
    both_scarce = list(Selection({"de": 0.1, "zh": 0.1}).of(EXAMPLES))
    # Drawn for each language apart: about 190 have one of the two, about 10 both.
    assert 150 < len(both_scarce) < 230


@pytest.mark.parametrize(("words", "share", "problem"), [
    (["de", "de=0.5"], 1, "language 'de' is named twice"),
    (["de=half"], 1, "'half' is no number"),
    (["de=0"], 1, "--languages de: 0 is no share"),
    (["de=1.5"], 1, "--languages de: 1.5 is no share"),
    (["de=nan"], 1, "--languages de: nan is no share"),
    ([], 0, "--share: 0 is no share"),
    (["d-e"], 1, "d-e"),
])
def test_what_is_no_selection_is_refused(words: list[str], share: float, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        Selection.parse(words, share)


def test_a_language_that_no_example_has_is_an_error_and_leaves_no_store(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no example is in nl"):
        build_store(tmp_path / "s", EXAMPLES, selection=Selection({"de": 1, "nl": 1}))
    assert not (tmp_path / "s").exists()


def test_a_selection_that_leaves_nothing_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the selection leaves no example"):
        build_store(tmp_path / "s", EXAMPLES[:3], selection=Selection(share=1e-9))


def test_a_store_of_another_selection_is_refused(tmp_path: Path) -> None:
    folder, german = tmp_path / "s", Selection.parse(["de", "zh=0.1"], 0.5)
    keep_or_build_store(folder, EXAMPLES, {"a": "0"}, selection=german)
    store, kept = keep_or_build_store(folder, EXAMPLES, {"a": "0"}, selection=german)
    assert kept
    assert store.selection == {"languages": {"de": 1.0, "zh": 0.1}, "share": 0.5}
    for other in (None, Selection.parse(["de"], 0.5)):
        with pytest.raises(InputError, match="a store of another selection"):
            keep_or_build_store(folder, EXAMPLES, {"a": "0"}, selection=other)


def test_counts_are_of_queries(tmp_path: Path) -> None:
    build_store(tmp_path / "s", [*EXAMPLES[:5], ParallelExample("q", "g", {"nl": "a"}, {"de": "b"})])
    assert ExampleStore(tmp_path / "s").counts() == {"de": 5, "en": 5, "nl": 1, "zh": 5}
