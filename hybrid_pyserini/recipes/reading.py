"""A recipe from its YAML (docs/recipes.md says what each key means).

What can be seen to be wrong in the file alone is refused here, with its line; ``resolving.py`` and the commands' own
parsers see what is wrong with the files and arguments it names.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.recipes.checking import check_recipe, check_shared_batch
from hybrid_pyserini.recipes.document import VARIABLE, Entry, read_document
from hybrid_pyserini.recipes.options import Option
from hybrid_pyserini.recipes.recipe import (
    BASELINES,
    MNRL,
    Init,
    Output,
    Preparation,
    Recipe,
    Search,
    Store,
    System,
    Training,
    Translated,
)
from hybrid_pyserini.training.batching import STRATEGIES
from hybrid_pyserini.workspace import check_name

_KEYS = {
    "name": False, "about": True, "variables": False, "prepare": False, "translate": False, "examples": False,
    "init": False, "train": False, "search": True, "baselines": False, "evaluate": False, "compare": False,
    "shift": False, "report": False, "tolerance": False,
}
_TRAIN = {
    "examples": True, "strategies": False, "alpha": False, "systems": False, "seeds": False, "processes": False,
    "arguments": True,
}
_DECIDED = {
    "examples": "write it under 'train'", "init": "write it beside 'train'",
    "output": "leave it out: it is <system>-<seed>", "strategy": "write it under 'strategies' or 'systems'",
    "alpha": "write it under 'alpha' or 'systems'", "seed": "write it under 'seeds'",
    "overwrite": "leave it out: what is stale is made again",
    "resume": "leave it out: what was interrupted goes on",
    "output_dir": "leave it out: it follows from the model's name",
}
"""Arguments of ``train`` that a recipe has another place for."""
_NOWHERE = {
    "workspace": "give it to 'run', for all steps", "help": "give it to the command alone",
    "help-all": "give it to the command alone",
}
"""Arguments that no step takes from a recipe."""

_NOT_OF_TRANSLATE = {
    "topics": "leave it out: recipes translate training sources", "overwrite": _DECIDED["overwrite"],
    "shard-id": "write 'processes' beside 'arguments'", "shard-num": "write 'processes' beside 'arguments'",
}


def read_recipe(path: Path, given: Mapping[str, str] | None = None) -> Recipe:
    """Read and check a recipe. ``given``: values of variables; else the environment's, for those without a default.

    Raises InputError, with file and line, for the first thing that is wrong, and for a given variable that is none.
    """
    document = read_document(path)
    declared, values = _variables(document, given or {})
    members = replace(document, variables=values).members(_KEYS)
    recipe = Recipe(
        name=_name(members["name"], "recipe") if "name" in members else check_name(path.stem, "recipe"),
        about=" ".join(members["about"].text().split()), path=path, variables=declared,
        prepare=tuple(_preparation(item) for item in _list(members, "prepare")),
        translate=tuple(_translated(item) for item in _list(members, "translate")),
        examples=tuple(_store(item) for item in _list(members, "examples")),
        inits=tuple(_inits(members["init"])) if "init" in members else (),
        train=_training(members["train"]) if "train" in members else None,
        search=tuple(_search(item) for item in _list(members, "search")),
        baselines=tuple(_baselines(members)),
        evaluate=_output(members, "evaluate") or Output(document.line, {}),
        compare=_output(members, "compare"), shift=_output(members, "shift"), report=_output(members, "report"),
        tolerance=_tolerance(members),
    )
    check_recipe(recipe, members)
    return recipe


def _variables(document: Entry, given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str | None]]:
    """Variable -> what it is, and variable -> its value. A line is ``NAME: what it is``, or has ``about`` and
    ``default``; what has a default does not look at the environment, so that nothing there changes it unseen."""
    about: dict[str, str] = {}
    values: dict[str, str | None] = {}
    members = document.members(_KEYS)
    declared = members["variables"].members() if "variables" in members else {}
    for name, entry in declared.items():
        if not name.isidentifier():
            entry.fail(f"{name!r} is no name of a variable", remedy="use letters, digits and '_'")
        default = None
        if entry.is_mapping:
            parts = entry.members({"about": True, "default": True})
            entry, default = parts["about"], parts["default"].text()
        about[name] = " ".join(entry.text().split())
        values[name] = given.get(name, os.environ.get(name) or None if default is None else default)
        if VARIABLE.search(values[name] or ""):
            entry.fail(
                f"variable {name!r} has the value {values[name]!r}, which names another variable",
                remedy="write out what it stands for",
            )
    for name in given:
        if name not in values:
            raise InputError(
                f"the recipe has no variable {name!r}", path=document.path,
                remedy=f"it has: {', '.join(values) or 'none'}",
            )
    return about, values


def _name(entry: Entry, kind: str) -> str:
    return _checked_name(entry.text(), kind, entry)


def _checked_name(name: str, kind: str, entry: Entry) -> str:
    """A name that stands in paths; raises InputError with its line."""
    try:
        return check_name(name, kind)
    except InputError as error:
        entry.fail(error.problem, remedy=error.remedy)


def _list(members: Mapping[str, Entry], key: str) -> list[Entry]:
    return members[key].items() if key in members else []


def _preparation(item: Entry) -> Preparation:
    if not item.is_mapping:
        return Preparation(item.text(), item.line)
    parts = item.members({"dataset": True, "source": False, "name": False, "heldout": False})
    return Preparation(
        parts["dataset"].text(), item.line, parts["source"].text() if "source" in parts else None,
        _name(parts["name"], "data set") if "name" in parts else None, "heldout" in parts and parts["heldout"].flag(),
    )


def _translated(item: Entry) -> Translated:
    parts = item.members({
        "name": True, "source": True, "model": True, "to": True, "from": False, "processes": False, "arguments": False,
    })
    options = {"from": Option((parts["from"].text(),), parts["from"].line)} if "from" in parts else {}
    if "arguments" in parts:
        forbidden = dict.fromkeys(("model", "to", "from"), "write it beside 'arguments'")
        options |= _options(parts["arguments"], {**forbidden, "output": "write it as 'name'", **_NOT_OF_TRANSLATE})
    translated = Translated(
        _name(parts["name"], "source"), item.line, parts["source"].text(), parts["model"].text(),
        tuple(parts["to"].texts()), options, parts["processes"].whole(1) if "processes" in parts else 1,
    )
    if not translated.languages:
        parts["to"].fail("no language to translate into", remedy="name one")
    if translated.source_language in translated.languages:
        parts["to"].fail(f"from {translated.source_language!r} into itself", remedy="leave it out of 'to'")
    return translated


def _store(item: Entry) -> Store:
    if not item.is_mapping:
        return Store(_name(item, "store"), item.line)
    parts = item.members({"name": True, "source": True, "languages": False, "share": False})
    options: dict[str, Option] = {
        name: Option(tuple(parts[name].texts()), parts[name].line) for name in ("languages", "share") if name in parts
    }
    return Store(_name(parts["name"], "store"), item.line, tuple(parts["source"].texts()), options)


def _inits(entry: Entry) -> Iterator[Init]:
    """One encoder, by name or with the arguments of ``init``; or several, each under a name of its own."""
    if not entry.is_mapping:
        yield Init(entry.line, model=entry.text())
        return
    members = entry.members()
    if not members or not all(member.is_mapping for member in members.values()):
        yield Init(entry.line, options=_options(entry, {"overwrite": _DECIDED["overwrite"]}))
        return
    for name, member in members.items():
        options = _options(member, {"overwrite": _DECIDED["overwrite"]})
        yield Init(member.line, options=options, name=_checked_name(name, "model", member))


def _options(entry: Entry, decided: Mapping[str, str] = _DECIDED) -> dict[str, Option]:
    """Arguments by their command's names; raises InputError for one that the recipe has another place for."""
    options = {}
    refused = {**decided, **_NOWHERE}
    for name, value in entry.members().items():
        for form in (name, name.replace("-", "_")):  # TrainingArguments have both
            if form in refused:
                value.fail(f"{name!r} does not stand here", remedy=refused[form])
        options[name] = Option(tuple(item.text() for item in value.items()), value.line)
    return options


def _training(entry: Entry) -> Training:
    parts = entry.members(_TRAIN)
    systems = tuple(_systems(parts))
    if not systems:
        entry.fail("nothing to train", remedy="name 'strategies' or 'systems'")
    for system in systems:
        if [other.name for other in systems].count(system.name) > 1:
            raise InputError(
                f"two systems are called {system.name!r}", remedy="name one otherwise, under 'systems'",
                path=entry.path, line=system.line,
            )
    training = Training(
        line=entry.line, examples=tuple(parts["examples"].texts()), systems=systems,
        seeds=tuple(item.whole(0) for item in parts["seeds"].items()) if "seeds" in parts else (42,),
        options=_options(parts["arguments"]), processes=parts["processes"].whole(1) if "processes" in parts else 1,
    )
    if not training.examples:
        parts["examples"].fail("no store to train on", remedy="name one of 'examples'")
    if not training.seeds:
        parts["seeds"].fail("no seed", remedy="name one, or leave 'seeds' out: it is 42")
    if len(set(training.seeds)) < len(training.seeds):
        parts["seeds"].fail("a seed is named twice", remedy="name each once")
    for system in systems:
        check_shared_batch(training, system, parts.get("processes", entry))
    return training


def _systems(parts: Mapping[str, Entry]) -> Iterator[System]:
    """A system for each strategy, with ``alpha`` one for each value of it in the place of ``hybrid``, and the named
    ones."""
    alphas = parts["alpha"].items() if "alpha" in parts else []
    strategies = [(item.text(), item) for item in _list(parts, "strategies")]
    if alphas and "hybrid" not in [name for name, _ in strategies]:
        parts["alpha"].fail("alpha without the strategy 'hybrid', the only one that has it", remedy="add 'hybrid'")
    for strategy, item in strategies:
        _check_strategy(strategy, item)
        if strategy != "hybrid" or not alphas:
            yield System(strategy, item.line, strategy)
            continue
        for alpha in alphas:
            value = alpha.number(0, 1)
            if abs(value * 100 - round(value * 100)) > 1e-9:
                alpha.fail(f"alpha {value:g} has more than two decimals", remedy="round it, or name it in 'systems'")
            yield System(f"alpha-{round(value * 100):03d}", alpha.line, strategy, value)
    for name, entry in parts["systems"].members().items() if "systems" in parts else ():
        yield _named_system(name, entry)


def _named_system(name: str, entry: Entry) -> System:
    members = entry.members()
    strategy = members["strategy"].text() if "strategy" in members else "hybrid"
    _check_strategy(strategy, members.get("strategy", entry))
    alpha = members["alpha"].number(0, 1) if "alpha" in members else None
    if alpha is not None and strategy != "hybrid":
        members["alpha"].fail(f"alpha of {strategy!r}", remedy="leave it out: only 'hybrid' has it")
    placed = ("strategy", "alpha", "examples", "init")
    own = {key: place for key, place in _DECIDED.items() if key not in placed}
    options = {key: value for key, value in _options(entry, own).items() if key not in placed}
    return System(
        _checked_name(name, "system", entry), entry.line, strategy, alpha, options,
        tuple(members["examples"].texts()) if "examples" in members else (),
        members["init"].text() if "init" in members else "",
    )


def _check_strategy(strategy: str, entry: Entry) -> None:
    known = (*STRATEGIES, MNRL)
    if strategy not in known:
        entry.fail(f"unknown strategy {strategy!r}", remedy=f"choose among {', '.join(known)}")


def _search(item: Entry) -> Search:
    if not item.is_mapping:
        return Search(item.text(), item.line, {})
    known = {"dataset": True, "hits": False, "pool-hits": False, "gzip": False}
    parts = item.members(known)
    for name in ("hits", "pool-hits"):
        if name in parts and not VARIABLE.search(parts[name].text()):
            parts[name].whole(1)
    options = {name: option for name, option in _options(item, {}).items() if name != "dataset"}
    return Search(parts["dataset"].text(), item.line, options)


def _baselines(members: Mapping[str, Entry]) -> Iterator[str]:
    for item in _list(members, "baselines"):
        if (name := item.text()) not in BASELINES:
            item.fail(f"unknown baseline {name!r}", remedy=f"choose among {', '.join(BASELINES)}")
        yield name


def _output(members: Mapping[str, Entry], key: str) -> Output | None:
    """``key: true``, ``key: false`` (as without it), or the command's arguments."""
    if key not in members:
        return None
    entry = members[key]
    if entry.is_mapping:
        forbidden = {
            "output": "leave it out: it is in reports/", "model": "leave it out: it is all of them",
            "format": "leave it out: there are both",
        }
        return Output(entry.line, _options(entry, forbidden))
    return Output(entry.line, {}) if entry.flag() else None


def _tolerance(members: Mapping[str, Entry]) -> dict[str, float]:
    if "tolerance" not in members:
        return {"measures": 0.0, "rank distance": 0.0}
    parts = members["tolerance"].members({"measures": True, "rank distance": True})
    return {name: entry.number(0) for name, entry in parts.items()}
