"""Runs what of a recipe is not finished, one step after another, each in a process of its own.

So memory is given back between steps, an interruption reaches one command, which ends as it does alone, and what is
shown as a command line is what was run. All output of a step goes to the terminal and to a file.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from hybrid_pyserini.atomic import folder_aside
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.recipes.journal import Journal, Standing, State
from hybrid_pyserini.recipes.recipe import Recipe
from hybrid_pyserini.recipes.step import Step
from hybrid_pyserini.workspace import Workspace

_OVERWRITES = ("prepare", "translate", "examples", "init", "index", "search", "bm25")
"""Commands that replace what was made from something else only when told to."""
_TRAINS = ("train", "mnrl")
"""Commands whose interrupted work is worth going on with: what is stale goes before they start, so that what they
find after an interruption is their own."""
_CHUNK = 1 << 16


@dataclass
class Outcome:
    """What came of running a recipe."""

    done: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    """Step -> what it said and where its output is."""
    left: dict[str, str] = field(default_factory=dict)
    """Step that was not run -> the failed step that it needs."""


class StepError(Exception):
    """A step did not end well; says how, and where its output is."""


def check_blocked(recipe: Recipe, standings: Sequence[Standing]) -> None:
    """Raise InputError for the first step that lacks something: before anything is started."""
    for standing in standings:
        if standing.step.lacks:
            problem, _, remedy = standing.step.lacks.rpartition("; ")
            raise InputError(
                f"{standing.step.name!r}: {problem}", remedy=remedy, path=recipe.path, line=standing.step.line
            )


def check_evaluated(recipe: Recipe, standings: Sequence[Standing]) -> None:
    """Raise InputError unless every evaluation is finished, so that no figure of something else is taken for one."""
    for standing in standings:
        if standing.step.command == "evaluate" and standing.state != State.FINISHED:
            raise InputError(
                f"{standing.step.name!r} is {standing.state}{f' ({standing.why})' if standing.why else ''}",
                remedy="run the recipe first", path=recipe.path, line=standing.step.line,
            )


def run_steps(
    recipe: Recipe, steps: Sequence[Step], workspace: Workspace, *, keep_going: bool = False,
    evaluate_only: bool = False,
) -> Outcome:
    """Run the steps that are not finished; return what came of it. With ``evaluate_only``, run the evaluations on the
    runs that are there, finished or not, and nothing else.

    The first failure is the end of it; with ``keep_going``, of the steps that need what failed. Raises InputError where
    something is lacking, and where this recipe is being run in this workspace already.
    """
    if not evaluate_only:
        check_blocked(recipe, Journal.open(workspace, recipe.name).standings(steps))
    with _alone(workspace, recipe.name) as lock:
        journal, outcome = Journal.open(workspace, recipe.name), Outcome()
        if evaluate_only:
            todo = [step for step in steps if step.command == "evaluate"]
        else:
            todo = [each.step for each in journal.standings(steps) if each.state != State.FINISHED]
        by_name = {step.name: step for step in steps}
        for number, step in enumerate(todo, start=1):
            ended = outcome.failed.keys() | outcome.left.keys()
            if needed := next((need for need in step.needs if need in ended), None):
                outcome.left[step.name] = outcome.left.get(needed, needed)
                continue
            print(f"\n== {number} of {len(todo)}: {step.name}\n{step.typed(workspace)}", file=sys.stderr, flush=True)
            standing = next(each for each in journal.standings(steps) if each.step == step)
            try:
                _run(standing, journal, recipe.name, lock)
                journal.finish(standing, [by_name[need] for need in step.needs])
                outcome.done.append(step.name)
            except StepError as failure:
                outcome.failed[step.name] = str(failure)
                if not keep_going:
                    outcome.left |= {later.name: step.name for later in todo[number:]}
                    break
    return outcome


@contextmanager
def _alone(workspace: Workspace, recipe: str) -> Iterator[BinaryIO]:
    """Hold the recipe's lock in this workspace. A step that outlives a killed run holds it too."""
    path = workspace.root / "recipes" / f"{recipe}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"recipe {recipe!r} is being run here already", remedy="wait for it, or use another --workspace",
                path=workspace.root,
            ) from None
        yield lock


def _run(standing: Standing, journal: Journal, recipe: str, lock: BinaryIO) -> None:
    """Run a step; raises StepError unless it ends well and has made what it is to make."""
    step, workspace = standing.step, journal.workspace
    words = step.words_in(workspace)
    if standing.state == State.STALE and step.command in _OVERWRITES:
        words.append("--overwrite")
    elif standing.state == State.STALE and step.command in _TRAINS:
        _discard_training(workspace, step.model)
        journal.begin(standing)
    elif step.name not in journal.steps and not _traces(step, workspace):
        journal.begin(standing)
    log = workspace.root / "recipes" / recipe / f"{step.name.replace(' ', '-')}.log"
    started = time.monotonic()
    status, last = _run_command(_program(step) + words, log, lock)
    if status:
        raise StepError(f"exit status {status}: {last or 'nothing said'} (its output: {log})")
    if journal.made(step) is None:
        raise StepError(f"no {step.made} made, though it ended well (its output: {log})")
    print(f"-- {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def _program(step: Step) -> list[str]:
    if step.processes == 1:
        return [sys.executable, "-m", "hybrid_pyserini"]
    torchrun = ["torch.distributed.run", "--standalone", "--nproc-per-node", str(step.processes)]
    return [sys.executable, "-m", *torchrun, "-m", "hybrid_pyserini"]


def _traces(step: Step, workspace: Workspace) -> list[Path]:
    """What lies where a step writes, also of one that was interrupted."""
    patterns = [step.made]
    if step.model and not step.dataset:
        patterns += [f"models/{step.model}", f"models/{step.model}.training"]
    if step.command in ("index", "bm25"):
        patterns += [f"{kind}/{step.dataset}/{step.model}" for kind in ("indexes", "vectors")]
    return [path for pattern in patterns for path in workspace.root.glob(pattern)]


def _discard_training(workspace: Workspace, model: str) -> None:
    """Remove a model that this recipe made from something else than now, and what is left of its training."""
    folder = workspace.new_model(model)
    shutil.rmtree(folder.with_name(f"{model}.training"), ignore_errors=True)
    if folder.exists():
        with folder_aside(folder) as aside:
            folder.replace(aside / model)


def _run_command(words: Sequence[str], log: Path, lock: BinaryIO) -> tuple[int, str]:
    """Run a command, its output shown and kept in ``log``; return its exit status and the last line it said.

    It is a process group of its own and gets one SIGINT, however this process is told to stop, and is waited for.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as kept, _stopping_signals(), _start(words, lock) as process:
        assert process.stdout is not None
        try:
            while chunk := os.read(process.stdout.fileno(), _CHUNK):
                kept.write(chunk)
                sys.stderr.write(chunk.decode("utf-8", "replace"))
                sys.stderr.flush()
        except BaseException:
            os.killpg(process.pid, signal.SIGINT)
            process.wait()
            raise
    return process.returncode, _last_said(log.read_text(encoding="utf-8", errors="replace"))


def _last_said(output: str) -> str:
    """The last line, or the last of ours: torchrun tells much about a process that failed, after what that said."""
    lines = [line.strip() for line in output.replace("\r", "\n").split("\n") if line.strip()]
    ours = (line for line in reversed(lines) if line.startswith("hybrid-pyserini "))
    return next(ours, lines[-1] if lines else "")


def _start(words: Sequence[str], lock: BinaryIO) -> "subprocess.Popen[bytes]":
    """Start a command that hears SIGINT, also where this process ignores it, as what a shell starts in the background
    does: a command would take that over."""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if ignored:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, process_group=0,
            pass_fds=[lock.fileno()],
        )
    finally:
        if ignored:
            signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _stopping_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end this process as Ctrl-C does, so that no step goes on without it; not where they are
    ignored, as under nohup."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    heard = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
