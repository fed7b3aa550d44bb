"""What is built in, in a workspace: the demo's data set with the one to tune with, and those for a shift of domain."""

from collections.abc import Callable
from dataclasses import dataclass

from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.dataset_writer import find_prepared, write_dataset
from hybrid_pyserini.demo import shift
from hybrid_pyserini.demo.data import (
    DATASET,
    TRAINING_SOURCE,
    VALIDATION_DATASET,
    VALIDATION_SOURCE,
    DemoData,
    prepared_demo,
    prepared_demo_validation,
)
from hybrid_pyserini.workspace import DatasetInfo, Workspace


@dataclass(frozen=True)
class BuiltIn:
    """Data sets that come with this project, and are prepared together."""

    summary: str
    datasets: tuple[str, ...]
    sources: tuple[str, ...]
    """Training sources."""
    make: Callable[[DemoData], list[PreparedDataset]]


BUILT_IN = {
    DATASET: BuiltIn(
        "the data of 'hybrid-pyserini demo', and demo-validation, the questions to tune with; built in",
        (DATASET, VALIDATION_DATASET), (TRAINING_SOURCE, VALIDATION_SOURCE),
        lambda data: [prepared_demo(data), prepared_demo_validation(data)],
    ),
    shift.NAME: BuiltIn(
        f"the demo's facts without two relations to train on: {shift.IN_DOMAIN}, and {', '.join(shift.UNSEEN)} of the "
        "unseen ones; built in",
        (shift.IN_DOMAIN, *shift.UNSEEN), (shift.TRAINING_SOURCE,), shift.prepared_shift,
    ),
}
"""What ``prepare`` calls them -> what they are."""


def prepare_built_in(
    workspace: Workspace, name: str, data: DemoData, *, overwrite: bool = False
) -> tuple[list[DatasetInfo], bool]:
    """Prepare one of ``BUILT_IN``; return what its data sets declare, and whether all were there.

    Raises InputError where one of them was made from other data, unless ``overwrite``.
    """
    # The first, which the others come with, last: it is there only with all of them.
    done = [_prepare(workspace, each, data.sha256, overwrite=overwrite) for each in reversed(BUILT_IN[name].make(data))]
    return [info for info, _ in reversed(done)], all(kept for _, kept in done)


def _prepare(
    workspace: Workspace, prepared: PreparedDataset, sha256: str, *, overwrite: bool
) -> tuple[DatasetInfo, bool]:
    sources = {"CLDR, through Babel": sha256}
    info = None if overwrite else find_prepared(workspace, prepared.name, sources)
    return info or write_dataset(workspace, prepared, sources, overwrite=overwrite), info is not None
