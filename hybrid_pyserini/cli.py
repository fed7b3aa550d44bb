"""The command line: finds the command, runs it, and turns an InputError into one line and exit status 2.

Each command is a module of ``hybrid_pyserini.commands`` with ``configure(parser)`` and ``run(arguments)``. Heavy
imports happen inside ``run``, so that ``--help`` answers at once.
"""

import argparse
import errno
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from hybrid_pyserini import __version__
from hybrid_pyserini.errors import InputError

COMMANDS = {
    "prepare": "a published data set's own files -> collections, topics, qrels",
    "examples": "training sources -> a memory-mapped store of parallel examples",
    "translate": "a training source, or topics, into more languages with M2M-100 or NLLB",
    "init": "a small encoder with a tokenizer learned from given text",
    "adopt": "a checkpoint made by others -> a model that says how it is to be used",
    "train": "fine-tune an encoder on monolingual and cross-lingual batches",
    "mnrl": "a reference: the loss and trainer of sentence-transformers on shuffled pairs",
    "encode": "encode a data set's passages, by one process or many",
    "index": "encoded passages -> Pyserini dense indexes, per language and for the pool",
    "search": "all language pairs and the pool -> TREC runs",
    "mine": "hard negatives for training examples, found with an index",
    "bm25": "the BM25 baseline, as runs of the same names",
    "mdpr": "the mDPR baseline, or another checkpoint in its place: encode, index and search",
    "fuse": "runs of several systems fused; or the pool merged from runs per language",
    "evaluate": "runs -> AP, nDCG, recall; mono, cross and multi means; language bias",
    "compare": "evaluated systems -> the paper's tables, with intervals and tests of significance",
    "shift": "the same systems on other data sets: the mean, the worst, the drop, with intervals",
    "report": "evaluated systems -> one self-contained HTML page and Markdown",
    "run": "a whole experiment from one file, going on where it was interrupted",
    "reproduce": "a recipe again, its figures held against the expected ones",
    "ask": "a question of your own -> the best passages of an indexed data set",
    "demo": "all of it on built-in data, offline, in minutes; ends with the table",
    "pyserini": "Pyserini's own commands with '--encoder-class hybrid' and Java taken care of",
    "doctor": "what this machine has, and what to do about what is missing",
}

_MACHINES = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE, errno.ENAMETOOLONG,
    errno.ENOTDIR, errno.EISDIR, errno.EEXIST,
}
"""What the machine, its rights or its folders forbid, such as a full disk; any other OSError is our own mistake."""


def build_parser(command: str | None) -> argparse.ArgumentParser:
    """The parser; only ``command``'s own arguments are added, so that no other command's module is imported."""
    parser = argparse.ArgumentParser(
        prog="hybrid-pyserini",
        description="Multilingual dense retrieval with hybrid batches, for Pyserini (arXiv 2408.10536). 'Hybrid' means "
        "batches that are monolingual or cross-lingual by chance; Pyserini's 'hybrid search' is dense plus BM25.",
        epilog="example: hybrid-pyserini prepare xquad-r --source path/to/xquad-r",
    )
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        subparser = subparsers.add_parser(
            name, help=summary, description=summary, formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,  # what is not ours may be Trainer's or Pyserini's
        )
        subparser.add_argument(
            "--workspace", type=Path, default=Path(), metavar="FOLDER",
            help="the folder that a command works in (default: the current one; of 'demo', a folder of its own)",
        )
        if name == command:
            importlib.import_module(f"hybrid_pyserini.commands.{name}").configure(subparser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status: the command's own (0 for most), 2 for a mistake in what the user gave,
    130 after Ctrl-C, 141 where the reader of its output, such as ``head``, left."""
    is_program = argv is None
    argv = sys.argv[1:] if argv is None else list(argv)
    command = next((word for word in argv if word in COMMANDS), None)
    program = f"hybrid-pyserini {command}" if command else "hybrid-pyserini"
    try:
        status = _run(command, argv)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader, such as 'head', has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except InputError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno not in _MACHINES:
            raise
        where = f"{error.filename}: " if error.filename else ""
        print(f"{program}: {where}{error.strerror or error}; mend that and run it again", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        if is_program:  # a second one, while the interpreter ends, would be answered with a traceback
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        print(f"{program}: interrupted; run it again to go on", file=sys.stderr)
        return 130


def _run(command: str | None, argv: Sequence[str]) -> int:
    parser = build_parser(command)
    arguments, rest = parser.parse_known_args(argv)
    module = importlib.import_module(f"hybrid_pyserini.commands.{arguments.command}")
    passes_on = getattr(module, "PASSES_ON", False)
    if rest and not passes_on:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if passes_on:
        arguments.rest = rest
    return module.run(arguments) or 0
