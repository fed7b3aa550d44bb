"""The ``translate`` command with a tiny real model: order, going on after SIGKILL, jobs, counts, one-line errors."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from parallel_words import parallel_examples, write_held_out
from tiny_translators import tiny_translator

from hybrid_pyserini.cli import main
from hybrid_pyserini.data.sources.example_source import read_examples, write_examples
from hybrid_pyserini.translation import translating
from hybrid_pyserini.trec import read_topics
from hybrid_pyserini.workspace import Workspace

ENGLISH = parallel_examples(40, ("en",))
WHOLE_PROGRAM = (
    "import sys; from hybrid_pyserini.translation import translating; translating.BLOCK = 2; "
    "from hybrid_pyserini.cli import main; sys.exit(main(sys.argv[1:]))"
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_translator("m2m", tmp_path_factory.mktemp("models") / "m2m")


@pytest.fixture
def root(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(translating, "BLOCK", 2)
    write_examples(tmp_path / "sources" / "mono.jsonl", ENGLISH)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m2m").symlink_to(model)
    return tmp_path


def words(root: Path, *more: str, output: str = "many") -> list[str]:
    return [
        "translate", "mono", "--model", "m2m", "--to", "de,zh", "--output", output, "--workspace", str(root), *more
    ]


def parts(root: Path, name: str) -> dict[str, tuple[int, bytes]]:
    folder = root / "translations" / "sources" / name
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.glob("*/[0-9]*.jsonl"))
    }


def test_order_and_counts(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(root)) == 0
    shown = capsys.readouterr()
    found = list(read_examples(root / "sources" / "many.jsonl"))
    assert [(e.id, e.group, e.queries["en"], e.positives["en"]) for e in found] == [
        (e.id, e.group, e.queries["en"], e.positives["en"]) for e in ENGLISH
    ]
    both = {k: sum(k in e.queries and k in e.positives for e in found) for k in ("de", "zh")}
    lines = shown.out.splitlines()
    assert [line.split(",")[0] for line in lines[:2]] == [
        f"{language}\t{count} of 40 examples translated" for language, count in both.items()
    ]
    assert both["de"] > 20
    assert lines[2] == f"{root / 'sources' / 'many.jsonl'}: 40 examples"
    assert "en to zh: 100%" in shown.err
    assert main(words(root)) == 0
    assert capsys.readouterr().out.splitlines() == [*lines[:2], f"kept {lines[2]}"]


def test_after_sigkill_it_goes_on_to_the_same(root: Path) -> None:
    assert main(words(root, output="undisturbed")) == 0
    for wanted in (3, 11):
        child = subprocess.Popen([sys.executable, "-c", WHOLE_PROGRAM, *words(root)], stderr=subprocess.DEVNULL)
        while len(parts(root, "many")) < wanted:
            assert child.poll() is None, "it ended before it was killed"
            time.sleep(0.005)
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert not (root / "sources" / "many.jsonl").exists()
    before = parts(root, "many")
    assert 11 <= len(before) < 40
    assert main(words(root)) == 0
    after = parts(root, "many")
    assert {name: after[name] for name in before} == before
    assert {name: text for name, (_, text) in after.items()} == {
        name: text for name, (_, text) in parts(root, "undisturbed").items()
    }
    assert (root / "sources" / "many.jsonl").read_bytes() == (root / "sources" / "undisturbed.jsonl").read_bytes()


def test_jobs_of_a_scheduler(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(root, "--shard-num", "2", "--shard-id", "1")) == 0
    assert capsys.readouterr().out == f"{root / 'sources' / 'many.jsonl'}: 20 parts still missing\n"
    assert main(words(root, "--shard-num", "2", "--shard-id", "0")) == 0
    assert capsys.readouterr().out.endswith("many.jsonl: 40 examples\n")


@pytest.mark.slow
def test_two_processes_of_a_torchrun_make_what_one_makes(root: Path, tmp_path: Path) -> None:
    assert main(words(root, output="alone")) == 0
    program = tmp_path / "program.py"
    program.write_text(WHOLE_PROGRAM)
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(program)]
    subprocess.run([*run, *words(root)], check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert (root / "sources" / "many.jsonl").read_bytes() == (root / "sources" / "alone.jsonl").read_bytes()


def test_topics(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_held_out(Workspace(root), "words")
    command = ["translate", "words", "--topics", "--model", "m2m", "--from", "en,de", "--workspace", str(root)]
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["en-de", "en-zh", "de-en", "de-zh"]
    for line in lines:
        pair, path, state, count = line.split("\t")
        assert path == str(root / "translations" / "topics" / "words" / "m2m" / f"topics.words.{pair}.tsv")
        topics = read_topics(Path(path))
        assert topics.keys() <= read_topics(root / "topics" / "words" / "topics.words.en.tsv").keys()
        assert (state, count.split(",")[0]) == ("written", f"{len(topics)} of 25 queries")
    assert main([*command, "--to", "de"]) == 0
    assert [line.split("\t")[2] for line in capsys.readouterr().out.splitlines()] == ["kept"]


@pytest.mark.parametrize(("change", "problem"), [
    (["--to", "de,te"], "m2m: the model has no language 'te'; leave it out, or choose another model; this one has af"),
    (["--from", "xx"], "m2m: the model has no language 'xx'"),
    (["--model", "somebody/no-such-m2m"], "'somebody/no-such-m2m' is no model of this workspace, no folder, and"),
    (["--to", "de-en"], "language code 'de-en'"), (["--to", ""], "no --to; give --to, or --topics"),
    (["--topics"], "--output with --topics; leave it out"), (["--beams", "0"], "0 beams; give --beams 1 or more"),
    (["--batch-tokens", "0"], "batches of 0 tokens; give --batch-tokens 1"),
    (["--shard-id", "1"], "one of --shard-id and --shard-num without the other"),
])
def test_mistakes_are_one_line(root: Path, capsys: pytest.CaptureFixture[str], change: list[str], problem: str) -> None:
    assert main(words(root, *change)) == 2
    shown = capsys.readouterr()
    assert re.search(re.escape(problem), shown.err)
    assert shown.err.count("\n") == 1
    assert shown.out == ""
    assert not (root / "sources" / "many.jsonl").exists()
