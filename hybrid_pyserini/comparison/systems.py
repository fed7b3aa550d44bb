"""What is compared: systems, each of one model or of several seeds, as they are named on the command line."""

from collections.abc import Sequence
from dataclasses import dataclass

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.workspace import Workspace, check_name


@dataclass(frozen=True)
class System:
    """A row of the tables."""

    name: str
    models: tuple[str, ...]
    """More than one where the system was trained with several seeds."""

    @property
    def typed(self) -> str:
        """As it is given on the command line."""
        return self.name if self.models == (self.name,) else f"{self.name}={','.join(self.models)}"


def parse_systems(workspace: Workspace, words: Sequence[str], *, least: int = 2) -> list[System]:
    """Systems from ``MODEL`` or ``NAME=MODEL,MODEL,...``; raises InputError for fewer than ``least``, for what is named
    twice, and for an empty name."""
    systems = []
    for word in words:
        name, equals, models = word.partition("=")
        if not name or (equals and "" in models.split(",")):
            raise InputError(f"{word!r} lacks a name", remedy="write MODEL or NAME=MODEL,MODEL,...")
        if not equals:
            model = workspace.model(word)[0]
            systems.append(System(model, (model,)))
        else:
            names = tuple(workspace.model(model)[0] for model in models.split(","))
            systems.append(System(check_name(name, "system"), names))
    for what, named in (
        ("system", [system.name for system in systems]), ("model", [m for system in systems for m in system.models]),
    ):
        for name in named:
            if named.count(name) > 1:
                raise InputError(f"{what} {name!r} is named {named.count(name)} times", remedy="name each once")
    if len(systems) < least:
        raise InputError("one system is nothing to compare", remedy="name two or more")
    return systems
