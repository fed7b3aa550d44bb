"""The measures that only the multilingual pool has: language bias, and AP over the full ranking.

Each is a value per query, then the mean over queries, then over query languages. A measure that is the same whatever
the system does is null, and said to be so.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import numpy as np

from hybrid_pyserini.evaluation.pool.complete import complete, worst_rank
from hybrid_pyserini.evaluation.pool.full_ap import full_ap
from hybrid_pyserini.evaluation.pool.passage_languages import passage_languages
from hybrid_pyserini.evaluation.pool.peer import equal_weights, is_constant, peer
from hybrid_pyserini.evaluation.pool.pool_ranks import PoolRanks
from hybrid_pyserini.evaluation.pool.pool_top import PoolTop, pool_top
from hybrid_pyserini.evaluation.pool.rank_distance import DISTANCES, distance
from hybrid_pyserini.evaluation.pool.same_language import same_language_shares, unbiased_share
from hybrid_pyserini.evaluation.settings import why_null
from hybrid_pyserini.records import ALL, Pair, Qrels
from hybrid_pyserini.workspace import DatasetInfo, Workspace

DEPTH = 100
"""The usual k of the measures of language bias: the depth of the shallowest runs that people keep."""

AP_FULL = "AP(full)"


@dataclass(frozen=True)
class PoolMeasure:
    """One measure of a model's pools."""

    name: str
    values: dict[Pair, dict[str, float]] = field(default_factory=dict)
    """Pool -> scored query id -> value; empty where there is none."""
    more: dict[str, Any] = field(default_factory=dict)
    """What else the evaluation says of it."""
    null: str | None = None
    """Why it has no values, in place of them."""
    remark: str | None = None
    """What is to be known of the values."""
    left_out: Collection[Pair] = ()
    """The pools that the measure is not of: the mean goes without them."""

    def record(self, declared: Sequence[Pair]) -> tuple[dict[str, Any], str | None]:
        """What stands in the evaluation, and a remark; ``declared`` are the data set's pools."""
        null = self.null or why_null([pair for pair in declared if pair not in self.left_out], self.values)
        means = {pair.query: fmean(of_queries.values()) for pair, of_queries in self.values.items()}
        mean = None if null else fmean(means.values())
        return {"mean": mean, "by_query_language": means, **self.more}, null or self.remark


@dataclass(frozen=True)
class Pools:
    """What the measures need of a model's pools, gathered pool by pool."""

    k: int
    ranks: Mapping[Pair, PoolRanks]
    """Empty for runs that came without ranks."""
    run_depth: int | None
    """How many passages a query the runs hold at most; None if nothing says so."""
    scored: dict[Pair, Qrels] = field(default_factory=dict)
    tops: dict[Pair, PoolTop] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    """The retrieved passages' numbers in ``tops``, counted from 0 in this order."""

    def add(self, pair: Pair, scored: Qrels, tops: Mapping[str, Sequence[str]]) -> None:
        """Keep the top k of a pool's run, which are given for every scored query."""
        self.scored[pair] = scored
        self.tops[pair] = pool_top(scored, tops, self.numbers)

    @property
    def size(self) -> int | None:
        """N, where it is known."""
        return next((ranks.size for ranks in self.ranks.values()), None)

    @property
    def without_ranks(self) -> str | None:
        """Why nothing can be said of the full ranking, where that is so."""
        return "null: the runs have no ranks beside them" if self.tops and not self.ranks else None

    @property
    def relevant(self) -> set[str]:
        return {docid for top in self.tops.values() for ranks in top.ranks.values() for docid in ranks}

    @property
    def too_shallow(self) -> str | None:
        """Why nothing at k can be said of these runs, where that is so. Where nothing says how deep they are, they are
        as deep as the deepest query."""
        depth = self.run_depth
        if depth is None:
            depth = max(int(top.counts.max()) for top in self.tops.values())
        if depth >= min(self.k, self.size or self.k):
            return None
        return f"null: the runs hold {depth} passages a query, fewer than {self.k}"

    @property
    def whole(self) -> str | None:
        """Why the top k is the same for every ranking, where it is the whole pool."""
        if self.size is None or any((top.counts < self.size).any() for top in self.tops.values()):
            return None
        return f"constant by construction, so not shown: the top {self.k} is the whole pool of {self.size}"


def measure_pools(workspace: Workspace, info: DatasetInfo, pools: Pools) -> list[PoolMeasure]:
    """Every measure of language bias, and AP(full)."""
    wanted = pools.relevant | pools.numbers.keys()
    language_of = passage_languages(workspace, info.name, info.passage_languages, wanted) if pools.tops else {}
    declared = [pair for pair in info.pairs if pair.passage == ALL]
    return [
        rank_distance(pools, declared), _peer(pools, language_of), _same_language(pools, declared, info, language_of),
        _complete(pools), *_of_ranks(pools),
    ]


def rank_distance(pools: Pools, declared: Sequence[Pair]) -> PoolMeasure:
    """The rank distances (``rank_distance.py``), with what the evaluation says of them: ``normalised``, the mean
    divided by N - 1; ``bound``, whether a passage is not ranked; ``unranked_share``, the share of such passages. The
    last two are null without ranks. ``declared`` are the data set's pools.
    """
    passages = sum(ranks.passages for ranks in pools.ranks.values())
    unranked = sum(ranks.unranked for ranks in pools.ranks.values())
    bound = {
        "bound": unranked > 0 if pools.ranks else None, "unranked_share": unranked / passages if pools.ranks else None,
    }
    null = pools.without_ranks
    if pools.ranks and not unranked and passages == sum(len(ranks.ranks) for ranks in pools.ranks.values()):
        null = "constant by construction, so not shown: every query has one relevant passage"
    if null:
        return PoolMeasure(DISTANCES, more={"normalised": None, **bound}, null=null)
    values = {
        pair: {query_id: float(distance(of_query, ranks.size)) for query_id, of_query in ranks.ranks.items()}
        for pair, ranks in pools.ranks.items()
    }
    normalised = None if why_null(declared, values) else fmean(
        fmean(of_pool.values()) / max(pools.ranks[pair].size - 1, 1) for pair, of_pool in values.items()
    )
    return PoolMeasure(DISTANCES, values, {"normalised": normalised, **bound})


def _peer(pools: Pools, language_of: Mapping[str, str]) -> PoolMeasure:
    name = f"PEER@{pools.k}"
    if not pools.tops:
        return PoolMeasure(name)
    if null := pools.too_shallow or _unknown(pools.relevant, language_of):
        return PoolMeasure(name, null=null)
    weights = equal_weights(pools.scored.values())
    constant = [is_constant(judged, language_of) for scored in pools.scored.values() for judged in scored.values()]
    if all(constant):
        return PoolMeasure(name, null=(
            "constant by construction, so not shown: of a relevance level, every query has one passage a language at "
            "most, or those of one language"
        ))
    values = {
        pair: {
            query_id: peer(pools.scored[pair][query_id], ranks, language_of, weights, pools.k)
            for query_id, ranks in top.ranks.items()
        }
        for pair, top in pools.tops.items()
    }
    share = fmean(constant)
    return PoolMeasure(
        name, values, {"weights": {str(level): weight for level, weight in weights.items()}, "constant_share": share},
        remark=f"constant by construction for {share:.1%} of the queries" if share else None,
    )


def _same_language(
    pools: Pools, declared: Sequence[Pair], info: DatasetInfo, language_of: Mapping[str, str]
) -> PoolMeasure:
    """Without the pools whose query language has no passages: their share is 0, whatever the system does."""
    name = f"SameLanguage@{pools.k}"
    if not pools.tops:
        return PoolMeasure(name)
    null = pools.too_shallow or pools.whole or _unknown(pools.relevant | pools.numbers.keys(), language_of)
    needed = [pair for pair in declared if pair.query in info.passage_languages]
    if len(info.passage_languages) == 1:
        null = "constant by construction, so not shown: the pool has one language"
    elif not needed:
        null = "constant by construction, so not shown: the data set has no passages in a query language"
    if null:
        return PoolMeasure(name, null=null)
    passages = np.array([info.languages.index(language_of[docid]) for docid in pools.numbers], dtype=np.int32)
    shares, unbiased = {}, {}
    for pair, top in pools.tops.items():
        if pair in needed:
            shares[pair] = same_language_shares(top, passages == info.languages.index(pair.query))
            unbiased[pair.query] = unbiased_share(pools.scored[pair], pair.query, language_of)
    left_out = [pair for pair in declared if pair not in needed]
    return PoolMeasure(
        name, shares, {
            "unbiased": None if why_null(needed, shares) else fmean(unbiased.values()),
            "unbiased_by_query_language": unbiased,
        },
        remark=f"without the pools asked in {' '.join(pair.query for pair in left_out)}: the data set has no passages "
        "in the language, so that every ranking has none at the top" if left_out else None,
        left_out=left_out,
    )


def _complete(pools: Pools) -> PoolMeasure:
    name = f"Complete@{pools.k}"
    if not pools.tops:
        return PoolMeasure(name)
    null = pools.too_shallow or pools.whole
    if all(len(ranks) > pools.k for top in pools.tops.values() for ranks in top.ranks.values()):
        null = f"constant by construction, so not shown: every query has more than {pools.k} relevant passages"
    if null:
        return PoolMeasure(name, null=null)
    return PoolMeasure(name, {
        pair: {query_id: complete(ranks) for query_id, ranks in top.ranks.items()} for pair, top in pools.tops.items()
    })


def _of_ranks(pools: Pools) -> list[PoolMeasure]:
    """Max@R and AP(full)."""
    null = pools.without_ranks
    bound = {"bound": any(ranks.unranked for ranks in pools.ranks.values()) if pools.ranks else None}
    worst = {
        pair: {query_id: float(worst_rank(of_query, ranks.size)) for query_id, of_query in ranks.ranks.items()}
        for pair, ranks in pools.ranks.items()
    }
    full = {
        pair: {query_id: full_ap(of_query) for query_id, of_query in ranks.ranks.items()}
        for pair, ranks in pools.ranks.items()
    }
    return [PoolMeasure("Max@R", worst, bound, null=null), PoolMeasure(AP_FULL, full, bound, null=null)]


def _unknown(docids: set[str], language_of: Mapping[str, str]) -> str | None:
    """Why languages cannot be told, where that is so."""
    missing = sorted(docids - language_of.keys())
    if not missing:
        return None
    return f"null: {len(missing)} passages are in no collection here (such as {missing[0]!r}), so in no known language"
