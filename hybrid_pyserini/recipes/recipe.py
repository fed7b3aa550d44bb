"""What a recipe says: data sets, training sources, the encoder to start from, systems and seeds, what is measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hybrid_pyserini.recipes.options import Options
from hybrid_pyserini.workspace import BM25, MDPR

MNRL = "mnrl-shuffled"
"""The strategy that is not ours: the command ``mnrl`` trains it."""

BASELINES = (BM25, MDPR)
"""Systems that are not trained; the commands are called as they are."""

SMALL = "small"
"""What the encoder is called that a recipe makes, where it makes one; the seed stands behind it where each has its
own."""


@dataclass(frozen=True)
class Preparation:
    """A data set to prepare."""

    dataset: str
    """As ``prepare`` knows it."""
    line: int
    source: str | None = None
    name: str | None = None
    heldout: bool = False


@dataclass(frozen=True)
class Translated:
    """A training source to be translated, under a name of its own."""

    name: str
    line: int
    source: str
    """A file, or a training source that a preparation gives."""
    model: str
    languages: tuple[str, ...]
    """Those to translate into."""
    options: Options
    """Further arguments of ``translate``."""
    processes: int = 1

    @property
    def source_language(self) -> str:
        return self.options["from"].values[0] if "from" in self.options else "en"


@dataclass(frozen=True)
class Store:
    """A store of training examples."""

    name: str
    line: int
    sources: tuple[str, ...] = ()
    """Files, or training sources that another step gives; none: ``sources/<name>.jsonl``."""
    options: Options = field(default_factory=dict)
    """Of ``examples``: languages, share."""


@dataclass(frozen=True)
class Init:
    """An encoder to start from: one that has a name already, or one that is made, with a name of its own."""

    line: int
    model: str | None = None
    options: Options | None = None
    name: str = SMALL

    def made(self, seed: int) -> str:
        """What the encoder is called that a seed's models start from, where it is made."""
        return self.name if self.options and "seed" in self.options else f"{self.name}-{seed}"


@dataclass(frozen=True)
class System:
    """A way to train, with as many models as there are seeds."""

    name: str
    line: int
    strategy: str
    alpha: float | None = None
    options: Options | None = None
    """What differs from the arguments of all."""
    examples: tuple[str, ...] = ()
    """Stores of its own, instead of those of all."""
    init: str = ""
    """The encoder that it starts from; empty: the first."""

    def model(self, seed: int) -> str:
        return f"{self.name}-{seed}"


@dataclass(frozen=True)
class Training:
    line: int
    examples: tuple[str, ...]
    systems: tuple[System, ...]
    seeds: tuple[int, ...]
    options: Options
    processes: int = 1


@dataclass(frozen=True)
class Search:
    """A data set that all systems search."""

    dataset: str
    line: int
    options: Options
    """Of ``search`` and the baselines alike: hits, pool-hits, gzip."""


@dataclass(frozen=True)
class Output:
    """A step that the recipe may leave out, with its arguments."""

    line: int
    options: Options


@dataclass(frozen=True)
class Recipe:
    name: str
    about: str
    path: Path
    variables: Mapping[str, str]
    """Declared variable -> what it is."""
    prepare: tuple[Preparation, ...]
    translate: tuple[Translated, ...]
    examples: tuple[Store, ...]
    inits: tuple[Init, ...]
    train: Training | None
    search: tuple[Search, ...]
    baselines: tuple[str, ...]
    evaluate: Output
    compare: Output | None
    shift: Output | None
    """The first data set that is searched against the others."""
    report: Output | None
    tolerance: Mapping[str, float]
    """``measures``, absolutely, and ``rank distance``, as a share: how far off a figure is still OKish."""

    @property
    def systems(self) -> dict[str, tuple[str, ...]]:
        """System -> its models, baselines first."""
        trained = self.train.systems if self.train else ()
        seeds = self.train.seeds if self.train else ()
        return {name: (name,) for name in self.baselines} | {
            system.name: tuple(system.model(seed) for seed in seeds) for system in trained
        }
