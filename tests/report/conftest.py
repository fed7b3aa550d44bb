"""One report, made once: it is only read."""

import pytest
from reported_workspace import report_of, reported

from hybrid_pyserini.report.report import Report
from hybrid_pyserini.workspace import Workspace


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return reported(tmp_path_factory.mktemp("reported"))


@pytest.fixture(scope="session")
def report(workspace: Workspace) -> Report:
    return report_of(workspace, "poor", "other", "good", alphas={0.0: "poor", 0.5: "good", 1.0: "other"})
