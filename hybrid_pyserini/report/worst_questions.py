"""The questions that a model answers worst, and what its ranking has above the answer.

A question stands for all its translations: of its query languages the one with the lowest value is shown. The ranking
is the pool's; without a pool, that of a cross-lingual pair; else of a monolingual one.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from heapq import nsmallest

from hybrid_pyserini.collection import passage_of
from hybrid_pyserini.evaluation.evaluation import scored_of_pairs
from hybrid_pyserini.evaluation.per_query import read_per_query
from hybrid_pyserini.jsonl import read_jsonl
from hybrid_pyserini.records import Pair, Passage
from hybrid_pyserini.trec import Hit, in_order, read_ranks, read_run, read_topics
from hybrid_pyserini.workspace import DatasetInfo, Workspace

SHOWN_ABOVE = 4
"""Passages above the answer that are shown with their texts."""

_LONGEST = 400
"""Characters of a query, title or text that are shown."""


@dataclass(frozen=True)
class Shown:
    """A passage in a ranking. ``rank`` is None where the system does not rank it; without its collection a passage has
    neither language nor text."""

    docid: str
    rank: int | None
    language: str | None
    title: str
    """Which is not part of what was searched in every data set."""
    text: str


@dataclass(frozen=True)
class WorstQuestion:
    """A question with a low value."""

    query_id: str
    pair: Pair
    query: str
    value: float
    relevant: tuple[Shown, ...]
    """All its relevant passages, the highest rank first."""
    answer: Shown
    """The highest of them that has a passage above it that is not judged relevant."""
    above: tuple[Shown, ...]
    """The first of those passages."""
    above_count: int
    """How many of those there are; where the answer is not ranked, how many the run holds."""
    above_by_language: dict[str, int]
    """Of those that the run holds, how many are in which language, most first; ``?`` without a collection."""

    @property
    def counts(self) -> str:
        """The counts in words; empty where all are shown."""
        if self.above_count == len(self.above):
            return ""
        held = sum(self.above_by_language.values())
        of = "" if held == self.above_count else f"; the run holds {held:,} of them"
        languages = ", ".join(f"{count:,} {language}" for language, count in self.above_by_language.items())
        return f"In all, {self.above_count:,} that are not judged relevant stand above{of}: {languages}"


def worst_questions(
    workspace: Workspace, info: DatasetInfo, model: str, measure: str, count: int
) -> list[WorstQuestion]:
    """The ``count`` questions with the lowest values, the lowest first, without those of them that have nothing above
    the answers. Raises InputError for runs, ranks or collections that are broken."""
    lowest = _lowest(workspace, info, model, measure)
    chosen = nsmallest(count, lowest.items(), key=lambda item: (item[1][0], item[0]))
    pairs = list(dict.fromkeys(pair for _, (_, pair) in chosen))
    scored = scored_of_pairs(workspace, info.name, pairs)
    rankings: dict[tuple[Pair, str], _Ranking] = {}
    for pair in pairs:
        wanted = {query_id for query_id, (_, of) in chosen if of == pair}
        found = _rankings(workspace, info.name, model, pair, {q: scored[pair][q] for q in wanted})
        rankings |= {(pair, query_id): ranking for query_id, ranking in found.items()}
    passages = _passages(workspace, info, {
        docid for ranking in rankings.values() for docid in (*ranking.relevant, *ranking.wrong)
    })
    topics = {pair: read_topics(workspace.topics(info.name, pair.query)) for pair in pairs}
    questions = [
        _question(query_id, pair, topics[pair][query_id], value, rankings[pair, query_id], passages)
        for query_id, (value, pair) in chosen
    ]
    return [question for question in questions if question is not None]


def _lowest(workspace: Workspace, info: DatasetInfo, model: str, measure: str) -> dict[str, tuple[float, Pair]]:
    """Query id -> its lowest value and the pair that has it, among the pairs of the hardest setting there is."""
    values = read_per_query(workspace.per_query(info.name, model))
    setting = next(s for s in ("multi", "cross", "mono") if any(pair.setting == s for pair in values))
    lowest: dict[str, tuple[float, Pair]] = {}
    for pair in (pair for pair in info.pairs if pair in values and pair.setting == setting):
        of_pair = values[pair]
        for query_id, value in zip(of_pair.query_ids, of_pair.values[measure].tolist(), strict=True):
            if query_id not in lowest or value < lowest[query_id][0]:
                lowest[query_id] = value, pair
    return lowest


@dataclass(frozen=True)
class _Ranking:
    """A query's ranking in a pair."""

    relevant: dict[str, int | None]
    """Relevant passage id -> rank, the highest first, those that are not ranked last."""
    wrong: dict[str, int]
    """Passage id -> rank of the other passages that the run holds, the highest first."""


def _rankings(
    workspace: Workspace, dataset: str, model: str, pair: Pair, judged: Mapping[str, Mapping[str, int]]
) -> dict[str, _Ranking]:
    """Query id -> its ranking, for the queries in ``judged``; from the pool's ranks, where they are, and the run."""
    run = read_run(workspace.found_run(dataset, model, pair))
    path = workspace.ranks(dataset, model, pair)
    full: dict[str, dict[str, int | None]] = {}
    if path.exists():
        for passage in read_ranks(path):
            full.setdefault(passage.query_id, {})[passage.docid] = passage.rank
    found = {}
    for query_id, relevances in judged.items():
        hits = in_order(Hit(docid, score) for docid, score in run.get(query_id, {}).items())
        places = {hit.docid: rank for rank, hit in enumerate(hits, start=1)}
        ranks = {d: full.get(query_id, places).get(d) for d, relevance in relevances.items() if relevance >= 1}
        relevant = sorted(ranks.items(), key=lambda item: (item[1] is None, item[1] or 0, item[0]))
        found[query_id] = _Ranking(dict(relevant), {d: rank for d, rank in places.items() if d not in ranks})
    return found


def _passages(workspace: Workspace, info: DatasetInfo, wanted: Collection[str]) -> dict[str, Passage]:
    """The wanted passages that the collections here hold; each is streamed until all are found."""
    found: dict[str, Passage] = {}
    for language in info.languages:
        path = workspace.collection(info.name, language)
        if not path.exists():
            continue
        for number, row in read_jsonl(path):
            docid = row.get("id")
            if isinstance(docid, str) and docid in wanted:
                found[docid] = passage_of(row, path, number)
            if len(found) == len(wanted):
                return found
    return found


def _question(
    query_id: str, pair: Pair, query: str, value: float, ranking: _Ranking, passages: Mapping[str, Passage]
) -> WorstQuestion | None:
    """The question as it is shown; None where nothing stands above its answers."""
    places = enumerate(ranking.relevant.items(), start=1)
    place, answer = next(((place, of) for place, of in places if of[1] is None or of[1] > place), (0, None))
    if answer is None:
        return None
    last = answer[1]
    above = {docid: rank for docid, rank in ranking.wrong.items() if last is None or rank < last}
    languages = Counter(passages[docid].language if docid in passages else "?" for docid in above)

    def shown(ranked: Iterable[tuple[str, int | None]]) -> tuple[Shown, ...]:
        return tuple(_shown(docid, rank, passages.get(docid)) for docid, rank in ranked)

    return WorstQuestion(
        query_id, pair, _printable(query), value, shown(ranking.relevant.items()), shown([answer])[0],
        shown(list(above.items())[:SHOWN_ABOVE]), len(above) if last is None else last - place,
        dict(languages.most_common()),
    )


def _shown(docid: str, rank: int | None, passage: Passage | None) -> Shown:
    if passage is None:
        return Shown(docid, rank, None, "", "")
    return Shown(docid, rank, passage.language, _printable(passage.title), _printable(passage.text))


def _printable(text: str) -> str:
    """A text on one line, of whole characters, and not too long."""
    line = " ".join(text.split()).encode(errors="replace").decode()
    return line if len(line) <= _LONGEST else line[:_LONGEST].rstrip() + " …"
