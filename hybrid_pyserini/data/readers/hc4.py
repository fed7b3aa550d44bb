"""HC4 (Lawrie et al. 2022, arXiv 2201.09992): English topics on news from Common Crawl in Chinese, Persian and Russian.

Laid out as the publisher's scripts leave it (``download_documents.py --storage FOLDER`` of
https://github.com/hltcoe/HC4), with the files of its ``resources/hc4`` beside the documents:

    <split>.topics.v1-0.jsonl           for split train, dev and test; data/formats/clir.py says what is in it
    zho/<split>.qrels.v1-0.txt          topic 0 document grade, and so for fas and rus
    zho/hc4_docs.jsonl or .jsonl.gz     {"id", "cc_file", "time", "title", "text", "url"} a line

Grades are 3 (very valuable), 1 (somewhat valuable) and 0. The numbers of documents and judgements are those that
ir_datasets counted in the complete files.
"""

from pathlib import Path
from typing import Any

from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.formats.clir import (
    BOTH,
    DOCUMENT_FIELDS,
    LANGUAGES,
    check_judgements,
    clir_dataset,
    find_collections,
    read_clir_topics,
)
from hybrid_pyserini.data.formats.corpus import Corpus, Judgements
from hybrid_pyserini.data.formats.source_files import required
from hybrid_pyserini.records import Qrels
from hybrid_pyserini.trec import read_qrels

ORIGIN = "https://github.com/hltcoe/HC4"
LICENCE = "see origin"
DOCUMENTS = {"zh": 646_305, "fa": 486_486, "ru": 4_721_064}
JUDGEMENTS = {
    "train": {"zh": 341, "fa": 112, "ru": 92}, "dev": {"zh": 466, "fa": 565, "ru": 265},
    "test": {"zh": 2751, "fa": 2522, "ru": 2970},
}
_COLLECTIONS = ("{lang}/hc4_docs.jsonl", "{lang}/hc4_docs.jsonl.gz")
_REMEDY = f"take it from resources/hc4 of {ORIGIN}"


def files(source: Path, split: str = "test") -> dict[str, Path]:
    """The topics, and qrels and documents of each language with documents; raises InputError for what is missing."""
    collections = find_collections(
        source, _COLLECTIONS, f"make them with download_documents.py of {ORIGIN}, --storage being this folder"
    )
    found = [required(source / f"{split}.topics.v1-0.jsonl", _REMEDY)]
    for language, collection in collections.items():
        found += [required(_qrels(source, language, split), _REMEDY), collection]
    return {str(path.relative_to(source)): path for path in found}


def read(source: Path, name: str, split: str = "test", fields: tuple[str, ...] = BOTH) -> PreparedDataset:
    """Read one split; raises InputError, with file and line, for whatever is wrong."""
    notes: dict[str, Any] = {"query": " and ".join(fields)}
    qrels: dict[str, Qrels] = {}
    passages: dict[str, Corpus] = {}
    for language, collection in find_collections(source, _COLLECTIONS, _REMEDY).items():
        path = _qrels(source, language, split)
        qrels[language] = check_judgements(read_qrels(path), JUDGEMENTS[split][language], path)
        passages[language] = Corpus(
            language, (collection,), DOCUMENT_FIELDS, Judgements(qrels[language], path), counts=notes,
            published=DOCUMENTS[language],
        )
    topics = read_clir_topics(source / f"{split}.topics.v1-0.jsonl", fields)
    return clir_dataset(name, topics, qrels, passages, pool=False, origin=ORIGIN, licence=LICENCE, notes=notes)


def _qrels(source: Path, language: str, split: str) -> Path:
    return source / LANGUAGES[language] / f"{split}.qrels.v1-0.txt"
