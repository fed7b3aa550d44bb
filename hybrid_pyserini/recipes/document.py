"""A YAML file whose every value knows its line, so that whatever is wrong with one is said with file and line."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import NoReturn, TypeVar

import yaml
from yaml.reader import ReaderError

from hybrid_pyserini.errors import InputError

Number = TypeVar("Number", int, float)

VARIABLE = re.compile(r"\$\{([^}]*)\}")
"""``${NAME}``, in any value."""


@dataclass(frozen=True)
class Entry:
    """A value of the file: a mapping, a list, or a text, which is read as what is expected at its place."""

    node: yaml.Node
    path: Path
    variables: Mapping[str, str | None]
    """Declared variable -> its value; None where it has none yet, and then stands in texts as it is written."""
    line: int
    """From 1; of the key, where it has one."""

    def fail(self, problem: str, *, remedy: str) -> NoReturn:
        """Raise InputError at this place."""
        raise InputError(problem, remedy=remedy, path=self.path, line=self.line)

    def _of(self, node: yaml.Node, line: int | None = None) -> "Entry":
        return Entry(node, self.path, self.variables, line or node.start_mark.line + 1)

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, yaml.SequenceNode)

    def members(self, known: Mapping[str, bool] | None = None) -> dict[str, "Entry"]:
        """The members of a mapping. ``known``: key -> whether it must be there; None takes any keys.

        Raises InputError for something else than a mapping, a key that is repeated, unknown or missing.
        """
        if not isinstance(self.node, yaml.MappingNode):
            self.fail(f"expected 'key: value' lines, found {_kind(self.node)}", remedy="see docs/recipes.md")
        members: dict[str, Entry] = {}
        for key_node, value in self.node.value:
            key = self._of(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                key.fail(f"expected a word as key, found {_kind(key_node)}", remedy="see docs/recipes.md")
            if key_node.value in members:
                key.fail(f"key {key_node.value!r} occurs twice", remedy="keep one of the two")
            if known is not None and key_node.value not in known:
                close = get_close_matches(key_node.value, known, 1)
                remedy = f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(known)}"
                key.fail(f"unknown key {key_node.value!r}", remedy=remedy)
            members[key_node.value] = self._of(value, key.line)
        for key_name, needed in (known or {}).items():
            if needed and key_name not in members:
                self.fail(f"key {key_name!r} is missing", remedy="add it")
        return members

    def items(self) -> list["Entry"]:
        """The items of a list; a value that is no list counts as a list of one."""
        return [self._of(node) for node in self.node.value] if self.is_list else [self]

    def text(self) -> str:
        """A text, with the values of variables in it; raises InputError for a variable that is not declared."""
        if not isinstance(self.node, yaml.ScalarNode) or self.node.tag.endswith(":null"):
            self.fail(f"expected a text, found {_kind(self.node)}", remedy="write one value")
        return VARIABLE.sub(self._value_of, self.node.value)

    def _value_of(self, found: re.Match[str]) -> str:
        name = found[1]
        if name not in self.variables:
            self.fail(f"variable {name!r} is not declared", remedy="name it under 'variables', or write its value here")
        value = self.variables[name]
        return found[0] if value is None else value

    def texts(self) -> list[str]:
        """A list of texts, none twice."""
        texts = []
        for item in self.items():
            if (text := item.text()) in texts:
                item.fail(f"{text!r} is named twice", remedy="name each once")
            texts.append(text)
        return texts

    def flag(self) -> bool:
        """``true`` or ``false``."""
        text = self.text()
        if text not in ("true", "false"):
            self.fail(f"expected true or false, found {text!r}", remedy="write one of the two")
        return text == "true"

    def whole(self, least: int) -> int:
        """A whole number."""
        return self._number(int, f"a whole number from {least}", lambda number: number >= least)

    def number(self, least: float, most: float = float("inf")) -> float:
        """A number in a range."""
        limits = f"a number from {least:g}" + ("" if most == float("inf") else f" to {most:g}")
        return self._number(float, limits, lambda number: least <= number <= most)

    def _number(self, kind: Callable[[str], Number], expected: str, fits: Callable[[Number], bool]) -> Number:
        text = self.text()
        try:
            number = kind(text)
        except ValueError:
            number = None
        if number is None or not isfinite(number) or not fits(number):
            self.fail(f"expected {expected}, found {text!r}", remedy="write such a number")
        return number


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "'key: value' lines"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return repr(node.value) if node.value else "nothing"


def read_document(path: Path) -> Entry:
    """The file's one mapping, without variables; raises InputError for a file that is missing or is no such YAML."""
    text = ""
    try:
        text = path.read_text(encoding="utf-8-sig")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 ({error.reason})", remedy="convert the file to UTF-8", path=path) from None
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", remedy="check the path", path=path) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise InputError(f"no YAML ({error.problem})", remedy="mend the line", path=path, line=line) from None
    except ReaderError as error:
        raise InputError(
            f"no YAML (the character {error.character:#x})", remedy="remove it", path=path,
            line=text.count("\n", 0, error.position) + 1,
        ) from None
    except RecursionError:
        raise InputError("no YAML (nested too deep)", remedy="mend the file", path=path) from None
    if node is None:
        raise InputError("an empty file", remedy="write a recipe; see docs/recipes.md", path=path)
    return Entry(node, path, {}, node.start_mark.line + 1)
