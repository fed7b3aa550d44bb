"""Small trainings through the command line: what their tests share."""

import shutil
from pathlib import Path

from parallel_words import parallel_examples

from hybrid_pyserini.cli import main
from hybrid_pyserini.training.examples import build_store


def training_workspace(folder: Path, checkpoint: Path, examples: int, held_out: int) -> Path:
    """Stores ``words`` and ``held-out`` of so many examples, none in both, and the initial encoder ``tiny``."""
    every = parallel_examples(examples + held_out)
    build_store(folder / "examples" / "words", every[:examples])
    build_store(folder / "examples" / "held-out", every[examples:])
    shutil.copytree(checkpoint, folder / "models" / "tiny")
    return folder


def train_words(workspace: Path, *more: str, output: str = "m", steps: int = 12) -> int:
    """Train on ``words``, a checkpoint every four steps; return the exit status."""
    return main([
        "train", "--workspace", str(workspace), "--examples", "words", "--init", "tiny", "--output", output,
        "--batch-size", "8", "--max_steps", str(steps), "--learning_rate", "1e-3", "--save_steps", "4",
        "--disable_tqdm", "true", "--use_cpu", "true", *more,
    ])
