"""``doctor``: what this machine has, and what to do about what is missing."""

import argparse
import os

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.workspace import Workspace


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments; there is none but the workspace."""
    parser.description = (
        "Look at what the main job needs: packages, Java, the workspace's disk, processor and GPU, cached models. Each "
        "finding is 'ok', a 'note', or 'MISSING'; below a problem stands what to do about it. Nothing is changed, "
        "fetched or started. The exit status is 0, or 2 if something is MISSING."
    )
    parser.epilog = "example: hybrid-pyserini doctor --workspace work"


def run(arguments: argparse.Namespace) -> None:
    """Print the page; raise InputError, which ends in exit status 2, if something is missing."""
    from hybrid_pyserini.doctor.examination import examine
    from hybrid_pyserini.doctor.findings import Level, page

    missing = []
    for title, findings in examine(Workspace(arguments.workspace), os.environ):
        print(page(title, findings), end="\n\n", flush=True)
        missing += [finding.subject for finding in findings if finding.level is Level.MISSING]
    if missing:
        raise InputError(
            f"not all of the main job can run here: {', '.join(dict.fromkeys(missing))}",
            remedy="do what stands below each MISSING, and run doctor again",
        )
    print("The main job can run here.")
