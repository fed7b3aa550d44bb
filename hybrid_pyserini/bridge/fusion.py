"""Fusion of runs by Pyserini's own functions, which need no Java.

The runs come from memory. Read by Pyserini's own reader, query ``007`` would be 7, and a query ``NA`` no query at all.
"""

from collections.abc import Mapping, Sequence

from hybrid_pyserini.trec import Hit, in_order

METHODS = ("rrf", "interpolation", "average", "normalize")
"""Pyserini's names of them."""

Run = Mapping[str, Mapping[str, float]]
"""Query id -> passage id -> score."""


def fuse_runs(runs: Sequence[Run], method: str, **parameters: float) -> dict[str, dict[str, float]]:
    """Fuse two runs or more: all their passages, with the scores that ``pyserini.fusion`` gives them.

    ``parameters``: ``rrf_k`` of ``rrf``, ``alpha`` of ``interpolation``, which takes exactly two runs. A passage's rank
    in a run is its place in trec_eval's order. To its sum a run that does not hold it adds nothing.
    """
    from pyserini import fusion

    function = fusion.reciprocal_rank_fusion if method == "rrf" else getattr(fusion, method)
    fused: dict[str, dict[str, float]] = {}
    if any(runs):
        table = function([_table(run) for run in runs], **parameters).run_data
        for query_id, docid, score in zip(*(table[column].tolist() for column in ("topic", "docid", "score")),
                                          strict=True):
            fused.setdefault(query_id, {})[docid] = score
    return fused


def _table(run: Run) -> object:
    """A run as Pyserini has it in memory."""
    from pyserini.trectools import TrecRun

    rows = [
        (query_id, "Q0", docid, rank, score, "run")
        for query_id, hits in run.items()
        for rank, (docid, score) in enumerate(in_order(map(Hit._make, hits.items())), start=1)
    ]
    return TrecRun.from_list(rows) if rows else TrecRun()
