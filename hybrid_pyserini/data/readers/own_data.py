"""One's own data: a folder of plain files, with passages, topics and judgements by language.

    corpus/<language>.jsonl or .jsonl.gz    {"id", "text"} and, where there is one, "title" and "group", a line
    corpus/<language>.tsv or .tsv.gz        in its place: passage id<TAB>text
    topics/<language>.tsv                   query id<TAB>query
    qrels/<language>.txt                    query id 0 passage id relevance, by the language of the passages
    train.jsonl or .jsonl.gz                may be left out: training examples (``data/sources/example_source.py``)
    articles.tsv                            may be left out: query id<TAB>the article it is asked of, for every query

A query id is one question in all languages, so that a judgement of a German passage holds for the question however it
is asked. A pair is declared where at least one question has a relevant passage; the pool, where there are passages in
several languages. Title, blank and text are what is encoded and indexed of a passage with a title. Other fields of a
passage are not read, nor other files of the folder, which are named in a note.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from hybrid_pyserini.collection import check_id
from hybrid_pyserini.data.dataset import PreparedDataset, all_pairs, union
from hybrid_pyserini.data.formats.corpus import Judgements, Placed, complete, first_line
from hybrid_pyserini.data.formats.tsv import read_tsv
from hybrid_pyserini.data.monolingual import qrels_with_prefixes
from hybrid_pyserini.data.question_articles import check_articles, read_question_articles
from hybrid_pyserini.data.sources.example_source import read_examples
from hybrid_pyserini.data.text import check_text
from hybrid_pyserini.data.unique_ids import PassingIds
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_jsonl
from hybrid_pyserini.records import ALL, Pair, Passage, Qrels, Topics
from hybrid_pyserini.trec import read_qrels, read_topics, scored_qrels
from hybrid_pyserini.workspace import check_language

_LAYOUT = {"corpus": (".jsonl", ".jsonl.gz", ".tsv", ".tsv.gz"), "topics": (".tsv",), "qrels": (".txt",)}
_ARTICLES = "articles.tsv"


@dataclass(frozen=True)
class Corpus:
    """The passages of one language, streamed from their file at each iteration. Ids may repeat here."""

    path: Path
    language: str
    prefix: str
    """What stands before every id: ``<language>:`` where ids would collide over the pool, else nothing."""

    def __iter__(self) -> Iterator[Passage]:
        return (passage for _, _, passage in self.numbered())

    def numbered(self) -> Iterator[Placed]:
        """The passages with file and line; raises InputError, with these, for a bad id and a missing text."""
        for line, row in self._rows():
            raw_id = check_id(row.get("id"), "passage id", self.path, line)
            text = check_text(row.get("text"), f"'text' of passage {raw_id!r}", self.path, line)
            title = row.get("title") or ""
            contents = text
            if title:
                contents = f"{check_text(title, f'the title of passage {raw_id!r}', self.path, line)} {text}"
            docid = f"{self.prefix}{raw_id}"
            group = check_id(row.get("group", docid), "passage group", self.path, line)
            yield self.path, line, Passage(docid, text, contents, title, group, self.language)

    def _rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        if ".jsonl" in self.path.suffixes:
            return read_jsonl(self.path)
        remedy = "mend the line: texts with tabs or line breaks go into a .jsonl file"
        lines = read_tsv(self.path, ("passage id", "text"), remedy=remedy)
        return ((line, {"id": docid, "text": text}) for line, (docid, text) in lines)


def files(source: Path) -> dict[str, Path]:
    """Every file of the folder that is read; raises InputError for a missing folder and an unexpected file."""
    found = {f"{part}/{path.name}": path for part in _LAYOUT for path in _by_language(source, part).values()}
    return found | {path.name: path for path in [*_train_files(source), source / _ARTICLES] if path.is_file()}


def read(source: Path, name: str) -> PreparedDataset:
    """Read the folder; raises InputError, with file and line, for whatever is wrong in it."""
    corpora = {language: Corpus(path, language, "") for language, path in _by_language(source, "corpus").items()}
    topics = {language: read_topics(path) for language, path in _by_language(source, "topics").items()}
    judged = {
        language: Judgements(_read_judgements(path, corpora, topics), path)
        for language, path in _by_language(source, "qrels").items()
    }
    qrels = {language: of_language.qrels for language, of_language in judged.items()}
    notes: dict[str, Any] = {}
    if _some_id_is_shared(corpora, judged):
        notes["docids"] = "prefixed with '<language>:', because some occur in several languages"
        corpora = {language: replace(corpus, prefix=f"{language}:") for language, corpus in corpora.items()}
        qrels = {language: qrels_with_prefixes(judged, "", f"{language}:") for language, judged in qrels.items()}
    pairs = _scored_pairs(corpora, topics, qrels)
    if not pairs:
        raise InputError(
            "no question has a relevant passage", remedy="write judgements with relevance 1", path=source / "qrels"
        )
    articles = _read_articles(source / _ARTICLES, topics)
    notes["pairs_not_declared"] = len(_possible_pairs(topics, corpora)) - len(pairs)
    notes["not_read"] = ", ".join(_not_read(source))
    return PreparedDataset(
        name=name, passages=corpora, topics=topics, qrels=qrels, pairs=pairs, notes=notes, origin="own data",
        articles=articles, training={f"{name}-train": read_examples(path) for path in _train_files(source)},
    )


def _by_language(source: Path, part: str) -> dict[str, Path]:
    """Language -> file, of ``corpus``, ``topics`` or ``qrels``."""
    folder, endings = source / part, _LAYOUT[part]
    expected = " or ".join(f"{part}/<language>{ending}" for ending in endings)
    if not folder.is_dir():
        raise InputError("no such folder", remedy=f"put the files there as {expected}", path=folder)
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        ending = next((ending for ending in endings if path.name.endswith(ending)), None)
        if ending is None or not path.is_file():
            raise InputError(f"expected a file {expected}", remedy="rename it or take it out of the folder", path=path)
        language = check_language(path.name.removesuffix(ending), path)
        if language in found:
            raise InputError(f"there is {found[language].name} as well", remedy="keep one of the two", path=path)
        found[language] = path
    if not found:
        raise InputError("the folder is empty", remedy=f"put files there as {expected}", path=folder)
    return found


def _train_files(source: Path) -> list[Path]:
    """The file of training examples, if there is one; raises InputError where there are two."""
    found = [path for path in (source / "train.jsonl", source / "train.jsonl.gz") if path.is_file()]
    if len(found) > 1:
        raise InputError(f"there is {found[0].name} as well", remedy="keep one of the two", path=found[1])
    return found


def _not_read(source: Path) -> list[str]:
    """What else lies in the folder, such as a file under another name than the one that is read."""
    read = {*_LAYOUT, _ARTICLES, *(path.name for path in _train_files(source))}
    return sorted(path.name for path in source.iterdir() if path.name not in read and not path.name.startswith("."))


def _read_judgements(path: Path, corpora: Collection[str], topics: Mapping[str, Topics]) -> Qrels:
    """Read one language's qrels; raises InputError where it has no corpus, and for queries that no topics have."""
    if path.stem not in corpora:
        raise InputError(
            f"no corpus/{path.stem}.jsonl for these judgements", remedy="add it or remove the qrels", path=path
        )
    qrels = read_qrels(path)
    for query_id in qrels:
        if not any(query_id in asked for asked in topics.values()):
            raise InputError(
                f"no topics have query {query_id!r}", remedy="add it to the topics or remove its judgements",
                path=path, line=first_line(path, 0, query_id),
            )
    return qrels


def _some_id_is_shared(corpora: Mapping[str, Corpus], judged: Mapping[str, Judgements]) -> bool:
    """Read all passages, keeping none of them; return whether some id occurs in several languages.

    Raises InputError, with file and line, for whatever is wrong in them, an id that occurs twice in one language, and a
    judged passage that is not there.
    """
    docids = PassingIds()
    for language, corpus in corpora.items():
        passages = complete(corpus.numbered, judged.get(language))
        for passage in tqdm(passages, desc=f"reading {language}", unit=" passages", disable=None):
            docids.add(passage.id)
    shared = docids.repetition(lambda: ((passage.id, None) for corpus in corpora.values() for passage in corpus))
    return shared is not None


def _read_articles(path: Path, topics: Mapping[str, Topics]) -> dict[str, str]:
    """Query id -> article; empty without the file."""
    if not path.is_file():
        return {}
    articles = read_question_articles(path)
    check_articles(articles, {query_id for asked in topics.values() for query_id in asked}, path)
    return articles


def _scored_pairs(
    languages: Collection[str], topics: Mapping[str, Topics], qrels: Mapping[str, Qrels]
) -> tuple[Pair, ...]:
    """The possible pairs in which some question has a relevant passage."""
    pool = union(qrels.values())
    return tuple(
        pair for pair in _possible_pairs(topics, languages)
        if scored_qrels(topics[pair.query], pool if pair.passage == ALL else qrels.get(pair.passage, {}))
    )


def _possible_pairs(topics: Collection[str], languages: Collection[str]) -> tuple[Pair, ...]:
    """Every query language with every passage language and, where these are several, with the pool."""
    pairs = all_pairs(list(topics), list(languages))
    return pairs if len(languages) > 1 else tuple(pair for pair in pairs if pair.passage != ALL)
