"""trec_eval's order of a ranking as one whole number per passage, so that ties need no care anywhere else.

trec_eval ranks by score, highest first, and equal scores by passage id, highest first as UTF-8 bytes. A *key* is a
64-bit integer with the float32 score in its upper half and the passage's place among all ids in its lower half. No two
passages have the same key, and comparing keys is trec_eval's comparison. So the exact top k is the k largest keys, the
exact merge of the languages is the top k of their top k, and a passage's rank is 1 + the number of larger keys.

Most passages are nowhere near the top: keys are made only of those whose score may be among the best k, or ties with
that of a passage whose rank is wanted. The others are compared by their float32 scores, half as long.
"""

from collections.abc import Sequence

import numpy as np

from hybrid_pyserini.trec import docid_order

_LOWER_HALF = 0xFFFFFFFF
_GROUPS_A_HIT = 4
"""With so many groups of passages for every hit, a seventh more candidates than hits are found where good passages lie
anywhere. Where they lie in few groups there are more, and it takes longer."""


def tie_numbers(docids: Sequence[str]) -> np.ndarray:
    """int64 [passages]: each id's place in ascending order of UTF-8 bytes. Of equal scores the largest ranks first."""
    numbers = np.empty(len(docids), dtype=np.int64)
    numbers[docid_order(docids)] = np.arange(len(docids) - 1, -1, -1)
    return numbers


def ranking_keys(scores: np.ndarray, ties: np.ndarray) -> np.ndarray:
    """Scores, finite float32 [queries, passages], and tie numbers [passages] -> keys, int64 [queries, passages]."""
    unsigned_zero = scores + np.float32(0)  # -0.0 equals 0.0, but its bits do not
    return _reflect_negative(unsigned_zero.view(np.int32)).astype(np.int64) << 32 | ties


def key_scores(keys: np.ndarray) -> np.ndarray:
    """Keys -> their float32 scores, bit for bit (-0.0 has become 0.0)."""
    return _reflect_negative((keys >> 32).astype(np.int32)).view(np.float32)


def key_ties(keys: np.ndarray) -> np.ndarray:
    """Keys -> the tie numbers of their passages."""
    return keys & _LOWER_HALF


def _reflect_negative(bits: np.ndarray) -> np.ndarray:
    """Between the bits of floats and integers that ascend as the floats do; its own inverse.

    A float is a sign and a magnitude, so the bits of negative floats, read as integers, run the wrong way.
    """
    return bits ^ (bits >> 31 & 0x7FFFFFFF)


def top_keys(keys: np.ndarray, k: int) -> np.ndarray:
    """The k largest keys of each row, largest first: [queries, min(k, passages)]."""
    passages = keys.shape[1]
    if k < passages:
        keys = np.partition(keys, passages - k, axis=1)[:, passages - k :]
    return np.sort(keys, axis=1)[:, ::-1]


def best_keys(scores: np.ndarray, ties: np.ndarray, k: int) -> np.ndarray:
    """The keys of the k best passages for each query, best first: [queries, min(k, passages)].

    The same as the ``top_keys`` of all ``ranking_keys``, of which most are never made.
    """
    queries, passages = scores.shape
    if k * _GROUPS_A_HIT > passages:
        return top_keys(ranking_keys(scores, ties), k)
    rows, columns = np.divmod(np.flatnonzero(scores >= _below_the_best(scores, k)[:, np.newaxis]), passages)
    starts = np.searchsorted(rows, np.arange(queries + 1))
    candidates = np.full((queries, np.diff(starts).max()), np.iinfo(np.int64).min)  # less than every key
    candidates[rows, np.arange(len(rows)) - starts[rows]] = ranking_keys(scores[rows, columns], ties[columns])
    return top_keys(candidates, k)


def _below_the_best(scores: np.ndarray, k: int) -> np.ndarray:
    """For each query a score that its k best passages reach, and few others; float32 [queries].

    Passages are put in groups, and it is the k-th highest of the groups' best scores: k passages at least reach that.
    To find it every score is compared once, which is several times as quick as to partition them.
    """
    queries, passages = scores.shape
    size = passages // (_GROUPS_A_HIT * k)
    groups = passages // size  # what is left over is in none
    best = scores[:, : size * groups].reshape(queries, size, groups).max(axis=1)
    return np.partition(best, groups - k, axis=1)[:, groups - k]


class Wanted:
    """Passages whose ranks are wanted, some for each of a block's queries.

    The passages of all languages do not fit in memory as scores. So these are computed twice, part by part: a first
    time for the keys of what is wanted, a second time to count what ranks before it.
    """

    def __init__(self, rows: np.ndarray, columns: np.ndarray) -> None:
        """``rows``, ascending, and ``columns``: query and passage of each, int [n]."""
        self._rows, self._columns = rows, columns
        self.keys = np.zeros(len(rows), np.int64)
        self._before = np.zeros(len(rows), np.int64)

    @property
    def ranks(self) -> np.ndarray:
        """Ranks from 1, int [n], once all passages have been counted."""
        return 1 + self._before

    def take(self, first: int, scores: np.ndarray, ties: np.ndarray) -> None:
        """Note the keys of what is wanted among the passages from column ``first`` on: scores [queries, passages], tie
        numbers [passages]."""
        there = (self._columns >= first) & (self._columns < first + len(ties))
        rows, columns = self._rows[there], self._columns[there] - first
        self.keys[there] = ranking_keys(scores[rows, columns], ties[columns])

    def count(self, scores: np.ndarray, ties: np.ndarray) -> None:
        """Count these passages before all that is wanted."""
        self._before += count_before(scores, ties, self._rows, self.keys)


def count_before(scores: np.ndarray, ties: np.ndarray, rows: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """The number of larger keys for each of ``keys`` [n], for the queries in ``rows`` [n], ascending; int [n].

    A query's scores are sorted once for all its keys: numpy's sort takes less time than comparing with two of them.
    """
    wanted = key_scores(keys)
    queries, starts = np.unique(rows, return_index=True)
    ends = np.searchsorted(rows, queries, side="right")
    higher = np.empty(len(keys), np.int64)
    as_high = np.empty(len(keys), np.int64)
    for query, start, end in zip(np.sort(scores[queries], axis=1), starts, ends, strict=True):
        higher[start:end] = len(ties) - np.searchsorted(query, wanted[start:end], side="right")
        as_high[start:end] = len(ties) - np.searchsorted(query, wanted[start:end], side="left")
    for i in np.flatnonzero(as_high > higher):
        higher[i] += np.count_nonzero(ties[scores[rows[i]] == wanted[i]] > key_ties(keys[i]))
    return higher
