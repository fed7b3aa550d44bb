"""The packages that this one declares: installed, missing, or of a version outside the declared range.

Read from the metadata that pip leaves beside an installed package, so that nothing needs to be imported, and the
ranges are those of ``pyproject.toml`` and stand nowhere else.
"""

import platform
import shlex
import sys
from collections.abc import Sequence
from importlib.metadata import Distribution
from typing import TYPE_CHECKING

from hybrid_pyserini import __version__
from hybrid_pyserini.doctor.findings import Finding, Level

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_OWN = "hybrid-pyserini"


def examine_packages(path: Sequence[str]) -> list[Finding]:
    """Python, this package, and what it needs. ``path``: the folders with installed packages, as in ``sys.path``."""
    findings = [
        Finding(Level.OK, "Python", f"{platform.python_version()}, {sys.executable}"),
        Finding(Level.OK, _OWN, __version__),
    ]
    own = _distribution(_OWN, path)
    if own is None:
        return [*findings, Finding(
            Level.NOTE, "packages", f"{_OWN} runs without being installed, so what it needs cannot be checked",
            remedy=f"{pip_install('-e', '.')}    # in the folder of its pyproject.toml",
        )]
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return [*findings, Finding(
            Level.MISSING, "packaging", "not installed; without it the other packages cannot be checked",
            remedy=pip_install("packaging"),
        )]
    declared = [Requirement(line) for line in own.requires or ()]
    needed = [requirement for requirement in declared if _applies(requirement)]
    findings += _needed(needed, path)
    for extra in own.metadata.get_all("Provides-Extra") or ():
        of_extra = [requirement for requirement in declared if _applies(requirement, extra)]
        findings.append(_extra(extra, [each for each in of_extra if each not in needed], path))
    return findings


def installed_version(name: str, path: Sequence[str]) -> str | None:
    """The version of an installed package; None if there is none, or only the remains of one."""
    distribution = _distribution(name, path)
    return distribution.version if distribution else None


def pip_install(*words: str) -> str:
    """The command that installs into the environment that runs this, which need not be the activated one."""
    return shlex.join([sys.executable, "-m", "pip", "install", *words])


def _distribution(name: str, path: Sequence[str]) -> Distribution | None:
    return next(iter(Distribution.discover(name=name, path=list(path))), None)


def _applies(requirement: "Requirement", extra: str = "") -> bool:
    """Whether its marker, such as ``python_version >= "3.12"``, is true here, with an extra asked for or none."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _needed(requirements: Sequence["Requirement"], path: Sequence[str]) -> list[Finding]:
    """One finding for all that is well, and one for each that is not."""
    problems = [(each, _problem(each, path)) for each in requirements]
    well = [f"{each.name} {installed_version(each.name, path)}" for each, problem in problems if problem is None]
    return [
        Finding(Level.OK, "packages", f"{len(well)} of the {len(requirements)} needed: {', '.join(well)}"),
        *(
            Finding(Level.MISSING, each.name, problem, remedy=pip_install(f"{each.name}{each.specifier}"))
            for each, problem in problems if problem is not None
        ),
    ]


def _problem(requirement: "Requirement", path: Sequence[str]) -> str | None:
    """Why an installed package is not what is required; None if it is."""
    version = installed_version(requirement.name, path)
    if version is None:
        return f"not installed; needed is {requirement.specifier or 'any version'}"
    if not requirement.specifier.contains(version, prereleases=True):
        return f"{version} is installed; needed is {requirement.specifier}"
    return None


def _extra(extra: str, requirements: Sequence["Requirement"], path: Sequence[str]) -> Finding:
    lacking = [each for each in requirements if _problem(each, path) is not None]
    if not lacking:
        return Finding(Level.OK, f"extra {extra!r}", f"all {len(requirements)} packages")
    return Finding(
        Level.NOTE, f"extra {extra!r}",
        f"not whole, and not needed by the main job: {', '.join(f'{each.name}{each.specifier}' for each in lacking)}",
        remedy=pip_install(*(f"{each.name}{each.specifier}" for each in lacking)),
    )
