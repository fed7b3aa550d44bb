"""Pyserini's own commands, run inside this process with Java taken care of and ``hybrid`` among the encoder classes.

The module runs as ``python -m pyserini.MODULE`` would run it. ``--encoder-class`` has a fixed list of choices in every
version of Pyserini; while a module runs, the argument of that name gets one choice more. Our encoders enter Pyserini's
tables only when they are chosen: Pyserini also searches these tables' names in the paths of checkpoints, and a path
with "hybrid" in it says nothing. ``search.lucene``, which has no such argument, gets it for its ``--dense``.
"""

import argparse
import importlib.util
import re
import runpy
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from hybrid_pyserini.bridge.lucene_queries import queries_encoded_by
from hybrid_pyserini.bridge.pyserini_import import importable_pyserini
from hybrid_pyserini.errors import InputError

ENCODER_CLASS = "hybrid"

_ENCODING = ("encode", "search.faiss", "search.hybrid")
"""The modules that choose an encoder class."""

_LUCENE = "search.lucene"
_LUCENES_NUMBERS = {"--hits": 1000, "--ef-search": 100}
"""Its defaults. HNSW search looks for as many neighbours as it has candidates, and Pyserini takes hits from those."""

_IN_CHECKPOINT = ("--pooling", "--l2-norm", "--max-length", "--prefix")
"""Options that Pyserini does not pass on to our encoders, or with a default that cannot be told from a choice."""


def run_pyserini(module: str, arguments: Sequence[str]) -> None:
    """Run ``pyserini.MODULE`` with these arguments; whatever ends it, SystemExit included, goes through.

    Raises InputError for an unknown module, for an encoder's folder without a class, and where there is no Java.
    """
    module = module.removeprefix("pyserini.")
    name = f"pyserini.{module}"
    if not _is_runnable(name):
        raise InputError(
            f"Pyserini has no command {module!r}",
            remedy="write what stands behind 'python -m pyserini.', for example search.faiss",
        )
    options = dict(_options(arguments))
    if module in _ENCODING:
        _check_encoder(options)
    if module == _LUCENE:
        _check_dense(options)
    before = sys.argv
    sys.argv = [name, *arguments]
    try:
        with importable_pyserini(), _hybrid_among_encoder_classes(options.get("--index")), _dense(module, options):
            runpy.run_module(name, run_name="__main__", alter_sys=True)
    finally:
        sys.argv = before


def _is_runnable(name: str) -> bool:
    """Whether Pyserini has this module; looks at files only, since importing its packages starts Java."""
    spec = importlib.util.find_spec("pyserini")
    if spec is None or not re.fullmatch(r"\w+(\.\w+)+", name):
        return False
    inside = Path(*name.split(".")[1:])
    return any(
        (Path(folder) / inside).with_suffix(".py").is_file() or (Path(folder) / inside / "__main__.py").is_file()
        for folder in spec.submodule_search_locations or ()
    )


def _check_encoder(options: Mapping[str, str | None]) -> None:
    """Raise InputError where Pyserini would guess a class from a folder's name; say which options have no effect."""
    chosen, checkpoint = options.get("--encoder-class"), options.get("--encoder")
    if chosen is None and checkpoint and Path(checkpoint).is_dir():
        raise InputError(
            "without --encoder-class Pyserini guesses one from the letters of this path", path=checkpoint,
            remedy=f"give --encoder-class {ENCODER_CLASS} for a checkpoint of hybrid-pyserini, else Pyserini's own",
        )
    ignored = [option for option in _IN_CHECKPOINT if option in options]
    if chosen == ENCODER_CLASS and ignored:
        print(f"warning: the checkpoint decides, not {' '.join(ignored)}", file=sys.stderr)


def _check_dense(options: Mapping[str, str | None]) -> None:
    """Raise InputError where ``search.lucene`` would take texts for vectors, or tokens for texts; say where it gives
    fewer hits than are asked for."""
    chosen, checkpoint = options.get("--encoder-class"), options.get("--encoder")
    if "--dense" in options and checkpoint and chosen is None:
        raise InputError(
            "with --dense Pyserini has no use for --encoder",
            remedy=f"give --encoder-class {ENCODER_CLASS} for a checkpoint of hybrid-pyserini, else --onnx-encoder",
        )
    if chosen == ENCODER_CLASS and not ("--dense" in options and checkpoint and "--onnx-encoder" not in options):
        raise InputError(
            f"--encoder-class {ENCODER_CLASS} encodes queries for vectors, with one checkpoint",
            remedy="give --dense, --hnsw and --encoder, and no --onnx-encoder",
        )
    hits, candidates = (_number(options.get(option), default) for option, default in _LUCENES_NUMBERS.items())
    if "--hnsw" in options and candidates < hits:
        print(f"warning: no query gets more than {candidates} hits; for {hits} give --ef-search {hits} or more",
              file=sys.stderr)


def _dense(module: str, options: Mapping[str, str | None]) -> AbstractContextManager[None]:
    """What ``search.lucene`` needs where our class is chosen."""
    if module == _LUCENE and options.get("--encoder-class") == ENCODER_CLASS:
        return queries_encoded_by(str(options["--encoder"]))
    return nullcontext()


def _number(value: str | None, default: int) -> int:
    """An option's number; what is none, the module itself will refuse."""
    return int(value) if value and value.isdecimal() else default


def _options(arguments: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """Yield each option with what follows it, as ``--name value`` or ``--name=value``."""
    for argument, following in zip(arguments, [*arguments[1:], None], strict=True):
        if argument.startswith("--"):
            name, equals, value = argument.partition("=")
            yield name, value if equals else following


@contextmanager
def _hybrid_among_encoder_classes(index: str | None) -> Iterator[None]:
    """While this holds, every parser's ``--encoder-class`` takes ``hybrid`` too; its queries are for ``index``."""
    original = argparse._ActionsContainer.add_argument

    def choose(encoder_class: str) -> str:
        if encoder_class == ENCODER_CLASS:
            _enter_encoders(index)
        return encoder_class

    def add_argument(self: Any, *names: str, **settings: Any) -> argparse.Action:
        if "--onnx-encoder" in names:  # search.lucene has no classes to choose from
            original(self, "--encoder-class", choices=[ENCODER_CLASS], help="with --dense: what --encoder is")
        if "--encoder-class" in names and "choices" in settings:
            settings |= {"choices": [*settings["choices"], ENCODER_CLASS], "type": choose}
        return original(self, *names, **settings)

    argparse._ActionsContainer.add_argument = add_argument  # type: ignore[method-assign]
    try:
        yield
    finally:
        argparse._ActionsContainer.add_argument = original  # type: ignore[method-assign]


def _enter_encoders(index: str | None) -> None:
    """Enter our encoders into Pyserini's tables."""
    from pyserini.encode import document_encoder_class_map, query_encoder_class_map

    from hybrid_pyserini.bridge.encoders import HybridDocumentEncoder, HybridQueryEncoder

    query_encoder_class_map[ENCODER_CLASS] = partial(HybridQueryEncoder, index=index)
    document_encoder_class_map[ENCODER_CLASS] = HybridDocumentEncoder
