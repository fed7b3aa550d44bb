"""Which language the passages of the pool are in: the one whose qrels judge them, or whose collection holds them."""

from collections.abc import Iterable, Set

from hybrid_pyserini.jsonl import read_jsonl
from hybrid_pyserini.trec import read_qrels
from hybrid_pyserini.workspace import Workspace


def passage_languages(
    workspace: Workspace, dataset: str, languages: Iterable[str], wanted: Set[str]
) -> dict[str, str]:
    """Wanted passage id -> its language. Ids that are in no qrels by language and in no collection here are absent.

    Collections are streamed, and only where the qrels leave passages open: what is kept does not grow with them.
    """
    found: dict[str, str] = {}
    there = list(languages)
    for language in there:
        path = workspace.qrels(dataset, language)
        if path.exists():
            found |= {docid: language for judged in read_qrels(path).values() for docid in judged if docid in wanted}
    open_ids = set(wanted) - found.keys()
    for language in there:
        path = workspace.collection(dataset, language)
        if open_ids and path.exists():
            for _, row in read_jsonl(path):
                if row.get("id") in open_ids:
                    found[row["id"]] = language
                    open_ids.remove(row["id"])
    return found
