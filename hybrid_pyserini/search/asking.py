"""One question, asked of an indexed data set: its best passages in a language or in the pool, with their texts.

For looking at what a model finds; ``search`` is for topics and writes runs. Both rank with the same indexes and scores.
"""

from dataclasses import dataclass

from hybrid_pyserini.collection import read_collection
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.indexing.dense_index import IndexManifest, check_finite, read_index_for
from hybrid_pyserini.records import ALL, Passage
from hybrid_pyserini.search.scoring import Passages, Queries
from hybrid_pyserini.workspace import Workspace


@dataclass(frozen=True)
class Answer:
    """A passage that was found, and its score."""

    score: float
    passage: Passage


def ask(
    workspace: Workspace, dataset: str, model: str, question: str, *, passages: str = ALL, hits: int = 5
) -> list[Answer]:
    """The ``hits`` best passages for ``question``, best first, among those of a language or of the pool.

    Raises InputError for an unknown data set, model or language, an index that is missing or another model's, and a
    question without words.
    """
    info = workspace.dataset(dataset)
    name, path = workspace.model(model)
    known = (*info.passage_languages, ALL)
    if passages not in known:
        raise InputError(f"no passages in {passages!r} in {info.name}", remedy=f"choose from {', '.join(known)}")
    if not question.strip() or hits < 1:
        raise InputError(
            "nothing is asked" if hits >= 1 else f"{hits} hits", remedy="give a question, and --hits 1 or more"
        )
    languages = info.passage_languages if passages == ALL else (passages,)
    folders = [workspace.index(info.name, name, language) for language in languages]
    dtype = IndexManifest.read(folders[0]).encoder["dtype"]
    from hybrid_pyserini.encoder.encoder import Encoder  # loads torch; only once an index is known to exist

    encoder = Encoder.load(path, dtype=dtype)
    searched = Passages([read_index_for(encoder, folder) for folder in folders])
    vectors = encoder.encode_queries([" ".join(question.split())])
    check_finite(["the question"], vectors, "query")
    (found,) = searched.search(Queries(["the question"], vectors), {passages: hits})
    (docids,), (best,) = searched.hits(found.best[passages])
    scores = {docid.decode(): score for docid, score in zip(docids, best, strict=True)}
    texts = {
        passage.id: passage for language in languages
        for passage in read_collection(workspace.collection(info.name, language)) if passage.id in scores
    }
    return [Answer(score, texts[docid]) for docid, score in scores.items()]
