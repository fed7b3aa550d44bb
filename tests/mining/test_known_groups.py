"""What a data set's group is called in a store."""

from hybrid_pyserini.mining.known_groups import KnownGroups
from hybrid_pyserini.records import ParallelExample, Passage


class Collection:
    """Passages of one language, each of its own text."""

    def __init__(self, groups: dict[str, str]) -> None:
        self._groups = groups

    def with_text(self, text: str) -> list[Passage]:
        return [
            Passage(id=text, text=text, contents=text, title="", group=group, language="de")
            for contents, group in self._groups.items() if contents == text
        ]


def example(group: str, **positives: str) -> ParallelExample:
    return ParallelExample(f"q-{group}", group, {"de": "?"}, positives)


def test_names_are_the_data_sets_own_and_the_stores() -> None:
    groups = KnownGroups()
    groups.learn([example("s1", de="A"), example("s2", de="A"), example("s3", en="A")], "de", Collection({"A": "d1"}))
    assert groups.names("d1") == {"d1", "s1", "s2"}
    assert groups.names("unknown") == {"unknown"}


def test_a_group_is_one_over_its_languages() -> None:
    groups = KnownGroups()
    groups.learn([example("s1", de="A"), example("s2", en="B")], "de", Collection({"A": "d1"}))
    groups.learn([example("s1", de="A"), example("s2", en="B")], "en", Collection({"B": "d1"}))
    assert groups.names("d1") == {"d1", "s1", "s2"}


def test_a_negative_carries_the_stores_name_where_there_is_one() -> None:
    groups = KnownGroups()
    examples = [example("s1", de="A"), example("s2", de="A"), example("s2", de="B"), example("d2", de="B")]
    groups.learn(examples, "de", Collection({"A": "d1", "B": "d2"}))
    assert groups.name("d1") == "s1"
    assert groups.name("d2") == "d2"  # of several the data set's own
    assert groups.name("d3") == "d3"
