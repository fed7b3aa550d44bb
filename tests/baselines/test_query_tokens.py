"""What BM25 looks for, of queries as they are and in translation; without Java, with analyses that are Python."""

from hybrid_pyserini.baselines.query_tokens import tokens_as_they_are, tokens_in_translation, untranslated
from hybrid_pyserini.records import Pair, Topics

TOPICS = {"q1": "NFL NFL Àwọn", "q2": "ìwé"}
TRANSLATED: dict[Pair, Topics] = {
    Pair("yo", "th"): {"q1": "NFL ภาษา"}, Pair("yo", "sw"): {"q2": "kitabu ìwé", "q1": "NFL vitabu vitabu"},
}
LANGUAGES = ("sw", "th", "yo")


def test_a_pair_takes_the_translation_and_nothing_where_there_is_none() -> None:
    assert tokens_in_translation(Pair("yo", "th"), TOPICS, TRANSLATED, LANGUAGES) == {
        "q1": ["nfl", "ภาษ", "าษา"], "q2": [],
    }


def test_a_language_with_itself_takes_the_query() -> None:
    for tokens in (
        tokens_in_translation(Pair("yo", "yo"), TOPICS, TRANSLATED, LANGUAGES),
        tokens_as_they_are(Pair("yo", "yo"), TOPICS),
    ):
        assert tokens == {"q1": ["NFL", "NFL", "Àwọn"], "q2": ["ìwé"]}


def test_the_pool_takes_all_and_counts_a_token_as_often_as_one_language_has_it() -> None:
    """NFL is twice in Yoruba and once in Swahili: two, not three. The query's own language has no passages in the
    second pool, and is looked for all the same."""
    for languages in (LANGUAGES, ("sw", "th")):
        found = tokens_in_translation(Pair("yo", "all"), TOPICS, TRANSLATED, languages)
        assert {query_id: sorted(tokens) for query_id, tokens in found.items()} == {
            "q1": sorted(["NFL", "NFL", "Àwọn", "vitabu", "vitabu", "nfl", "ภาษ", "าษา"]), "q2": ["kitabu", "ìwé"],
        }
        assert list(found) == list(TOPICS)


def test_missing_translations_are_counted() -> None:
    expected = {"th": 1, "sw": 0, "yo": 0, "all": 1}
    assert {
        passages: untranslated(Pair("yo", passages), TOPICS, TRANSLATED, LANGUAGES) for passages in expected
    } == expected
