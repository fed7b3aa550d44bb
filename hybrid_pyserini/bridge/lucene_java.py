"""Lucene's Java classes inside this process, from the Anserini jar in Pyserini, and what each use of an index needs."""

from functools import cache
from pathlib import Path
from typing import Any

from hybrid_pyserini.bridge.java import ensure_java
from hybrid_pyserini.errors import InputError


@cache
def lucene_jnius() -> Any:
    """pyjnius, on a JVM that knows Lucene and writes nothing to standard output.

    ``pyserini.pyclass`` sets it up; it is the part of Pyserini that loads neither torch nor transformers. A class, and
    each method of it, may be used by one thread at a time, except on one and the same object: pyjnius notes in the
    method, which all objects share, whose it is.
    """
    ensure_java()
    import pyserini.pyclass  # noqa: F401, I001  # before jnius, which starts the JVM
    import jnius

    jnius.autoclass("org.apache.logging.log4j.core.config.Configurator").setLevel("io.anserini", "WARN")
    level = jnius.autoclass("java.util.logging.Level")
    jnius.autoclass("java.util.logging.Logger").getLogger("org.apache.lucene").setLevel(level.SEVERE)
    return jnius


def open_reader(folder: Path) -> Any:
    """Lucene's ``DirectoryReader`` of an index; raises InputError for a folder that Lucene cannot open."""
    java = lucene_jnius().autoclass
    store = java("org.apache.lucene.store.FSDirectory").open(java("java.io.File")(path_for_java(folder)).toPath())
    try:
        return java("org.apache.lucene.index.DirectoryReader").open(store)
    except lucene_jnius().JavaException as error:
        raise InputError(
            f"not an index that Lucene can open ({error.classname})", remedy="build it again with --overwrite",
            path=folder,
        ) from None


def path_for_java(folder: Path) -> str:
    """Java keeps the working directory that it was started in."""
    return str(folder.absolute())
