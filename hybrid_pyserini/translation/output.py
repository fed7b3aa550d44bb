"""A finished translation and the manifest that says from what it was made."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybrid_pyserini.atomic import replacing_file
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json, write_json
from hybrid_pyserini.provenance import differences, sha256


class TranslatedOtherwiseError(InputError):
    """What is there is a translation of something else, by another model or with other settings, or nobody's."""


@dataclass(frozen=True)
class Output:
    """A file that is translated, and its manifest."""

    path: Path
    manifest: Path
    made_from: dict[str, Any]
    """What decides the file, as JSON holds it."""

    def is_there(self) -> bool:
        """Whether it was made from the same, and not changed since. Raises TranslatedOtherwiseError for a file that was
        made from something else, or of which nothing says from what."""
        if not self.path.exists():
            return False
        found = read_json(self.manifest) if self.manifest.is_file() else {}
        now = {**self.made_from, "sha256": sha256(self.path)}
        differing = differences({name: found.get(name) for name in now}, now)
        if not found or differing:
            why = f"was translated otherwise ({'; '.join(differing)})" if found else "was not made by this command"
            raise TranslatedOtherwiseError(f"the file {why}", path=self.path, remedy="give --overwrite to replace it")
        return True

    def write(self, write: Callable[[Path], dict[str, Any]]) -> None:
        """Make the file and the manifest: ``write`` makes the one and returns what else stands in the other. The file
        takes its name last, so that none is there of which nothing says from what it was made."""
        with replacing_file(self.path) as aside:
            told = write(aside)
            write_json(self.manifest, {**self.made_from, "sha256": sha256(aside), **told})


def nothing_came_out(source: str, target: str, model: str) -> InputError:
    """Every text was dropped: no user wants a file of that."""
    return InputError(
        f"no translation from {source} to {target} came out of {model}: each was empty or did not end",
        remedy="check with a few texts that the model translates",
    )
