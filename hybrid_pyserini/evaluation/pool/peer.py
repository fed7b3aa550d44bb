"""PEER@k: how well a query's ranking agrees with equal expected ranks of all languages' passages (arXiv 2405.00978).

For a query and a relevance level, over the ranks r of the level's passages in L languages: the Kruskal-Wallis statistic
of the ranks as the run has them, H = (N - 1) sum_l n_l (mean r_l - mean r)^2 / sum_l sum_i (r_li - mean r)^2, and
p = P(chi2 with L - 1 degrees of freedom >= H), the p-value of the hypothesis that the languages have equal expected
ranks, which is not the probability that they have. 1 is the fairest. A query's PEER is the mean of its levels' p,
weighted. The u passages that are not in the top k share the rank k + (u + 1) / 2. All of them there, or fewer than two
languages, gives 1.

The authors' package peer_measure 0.0.1 gives the same where every relevant passage is retrieved. Elsewhere it differs:
its unretrieved passages begin after as many ranks as the level has passages, not after k; a passage that the run has
below k is left out; a level without passages adds 0, not its weight. SciPy's ``kruskal`` ranks anew within the sample:
{1, 40} against {2, 300} is .365 here and .439 there.

With one passage a language, N = L and H = N - 1 whatever the ranks are: no figure of the system.
"""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from scipy.special import chdtrc

from hybrid_pyserini.records import Qrels

Ranks = Mapping[str, int | None]
"""Passage -> its rank in the top k, None where it is not there."""


def equal_rank_probability(samples: Iterable[Sequence[int | None]], k: int) -> float:
    """p of one query and level from each language's ranks; None stands for a passage that is not in the top k."""
    groups = [sample for sample in samples if sample]
    unretrieved = sum(rank is None for sample in groups for rank in sample)
    size = sum(map(len, groups))
    if len(groups) < 2 or unretrieved == size:
        return 1.0
    tail = k + (unretrieved + 1) / 2
    ranks = [[tail if rank is None else rank for rank in sample] for sample in groups]
    mean = sum(map(sum, ranks)) / size
    between = sum(len(sample) * (fmean(sample) - mean) ** 2 for sample in ranks)
    total = sum((rank - mean) ** 2 for sample in ranks for rank in sample)
    return float(chdtrc(len(groups) - 1, (size - 1) * between / total))


def peer(
    judged: Mapping[str, int], ranks: Ranks, language_of: Mapping[str, str], weights: Mapping[int, float], k: int
) -> float:
    """PEER@k of one query; ``weights``, by relevance level, sum to 1.

    ``ranks`` hold all passages with relevance 1 or more and, if level 0 has a weight, every other one in the top k.
    """
    return sum(
        weight * equal_rank_probability(_by_language(ranks, judged, language_of, level).values(), k)
        for level, weight in weights.items()
    )


def equal_weights(scored: Iterable[Qrels]) -> dict[int, float]:
    """The same weight for every relevance level, 1 or more, that occurs; what answers nothing, level 0, has none."""
    levels = {level for qrels in scored for judged in qrels.values() for level in judged.values() if level >= 1}
    return {level: 1 / len(levels) for level in sorted(levels)}


def is_constant(judged: Mapping[str, int], language_of: Mapping[str, str]) -> bool:
    """Whether a query's PEER is the same for every ranking that retrieves any passage of each of its levels: at each
    level its passages are of one language, or one of each."""
    levels = {level for level in judged.values() if level >= 1}
    of_levels = [_by_language(dict.fromkeys(judged), judged, language_of, level) for level in levels]
    return all(len(groups) < 2 or max(map(len, groups.values())) == 1 for groups in of_levels)


def _by_language(
    ranks: Ranks, judged: Mapping[str, int], language_of: Mapping[str, str], level: int
) -> dict[str, list[int | None]]:
    """Language -> the ranks of the passages of a level."""
    groups: dict[str, list[int | None]] = {}
    for docid, rank in ranks.items():
        if max(judged.get(docid, 0), 0) == level:
            groups.setdefault(language_of[docid], []).append(rank)
    return groups
