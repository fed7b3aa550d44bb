"""The demo's facts and data, built once."""

import pytest

from hybrid_pyserini.demo.data import DemoData, demo_dataset
from hybrid_pyserini.demo.facts import Fact, collect_facts


@pytest.fixture(scope="session")
def facts() -> list[Fact]:
    return collect_facts()


@pytest.fixture(scope="session")
def demo() -> DemoData:
    return demo_dataset()
