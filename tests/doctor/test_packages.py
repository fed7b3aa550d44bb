"""Installed packages against declared ones, in folders as pip makes them."""

import sys
from pathlib import Path

import pytest

from hybrid_pyserini import __version__
from hybrid_pyserini.doctor.findings import Finding, Level
from hybrid_pyserini.doctor.packages import examine_packages, installed_version

PIP = f"{sys.executable} -m pip install"


def install(site: Path, name: str, version: str, *lines: str) -> None:
    """The metadata that pip leaves beside an installed package."""
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    metadata = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *lines]
    (folder / "METADATA").write_text("\n".join(metadata))


def packages_of(site: Path) -> list[Finding]:
    """What is said after Python's version and our own."""
    python, own, *others = examine_packages([str(site)])
    assert (python.level, python.subject) == (Level.OK, "Python")
    assert own == Finding(Level.OK, "hybrid-pyserini", __version__)
    return others


def test_each_is_installed_missing_or_outside_its_range(tmp_path: Path) -> None:
    install(tmp_path, "hybrid-pyserini", "0.1.0", "Requires-Dist: torch>=2.4", "Requires-Dist: old-one<3,>=2",
            "Requires-Dist: new-one<3", "Requires-Dist: absent>=5", "Requires-Dist: any")
    install(tmp_path, "torch", "2.13.0+cpu")
    install(tmp_path, "old-one", "1.9")
    install(tmp_path, "new-one", "3.0.1")
    assert packages_of(tmp_path) == [
        Finding(Level.OK, "packages", "1 of the 5 needed: torch 2.13.0+cpu"),
        Finding(Level.MISSING, "old-one", "1.9 is installed; needed is <3,>=2", f"{PIP} 'old-one<3,>=2'"),
        Finding(Level.MISSING, "new-one", "3.0.1 is installed; needed is <3", f"{PIP} 'new-one<3'"),
        Finding(Level.MISSING, "absent", "not installed; needed is >=5", f"{PIP} 'absent>=5'"),
        Finding(Level.MISSING, "any", "not installed; needed is any version", f"{PIP} any"),
    ]


def test_a_name_is_found_however_it_is_spelled(tmp_path: Path) -> None:
    install(tmp_path, "hybrid-pyserini", "0.1.0", "Requires-Dist: Py-Trec.Eval>=1")
    install(tmp_path, "py_trec_eval", "1.5")
    assert packages_of(tmp_path) == [Finding(Level.OK, "packages", "1 of the 1 needed: Py-Trec.Eval 1.5")]


def test_what_another_python_needs_is_not_asked_for(tmp_path: Path) -> None:
    install(tmp_path, "hybrid-pyserini", "0.1.0", "Requires-Dist: pyserini>=1.6; python_version >= '3.11'",
            "Requires-Dist: pyserini>=99; python_version < '3.11'")
    install(tmp_path, "pyserini", "1.6.0")
    assert packages_of(tmp_path) == [Finding(Level.OK, "packages", "1 of the 1 needed: pyserini 1.6.0")]


def test_an_extra_is_no_more_than_a_note(tmp_path: Path) -> None:
    install(tmp_path, "hybrid-pyserini", "0.1.0", "Provides-Extra: dev", "Provides-Extra: doc", "Requires-Dist: numpy",
            "Requires-Dist: pytest>=8; extra == 'dev'", "Requires-Dist: ruff>=0.8; extra == 'dev'",
            "Requires-Dist: pytest>=7; extra == 'doc'")
    install(tmp_path, "numpy", "2.0")
    install(tmp_path, "pytest", "7.4")
    assert packages_of(tmp_path) == [
        Finding(Level.OK, "packages", "1 of the 1 needed: numpy 2.0"),
        Finding(Level.NOTE, "extra 'dev'", "not whole, and not needed by the main job: pytest>=8, ruff>=0.8",
                f"{PIP} 'pytest>=8' 'ruff>=0.8'"),
        Finding(Level.OK, "extra 'doc'", "all 1 packages"),
    ]


def test_our_own_source_uninstalled_is_a_note(tmp_path: Path) -> None:
    (note,) = packages_of(tmp_path)
    assert (note.level, note.subject) == (Level.NOTE, "packages")
    assert "runs without being installed" in note.text
    assert note.remedy.startswith(f"{PIP} -e .")


def test_without_packaging_the_rest_cannot_be_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "hybrid-pyserini", "0.1.0", "Requires-Dist: torch>=2.4")
    monkeypatch.setitem(sys.modules, "packaging.requirements", None)
    (missing,) = packages_of(tmp_path)
    assert (missing.level, missing.subject, missing.remedy) == (Level.MISSING, "packaging", f"{PIP} packaging")


def test_the_remains_of_a_package_are_not_one(tmp_path: Path) -> None:
    (tmp_path / "torch-2.4.dist-info").mkdir()
    assert installed_version("torch", [str(tmp_path)]) is None


def test_this_environment_is_whole() -> None:
    """The tests could not run otherwise; pip wrote these files, no test did."""
    from importlib.metadata import version

    findings = examine_packages(sys.path)
    assert {finding.level for finding in findings} == {Level.OK}
    (packages,) = [finding for finding in findings if finding.subject == "packages"]
    assert f"torch {version('torch')}," in packages.text
    assert "pyserini " in packages.text
    assert "pytest" not in packages.text
