"""The demo's data in a workspace: the data set, the one to tune with, and the training sources."""

from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.dataset_writer import find_prepared, write_dataset
from hybrid_pyserini.demo.data import DemoData, prepared_demo, prepared_demo_validation
from hybrid_pyserini.workspace import DatasetInfo, Workspace


def prepare_demo(workspace: Workspace, data: DemoData, *, overwrite: bool = False) -> tuple[DatasetInfo, bool]:
    """Prepare ``demo-validation`` and ``demo``; return what the latter declares, and whether both were there.

    Raises InputError where one of them was made from other data, unless ``overwrite``.
    """
    tuned = _prepare(workspace, prepared_demo_validation(data), data.sha256, overwrite=overwrite)
    tested = _prepare(workspace, prepared_demo(data), data.sha256, overwrite=overwrite)
    return tested[0], tuned[1] and tested[1]


def _prepare(
    workspace: Workspace, prepared: PreparedDataset, sha256: str, *, overwrite: bool
) -> tuple[DatasetInfo, bool]:
    sources = {"CLDR, through Babel": sha256}
    info = None if overwrite else find_prepared(workspace, prepared.name, sources)
    return info or write_dataset(workspace, prepared, sources, overwrite=overwrite), info is not None
