"""A demo that is killed or interrupted, wherever that is, and started again ends as one that was left alone."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.java, pytest.mark.slow]
DRIVER = Path(__file__).with_name("stopped_demo.py")
STOPPED = {"SIGKILL": -signal.SIGKILL, "SIGINT": 130}
LAST_WORDS = "hybrid-pyserini demo: interrupted; run it again to go on\n"
PLACES = (
    "os.rename demo.json", "os.rename .prepare-demo.partial/", "os.rename collections/demo", "os.rename topics/demo",
    "os.rename examples/demo-train", "os.rename models/small",
    *(f"open models/{model}.training/checkpoint-{step}/trainer_state.json" for model in ("x-y", "hybrid")
      for step in (1, 2, 3)),
    "shutil.rmtree models/x-y.training/checkpoint-1, part of what is complete", "os.rename models/x-y",
    "os.rename vectors/demo/x-y/de/00000", "os.rename indexes/demo/x-y/de",
    "os.rename runs/demo/run.demo.x-y.de-all.txt",
    "os.rename runs/demo/run.demo.x-y.json", "os.rename runs/demo/ranks.demo.x-y.de-all.tsv",
    "os.rename indexes/demo/bm25/de", "os.rename runs/demo/run.demo.bm25.de-de.txt",
    "os.rename runs/demo/eval.demo.bm25.json",
)
"""One or more in every phase, the data first and the evaluation last; of each training, at all of its checkpoints."""


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What ``stopped_demo`` says of a demo that was left alone (``""``) and of two that were not; three at a time."""
    folder = tmp_path_factory.mktemp("demos")
    environ = os.environ | {"OMP_NUM_THREADS": "1"}
    running = {
        name: subprocess.Popen(
            [sys.executable, DRIVER, folder / f"demo{name}", *filter(None, [name])], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=environ,
        )
        for name in ("", *STOPPED)
    }
    told = {}
    for name, process in running.items():
        out, err = process.communicate()
        assert process.returncode == 0, err
        told[name] = json.loads(out.splitlines()[-1]) | {"workspace": folder / f"demo{name}"}
    return told


def results(workspace: Path) -> dict[str, str]:
    """File -> SHA-256 of all that lies in a workspace; Lucene gives each index files of its own random numbers."""
    files = [path for path in workspace.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(workspace)): "Lucene's" if path.match("indexes/demo/bm25/*/[_sw]*")
        else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.mark.parametrize("stop", STOPPED)
def test_the_table_and_every_file_are_those_of_a_demo_left_alone(stop: str, demos: dict[str, dict[str, Any]]) -> None:
    alone, stopped = demos[""], demos[stop]
    assert len(alone["attempts"]) == 1
    assert {"bm25", "x-y", "hybrid"} <= {line.split(" | ")[0].strip("| ") for line in alone["table"].splitlines()}
    assert stopped["table"] == alone["table"]
    expected = results(alone["workspace"])
    assert {"runs/demo/run.demo.hybrid.zh-all.txt", "models/hybrid/training.json"} <= expected.keys()
    assert results(stopped["workspace"]) == expected


@pytest.mark.parametrize("stop", STOPPED)
def test_it_was_stopped_in_every_phase(stop: str, demos: dict[str, dict[str, Any]]) -> None:
    *stopped, last = demos[stop]["attempts"]
    assert {attempt["status"] for attempt in stopped} == {STOPPED[stop]}
    assert last["status"] == 0
    places = [place for attempt in stopped for place in attempt["places"]]
    assert not [wanted for wanted in PLACES if not any(place.startswith(wanted) for place in places)]


@pytest.mark.parametrize("stop", STOPPED)
def test_what_lies_aside_does_not_pile_up(stop: str, demos: dict[str, dict[str, Any]]) -> None:
    """A search writes the runs of one query language together (two languages, the pool and its ranks), the evaluation
    is made of two files, and everything else is made one after the other. Ctrl-C leaves less than a kill."""
    *stopped, last = demos[stop]["attempts"]
    assert max(len(attempt["left"]) for attempt in stopped) == {"SIGKILL": 4, "SIGINT": 2}[stop]
    assert last["left"] == []


def test_ctrl_c_is_answered_with_one_line(demos: dict[str, dict[str, Any]]) -> None:
    """On a line of its own, below whatever progress bar was on the screen, and with no traceback; a second and third
    Ctrl-C while it cleans up change nothing."""
    *stopped, _ = demos["SIGINT"]["attempts"]
    assert max(len(attempt["places"]) for attempt in stopped) >= 3
    for attempt in stopped:
        assert attempt["said"].endswith(f"\n{LAST_WORDS}"), attempt
        assert "Traceback" not in attempt["said"], attempt


@contextmanager
def running(workspace: Path, *command: str) -> Iterator[subprocess.Popen[str]]:
    """A command of its own, as a user starts it."""
    with subprocess.Popen(
        [sys.executable, "-m", "hybrid_pyserini", *command, "--workspace", str(workspace)], text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=os.environ | {"OMP_NUM_THREADS": "1"},
        # As in a terminal; what runs in the background may have been told to ignore it.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(condition: Callable[[], Any]) -> None:
    until = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_ctrl_c_while_the_libraries_are_loaded(tmp_path: Path) -> None:
    with running(tmp_path / "demo", "demo") as process:
        assert process.stderr is not None
        process.stderr.readline()  # says that it is loading them
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == LAST_WORDS
        assert process.wait() == 130
    assert not (tmp_path / "demo").exists()


def test_bm25_stopped_while_java_works(demos: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """Ctrl-C while Lucene indexes, Ctrl-C twice, and a kill between two runs: in processes that really end, as the
    JVM in them has a say in that."""
    alone = demos[""]["workspace"]
    for folder in ("collections", "topics"):
        shutil.copytree(alone / folder, tmp_path / folder)
    command = ("bm25", "demo", "--hits", "100", "--pool-hits", "1000")
    indexes, runs = tmp_path / "indexes" / "demo" / "bm25", tmp_path / "runs" / "demo"
    for times in (1, 2):
        with running(tmp_path, *command) as process:
            wait_for(lambda: any(indexes.glob(".*.partial/*")))
            for _ in range(times):
                process.send_signal(signal.SIGINT)
                time.sleep(0.05)
            _, said = process.communicate()
        if times == 1:
            assert (process.returncode, "Traceback" in said) == (130, False)
            assert said.endswith("\nhybrid-pyserini bm25: interrupted; run it again to go on\n")
            assert not any(indexes.iterdir())
    with running(tmp_path, *command) as process:
        wait_for((runs / "run.demo.bm25.json").exists)
        process.kill()
    with running(tmp_path, *command) as process:
        process.communicate()
        assert process.returncode == 0
    runs_of = {path.name: path.read_bytes() for path in (alone / "runs" / "demo").glob("r*.demo.bm25.*.t*")}
    assert len(runs_of) == 8  # six runs and two of ranks
    assert {path.name: path.read_bytes() for path in runs.glob("r*.t*")} == runs_of
