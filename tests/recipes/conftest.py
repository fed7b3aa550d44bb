"""Steps of a recipe in the tests' process."""

import pytest
from steps_here import run_here

from hybrid_pyserini.recipes import running


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_run_command", run_here)
