"""The recipes that come with the package, by name."""

from pathlib import Path

from hybrid_pyserini.errors import InputError

_FOLDER = Path(__file__).parent


def shipped_recipes() -> list[str]:
    """The names of the shipped recipes."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def find_recipe(name_or_path: str) -> Path:
    """A recipe's file: of a shipped one by its name, else the file of that path.

    Raises InputError, naming the shipped ones, where there is neither.
    """
    if name_or_path in shipped_recipes():
        return _FOLDER / f"{name_or_path}.yaml"
    path = Path(name_or_path)
    if not path.is_file():
        raise InputError(
            f"no recipe {name_or_path!r} and no such file", remedy=f"shipped are: {', '.join(shipped_recipes())}"
        )
    return path


def expected_file(recipe: Path) -> Path:
    """Where a recipe's expected figures stand: a shipped one's in the project's clone, any other's beside it."""
    if recipe.parent == _FOLDER:
        return _FOLDER.parents[1] / "runs" / recipe.stem / "expected.json"
    return recipe.with_name(f"{recipe.stem}.expected.json")
