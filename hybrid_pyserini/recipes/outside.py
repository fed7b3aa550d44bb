"""What a recipe takes from outside: files, and what they will give, as far as that is known before they are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hybrid_pyserini.data.published_format import PublishedFormat
from hybrid_pyserini.data.registry import find_reader
from hybrid_pyserini.data.sources.source_registry import SOURCE_READERS, SourceReader
from hybrid_pyserini.demo.names import LANGUAGES
from hybrid_pyserini.demo.preparing import BUILT_IN
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json, read_jsonl
from hybrid_pyserini.recipes.document import VARIABLE
from hybrid_pyserini.recipes.recipe import Preparation
from hybrid_pyserini.workspace import Workspace

_MOST_LINES = 100_000
"""How far a source is looked through for a second language."""

Languages = frozenset[str] | None
"""Those of a source, or two of them; None where they are not known."""


@dataclass(frozen=True)
class Found:
    """Files of the recipe's outside, or why they are not there."""

    files: tuple[Path, ...] = ()
    lacks: str = ""


@dataclass(frozen=True)
class Prepared:
    """What a preparation gives."""

    name: str
    """The first of the data sets, or the source that comes alone."""
    made: str
    """The file of the workspace that stands once it is done."""
    datasets: tuple[str, ...]
    sources: Mapping[str, Languages]
    """Training source -> its languages."""
    found: Found = field(default_factory=Found)


def unset(text: str, variables: Mapping[str, str]) -> str:
    """Why a text that is empty, or has a variable without a value, cannot be used; empty where it can."""
    names = VARIABLE.findall(text)
    if not text:
        return "nothing is named; give it a value"
    return (
        f"{names[0]} is not set ({variables[names[0]]}); give --set {names[0]}=VALUE, or set it in the environment"
        if names else ""
    )


def find_file(text: str, variables: Mapping[str, str]) -> Found:
    """A file, or a folder's files."""
    if why := unset(text, variables):
        return Found(lacks=why)
    path = Path(text)
    if path.is_dir():
        return Found(tuple(sorted(each for each in path.iterdir() if each.is_file())))
    return Found((path,)) if path.is_file() else Found(lacks=f"{path}: no such file; check the path")


def model_files(folder: Path) -> Found:
    """A checkpoint's files; not its card, which ``evaluate`` writes its tables into."""
    return Found(tuple(sorted(each for each in folder.rglob("*") if each.is_file() and each.name != "README.md")))


def what_is_prepared(preparation: Preparation, variables: Mapping[str, str]) -> Prepared:
    """What a preparation gives, and the files it reads; raises InputError for an unknown data set or a name that is
    missing or too much."""
    if preparation.dataset in BUILT_IN:
        if preparation.source or preparation.name or preparation.heldout:
            raise InputError(f"{preparation.dataset!r} is built in", remedy="leave out source, name and heldout")
        built_in = BUILT_IN[preparation.dataset]
        first = built_in.datasets[0]
        given: dict[str, Languages] = dict.fromkeys(built_in.sources, frozenset(LANGUAGES))
        return Prepared(first, _dataset_file(first), built_in.datasets, given)
    if preparation.dataset in SOURCE_READERS:
        return _source_alone(preparation, SOURCE_READERS[preparation.dataset], variables)
    reader = find_reader(preparation.dataset, heldout=preparation.heldout)
    name, folder = _named(preparation, reader)
    found = _files_of(reader, folder, variables)
    sources: dict[str, Languages] = {source: frozenset(known) for source, known in reader.training.items()}
    for path in found.files if reader.name is None else ():
        if path.name.startswith("train.jsonl"):
            sources[f"{name}-train"] = languages_of(path)
        elif path.name == "train.tsv":  # of a folder in BEIR's form
            sources[f"{name}-train"] = None
    if reader.name is None and found.lacks:
        sources[f"{name}-train"] = None  # perhaps
    return Prepared(name, _dataset_file(name), (name,), sources, found)


def _source_alone(preparation: Preparation, reader: SourceReader, variables: Mapping[str, str]) -> Prepared:
    """What the preparation of a training source gives that comes without a data set."""
    if preparation.heldout:
        raise InputError(f"{preparation.dataset!r} has no held-out split", remedy="leave out 'heldout'")
    name, folder = _named(preparation, reader)
    found = _files_of(reader, folder, variables)
    languages = None if found.lacks else frozenset(reader.languages(Path(folder)))
    return Prepared(name, Workspace(Path()).source_info(name).as_posix(), (), {name: languages}, found)


def _dataset_file(name: str) -> str:
    return Workspace(Path()).dataset_file(name).as_posix()


def _named(preparation: Preparation, reader: PublishedFormat) -> tuple[str, str]:
    """What a preparation's data set or source is called, and its folder."""
    if (reader.name is None) == (preparation.name is None):
        remedy = "add 'name'" if reader.name is None else f"leave out 'name': it is {reader.name!r}"
        raise InputError(f"what {preparation.dataset!r} is to be called", remedy=remedy)
    if preparation.source is None:
        raise InputError(f"{preparation.dataset!r} has no 'source'", remedy="name the folder with its files")
    return reader.name or str(preparation.name), preparation.source


def _files_of(reader: PublishedFormat, source: str, variables: Mapping[str, str]) -> Found:
    if why := unset(source, variables):
        return Found(lacks=why)
    folder = Path(source)
    if not folder.is_dir():
        return Found(lacks=f"{folder}: no such folder; check the path")
    try:
        return Found(tuple(reader.files(folder).values()))
    except InputError as error:
        return Found(lacks=str(error))


def languages_of(path: Path) -> Languages:
    """The languages of a training source, in either of its forms, or the first two; None where a long one shows only
    one. Raises InputError for what is no training source."""
    languages: set[str] = set()
    for place, (line, row) in enumerate(read_jsonl(path)):
        try:
            languages |= {row["language"]} if "language" in row else {*row["queries"], *row["positives"]}
        except (KeyError, TypeError):
            raise InputError(
                "neither 'language' nor 'queries' and 'positives'", path=path, line=line,
                remedy="see docs/training.md for what a line holds",
            ) from None
        if len(languages) > 1:
            return frozenset(languages)
        if place == _MOST_LINES:
            return None
    return frozenset(languages)


def languages_of_store(workspace: Workspace, name: str) -> Languages:
    """The languages of a store that is there already; None where it is not."""
    manifest = workspace.examples(name) / "manifest.json"
    return frozenset(read_json(manifest)["languages"]) if manifest.is_file() else None


def not_on_hub(model: str) -> str:
    """Why a name that is no folder cannot be a model of the Hub; empty where it can: what is not in the Hub's cache is
    fetched when it is needed, unless HF_HUB_OFFLINE forbids it."""
    if model.startswith((".", "/", "~")) or model.count("/") > 1:
        return f"{model}: no such folder; check the path"
    from huggingface_hub import constants, try_to_load_from_cache

    if constants.HF_HUB_OFFLINE and not isinstance(try_to_load_from_cache(model, "config.json"), str):
        return (
            f"{model}: no model of the workspace, no folder, and not in the Hub's cache; check the name, or unset "
            "HF_HUB_OFFLINE"
        )
    return ""
