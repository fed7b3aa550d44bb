"""The workspace: whether it can be written, the room on its disk, and what it holds."""

import shutil
import tempfile

from hybrid_pyserini.doctor.findings import Finding, Level, readable_size
from hybrid_pyserini.workspace import Workspace

_ROOM = 12e9
"""Bytes that training xlm-roberta-base takes: 278 million parameters of 4 bytes; a checkpoint to resume from has them
and AdamW's two moments; two are kept while a third is written; then the model."""


def examine_workspace(workspace: Workspace) -> list[Finding]:
    """Tried by writing: rights alone do not tell of a disk that is mounted read-only."""
    root = workspace.root.absolute()
    try:
        folder = next(each for each in (root, *root.parents) if each.exists())
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return [Finding(
            Level.MISSING, "folder", f"{root} cannot be written or made ({error.strerror})",
            remedy="give another folder with --workspace, or change its rights",
        )]
    new = "" if folder == root else ", which the first command makes"
    return [
        Finding(Level.OK, "folder", f"{root}{new}; it can be written"),
        _room(shutil.disk_usage(folder).free),
        *_holdings(workspace),
    ]


def _room(free: int) -> Finding:
    text = f"{readable_size(free)} free"
    if free >= _ROOM:
        return Finding(Level.OK, "disk", text)
    return Finding(
        Level.NOTE, "disk", f"{text}; training xlm-roberta-base, with its state to resume from, takes "
        f"{readable_size(_ROOM)}",
        remedy="make room, or give --workspace a folder on another disk",
    )


def _holdings(workspace: Workspace) -> list[Finding]:
    """Data sets, models, and trainings that were interrupted."""
    unfinished = workspace.unfinished_trainings()
    findings = [
        Finding(Level.OK, "data sets", ", ".join(workspace.datasets()) or "none yet"),
        Finding(Level.OK, "models", ", ".join(workspace.models()) or "none yet"),
    ]
    if unfinished:
        findings.append(Finding(Level.NOTE, "unfinished", f"trainings of {', '.join(unfinished)}",
                                remedy="run the same 'train' or 'demo' again: it goes on where it was stopped"))
    return findings
