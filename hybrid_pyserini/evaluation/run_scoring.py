"""Run files -> figures, in order; many large ones by several processes at a time, each with one run in memory."""

import os
import signal
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path

from ir_measures import Measure

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation.measures import PairFigures, Run, parse_measures, score_run
from hybrid_pyserini.evaluation.pool.pool_top import top_passages
from hybrid_pyserini.records import Qrels
from hybrid_pyserini.trec import read_run

_WORTH_PROCESSES = 2**26
"""Bytes of runs that take longer to score than further processes take to start: about a second."""
_PROCESSES = 8
"""At most: more would start for longer than they score."""


@dataclass(frozen=True)
class RunFile:
    """A run to score."""

    path: Path
    scored: Qrels
    """The judgements of its scored queries."""
    top: int = 0
    """How many of each scored query's passages are wanted."""


@dataclass(frozen=True)
class ScoredRun:
    """What is kept of a run."""

    figures: PairFigures
    remark: str | None
    """What to say where all figures are zero."""
    top: dict[str, list[str]]
    """Scored query id -> its best passages, best first; empty where none are wanted."""


def score_files(measures: Sequence[Measure], files: Sequence[RunFile]) -> Generator[ScoredRun, None, None]:
    """Score runs; raises InputError for a broken one, and for one that answers none of its scored queries."""
    score = partial(_score_file, [str(measure) for measure in measures])
    processes = min(_cores(), _PROCESSES, len(files))
    if processes < 2 or sum(file.path.stat().st_size for file in files) < _WORTH_PROCESSES:
        yield from map(score, files)
        return
    others = set(active_children())
    pool = ProcessPoolExecutor(processes, get_context("spawn"), _follow_parent)
    try:
        yield from pool.map(score, files)
    except BrokenProcessPool:
        # The pool ends the rest and waits for them; one that is only starting may miss its signal.
        for process in set(active_children()) - others:
            process.kill()
        raise InputError(
            "a process that scored runs was ended from outside", remedy="see whether memory suffices, and run it again"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _follow_parent() -> None:
    """Leave Ctrl-C to the parent, and end when it ends, however it does: else a pool's processes would wait forever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()

    def watch() -> None:
        if parent:
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _score_file(names: Sequence[str], file: RunFile) -> ScoredRun:
    run = read_run(file.path)
    figures = score_run(parse_measures(names), file.scored, run)
    if run and figures.unanswered == figures.scored:
        raise InputError(
            f"answers {figures.ignored} queries, but none of the {figures.scored} scored ones (such as "
            f"{next(iter(file.scored))!r})", remedy="check whether it is a run of this data set", path=file.path,
        )
    wanted = file.scored if file.top else ()
    top = {query_id: top_passages(run.get(query_id, {}), file.top) for query_id in wanted}
    return ScoredRun(figures, _remark(file.scored, run), top)


def _remark(scored: Qrels, run: Run) -> str | None:
    """What to say of a run all of whose figures are zero. It may be right: BM25 finds nothing across two scripts."""
    if not run:
        return "the run is empty: all figures are zero"
    if not any(scored[qid].get(docid, 0) >= 1 for qid in run.keys() & scored.keys() for docid in run[qid]):
        return "the run holds no relevant passage: all figures are zero; is it the run of this pair?"
    return None
