"""What Lucene needs: a Java runtime, and the jar in the installed Pyserini. Neither is started or imported."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from hybrid_pyserini.bridge.java import FORCE, INSTALLED, JavaRuntime, anserini_jar, choose_runtime, find_runtimes
from hybrid_pyserini.doctor.findings import Finding, Level, readable_size
from hybrid_pyserini.doctor.packages import installed_version, pip_install
from hybrid_pyserini.errors import InputError

_WITHOUT = "'bm25', 'demo' and 'pyserini' need it; the other commands run without"


def examine_java(environ: Mapping[str, str], installed: Path = INSTALLED) -> list[Finding]:
    """Every runtime on this machine, in the order in which they are tried, and the one that will be used."""
    try:
        chosen = choose_runtime(environ, installed)
    except InputError as error:
        return [Finding(Level.MISSING, "Java", f"{error.problem}. {_WITHOUT}", remedy=error.remedy)]
    return [_runtime(each, used=each == chosen) for each in find_runtimes(environ, installed)]


def _runtime(runtime: JavaRuntime, *, used: bool) -> Finding:
    subject = f"Java {runtime.version}" if runtime.version else "Java"
    forced = runtime.found_by == FORCE
    where = f"{runtime.home} ({'forced' if forced else 'found'} by {runtime.found_by})"
    if runtime.problem is not None:
        return Finding(Level.NOTE, subject, f"not usable, {runtime.problem}: {where}")
    if not used:
        return Finding(Level.OK, subject, f"usable: {where}")
    if not runtime.vector:
        where += ". It has no module jdk.incubator.vector, so start Pyserini's own commands with 'hybrid-pyserini " \
                 "pyserini', not with 'python -m pyserini'"
    return Finding(Level.OK, subject, f"USED: {where}")


def examine_pyserini(path: Sequence[str]) -> list[Finding]:
    """Pyserini's version and its jar. ``path``: the folders with installed packages, as in ``sys.path``."""
    version = installed_version("pyserini", path)
    try:
        jar = anserini_jar()
    except InputError as error:
        # Only what is not there at all is installed without being forced, and only then with all that it needs.
        words = ("pyserini",) if version is None else ("--force-reinstall", "--no-deps", f"pyserini=={version}")
        return [Finding(Level.MISSING, "Pyserini", error.problem, remedy=pip_install(*words))]
    size = readable_size(jar.stat().st_size)
    return [Finding(Level.OK, "Pyserini", f"{version or 'of unknown version'}, with {jar.name} ({size})")]
