"""BM25, the lexical baseline: every language pair and the pool, as runs of the same form as a dense model's.

A pair q-p searches the passages of p, and its queries are cut into tokens as those passages are, whatever language they
are in: BM25 only finds what shares a word, a name or a number, and a query that shares none has no hits. In the pool
each passage is analysed as its own language, and each query as its own. With queries in translation it is another
system, ``bm25+NAME``, on the same indexes.

Only what shares a token with the query is ranked; ``ranks`` files leave the rank of other relevant passages empty.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

from hybrid_pyserini import trec
from hybrid_pyserini.baselines.analysis import OTHERS, analysis_of
from hybrid_pyserini.baselines.bm25_index import Bm25IndexManifest, build_indexes
from hybrid_pyserini.baselines.bm25_search import Bm25Parameters, Bm25Search
from hybrid_pyserini.baselines.query_tokens import tokens_as_they_are, tokens_in_translation, untranslated
from hybrid_pyserini.baselines.translated_queries import TranslatedQueries, from_model, from_path
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.provenance import MANIFEST, made_by
from hybrid_pyserini.records import ALL, Pair, Topics
from hybrid_pyserini.search.run_manifest import RunForm, RunManifest, begin, input_hashes
from hybrid_pyserini.workspace import BM25, DatasetInfo, Workspace, choose_pairs


@dataclass(frozen=True)
class Bm25Pair:
    """One pair after ``bm25``."""

    pair: Pair
    run: Path
    queries: int
    without_hits: int
    """Queries that share no token with any passage."""
    kept: bool
    """Whether it was finished before and has not been searched again."""
    untranslated: int = 0
    """Queries that lack a translation, where they are searched in translation. They have no hits but in the pool, where
    the query as it is and its other translations remain."""


def bm25(
    workspace: Workspace, dataset: str, *, pairs: str | Sequence[str] | None = None, hits: int = 1000,
    pool_hits: int | None = None, gzip: bool = False, k1: float = 0.9, b: float = 0.4, threads: int | None = None,
    topics_translated: Path | None = None, translate: str | None = None, overwrite: bool = False,
) -> tuple[Bm25Pair, ...]:
    """Index and search a prepared data set with BM25; write runs, and ranks in the pool.

    ``pairs`` are ``de-en,en-all`` or a list of such, by default all that the data set declares; ``pool_hits`` is by
    default ``hits``, ``threads`` the number of cores; with ``gzip`` the runs are gzipped. Queries are taken
    in translation from ``topics_translated``, a folder or a pair's file, or from the model ``translate``. Raises
    InputError for an unknown data set or pair, files of it that are missing or broken, parameters out of range, no
    usable Java, translations that cannot be used (``translated_queries``), and indexes or runs that were made with
    other settings, unless ``overwrite``.
    """
    parameters, form = Bm25Parameters(k1, b), RunForm(hits, hits if pool_hits is None else pool_hits, gzip)
    if threads is not None and threads < 1:
        raise InputError(f"{threads} threads", remedy="give --threads 1 or more")
    info = workspace.dataset(dataset)
    wanted = choose_pairs(info, pairs)
    if not wanted:
        raise InputError(f"no language pair of {info.name} to search", remedy="choose a data set that has topics")
    query_languages = dict.fromkeys(pair.query for pair in wanted)
    topics = {language: trec.read_topics(workspace.topics(dataset, language)) for language in query_languages}
    relevant = {
        pair: trec.relevant_passages(topics[pair.query], trec.read_qrels(workspace.qrels_of(dataset, pair)))
        for pair in wanted if pair.passage == ALL
    }
    translated = _translated(workspace, info, wanted, topics_translated, translate)
    system = translated.system if translated else BM25
    _warn_of_unknown_languages(info)
    passage_languages = list(dict.fromkeys(pair.passage for pair in wanted))
    indexes = build_indexes(workspace, info, passage_languages, overwrite=overwrite)
    settings = _settings(workspace, info, wanted, form, parameters, translated)
    manifest = begin(workspace, info, settings, wanted, overwrite=overwrite)
    unfinished = [pair for pair in wanted if str(pair) not in manifest.pairs]
    runs = {pair: workspace.run(dataset, system, pair, gzipped=gzip) for pair in wanted}
    form.warn_of_few({pair.passage: indexes[pair.passage].passages for pair in unfinished})
    for pair, search in _with_indexes(workspace, indexes, unfinished, parameters, threads or os.cpu_count() or 1):
        queries, counts = _queries(pair, topics[pair.query], translated, info.passage_languages)
        counts["without_hits"] = search.write(
            runs[pair], system, pair, queries, form.depth(pair.passage), relevant.get(pair, {})
        )
        manifest = manifest.finish(workspace, dataset, {pair: counts})
    return tuple(
        Bm25Pair(pair, runs[pair], kept=pair not in unfinished, **manifest.pairs[str(pair)]) for pair in wanted
    )


def _translated(
    workspace: Workspace, info: DatasetInfo, pairs: Sequence[Pair], path: Path | None, model: str | None
) -> TranslatedQueries | None:
    if path is not None and model is not None:
        raise InputError("queries translated twice", remedy="give --topics-translated or --translate")
    if path is not None:
        return from_path(workspace, info, pairs, path)
    return None if model is None else from_model(workspace, info, pairs, model)


def _queries(
    pair: Pair, topics: Topics, translated: TranslatedQueries | None, languages: Sequence[str]
) -> tuple[dict[str, list[str]], dict[str, int]]:
    """Query id -> tokens, and what is counted of the queries."""
    counts = {"queries": len(topics)}
    if translated is None:
        return tokens_as_they_are(pair, topics), counts
    counts["untranslated"] = untranslated(pair, topics, translated.topics, languages)
    return tokens_in_translation(pair, topics, translated.topics, languages), counts


def _with_indexes(
    workspace: Workspace, indexes: Mapping[str, Bm25IndexManifest], pairs: Sequence[Pair], parameters: Bm25Parameters,
    threads: int,
) -> Iterator[tuple[Pair, Bm25Search]]:
    """Yield each pair with the index of its passages; an index is opened once, for all its pairs."""
    with tqdm(total=len(pairs), unit=" pairs", disable=not pairs) as progress:
        for language in dict.fromkeys(pair.passage for pair in pairs):
            progress.set_description(f"passages in {language}")
            with Bm25Search(workspace, indexes[language], parameters, threads) as search:
                for pair in [pair for pair in pairs if pair.passage == language]:
                    yield pair, search
                    progress.update()


def _settings(
    workspace: Workspace, info: DatasetInfo, pairs: Sequence[Pair], form: RunForm, parameters: Bm25Parameters,
    translated: TranslatedQueries | None,
) -> RunManifest:
    """The manifest of the runs that are to be, with no pair finished."""
    files = [workspace.bm25_index(info.name, pair.passage) / MANIFEST for pair in pairs]
    files += [workspace.topics(info.name, pair.query) for pair in pairs]
    files += [workspace.qrels_of(info.name, pair) for pair in pairs if pair.passage == ALL]
    inputs, system = input_hashes(workspace, dict.fromkeys(files)), BM25
    if translated:
        inputs, system = inputs | translated.hashes, translated.system
    return RunManifest(
        model=system, **asdict(form), system=asdict(parameters), inputs=inputs,
        made_by=made_by(dataset=info.name, model=system, **asdict(form), **asdict(parameters)),
    )


def _warn_of_unknown_languages(info: DatasetInfo) -> None:
    unknown = [language for language in info.languages if analysis_of(language) is OTHERS]
    if unknown:
        print(f"warning: BM25 has no analysis of its own for {', '.join(unknown)}: {OTHERS.reason}", file=sys.stderr)
