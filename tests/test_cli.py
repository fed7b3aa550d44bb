"""The command line: which module runs, and how mistakes end."""

import errno
import signal
import subprocess
import sys
import types
from argparse import ArgumentParser, Namespace
from pathlib import Path

import pytest

from hybrid_pyserini import __version__, cli
from hybrid_pyserini.errors import InputError


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A command module in the place of ``evaluate``; it records its arguments and raises what it is told to."""
    module = types.ModuleType("hybrid_pyserini.commands.evaluate")

    def configure(parser: ArgumentParser) -> None:
        parser.add_argument("dataset")
        parser.add_argument("--hits", type=int, default=1000)

    def run(arguments: Namespace) -> None:
        module.arguments = arguments
        if module.error:
            raise module.error

    module.configure, module.run, module.error = configure, run, None
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def test_a_command_gets_its_arguments(command: types.ModuleType) -> None:
    assert cli.main(["evaluate", "--workspace", "w", "toy", "--hits", "5"]) == 0
    assert (command.arguments.workspace, command.arguments.dataset, command.arguments.hits) == (Path("w"), "toy", 5)
    assert cli.main(["evaluate", "toy"]) == 0
    assert command.arguments.workspace == Path()


def test_a_word_that_is_also_a_command_is_an_argument(command: types.ModuleType) -> None:
    assert cli.main(["evaluate", "--workspace", "train", "search"]) == 0
    assert (command.arguments.workspace, command.arguments.dataset) == (Path("train"), "search")


def test_only_the_commands_own_module_is_imported(
    command: types.ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "hybrid_pyserini.commands.train", None)  # importing it would raise
    assert cli.main(["evaluate", "toy"]) == 0
    assert command.arguments.dataset == "toy"


def test_an_input_error_is_one_line_and_status_2(
    command: types.ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    command.error = InputError("what\nwas  found", remedy="what to do", path=Path("a") / "file.tsv", line=3)
    assert cli.main(["evaluate", "toy"]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"hybrid-pyserini evaluate: {Path('a') / 'file.tsv'}:3: what was found; what to do\n")


@pytest.mark.parametrize(("where", "expected"), [
    ({}, "found; do"), ({"path": "f"}, "f: found; do"), ({"path": "f", "line": 1}, "f:1: found; do"),
])
def test_an_input_error_says_where(where: dict, expected: str) -> None:
    assert str(InputError("found", remedy="do", **where)) == expected


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    """As in ``hybrid-pyserini doctor | head -1``: its output is longer than a pipe's reader wants it."""
    code = (
        "import sys; from hybrid_pyserini import cli; "
        "cli._run = lambda *_: print('line\\n' * 99999); sys.exit(cli.main([]))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == "line\n"
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 141


def test_what_the_machine_forbids_is_one_line_and_our_own_mistakes_are_not_hidden(
    command: types.ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    command.error = OSError(errno.ENOSPC, "No space left on device", "runs/x.txt")
    assert cli.main(["evaluate", "toy"]) == 2
    said = capsys.readouterr().err
    assert said == "hybrid-pyserini evaluate: runs/x.txt: No space left on device; mend that and run it again\n"
    command.error = FileNotFoundError(errno.ENOENT, "No such file or directory", "runs/x.txt")
    with pytest.raises(FileNotFoundError):
        cli.main(["evaluate", "toy"])


def test_an_interruption_says_how_to_go_on(command: types.ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    command.error = KeyboardInterrupt()
    assert cli.main(["evaluate", "toy"]) == 130
    assert capsys.readouterr().err == "hybrid-pyserini evaluate: interrupted; run it again to go on\n"


def test_an_interruption_before_the_command_runs_is_said_the_same_way(
    command: types.ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(parser: ArgumentParser) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "configure", interrupted)
    assert cli.main(["evaluate", "toy"]) == 130
    assert capsys.readouterr().err == "hybrid-pyserini evaluate: interrupted; run it again to go on\n"


def test_a_second_interruption_ends_the_program_without_a_traceback() -> None:
    """It comes while the interpreter ends: when the main thread is done and Python waits for the others."""
    script = """
import os, signal, sys, threading, types
from hybrid_pyserini import cli

def interrupt_again():
    threading.main_thread().join()
    os.kill(os.getpid(), signal.SIGINT)

def run(arguments):
    threading.Thread(target=interrupt_again).start()
    os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)  # as in a terminal
module = types.ModuleType("hybrid_pyserini.commands.evaluate")
module.configure, module.run = lambda parser: None, run
sys.modules[module.__name__] = module
sys.argv = ["hybrid-pyserini", "evaluate"]
sys.exit(cli.main())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGINT
    assert done.stderr == "hybrid-pyserini evaluate: interrupted; run it again to go on\n"


def test_our_own_mistakes_are_not_hidden(command: types.ModuleType) -> None:
    command.error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        cli.main(["evaluate", "toy"])


@pytest.mark.parametrize("words", [
    [], ["unknown"], ["evaluate"], ["evaluate", "toy", "--hits", "many"], ["evaluate", "toy", "--unknown"],
    ["evaluate", "toy", "--work", "w"],
])
@pytest.mark.usefixtures("command")
def test_wrong_usage_is_status_2(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(words)
    assert end.value.code == 2
    assert "hybrid-pyserini" in capsys.readouterr().err


def test_a_command_that_passes_arguments_on_gets_the_rest(command: types.ModuleType) -> None:
    command.PASSES_ON = True
    assert cli.main(["evaluate", "toy", "--threads", "4", "--hits", "7"]) == 0
    assert command.arguments.rest == ["--threads", "4"]
    assert command.arguments.hits == 7


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["--help"])
    assert end.value.code == 0
    out = capsys.readouterr().out
    for name in cli.COMMANDS:
        assert f"    {name} " in out or f"    {name}\n" in out  # a long name has a line of its own
    assert "example: hybrid-pyserini" in out


@pytest.mark.parametrize("program", [[sys.executable, "-m", "hybrid_pyserini"],
                                     [str(Path(sys.executable).parent / "hybrid-pyserini")]])
def test_both_ways_to_start_it(program: list[str]) -> None:
    done = subprocess.run([*program, "--version"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, f"{__version__}\n")


def test_the_status_reaches_the_shell(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hybrid_pyserini", "evaluate", "none", "--model", "m"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "no data set 'none' in this workspace (there: none)" in done.stderr
