"""What is wrong between the keys of a recipe: names that stand for two things, parts that lack each other."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.recipes.document import Entry
from hybrid_pyserini.recipes.recipe import Recipe, System, Training
from hybrid_pyserini.workspace import BM25


def check_recipe(recipe: Recipe, members: Mapping[str, Entry]) -> None:
    """What is wrong between keys."""
    _refuse_repeated("source", [(each.name, each.line) for each in recipe.translate], recipe.path)
    _refuse_repeated("store", [(store.name, store.line) for store in recipe.examples], recipe.path)
    _refuse_repeated("data set", [(search.dataset, search.line) for search in recipe.search], recipe.path)
    if not recipe.search:
        members["search"].fail("no data set to search", remedy="name one")
    if recipe.train and not recipe.inits:
        members["train"].fail("training without 'init'", remedy="name an encoder to start from, or how to make one")
    if recipe.inits and not recipe.train:
        members["init"].fail("'init' without 'train'", remedy="add 'train', or leave 'init' out")
    if recipe.train:
        _check_names(recipe, recipe.train)
        _check_starts(recipe, recipe.train)
    if not recipe.systems:
        members["search"].fail("no system to search with", remedy="add 'train' or 'baselines'")
    if recipe.compare and len(recipe.systems) < 2:
        members["compare"].fail("one system is nothing to compare", remedy="add another, or leave 'compare' out")
    if recipe.shift and len(recipe.search) < 2:
        members["shift"].fail("one data set is no shift", remedy="add another to 'search', or leave 'shift' out")
    stores = [store.name for store in recipe.examples]
    for name, line in _stores_trained_on(recipe.train) if recipe.train and stores else ():
        if name not in stores:
            raise InputError(
                f"store {name!r} is not among 'examples'", path=recipe.path, line=line,
                remedy=f"there: {', '.join(stores)}",
            )


def _stores_trained_on(training: Training) -> Iterator[tuple[str, int]]:
    """Each with the line where it is named."""
    yield from ((name, training.line) for name in training.examples)
    for system in training.systems:
        yield from ((name, system.line) for name in system.examples)


def _check_starts(recipe: Recipe, training: Training) -> None:
    """Raise InputError for an encoder to start from that ``init`` does not make."""
    names = [init.name for init in recipe.inits if init.options is not None]
    for system in training.systems:
        if system.init and system.init not in names:
            raise InputError(
                f"{system.name!r} starts from {system.init!r}, which 'init' does not make", path=recipe.path,
                line=system.line, remedy=f"there: {', '.join(names) or 'none'}",
            )


def _check_names(recipe: Recipe, training: Training) -> None:
    """Raise InputError for names that would stand for two things, as folders or in expected figures."""
    models = dict.fromkeys((BM25, *recipe.baselines), "the baseline") | {
        system.model(seed): f"a model of {system.name!r}" for system in training.systems for seed in training.seeds
    }
    made = {init.name: "an encoder that 'init' makes" for init in recipe.inits if init.options is not None}
    for system in training.systems:
        if system.name in models | made:
            raise InputError(
                f"a system called {system.name!r}, which is {(models | made)[system.name]}", path=recipe.path,
                line=system.line, remedy="name it otherwise, under 'systems'",
            )
    for init in recipe.inits:
        starts = {init.model} if init.options is None else set(map(init.made, training.seeds))
        for name in starts & models.keys():
            raise InputError(
                f"a training from {name!r}, which is {models[str(name)]}", path=recipe.path, line=init.line,
                remedy="start from another encoder, or name the system otherwise",
            )


def _refuse_repeated(kind: str, names: Sequence[tuple[str, int]], path: Path) -> None:
    seen: set[str] = set()
    for name, line in names:
        if name in seen:
            raise InputError(f"{kind} {name!r} is named twice", remedy="name each once", path=path, line=line)
        seen.add(name)


def check_shared_batch(training: Training, system: System, processes: Entry) -> None:
    """Raise InputError where the processes cannot share a batch."""
    option = {**training.options, **(system.options or {})}.get("batch-size")
    batch = int(option.values[0]) if option and option.values and option.values[0].isdecimal() else 100
    if batch % training.processes:
        nearest = batch // training.processes * training.processes
        raise InputError(
            f"a batch of {batch} does not divide by {training.processes} processes", path=processes.path,
            line=option.line if option else processes.line,
            remedy=f"use {nearest or training.processes} or {nearest + training.processes}",
        )
