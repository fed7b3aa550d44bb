"""What of a recipe was done in a workspace, and from what: ``recipes/<name>.json``.

A step is known again by its command, the contents of its outside files, and the steps that it needs: where one of these
has changed, it is stale, and with it all that needs it. What it made is known again too, so that a model or run
that something else has put in its place is not taken for it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json, write_json
from hybrid_pyserini.provenance import differences, sha256
from hybrid_pyserini.recipes.step import Step
from hybrid_pyserini.workspace import Workspace


class State(StrEnum):
    """Where a step stands."""

    FINISHED = "finished"
    STALE = "stale"
    """Done, or begun, from something else than now."""
    MISSING = "missing"
    BLOCKED = "blocked"
    """It, or a step that it needs, lacks something that no step makes."""


@dataclass(frozen=True)
class Standing:
    """A step's state, and why it is not finished."""

    step: Step
    state: State
    why: str
    made_from: Mapping[str, Any]
    """Command, hashes of inputs, and fingerprints of the steps it needs, as they are now."""


@dataclass
class Journal:
    """The record of a recipe in a workspace."""

    workspace: Workspace
    path: Path
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Step -> ``made_from``, and ``made`` and ``needed``, the hashes of what it made and of what its needs had made.
    ``made`` is None of a step that was begun where nothing lay, and not finished: what lies there now is its own."""
    hashes: dict[str, list[Any]] = field(default_factory=dict)
    """Outside file -> size, time of change in ns, SHA-256: so that gigabytes are not read at every start."""

    @classmethod
    def open(cls, workspace: Workspace, recipe: str) -> "Journal":
        """The journal of a recipe of this name; raises InputError for a file that is none."""
        path = workspace.root / "recipes" / f"{recipe}.json"
        if not path.exists():
            return cls(workspace, path)
        value = read_json(path)
        if value.keys() != {"steps", "hashes"}:
            raise InputError(
                "not the journal of a recipe", path=path, remedy="remove the file; finished parts are kept all the same"
            )
        return cls(workspace, path, value["steps"], value["hashes"])

    def write(self) -> None:
        write_json(self.path, {"steps": self.steps, "hashes": self.hashes})

    def standings(self, steps: Iterable[Step]) -> list[Standing]:
        """The state of each step; those that a step needs stand before it."""
        found: dict[str, Standing] = {}
        for step in steps:
            found[step.name] = self._standing(step, found)
        return list(found.values())

    def _standing(self, step: Step, before: Mapping[str, Standing]) -> Standing:
        needs = [before[name] for name in step.needs]
        now = {
            "command": _without_places(step),
            "inputs": [[file.name, self._hash(file)] for file in step.inputs],
            "needs": {need.step.name: fingerprint(need.made_from) for need in needs},
        }
        blocking = next((need for need in needs if need.state == State.BLOCKED), None)
        if step.lacks or blocking:
            why = step.lacks or f"needs '{blocking.step.name}'" if blocking else step.lacks
            return Standing(step, State.BLOCKED, why, now)
        record = self.steps.get(step.name)
        if record is None:
            return Standing(step, State.MISSING, "", now)
        if why := _why_other(record, now):
            return Standing(step, State.STALE, why, now)
        made = self.made(step)
        if record["made"] is None or made is None:
            return Standing(step, State.MISSING, "", now)
        why = _why_again(record, made, needs, self)
        return Standing(step, State.STALE if why else State.FINISHED, why, now)

    def made(self, step: Step) -> str | None:
        """The hash of what a step has made; None where that is not there."""
        digest, root = hashlib.sha256(), self.workspace.root
        files = sorted(root.glob(step.made))
        for file in files:
            digest.update(f"{file.relative_to(root).as_posix()} {sha256(file)}\n".encode())
        return digest.hexdigest() if files else None

    def finish(self, standing: Standing, needs: Sequence[Step]) -> None:
        """Write down that a step was done."""
        step = standing.step
        self.steps[step.name] = {
            **standing.made_from, "made": self.made(step), "needed": {need.name: self.made(need) for need in needs}
        }
        self.write()

    def begin(self, standing: Standing) -> None:
        """Write down that a step is begun, and that nothing of it was there before."""
        self.steps[standing.step.name] = {**standing.made_from, "made": None, "needed": {}}
        self.write()

    def _hash(self, file: Path) -> str:
        status = file.stat()
        known = self.hashes.get(str(file.resolve()))
        if known and known[:2] == [status.st_size, status.st_mtime_ns]:
            return str(known[2])
        digest = sha256(file)
        self.hashes[str(file.resolve())] = [status.st_size, status.st_mtime_ns, digest]
        return digest


def fingerprint(made_from: Mapping[str, Any]) -> str:
    """One hash of all that decides a step."""
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def _without_places(step: Step) -> list[str]:
    """The words of a step, without where its inputs lie."""
    argument, words = "", []
    for word in step.words:
        hidden = argument in step.places and not word.startswith("--")
        argument = word if word.startswith("--") else argument
        words.append("..." if hidden else word)
    return words


def _why_other(record: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """How what a step was done or begun from differs from now; empty where it does not."""
    if changed := [name for name, value in now["needs"].items() if record["needs"].get(name) != value]:
        return f"'{changed[0]}' has changed"
    if record["command"] != now["command"]:
        there, here = _by_argument(record["command"]), _by_argument(now["command"])
        return "; ".join(differences(there, here)) or "its words stand in another order"
    if record["inputs"] != now["inputs"]:
        there, here = (dict(made_from["inputs"]) for made_from in (record, now))
        return f"other contents of {', '.join(name for name in {**there, **here} if there.get(name) != here.get(name))}"
    return ""


def _why_again(record: Mapping[str, Any], made: str, needs: Sequence[Standing], journal: Journal) -> str:
    """Why a step that was done from the same as now must be done again all the same; empty where it must not."""
    if record["made"] != made:
        return "something else has been put in its place since"
    for need in needs:
        if need.state != State.FINISHED:
            return f"'{need.step.name}' is done again first"
        if record["needed"].get(need.step.name) != journal.made(need.step):
            return f"'{need.step.name}' was done again since, with another result"
    return ""


def _by_argument(words: Sequence[str]) -> dict[str, str]:
    """Argument -> its values; what stands before the first is the command's own."""
    values: dict[str, list[str]] = {"": []}
    argument = ""
    for word in words:
        if word.startswith("--"):
            argument = word
            values[argument] = []
        else:
            values[argument].append(word)
    return {argument or "command": " ".join(found) for argument, found in values.items()}
