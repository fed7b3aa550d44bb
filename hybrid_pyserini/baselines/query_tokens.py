"""What BM25 looks for: the tokens of each query, as it is or in translation."""

from collections import Counter
from collections.abc import Mapping, Sequence

from hybrid_pyserini.baselines.analysis import load_analyzer
from hybrid_pyserini.records import ALL, Pair, Topics


def tokens_as_they_are(pair: Pair, topics: Topics) -> dict[str, list[str]]:
    """Query id -> tokens, cut as the passages are, and in the pool as the query's own language."""
    analyze = load_analyzer(pair.query if pair.passage == ALL else pair.passage)
    return {query_id: analyze(query) for query_id, query in topics.items()}


def tokens_in_translation(
    pair: Pair, topics: Topics, translated: Mapping[Pair, Topics], languages: Sequence[str]
) -> dict[str, list[str]]:
    """Query id -> tokens of its translation, none where there is none; in the pool of ``languages``, of the query
    and of all its translations, each cut as its own language.

    In the pool, a token counts as often as in the one of them that has it most often. Were it counted in each, a name
    or a number, which is alike in all, would count as many times as there are languages, and the words of a
    passage's own language once.
    """
    if pair.setting == "mono":
        return tokens_as_they_are(pair, topics)
    if pair.passage != ALL:
        found = tokens_as_they_are(pair, translated[pair])
        return {query_id: found.get(query_id, []) for query_id in topics}
    others = {language: translated[Pair(pair.query, language)] for language in languages if language != pair.query}
    counts: dict[str, Counter[str]] = {query_id: Counter() for query_id in topics}
    for language, queries in {pair.query: topics, **others}.items():
        analyze = load_analyzer(language)
        for query_id, query in queries.items():
            counts[query_id] |= Counter(analyze(query))
    return {query_id: list(of_query.elements()) for query_id, of_query in counts.items()}


def untranslated(
    pair: Pair, topics: Topics, translated: Mapping[Pair, Topics], languages: Sequence[str]
) -> int:
    """The number of queries without a translation; in the pool, of those that lack one or more."""
    needed = languages if pair.passage == ALL else (pair.passage,)
    files = [translated[Pair(pair.query, language)] for language in needed if language != pair.query]
    return sum(any(query_id not in queries for queries in files) for query_id in topics)
