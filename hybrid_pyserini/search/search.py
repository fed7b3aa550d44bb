"""Search of a data set: every language pair and the multilingual pool, as TREC runs, and ranks in the pool.

Each query language's queries are encoded once, and all its pairs are searched with them. Runs hold the best ``hits``;
full rankings are never written: ``ranks`` files say where each judged relevant passage stands in the pool. Finished
pairs are kept, so an interrupted search goes on where it stopped. Memory holds the indexes, and what was found for one
block of one language's queries.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from hybrid_pyserini import trec
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.indexing.dense_index import (
    FLAT_INDEX,
    IndexManifest,
    IndexType,
    check_encoded_by,
    check_finite,
    read_any_index,
    read_dense_index,
)
from hybrid_pyserini.provenance import MANIFEST, made_by
from hybrid_pyserini.records import ALL, Pair, Topics
from hybrid_pyserini.search.approximate import IndexedPassages
from hybrid_pyserini.search.run_manifest import RunForm, RunManifest, begin, input_hashes
from hybrid_pyserini.search.scoring import Passages, Queries, Relevant
from hybrid_pyserini.workspace import DatasetInfo, Workspace, choose_pairs

if TYPE_CHECKING:  # importing the encoder loads torch; search does so only once the indexes are known to exist
    from hybrid_pyserini.encoder.encoder import Encoder


@dataclass(frozen=True)
class SearchedPair:
    """One pair after ``search``."""

    pair: Pair
    run: Path
    kept: bool
    """Whether it was finished before and has not been searched again."""


def search(
    workspace: Workspace, dataset: str, model: str, *, pairs: str | Sequence[str] | None = None, hits: int = 1000,
    pool_hits: int | None = None, factory: str = FLAT_INDEX.factory, gzip: bool = False, dtype: str | None = None,
    overwrite: bool = False,
) -> tuple[SearchedPair, ...]:
    """Search a prepared and indexed data set with a model, by its workspace name or path; write runs and ranks.

    ``pairs`` are ``de-en,en-all`` or a list of such, by default all that the data set declares; ``pool_hits`` is by
    default ``hits``, ``dtype`` the indexes'. ``factory`` is that of the indexes to search: those that are not exact are
    a system of their own, such as ``hybrid+HNSW32``, whose runs have no ranks beside them. With ``gzip`` the runs are
    gzipped. Raises InputError for an unknown data set, model or pair, for an index that is missing, damaged or of
    another model or dtype, and for runs that were made with other settings, unless ``overwrite``.
    """
    info = workspace.dataset(dataset)
    name, path = workspace.model(model)
    if IndexType(factory).is_lucenes:
        raise InputError(
            f"{factory} is Lucene's index", remedy="search it with 'hybrid-pyserini pyserini search.lucene --dense "
            "--hnsw --encoder-class hybrid'",
        )
    system = IndexType(factory).name_with(name)
    languages = _passage_languages(info, _wanted(info, pairs))
    manifests = [IndexManifest.read(workspace.index(info.name, system, language)) for language in languages]
    from hybrid_pyserini.encoder.encoder import Encoder

    encoder = Encoder.load(path, dtype=dtype or manifests[0].encoder["dtype"])
    return search_with(
        encoder, workspace, info, system, pairs=pairs, hits=hits, pool_hits=pool_hits, gzip=gzip, overwrite=overwrite
    )


def search_with(
    encoder: "Encoder", workspace: Workspace, info: DatasetInfo, model: str, *,
    pairs: str | Sequence[str] | None = None, hits: int = 1000, pool_hits: int | None = None, gzip: bool = False,
    overwrite: bool = False,
) -> tuple[SearchedPair, ...]:
    """``search`` with a loaded encoder; ``model`` is the indexes' name in paths and the runs' tag."""
    form = RunForm(hits, hits if pool_hits is None else pool_hits, gzip)
    wanted = _wanted(info, pairs)
    job = _Search(encoder, workspace, info, model, form)
    passages = job.read_indexes(_passage_languages(info, wanted))
    settings = replace(job.settings(wanted), ranks=passages.exact)
    topics = {language: job.read_topics(language) for language in dict.fromkeys(pair.query for pair in wanted)}
    relevant = {
        pair.query: job.read_relevant(pair, topics[pair.query], passages) for pair in wanted if pair.passage == ALL
    }
    manifest = begin(workspace, info, settings, wanted, overwrite=overwrite)  # only now may old runs be removed
    unfinished = [pair for pair in wanted if str(pair) not in manifest.pairs]
    form.warn_of_few({pair.passage: passages.size(pair.passage) for pair in unfinished})
    with tqdm(total=len(unfinished), unit=" pairs", disable=not unfinished) as progress:
        for language in dict.fromkeys(pair.query for pair in unfinished):
            progress.set_description(f"queries in {language}")
            pairs_of_language = [pair for pair in unfinished if pair.query == language]
            queries = job.encode(topics[language])
            job.write(pairs_of_language, queries, relevant.get(language, {}), passages)
            counts = {"queries": len(queries.ids)}
            manifest = manifest.finish(workspace, info.name, dict.fromkeys(pairs_of_language, counts))
            progress.update(len(pairs_of_language))
    return tuple(SearchedPair(pair, job.run(pair), kept=pair not in unfinished) for pair in wanted)


def _wanted(info: DatasetInfo, pairs: str | Sequence[str] | None) -> tuple[Pair, ...]:
    """The pairs to search; raises InputError where there is none."""
    wanted = choose_pairs(info, pairs)
    if not wanted:
        raise InputError(f"no language pair of {info.name} to search", remedy="choose a data set that has topics")
    return wanted


def _passage_languages(info: DatasetInfo, pairs: Sequence[Pair]) -> tuple[str, ...]:
    """The languages whose passages are ranked; of the pool that is all."""
    needed = {pair.passage for pair in pairs}
    return tuple(language for language in info.passage_languages if language in needed or ALL in needed)


@dataclass(frozen=True)
class _Search:
    """What every step of searching one data set needs."""

    encoder: "Encoder"
    workspace: Workspace
    info: DatasetInfo
    model: str
    form: RunForm

    def run(self, pair: Pair) -> Path:
        return self.workspace.run(self.info.name, self.model, pair, gzipped=self.form.gzip)

    def index_folder(self, language: str) -> Path:
        return self.workspace.index(self.info.name, self.model, language)

    def read_indexes(self, languages: Sequence[str]) -> Passages | IndexedPassages:
        """The languages' passages; raises InputError for an index that is missing, damaged or another encoder's."""
        folders = [self.index_folder(language) for language in languages]
        if all(check_encoded_by(self.encoder, folder).factory == FLAT_INDEX.factory for folder in folders):
            return Passages([read_dense_index(folder) for folder in folders])
        return IndexedPassages([read_any_index(folder) for folder in folders])

    def settings(self, pairs: Sequence[Pair]) -> RunManifest:
        """The manifest of the runs that are to be, with no pair finished."""
        files = [self.index_folder(language) / MANIFEST for language in _passage_languages(self.info, pairs)]
        for pair in pairs:
            files.append(self.workspace.topics(self.info.name, pair.query))
            if pair.passage == ALL:
                files.append(self.workspace.qrels_of(self.info.name, pair))
        return RunManifest(
            model=self.model, **asdict(self.form),
            system={"fingerprint": self.encoder.fingerprint, "dtype": self.encoder.dtype},
            inputs=input_hashes(self.workspace, dict.fromkeys(files)),
            made_by=made_by(dataset=self.info.name, model=self.model, dtype=self.encoder.dtype, **asdict(self.form)),
        )

    def read_topics(self, language: str) -> Topics:
        return trec.read_topics(self.workspace.topics(self.info.name, language))

    def read_relevant(self, pair: Pair, topics: Topics, passages: Passages | IndexedPassages) -> dict[str, list[str]]:
        """Query id -> its judged relevant passages in the pool; raises InputError for one that the pool lacks."""
        path = self.workspace.qrels_of(self.info.name, pair)
        relevant = trec.relevant_passages(topics, trec.read_qrels(path))
        for query_id, docids in relevant.items():
            for docid in docids:
                if docid not in passages.column:
                    raise InputError(
                        f"query {query_id!r} judges passage {docid!r}, which no index of the pool has",
                        remedy="run 'hybrid-pyserini prepare' and 'hybrid-pyserini index' again", path=path,
                    )
        return relevant

    def encode(self, topics: Topics) -> Queries:
        vectors = self.encoder.encode_queries(list(topics.values()))
        check_finite(list(topics), vectors, "query")
        return Queries(list(topics), vectors)

    def write(
        self, pairs: Sequence[Pair], queries: Queries, relevant: Relevant, passages: Passages | IndexedPassages
    ) -> None:
        """Search all pairs of one query language; write their runs, and the pool's ranks, block by block."""
        with ExitStack() as files:
            runs = {p.passage: files.enter_context(trec.writing_run(self.run(p), self.model)) for p in pairs}
            pool = [
                self.workspace.ranks(self.info.name, self.model, pair) for pair in pairs
                if pair.passage == ALL and passages.exact
            ]
            ranks = [files.enter_context(trec.writing_ranks(path)) for path in pool]
            for found in passages.search(queries, {k: self.form.depth(k) for k in runs}, relevant):
                for language, run in runs.items():
                    for hits in zip(found.ids, *passages.hits(found.best[language]), strict=True):
                        run.write(*hits)
                for of_pool in ranks:
                    of_pool.write(found.ranked)
