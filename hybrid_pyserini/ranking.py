"""trec_eval's order of a ranking as one whole number per passage, so that ties need no care anywhere else.

trec_eval ranks by score, highest first, and equal scores by passage id, highest first as UTF-8 bytes. A *key* is a
64-bit integer with the float32 score in its upper half and the passage's place among all ids in its lower half. No two
passages have the same key, and comparing keys is trec_eval's comparison. So the exact top k is a partition, the exact
merge of the languages is the top k of their top k, and a passage's rank is 1 + the number of larger keys.
"""

from collections.abc import Sequence

import numpy as np

from hybrid_pyserini.trec import docid_order

_LOWER_HALF = 0xFFFFFFFF


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


def ranks(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Ranks, from 1, of the passages with the keys ``wanted`` [n] among all ``keys`` [passages] of a query; int [n].

    Counted, not sorted: 1 + the number of passages before each.
    """
    return 1 + np.count_nonzero(keys > wanted[:, np.newaxis], axis=1)
