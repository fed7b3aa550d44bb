"""Training examples from topics and judgements, where the passages' texts are in the corpus alone."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from sqlite3 import Connection

from hybrid_pyserini.data.formats.corpus import Judgements, Placed, without_text
from hybrid_pyserini.data.scratch import scratch_database
from hybrid_pyserini.data.text import one_line
from hybrid_pyserini.records import Negative, ParallelExample, Topics


def judged_examples(
    language: str, topics: Topics, judged: Judgements, passages: Iterable[Placed], *, of_queries: str, of_passages: str
) -> Iterator[ParallelExample]:
    """An example for each query and relevant passage; what is judged and not relevant are its hard negatives.

    The second and further ones of a query are examples ``<id>#2`` and so on. ``of_queries`` and ``of_passages`` go
    before ids; a passage is its own group. The judged passages' texts wait in a scratch file. Raises InputError, with
    file and line, for a judged passage that is not there or has no text.
    """
    wanted = judged.docids
    with scratch_database(Path(tempfile.gettempdir())) as database:
        database.execute("CREATE TABLE passage (id TEXT PRIMARY KEY, contents TEXT) WITHOUT ROWID")
        for path, line, passage in passages:
            if passage.id in wanted:
                if not passage.contents.strip():
                    raise without_text(passage.id, path, line)
                database.execute("INSERT OR IGNORE INTO passage VALUES (?, ?)", (passage.id, passage.contents))
        for query_id, query in topics.items():
            texts = {docid: _text(database, docid, judged) for docid in judged.qrels.get(query_id, {})}
            yield from _examples(f"{of_queries}{query_id}", language, one_line(query), judged.qrels.get(query_id, {}),
                                 texts, of_passages)


def _text(database: Connection, docid: str, judged: Judgements) -> str:
    found = database.execute("SELECT contents FROM passage WHERE id = ?", (docid,)).fetchone()
    if found is None:
        raise judged.without_passage(docid)
    return found[0]


def _examples(
    query_id: str, language: str, query: str, relevances: Mapping[str, int], texts: Mapping[str, str], prefix: str
) -> Iterator[ParallelExample]:
    groups = [f"{prefix}{docid}" for docid, relevance in relevances.items() if relevance >= 1]
    negatives = tuple(
        Negative(texts[docid], f"{prefix}{docid}") for docid, relevance in relevances.items() if relevance < 1
    )
    for number, group in enumerate(groups, start=1):
        yield ParallelExample(
            id=query_id if number == 1 else f"{query_id}#{number}", group=group, queries={language: query},
            positives={language: texts[group.removeprefix(prefix)]},
            negatives={language: negatives} if negatives else {},
            other_groups=tuple(other for other in groups if other != group),
        )
