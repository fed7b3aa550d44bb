"""All topics in the order of the page, each looked at only when its turn comes: the quick ones are seen first."""

import sys
from collections.abc import Iterator, Mapping

from hybrid_pyserini.bridge.java import OLDEST
from hybrid_pyserini.doctor.caches import examine_caches
from hybrid_pyserini.doctor.findings import Finding
from hybrid_pyserini.doctor.lucene import examine_java, examine_pyserini
from hybrid_pyserini.doctor.packages import examine_packages
from hybrid_pyserini.doctor.processor import examine_processor
from hybrid_pyserini.doctor.workspace_folder import examine_workspace
from hybrid_pyserini.workspace import Workspace


def examine(workspace: Workspace, environ: Mapping[str, str]) -> Iterator[tuple[str, list[Finding]]]:
    """Each topic's title and findings."""
    yield "Python and packages", examine_packages(sys.path)
    yield f"Java ({OLDEST} or newer) and Pyserini", [*examine_java(environ), *examine_pyserini(sys.path)]
    yield "Workspace", examine_workspace(workspace)
    yield "Processor and GPU", examine_processor(environ)
    yield "Caches", examine_caches(environ)
