"""Search of a data set: every language pair and the multilingual pool, as TREC runs, and ranks in the pool.

Each query language's queries are encoded once, and all its pairs are searched with them. Runs hold the best ``hits``;
full rankings are never written: ``ranks`` files say where each judged relevant passage stands in the pool. Finished
pairs are kept, so an interrupted search goes on where it stopped.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from hybrid_pyserini import trec
from hybrid_pyserini.dense_index import IndexManifest, check_finite, read_index_for
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.provenance import MANIFEST, made_by
from hybrid_pyserini.records import ALL, Pair, Topics
from hybrid_pyserini.run_manifest import Depth, RunManifest, begin, input_hashes
from hybrid_pyserini.scoring import Passages, Queries, Rankings
from hybrid_pyserini.workspace import DatasetInfo, Workspace, choose_pairs

if TYPE_CHECKING:  # importing the encoder loads torch; search does so only once the indexes are known to exist
    from hybrid_pyserini.encoder import Encoder


@dataclass(frozen=True)
class SearchedPair:
    """One pair after ``search``."""

    pair: Pair
    run: Path
    kept: bool
    """Whether it was finished before and has not been searched again."""


def search(
    workspace: Workspace, dataset: str, model: str, *, pairs: str | Sequence[str] | None = None, hits: int = 1000,
    pool_hits: int | None = None, dtype: str | None = None, overwrite: bool = False,
) -> tuple[SearchedPair, ...]:
    """Search a prepared and indexed data set with a model, by its workspace name or path; write runs and ranks.

    ``pairs`` are ``de-en,en-all`` or a list of such, by default all that the data set declares; ``pool_hits`` is by
    default ``hits``, ``dtype`` the indexes'. Raises InputError for an unknown data set, model or pair, for an index
    that is missing, damaged or of another model or dtype, and for runs that were made with other settings, unless
    ``overwrite``.
    """
    info = workspace.dataset(dataset)
    name, path = workspace.model(model)
    languages = _passage_languages(info, _wanted(info, pairs))
    manifests = [IndexManifest.read(workspace.index(info.name, name, language)) for language in languages]
    from hybrid_pyserini.encoder import Encoder

    encoder = Encoder.load(path, dtype=dtype or manifests[0].encoder["dtype"])
    return search_with(encoder, workspace, info, name, pairs=pairs, hits=hits, pool_hits=pool_hits, overwrite=overwrite)


def search_with(
    encoder: "Encoder", workspace: Workspace, info: DatasetInfo, model: str, *,
    pairs: str | Sequence[str] | None = None, hits: int = 1000, pool_hits: int | None = None,
    overwrite: bool = False,
) -> tuple[SearchedPair, ...]:
    """``search`` with a loaded encoder; ``model`` is its name in paths and the runs' tag."""
    depth = Depth(hits, hits if pool_hits is None else pool_hits)
    wanted = _wanted(info, pairs)
    job = _Search(encoder, workspace, info, model, depth)
    passages = Passages(
        [read_index_for(encoder, job.index_folder(language)) for language in _passage_languages(info, wanted)]
    )
    settings = job.settings(wanted)
    topics = {pair.query: job.read_topics(pair.query) for pair in wanted}
    relevant = {
        pair.query: job.read_relevant(pair, topics[pair.query], passages) for pair in wanted if pair.passage == ALL
    }
    manifest = begin(workspace, info, settings, wanted, overwrite=overwrite)  # only now may old runs be removed
    unfinished = [pair for pair in wanted if str(pair) not in manifest.pairs]
    depth.warn_of_few({pair.passage: passages.size(pair.passage) for pair in unfinished})
    with tqdm(total=len(unfinished), unit=" pairs", disable=not unfinished) as progress:
        for language in dict.fromkeys(pair.query for pair in unfinished):
            progress.set_description(f"queries in {language}")
            pairs_of_language = [pair for pair in unfinished if pair.query == language]
            queries = job.encode(topics[language], relevant.get(language, {}))
            rankings = passages.search(queries, {p.passage: depth.of(p.passage) for p in pairs_of_language})
            for pair in pairs_of_language:
                job.write(pair, queries, rankings, passages)
                manifest = manifest.with_pair(pair, queries=len(queries.ids))
                manifest.write(workspace.run_manifest(info.name, model))
                progress.update()
    return tuple(
        SearchedPair(pair, workspace.run(info.name, model, pair), kept=pair not in unfinished) for pair in wanted
    )


def _wanted(info: DatasetInfo, pairs: str | Sequence[str] | None) -> tuple[Pair, ...]:
    """The pairs to search; raises InputError where there is none."""
    wanted = choose_pairs(info, pairs)
    if not wanted:
        raise InputError(f"no language pair of {info.name} to search", remedy="choose a data set that has topics")
    return wanted


def _passage_languages(info: DatasetInfo, pairs: Sequence[Pair]) -> tuple[str, ...]:
    """The languages whose passages are ranked; of the pool that is all."""
    needed = {pair.passage for pair in pairs}
    return tuple(language for language in info.languages if language in needed or ALL in needed)


@dataclass(frozen=True)
class _Search:
    """What every step of searching one data set needs."""

    encoder: "Encoder"
    workspace: Workspace
    info: DatasetInfo
    model: str
    depth: Depth

    def index_folder(self, language: str) -> Path:
        return self.workspace.index(self.info.name, self.model, language)

    def settings(self, pairs: Sequence[Pair]) -> RunManifest:
        """The manifest of the runs that are to be, with no pair finished."""
        files = [self.index_folder(language) / MANIFEST for language in _passage_languages(self.info, pairs)]
        for pair in pairs:
            files.append(self.workspace.topics(self.info.name, pair.query))
            if pair.passage == ALL:
                files.append(self.workspace.qrels_of(self.info.name, pair))
        return RunManifest(
            model=self.model, **asdict(self.depth),
            system={"fingerprint": self.encoder.fingerprint, "dtype": self.encoder.dtype},
            inputs=input_hashes(self.workspace, dict.fromkeys(files)),
            made_by=made_by(dataset=self.info.name, model=self.model, dtype=self.encoder.dtype, **asdict(self.depth)),
        )

    def read_topics(self, language: str) -> Topics:
        return trec.read_topics(self.workspace.topics(self.info.name, language))

    def read_relevant(self, pair: Pair, topics: Topics, passages: Passages) -> dict[str, list[str]]:
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

    def encode(self, topics: Topics, relevant: dict[str, list[str]]) -> Queries:
        vectors = self.encoder.encode_queries(list(topics.values()))
        check_finite(list(topics), vectors, "query")
        return Queries(list(topics), vectors, relevant)

    def write(self, pair: Pair, queries: Queries, rankings: Rankings, passages: Passages) -> None:
        """Write a pair's run, and the pool's ranks."""
        best = rankings.best[pair.passage]
        trec.write_run(
            self.workspace.run(self.info.name, self.model, pair),
            ((query_id, passages.hits(keys)) for query_id, keys in zip(queries.ids, best, strict=True)), self.model,
        )
        if pair.passage == ALL:
            trec.write_ranks(self.workspace.ranks(self.info.name, self.model, pair), rankings.ranked)
