"""A shortened demo that is stopped at one place after another, and started again each time until it ends.

    python stopped_demo.py WORKSPACE [SIGKILL | SIGINT]

A place is a file or folder of the workspace that is about to be opened for writing, renamed or removed: what is left
half-done is left between two of these. The program imports everything once, starts neither a thread nor a JVM, and
forks an attempt at a time; so an attempt costs what it does and not its imports. The last line of standard output says
what happened: ``attempts``, each with ``status``, ``places`` (where it was stopped), ``said`` (its standard error) and
``left`` (what it left aside), and ``table``, which the last one printed.
"""

import gc
import json
import os
import re
import signal
import sys
import tempfile
import traceback
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from hybrid_pyserini import cli
from hybrid_pyserini.demo import demo
from hybrid_pyserini.demo.data import DemoData, Questions
from hybrid_pyserini.report.tables import setting_tables
from hybrid_pyserini.training.record import COMPLETE
from hybrid_pyserini.workspace import Workspace

SIZE = demo.DemoSize(
    strategies=("x-y", "hybrid"), steps=3, languages=("de", "zh"), layers=1, width=64, pieces=4000, save_steps=1
)
_REMOVALS = ("os.remove", "os.rmdir", "shutil.rmtree")
_COMPLETE = ", part of what is complete"
_ASIDE = re.compile(r"/\.[^/]+\.(partial|replaced)(?=/|$)")


def main(workspace: Path, stop_with: signal.Signals | None) -> None:
    """Start the demo until it ends, and print what happened."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background may have been told to ignore it
    data = _few_questions(demo.demo_dataset(SIZE.languages))
    demo.demo_dataset = lambda _: data
    sys.modules["hybrid_pyserini.commands.demo"] = _command()
    gc.freeze()  # or the first collection in each child would copy all of this process' memory
    attempts: list[dict[str, Any]] = []
    seen: set[str] = set()
    while True:
        attempt, out = _attempt(workspace, stop_with, seen)
        attempts.append(attempt)
        seen.update(map(_kind, attempt["places"]))
        if not attempt["places"]:
            break
    print(json.dumps({"attempts": attempts, "table": out}))


def _few_questions(data: DemoData) -> DemoData:
    """The demo's data with little to search and to score, which most of an attempt's time would go to otherwise."""
    def few(questions: Questions) -> Questions:
        kept = sorted(questions.topics["de"])[:20]
        return Questions({language: {q: topics[q] for q in kept} for language, topics in questions.topics.items()},
                         {language: {q: qrels[q] for q in kept} for language, qrels in questions.qrels.items()})

    test, validation, examples = few(data.test), few(data.validation), data.train_examples[:200]
    judged = {docid for questions in (test, validation) for qrels in questions.qrels.values()
              for docids in qrels.values() for docid in docids}
    trained = {example.group for example in examples}
    passages = {language: [p for p in passages if p.id in judged or p.group in trained]
                for language, passages in data.passages.items()}
    return replace(data, passages=passages, test=test, validation=validation, train_examples=examples)


def _command() -> ModuleType:
    """The shortened demo as a command, so that what the command line does of an interruption is tried too."""
    command: Any = ModuleType("hybrid_pyserini.commands.demo")

    def configure(parser: ArgumentParser) -> None:
        pass

    def run(arguments: Namespace) -> None:
        print(setting_tables(demo.run_demo(Workspace(arguments.workspace), SIZE, seed=1)))

    command.configure, command.run = configure, run
    return command


def _attempt(workspace: Path, stop_with: signal.Signals | None, seen: set[str]) -> tuple[dict[str, Any], str]:
    """Start the demo in a process of its own, which is stopped at the first place of a kind that is not ``seen``, and
    while it cleans up at the next such place again; return what happened, and what it printed."""
    with (
        tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as said,
        tempfile.TemporaryFile("w+") as places,
    ):
        child = os.fork()
        if not child:
            os.dup2(out.fileno(), 1)
            os.dup2(said.fileno(), 2)
            if stop_with is not None:
                sys.addaudithook(_stopper(workspace, stop_with, set(seen), places.fileno()))
            _run_and_exit(workspace)
        _, status = os.waitpid(child, 0)
        for file in (out, said, places):
            file.seek(0)
        return {
            "status": os.waitstatus_to_exitcode(status), "places": places.read().splitlines(), "said": said.read(),
            "left": sorted({
                match.string[: match.end()] for path in workspace.rglob("*")
                if (match := _ASIDE.search(f"/{path.relative_to(workspace)}"))
            }),
        }, out.read()


def _run_and_exit(workspace: Path) -> None:
    status = 1
    try:
        status = cli.main(["demo", "--workspace", str(workspace)])
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _stopper(
    workspace: Path, stop_with: signal.Signals, seen: set[str], report: int
) -> Callable[[str, tuple[Any, ...]], None]:
    def stop_at_a_new_place(event: str, arguments: tuple[Any, ...]) -> None:
        path = _path_of(event, arguments)
        if path is None or not path.is_relative_to(workspace):
            return
        place = f"{event} {path.relative_to(workspace)}"
        if event in _REMOVALS and any((folder / COMPLETE).exists() for folder in (path, *path.parents)):
            place += _COMPLETE
        if _kind(place) not in seen:
            seen.add(_kind(place))
            os.write(report, f"{place}\n".encode())
            os.kill(os.getpid(), stop_with)

    return stop_at_a_new_place


def _path_of(event: str, arguments: tuple[Any, ...]) -> Path | None:
    """What an audit event of Python is about to write, give its name, or remove; None for any other event."""
    if event == "open":
        path, _, flags = arguments
        # A file aside is opened in the state in which the one before got its name.
        if isinstance(path, int) or not flags & (os.O_WRONLY | os.O_RDWR) or ".partial" in os.fsdecode(path):
            return None
        return Path(os.fsdecode(path)).absolute()
    if event in ("os.remove", "os.rmdir"):
        path, folder = arguments
        return Path(f"/proc/self/fd/{folder}" if folder != -1 else "").resolve() / os.fsdecode(path)
    if event in ("os.rename", "shutil.rmtree"):
        return Path(os.fsdecode(arguments[1 if event == "os.rename" else 0])).absolute()
    return None


def _kind(place: str) -> str:
    """A place without what makes no difference: language, file inside a folder that is made aside, which model it is
    that writes anything but a checkpoint, which small file of a checkpoint, the number of one that is removed, and
    which of its files if it was never complete."""
    place = re.sub(r"(/?\.[^/]+\.partial)/.+", r"\1/*", place)
    place = re.sub(r"\b(de|zh|all)\b", "*", place)
    if place.startswith("open"):
        return place
    if not place.startswith(_REMOVALS):
        return re.sub(r"(checkpoint-\d+)/.*\.json", r"\1/*.json", re.sub(r"\b(x-y|hybrid)\b", "*", place))
    place = re.sub(r"checkpoint-\d+", "checkpoint-*", re.sub(r"\b(x-y|hybrid|bm25)\b", "*", place))
    return place if place.endswith(_COMPLETE) else re.sub(r"(checkpoint-\*)/.+", r"\1/*", place)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), signal.Signals[sys.argv[2]] if len(sys.argv) > 2 else None)
