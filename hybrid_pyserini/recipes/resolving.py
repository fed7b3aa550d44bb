"""A recipe -> its steps, in an order in which each has what it needs.

A file or a variable's value that is not there is no error here: the step ``lacks`` it, and ``--dry-run`` says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hybrid_pyserini.encoder.known_encoders import MDPR_ON_HUB
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.recipes.options import Option, lines_of, trainers_words_of, words_of
from hybrid_pyserini.recipes.output_steps import Evaluated, output_steps
from hybrid_pyserini.recipes.outside import (
    Found,
    Languages,
    find_file,
    languages_of,
    languages_of_store,
    model_files,
    not_on_hub,
    unset,
    what_is_prepared,
)
from hybrid_pyserini.recipes.recipe import (
    MNRL,
    Init,
    Recipe,
    Store,
    System,
    Training,
    Translated,
)
from hybrid_pyserini.recipes.step import WORKSPACE, Step, at_line
from hybrid_pyserini.workspace import MDPR, Workspace


def resolve(recipe: Recipe, workspace: Workspace) -> list[Step]:
    """The steps; raises InputError, with the recipe's line, for what is unknown or cannot be combined."""
    return list(_Resolver(recipe, workspace).steps())


@dataclass
class _Resolver:
    """What is known while the steps are written down."""

    recipe: Recipe
    workspace: Workspace
    preparing: dict[str, str] = field(default_factory=dict)
    """Data set -> the step that prepares it."""
    giving: dict[str, tuple[str, Languages]] = field(default_factory=dict)
    """Training source -> the step that gives it, and its languages."""
    storing: dict[str, str] = field(default_factory=dict)
    """Store -> the step that builds it."""
    languages: dict[str, Languages] = field(default_factory=dict)
    """Store -> its languages."""

    def steps(self) -> Iterator[Step]:
        yield from self._prepare()
        for each in self.recipe.translate:
            yield self._translate(each)
        for store in self.recipe.examples:
            yield self._examples(store)
        if self.recipe.train:
            self._check_languages(self.recipe.train)
            for init in self.recipe.inits:
                yield from self._init(self.recipe.train, init)
        evaluated: dict[str, list[str]] = {search.dataset: [] for search in self.recipe.search}
        for step in self._systems():
            if step.command == "evaluate":
                evaluated[step.dataset].append(step.name)
            yield step
        yield from output_steps(
            self.recipe, [Evaluated(dataset, tuple(names)) for dataset, names in evaluated.items()]
        )

    def _prepare(self) -> Iterator[Step]:
        for each in self.recipe.prepare:
            with at_line(self.recipe.path, each.line):
                prepared = what_is_prepared(each, self.recipe.variables)
                name = f"prepare {prepared.name}"
                if name in {*self.preparing.values(), *(step for step, _ in self.giving.values())}:
                    raise InputError(f"{prepared.name!r} is prepared twice", remedy="keep one")
            self.preparing |= dict.fromkeys(prepared.datasets, name)
            self.giving |= {source: (name, languages) for source, languages in prepared.sources.items()}
            words = ["prepare", each.dataset, *(["--heldout"] if each.heldout else [])]
            words += ["--name", each.name] if each.name else []
            words += ["--source", each.source] if each.source else []
            yield Step(
                name, tuple(words), each.line, prepared.made,
                inputs=prepared.found.files, lacks=prepared.found.lacks,
                places=frozenset(["--source"]), dataset=next(iter(prepared.datasets), ""),
            )

    def _translate(self, each: Translated) -> Step:
        """The step that makes a training source parallel: one that a preparation gives, or a file."""
        if each.name in self.giving:
            raise InputError(
                f"the training source {each.name!r} is there already: '{self.giving[each.name][0]}' gives it",
                path=self.recipe.path, line=each.line, remedy="name the translated one otherwise",
            )
        inside = each.source in self.giving
        needs = (self.giving[each.source][0],) if inside else ()
        source = Found() if inside else find_file(each.source, self.recipe.variables)
        model, is_folder = self._model_files(each.model)
        inputs, lacks = _together([source, model])
        name = f"translate {each.name}"
        self.giving[each.name] = (name, frozenset({each.source_language, *each.languages}))
        words = ["translate", each.source, "--model", each.model, "--to", ",".join(each.languages)]
        return Step(
            name, (*words, "--output", each.name, *words_of(each.options)), each.line,
            f"translations/sources/{each.name}/manifest.json", needs=needs, inputs=inputs, lacks=lacks,
            places=frozenset([*([] if inside else [""]), *(["--model"] if is_folder else [])]),  # "": before the first
            lines=lines_of(each.options), processes=each.processes,
        )

    def _model_files(self, model: str) -> tuple[Found, bool]:
        """The files of a model that no step makes, and whether it is a folder here; else it is a name of the Hub."""
        if why := unset(model, self.recipe.variables):
            return Found(lacks=why), False
        folder = Path(self.workspace.model(model)[1])
        if folder.is_dir():
            return model_files(folder), True
        return Found(lacks=not_on_hub(model)), False

    def _examples(self, store: Store) -> Step:
        """A store's step: of what is named, files or sources that other steps give; or of the source of its name."""
        name = f"examples {store.name}"
        self.storing[store.name] = name
        inside = [source for source in store.sources if source in self.giving]
        needs = tuple(dict.fromkeys(self.giving[source][0] for source in inside))
        if store.sources:
            outside = [source for source in store.sources if source not in inside]
            found = [find_file(source, self.recipe.variables) for source in outside]
        elif store.name in self.giving:
            needs, found = (self.giving[store.name][0],), []
        else:
            found = [find_file(str(self.workspace.source(store.name)), {})]
            if found[0].lacks:
                raise InputError(
                    f"neither 'prepare' nor 'translate' gives the training source {store.name!r}",
                    path=self.recipe.path, line=store.line,
                    remedy=f"name its file as 'source'; given are: {', '.join(self.giving) or 'none'}",
                )
        inputs, lacks = _together(found)
        with at_line(self.recipe.path, store.line):
            known = [languages_of(path) for path in inputs]
        known += [self.giving[source][1] for source in (inside or ([store.name] if needs else []))]
        self.languages[store.name] = None if lacks or None in known else _selected(store, known)
        sources = [_given(source) if source in inside else source for source in store.sources]
        words = ("examples", store.name, *(("--source", *sources) if sources else ()), *words_of(store.options))
        return Step(
            name, words, store.line, f"examples/{store.name}/manifest.json", needs=needs, inputs=inputs, lacks=lacks,
            places=frozenset([] if inside else ["--source"]), lines=lines_of(store.options),
        )

    def _store(self, name: str) -> tuple[tuple[str, ...], Found]:
        """What a step needs that takes a store: the step that builds it, or the store as it is there."""
        if name in self.storing:
            return (self.storing[name],), Found()
        manifest = self.workspace.examples(name) / "manifest.json"
        if manifest.is_file():
            return (), Found((manifest,))
        return (), Found(lacks=f"{manifest.parent}: no such store; name it under 'examples'")

    def _dataset(self, name: str) -> tuple[tuple[str, ...], Found]:
        """The same of a data set."""
        if name in self.preparing:
            return (self.preparing[name],), Found()
        file = self.workspace.dataset_file(name)
        if file.is_file():
            return (), Found((file,))
        return (), Found(lacks=f"{file}: no such file; name the data set under 'prepare'")

    def _check_languages(self, training: Training) -> None:
        """Raise InputError for a strategy that none of the training's stores can feed, as far as that is known."""
        for system in training.systems:
            names = system.examples or training.examples
            known = [self.languages.get(name) or languages_of_store(self.workspace, name) for name in names]
            if None in known:
                continue
            several = [languages for languages in known if languages and len(languages) > 1]
            here = ", ".join(sorted({language for languages in known for language in languages or ()}))
            crosses = system.strategy in ("x-y", MNRL) or (system.strategy == "hybrid" and system.alpha != 1)
            if system.strategy == "en-en" and "en" not in here.split(", ") and not several:
                raise InputError(
                    f"'en-en' has no English training source (but {here})", remedy="choose 'x-x-mono'",
                    path=self.recipe.path, line=system.line,
                )
            if crosses and not several:
                raise InputError(
                    f"{system.name!r} pairs two languages, and each of its training sources has one ({here})",
                    remedy="add a source in two languages, or choose 'x-x-mono'", path=self.recipe.path,
                    line=system.line,
                )

    def _init(self, training: Training, init: Init) -> Iterator[Step]:
        """The step or steps that make an encoder to start from, where it is not a named one."""
        if init.options is None:
            return
        options = dict(init.options)
        options.setdefault("examples", Option(training.examples, init.line))
        needs, found = self._all_of(map(self._store, options["examples"].values))
        texts = options["text"].values if "text" in options else ()
        inputs, lacks = _together([*found, *(find_file(text, self.recipe.variables) for text in texts)])
        for name in dict.fromkeys(map(init.made, training.seeds)):
            seed = name.removeprefix(f"{init.name}-")
            of_seed = {} if "seed" in options else {"seed": Option((seed,), init.line)}
            yield Step(
                f"init {name}", ("init", name, *words_of(options | of_seed)), init.line, f"models/{name}/init.json",
                needs=needs, inputs=inputs, lacks=lacks, places=frozenset(["--text"]), lines=lines_of(options),
                model=name,
            )

    def _all_of(self, parts: Iterator[tuple[tuple[str, ...], Found]]) -> tuple[tuple[str, ...], list[Found]]:
        together = list(parts)
        return tuple(dict.fromkeys(need for needs, _ in together for need in needs)), [found for _, found in together]

    def _start(self, system: System, seed: int) -> tuple[str, tuple[str, ...], Found]:
        """The encoder that a system's model starts from: its name, the step that makes it, or its files."""
        init = next(init for init in self.recipe.inits if system.init in ("", init.name))
        if init.options is not None:
            return init.made(seed), (f"init {init.made(seed)}",), Found()
        model = str(init.model)
        return model, (), self._model_files(model)[0]

    def _systems(self) -> Iterator[Step]:
        """Baselines and models: each trained, and on every data set indexed, searched and evaluated."""
        for search in self.recipe.search:
            needs, found = self._dataset(search.dataset)
            for baseline in self.recipe.baselines:
                name = f"{baseline} {search.dataset}"
                lacks = found.lacks or (not_on_hub(MDPR_ON_HUB) if baseline == MDPR else "")
                yield Step(
                    name, (baseline, search.dataset, *words_of(search.options)), search.line,
                    f"runs/{search.dataset}/run.{search.dataset}.{baseline}.json", needs=needs, inputs=found.files,
                    lacks=lacks, lines=lines_of(search.options), dataset=search.dataset, model=baseline,
                )
                yield self._evaluate(search.dataset, baseline, name)
        if self.recipe.train:
            for seed in self.recipe.train.seeds:
                for system in self.recipe.train.systems:
                    trained = self._train(self.recipe.train, system, seed)
                    yield trained
                    yield from self._searched(trained)

    def _train(self, training: Training, system: System, seed: int) -> Step:
        model, command = system.model(seed), "mnrl" if system.strategy == MNRL else "train"
        start, made_by, started = self._start(system, seed)
        examples = system.examples or training.examples
        options = {**training.options, **(system.options or {})}
        parts = [*map(self._store, examples), (made_by, started)]
        for name, find in (("validation", self._store), ("validation-dataset", self._dataset)):
            if name in options:
                parts += map(find, options[name].values)
        needs, found = self._all_of(iter(parts))
        inputs, lacks = _together(found)
        words = [command, "--examples", *examples, "--init", start, "--output", model]
        words += ["--strategy", system.strategy] if command == "train" else []
        words += ["--alpha", f"{system.alpha:g}"] if system.alpha is not None else []
        return Step(
            f"{command} {model}", (*words, "--seed", str(seed), *trainers_words_of(options)), system.line,
            f"models/{model}/training.json", needs=needs, inputs=inputs, lacks=lacks,
            places=frozenset(["--init"] if started.files else []), lines=lines_of(options),
            processes=training.processes if command == "train" else 1, model=model,
        )

    def _searched(self, trained: Step) -> Iterator[Step]:
        """A model's way through every data set."""
        model = trained.model
        for search in self.recipe.search:
            dataset = search.dataset
            needs, found = self._dataset(dataset)
            index = f"index {dataset} {model}"
            yield Step(
                index, ("index", dataset, "--model", model), search.line, f"indexes/{dataset}/{model}/*/manifest.json",
                needs=(*needs, trained.name), inputs=found.files, lacks=found.lacks, dataset=dataset, model=model,
            )
            yield Step(
                f"search {dataset} {model}", ("search", dataset, "--model", model, *words_of(search.options)),
                search.line, f"runs/{dataset}/run.{dataset}.{model}.json", needs=(index,),
                lines=lines_of(search.options), dataset=dataset, model=model,
            )
            yield self._evaluate(dataset, model, f"search {dataset} {model}")

    def _evaluate(self, dataset: str, model: str, searched: str) -> Step:
        options = self.recipe.evaluate.options
        return Step(
            f"evaluate {dataset} {model}", ("evaluate", dataset, "--model", model, *words_of(options)),
            self.recipe.evaluate.line, f"runs/{dataset}/eval.{dataset}.{model}.json", needs=(searched,),
            lines=lines_of(options), dataset=dataset, model=model,
        )


def _given(source: str) -> str:
    """The file of a training source that a step gives."""
    return f"{WORKSPACE}{Workspace(Path()).source(source).as_posix()}"


def _selected(store: Store, known: Sequence[Languages]) -> Languages:
    """The languages of a store: those of its sources that are selected."""
    there = frozenset(language for languages in known for language in languages or ())
    chosen = store.options["languages"].values if "languages" in store.options else ()
    return there & {word.partition("=")[0] for word in chosen} if chosen else there


def _together(found: list[Found]) -> tuple[tuple[Path, ...], str]:
    """All files, and the first thing that is lacking."""
    return tuple(file for each in found for file in each.files), next((e.lacks for e in found if e.lacks), "")

