"""Trainings that are killed with SIGKILL after a random time, and started again each time, until enough were killed.

    python killed_training.py WORKSPACE KILLS SEED

The workspace has the examples ``words`` and the encoder ``tiny``. The first training, ``undisturbed``, is left alone,
and its time is measured. The next ones, ``killed0``, ``killed1``, ..., are killed at moments that are uniform over that
time. The program imports everything once and forks a process an attempt, which runs the command line; so the moments
fall into the training and not into the imports. Prints the moments; the last line of standard output is a list of the
trainings, each with ``name``, ``kills``, and ``resumed``: how often a checkpoint was there to go on from.
"""

import json
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

import torch

from hybrid_pyserini import cli
from hybrid_pyserini.training import training  # noqa: F401  (all that the attempts would import)
from hybrid_pyserini.training.record import last_complete

STEPS, SAVE_STEPS = 60, 3


def main(workspace: Path, kills: int, seed: int) -> None:
    """Train undisturbed; then train and kill until ``kills`` were made, the last training ending by itself."""
    torch.set_num_threads(1)
    start = time.monotonic()
    assert attempt(workspace, "undisturbed", None)
    whole = time.monotonic() - start
    chance = random.Random(seed)
    print(f"seed {seed}; undisturbed {whole:.2f} s; killed after", end="")
    trainings: list[dict[str, object]] = []
    left = kills
    while left or not trainings:
        name, done, before, resumed = f"killed{len(trainings)}", False, left, 0
        while not done:
            resumed += last_complete(workspace / "models" / f"{name}.training") is not None
            done = attempt(workspace, name, chance.uniform(0, whole) if left else None)
            left -= not done
        trainings.append({"name": name, "kills": before - left, "resumed": resumed})
    print(f"\n{json.dumps(trainings)}")


def attempt(workspace: Path, name: str, seconds: float | None) -> bool:
    """Run the command in a process of its own, killed after ``seconds``; return whether it had ended by itself."""
    child = os.fork()
    if not child:
        run_and_exit(workspace, name)
    ended = 0
    if seconds is not None:
        deadline = time.monotonic() + seconds
        while not ended and time.monotonic() < deadline:
            time.sleep(0.005)
            ended, status = os.waitpid(child, os.WNOHANG)
        if not ended:
            os.kill(child, signal.SIGKILL)
    if not ended:
        _, status = os.waitpid(child, 0)
    exit_code = os.waitstatus_to_exitcode(status)
    assert exit_code in (0, -signal.SIGKILL), f"exit status {exit_code}"
    if exit_code:
        print(f" {seconds:.2f}", end="", flush=True)
    return exit_code == 0


def run_and_exit(workspace: Path, name: str) -> None:
    status = 1
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        status = cli.main([
            "train", "--workspace", str(workspace), "--examples", "words", "--init", "tiny", "--output", name,
            "--batch-size", "8", "--max_steps", str(STEPS), "--save_steps", str(SAVE_STEPS),
            # A loss that is logged is the mean since the last one, or since the process began: so log where it saves.
            "--logging_steps", str(SAVE_STEPS), "--learning_rate", "1e-3", "--disable_tqdm", "true",
            "--use_cpu", "true",
        ])
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
