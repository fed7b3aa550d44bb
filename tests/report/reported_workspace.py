"""The workspace of ``evaluated_workspace.py`` with texts, some of which would be code if they were not escaped."""

from pathlib import Path

from evaluated_workspace import LANGUAGES, MEASURES, PAIRS, QUESTIONS, add_system, make

from hybrid_pyserini.collection import write_collection
from hybrid_pyserini.comparison.systems import parse_systems
from hybrid_pyserini.evaluation.evaluation import evaluate
from hybrid_pyserini.evaluation.measures import parse_measures
from hybrid_pyserini.records import Passage
from hybrid_pyserini.report.report import Asked, Report, make_report
from hybrid_pyserini.trec import write_topics
from hybrid_pyserini.workspace import Workspace

NASTY = "<script>alert('1')</script> & \"<b>|*_`[x](http://example.org)"


def reported(root: Path) -> Workspace:
    """The systems ``good``, ``poor`` and ``other``."""
    workspace = make(root)
    add_system(workspace, "other", (1, 2, 2, 1, 2, 1), (4, 5, 3, 4, 3, 5))
    for language in LANGUAGES:
        write_topics(workspace.topics("six", language), {q: f"{language} {q}? {NASTY}" for q in QUESTIONS})
        write_collection(workspace.collection("six", language), (
            Passage(f"{language}:{n}", f"{language} passage {n} {NASTY}", "x", "", str(n), language)
            for n in range(1, 11)
        ))
    for model in ("good", "poor", "other"):  # of 20 passages the usual top 100 would be all
        evaluate(workspace, workspace.dataset("six"), model, PAIRS, parse_measures(MEASURES), 5)
    return workspace


def report_of(workspace: Workspace, *systems: str, **asked: object) -> Report:
    info = workspace.dataset("six")
    return make_report(workspace, info, Asked(parse_systems(workspace, systems), **asked))  # type: ignore[arg-type]
