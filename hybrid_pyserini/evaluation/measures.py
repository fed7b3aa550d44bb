"""One run against one pair's qrels: ir-measures' figures, query by query.

The qrels decide what is scored: the topics that have a passage with relevance 1 or more. A scored query that the run
does not answer counts zero and is counted; a query outside the set is ignored and counted. The values and their mean
are ir-measures' own (for the usual measures those of trec_eval: score as float32 descending, then docid descending).
``RR@k`` is the exception: ir-measures takes it from MS MARCO's script, where equal scores go by ascending docid.
"""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ir_measures
from ir_measures import Measure

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Qrels

Run = dict[str, dict[str, float]]
"""Query id -> docid -> score."""

_REMEDY = "write measures as ir-measures does, for example AP nDCG@10 R@100 RR 'AP(rel=2)'"


@dataclass(frozen=True)
class PairFigures:
    """The figures of one run. Measures are named by ``str(measure)``."""

    means: dict[str, float]
    """Measure -> figure over the scored queries."""
    values: dict[str, dict[str, float]]
    """Measure -> scored query id -> value."""
    scored: int
    unanswered: int
    """Scored queries that the run lacks."""
    ignored: int
    """Queries of the run that are not scored."""

    @property
    def queries(self) -> dict[str, int]:
        """The three counts of queries by name."""
        return {"scored": self.scored, "unanswered": self.unanswered, "ignored": self.ignored}


def parse_measures(names: Sequence[str]) -> list[Measure]:
    """Measures by ir-measures' names, each once; raises InputError for one that is unknown or cannot be computed."""
    return list(dict.fromkeys(_parse(name) for name in names))


def _parse(name: str) -> Measure:
    try:
        measure = ir_measures.parse_measure(name)
        measure.validate_params()
    except (ValueError, NameError, AssertionError) as error:
        raise InputError(f"no measure {name!r} ({error})", remedy=_REMEDY) from None
    cutoff = measure.params.get("cutoff", 1)
    if isinstance(cutoff, bool) or cutoff < 1:  # trec_eval's C code would end the process
        raise InputError(f"measure {name!r} has the cutoff {cutoff}, expected 1 or more", remedy=_REMEDY)
    if not ir_measures.DefaultPipeline.supports(measure):
        raise InputError(f"nothing installed computes the measure {name!r}", remedy="install its ir-measures provider")
    return _named_once(measure)


def _named_once(measure: Measure) -> Measure:
    """The same measure, which builds its name once. ir-measures builds it anew, and hashes it, several times for every
    query, which took a third of the time of scoring a run."""

    class Named(type(measure)):  # type: ignore[misc]
        def __init__(self, **params: Any) -> None:
            super().__init__(**params)
            self._name = super().__repr__()

        def __repr__(self) -> str:
            return self._name

    return Named(**measure.params)


def score_run(measures: Sequence[Measure], scored: Qrels, run: Run) -> PairFigures:
    """Score a run against the judgements of the scored queries, of which there is at least one.

    Every scored query has a value for every measure, also where ir-measures gives none (``Accuracy``): its default, 0.
    """
    answered = {qid: hits for qid, hits in run.items() if qid in scored}
    values: dict[str, dict[str, float]] = {str(measure): {} for measure in measures}
    for group in _separable(measures):
        for metric in _calculate(group, scored, answered):
            values[str(metric.measure)][metric.query_id] = float(metric.value)
    means = {}
    for measure in measures:
        of_queries = values[str(measure)]
        of_queries |= {qid: float(measure.DEFAULT) for qid in scored if qid not in of_queries}
        aggregator = measure.aggregator()  # a mean, but a sum for counts such as NumRet
        for value in of_queries.values():
            aggregator.add(value)
        means[str(measure)] = float(aggregator.result())
    return PairFigures(
        means=means, values=values, scored=len(scored), unanswered=len(scored) - len(answered),
        ignored=len(run) - len(answered),
    )


def _separable(measures: Sequence[Measure]) -> list[list[Measure]]:
    """Measures that ir-measures computes rightly in one call.

    It knows nDCG@10 and nDCG(gains={...})@10 by the same name inside, and gives one the other's value: each measure
    with gains of its own goes alone.
    """
    with_gains = [[measure] for measure in measures if "gains" in measure.params]
    others = [measure for measure in measures if "gains" not in measure.params]
    return [others, *with_gains] if others else with_gains


def _calculate(measures: list[Measure], scored: Qrels, answered: Run) -> list[ir_measures.Metric]:
    """ir-measures' per-query values; raises InputError where a provider fails on this data."""
    try:
        return list(ir_measures.iter_calc(measures, scored, answered))
    except (ArithmeticError, subprocess.CalledProcessError) as error:  # ERR@k: a Perl script that wants numeric ids
        names = " ".join(map(str, measures))
        raise InputError(
            f"ir-measures cannot compute one of {names} here ({error})", remedy="leave that measure out"
        ) from None
