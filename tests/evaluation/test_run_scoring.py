"""Runs scored by several processes: the same as by one, the same errors, and nothing that stays behind."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation import run_scoring
from hybrid_pyserini.evaluation.evaluation import evaluate
from hybrid_pyserini.evaluation.measures import parse_measures
from hybrid_pyserini.records import Pair
from hybrid_pyserini.workspace import Workspace

MEASURES = ["AP", "nDCG@10", "RR@10", "AP(rel=2)", "nDCG(gains={1:5,2:2})@10", "Accuracy"]


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From the call on, runs of any size are worth two processes."""

    def start() -> None:
        monkeypatch.setattr(run_scoring, "_WORTH_PROCESSES", 0)
        monkeypatch.setattr(run_scoring, "_cores", lambda: 2)

    return start


def contents(workspace: Workspace) -> list[bytes]:
    info = workspace.dataset("toy")
    evaluate(workspace, info, "m", info.pairs, parse_measures(MEASURES))
    return [workspace.evaluation("toy", "m").read_bytes(), workspace.per_query("toy", "m").read_bytes()]


def test_processes_give_the_same_bytes(toy: Workspace, processes: Callable[[], None]) -> None:
    toy.run("toy", "m", Pair("de", "en")).write_text("")  # one with a remark
    alone = contents(toy)
    processes()
    assert contents(toy) == alone
    assert multiprocessing.active_children() == []


def test_small_runs_start_no_process(toy: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_scoring, "ProcessPoolExecutor", None)
    monkeypatch.setattr(run_scoring, "_cores", lambda: 2)
    contents(toy)
    monkeypatch.setattr(run_scoring, "_WORTH_PROCESSES", 0)
    with pytest.raises(TypeError):
        contents(toy)
    monkeypatch.setattr(run_scoring, "_cores", lambda: 1)
    contents(toy)


def test_a_fault_found_by_another_process_is_the_same_line(toy: Workspace, processes: Callable[[], None]) -> None:
    def fault() -> InputError:
        with pytest.raises(InputError) as raised:
            contents(toy)
        return raised.value

    with toy.run("toy", "m", Pair("en", "de")).open("a") as file:
        file.write("q1 Q0 x 9 nan m\n")
    alone = fault()
    processes()
    other = fault()
    assert str(other) == str(alone)
    assert (other.path, other.line, other.problem, other.remedy) == (
        alone.path, alone.line, alone.problem, alone.remedy,
    )
    assert multiprocessing.active_children() == []
    assert not [path.name for path in (toy.root / "runs" / "toy").iterdir() if "eval" in path.name]


def test_a_process_that_is_killed_is_one_line(toy: Workspace, processes: Callable[[], None]) -> None:
    missed = threading.Event()

    def kill() -> None:
        while len(children := multiprocessing.active_children()) < 2:
            time.sleep(0.001)
        os.kill(children[1].pid, signal.SIGSTOP)  # nor does the other one end when it is asked to
        children[0].kill()
        if multiprocessing.connection.wait([children[1].sentinel], timeout=30) == []:  # and the test would never end
            missed.set()
            children[1].kill()

    processes()
    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(InputError, match="a process that scored runs was ended from outside; see whether memory"):
        contents(toy)
    killer.join()
    assert not missed.is_set()
    assert multiprocessing.active_children() == []
