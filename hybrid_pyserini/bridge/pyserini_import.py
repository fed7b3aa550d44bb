"""What importing Pyserini needs besides Java: no network and no account.

``pyserini.encode`` of 1.6 and 2.0 builds a client of OpenAI's service while it is imported, and fails without a key.
``pyserini.prebuilt_index_info`` of 2.4 downloads its lists of prebuilt indexes while it is imported, and everything
imports it. Nothing here needs either.
"""

import importlib
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from hybrid_pyserini.bridge.java import ensure_java

_KEY = "OPENAI_API_KEY"
_INDEX_LISTS = "pyserini.prebuilt_index_info"


class _NoIndexes(ModuleType):
    """Stands for a module of index lists that could not be downloaded: each of its lists is empty."""

    def __getattr__(self, name: str) -> dict[str, object]:
        if name.endswith("_INFO"):
            return {}
        raise AttributeError(name)


@contextmanager
def importable_pyserini() -> Iterator[None]:
    """Import Pyserini's modules inside this context. Raises InputError where there is no usable Java runtime."""
    ensure_java()
    import_index_lists(_INDEX_LISTS)
    placeholder = _KEY not in os.environ
    if placeholder:
        os.environ[_KEY] = "placeholder"
    try:
        yield
    finally:
        if placeholder:
            del os.environ[_KEY]


def import_index_lists(name: str) -> None:
    """Import the module of index lists; where it asks the network in vain, an empty one takes its place, with a
    warning."""
    try:
        importlib.import_module(name)
    except (OSError, ValueError) as error:  # no network, or a page that is no JSON from whoever answers for it
        warnings.warn(f"Pyserini's prebuilt indexes are unknown in this process ({error})", stacklevel=2)
        sys.modules[name] = _NoIndexes(name)
