"""Steps of a recipe in this process, where a test is not about processes: a step then need not load torch."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import BinaryIO

from hybrid_pyserini.cli import main


def run_here(words: Sequence[str], log: Path, lock: BinaryIO) -> tuple[int, str]:
    """In the place of ``running._run_command``: the exit status and the last line of a command."""
    assert list(words[:3]) == [sys.executable, "-m", "hybrid_pyserini"]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as kept, redirect_stdout(kept), redirect_stderr(kept):
        status = main(words[3:])
    return status, log.read_text(encoding="utf-8").rstrip().rpartition("\n")[2]
