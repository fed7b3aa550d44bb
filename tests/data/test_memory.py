"""Memory does not grow with the corpus: what Python allocates while 2,000 and 12,000 passages pass, and, slow, the
anonymous memory of the command for 100,000 and 1,000,000 lines."""

import json
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from hybrid_pyserini.cli import main
from hybrid_pyserini.data import monolingual, unique_ids
from hybrid_pyserini.data.readers import miracl


def own(root: Path, count: int) -> list[str]:
    """A corpus in two languages whose ids are all the same, so that they are prefixed."""
    for part in ("corpus", "topics", "qrels"):
        (root / part).mkdir(parents=True, exist_ok=True)
    for language in ("de", "en"):
        with (root / f"corpus/{language}.jsonl").open("w") as file:
            for number in range(count // 2):
                file.write(json.dumps({"id": f"passage-{number}", "title": "Title", "text": f"Text {number}."}) + "\n")
        (root / f"topics/{language}.tsv").write_text("q1\tWhat?\n")
        (root / f"qrels/{language}.txt").write_text("q1 0 passage-0 1\n")
    return ["own", "--name", "x"]


def of_miracl(root: Path, count: int) -> list[str]:
    """Two languages whose ids are all different, so that all are read to see it."""
    for language, start in (("ko", 0), ("sw", count)):
        folder = f"miracl-v1.0-{language}"
        (root / f"miracl-corpus-v1.0-{language}").mkdir(parents=True, exist_ok=True)
        with (root / f"miracl-corpus-v1.0-{language}/docs-0.jsonl").open("w") as file:
            for number in range(start, start + count // 2):
                file.write(json.dumps({"docid": f"{number}#0", "title": "Title", "text": f"Text {number}."}) + "\n")
        (root / f"topics.{folder}-dev.tsv").write_text(f"{start}\tWhat?\n")
        (root / f"qrels.{folder}-dev.tsv").write_text(f"{start}\tQ0\t{start}#0\t1\n")
    return ["miracl"]


def of_beir(root: Path, count: int) -> list[str]:
    (root / "qrels").mkdir(parents=True, exist_ok=True)
    with (root / "corpus.jsonl").open("w") as file:
        for number in range(count):
            file.write(json.dumps({"_id": f"document-{number}", "title": "", "text": f"Text {number}."}) + "\n")
    (root / "queries.jsonl").write_text('{"_id": "q1", "text": "What?"}\n')
    (root / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\tdocument-0\t1\n")
    return ["beir", "--name", "x"]


@pytest.mark.parametrize("source", [own, of_miracl, of_beir])
def test_what_python_allocates(source: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A set of 10,000 more ids would be 1 MB."""
    monkeypatch.setattr(unique_ids, "_BLOCK", 256)
    monkeypatch.setattr(monolingual, "_FIRST", 256)
    monkeypatch.setattr(miracl, "_COUNTS", dict.fromkeys(miracl.LANGUAGES, (1, 1, 1)))

    def peak(count: int) -> int:
        arguments = source(tmp_path / f"{count}", count)
        tracemalloc.start()
        try:
            workspace = str(tmp_path / f"w{count}")
            assert main(["prepare", *arguments, "--source", str(tmp_path / f"{count}"), "--workspace", workspace]) == 0
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(300)  # what is made once is made before it counts
    assert peak(12000) < peak(2000) + 300_000


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="anonymous memory is read from /proc")
def test_the_commands_anonymous_memory(tmp_path: Path) -> None:
    """With all ids in memory it was 36 MB and 222 MB."""
    def peak(count: int) -> int:
        source = tmp_path / f"{count}"
        command = [sys.executable, "-m", "hybrid_pyserini", "prepare", *own(source, count), "--source", str(source),
                   "--workspace", str(tmp_path / f"w{count}")]
        most = 0
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None:
                status = Path(f"/proc/{process.pid}/status").read_text()
                anonymous = (int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon"))
                most = max(most, next(anonymous, 0))
                time.sleep(.02)
        assert process.returncode == 0
        return most

    assert peak(1_000_000) < peak(100_000) + 10_000  # kB
