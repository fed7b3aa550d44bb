"""Hard negatives: passages that a model ranks high for a training question, and that do not answer it.

Each passage language of a store is searched by itself, exactly, with the index that ``index`` built. The question is
asked in the passages' language; where an example lacks it, in English; where it lacks that too, in the first of its
languages in alphabetical order. What answers a question is known by passage group (``known_groups``).

The store is streamed, and what is found stands on disk until the new store is written, so that memory does not grow
with the store: it holds one language's index at a time, and 24 bytes a passage of all languages searched.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from hybrid_pyserini.atomic import folder_aside
from hybrid_pyserini.data.text import one_line
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.indexing.dense_index import IndexManifest, check_encoded_by, check_files, read_dense_index
from hybrid_pyserini.mining.indexed_collection import IndexedCollection
from hybrid_pyserini.mining.known_groups import KnownGroups
from hybrid_pyserini.mining.language_search import FoundNegatives, LanguageSearch, MiningSettings
from hybrid_pyserini.provenance import differences
from hybrid_pyserini.records import Negative, ParallelExample
from hybrid_pyserini.search.scoring import Passages
from hybrid_pyserini.training.examples import ExampleStore, build_store
from hybrid_pyserini.workspace import DatasetInfo, Workspace, check_name

if TYPE_CHECKING:  # the encoder imports torch; mine does so only once the indexes are known to exist
    from hybrid_pyserini.encoder.encoder import Encoder

@dataclass(frozen=True)
class MinedStore:
    """The store with its negatives, after ``mine``."""

    folder: Path
    examples: int
    languages: tuple[str, ...]
    """The passage languages that were searched."""
    kept: bool
    """Whether it was there before and has not been made again."""


def mine(
    workspace: Workspace, name: str, examples: str, dataset: str, model: str, settings: MiningSettings, *,
    languages: Sequence[str] | None = None, overwrite: bool = False,
) -> MinedStore:
    """Write the store ``examples/<name>``: those of ``examples``, with hard negatives of an indexed data set.

    ``languages`` are passage languages, by default all that the store and the data set share. Raises InputError for an
    unknown store, data set, model or language; for an index that is missing, of another model or of another collection;
    for a store of this name that was made otherwise, unless ``overwrite``; and where no negative is found.
    """
    info = workspace.dataset(dataset)
    store = ExampleStore(workspace.examples_store(examples))
    model_name, path = workspace.model(model)
    searched = _shared_languages(store, info, languages)
    dtype = IndexManifest.read(workspace.index(info.name, model_name, searched[0])).encoder["dtype"]
    from hybrid_pyserini.encoder.encoder import Encoder

    return mine_with(
        Encoder.load(path, dtype=dtype), workspace, name, store, info, model_name, settings, languages=languages,
        overwrite=overwrite,
    )


def mine_with(
    encoder: "Encoder", workspace: Workspace, name: str, store: ExampleStore, info: DatasetInfo, model: str,
    settings: MiningSettings, *, languages: Sequence[str] | None = None, overwrite: bool = False,
) -> MinedStore:
    """``mine`` with a loaded encoder; ``model`` is its name in paths."""
    folder = workspace.examples(check_name(name, "store"))
    if folder.resolve() == store.folder.resolve():
        raise InputError("the new store would replace the one it is made from", remedy="choose another NAME")
    searched = _shared_languages(store, info, languages)
    folders = {language: workspace.index(info.name, model, language) for language in searched}
    manifests = {language: check_encoded_by(encoder, folders[language]) for language in searched}
    for index in folders.values():
        check_files(index)
    made_from = _made_from(store, manifests, settings)
    result = MinedStore(folder, len(store), searched, kept=not overwrite and _is_there(folder, made_from))
    if result.kept:
        return result
    collections = {
        language: IndexedCollection(workspace.collection(info.name, language), manifests[language])
        for language in searched
    }
    groups = KnownGroups()
    for language, collection in collections.items():
        groups.learn(tqdm(store, desc=f"comparing {language}", unit=" examples"), language, collection)
    found: dict[str, FoundNegatives] = {}
    with folder_aside(folder.with_name(f"{name}.mining")) as aside:
        for language in searched:
            found[language] = LanguageSearch(
                encoder, settings, groups, language, Passages([read_dense_index(folders[language])]),
                collections[language],
            ).negatives(store, aside / f"{language}.rows")  # no name: the index is let go before the next is read
        _check_found(store, found, settings)
        build_store(folder, _with_negatives(store, found, collections, groups), made_from)
    return result


def _shared_languages(store: ExampleStore, info: DatasetInfo, wanted: Sequence[str] | None) -> tuple[str, ...]:
    """The passage languages to search, in the data set's order."""
    shared = tuple(language for language in info.passage_languages if language in store.languages)
    for language in wanted or ():
        if language not in shared:
            raise InputError(
                f"language {language!r} is not in both the store ({' '.join(store.languages)}) and {info.name} "
                f"({' '.join(info.passage_languages)})", remedy=f"choose from: {' '.join(shared) or 'none'}",
            )
    if not shared:
        raise InputError(
            f"the store has examples in {' '.join(store.languages)}, {info.name} passages in "
            f"{' '.join(info.passage_languages)}",
            remedy="choose a data set in a language of the store", path=store.folder,
        )
    return tuple(language for language in shared if wanted is None or language in wanted)


def _made_from(
    store: ExampleStore, manifests: Mapping[str, IndexManifest], settings: MiningSettings
) -> dict[str, str]:
    """All that decides the new store: the store and the indexes by their SHA-256, and the settings."""
    made_from = {f"examples/{store.name}": store.sha256}
    for language, manifest in manifests.items():
        made_from[f"models/{manifest.model}"] = manifest.encoder["fingerprint"]
        made_from[f"indexes/{manifest.dataset}/{manifest.model}/{language}"] = manifest.files["index"]
        made_from |= {f"collections/{manifest.dataset}/{file}": digest for file, digest in manifest.sources.items()}
    return made_from | {
        "negatives": str(settings.negatives), "depth": str(settings.depth),
        "relative margin": str(settings.relative_margin),
    }


def _is_there(folder: Path, made_from: dict[str, str]) -> bool:
    """Whether the store was made before; raises InputError for one that was made otherwise."""
    if not folder.exists():
        return False
    if differing := differences(ExampleStore(folder).sources, made_from):
        raise InputError(
            f"a store that was made otherwise ({'; '.join(differing)})", path=folder,
            remedy="give --overwrite to replace it, or choose another NAME",
        )
    return True


def _check_found(store: ExampleStore, found: Mapping[str, FoundNegatives], settings: MiningSettings) -> None:
    """Say on stderr how many examples got fewer negatives than asked for; raises InputError where none got any."""
    if not any(each.asked for each in found.values()):
        raise InputError(
            f"no example has a positive in {' '.join(found)}", path=store.folder,
            remedy="search the languages of its positives",
        )
    if not any(each.total for each in found.values()):
        raise InputError(
            "no example got a negative", path=store.folder,
            remedy="give a greater --depth or a smaller --relative-margin, or search a larger data set",
        )
    few = [f"{language} {each.few} of {each.asked}" for language, each in found.items() if each.few]
    if few:
        print(
            f"warning: examples with fewer than {settings.negatives} new negatives: {', '.join(few)}; a greater "
            "--depth may find more", file=sys.stderr,
        )


def _with_negatives(
    store: ExampleStore, found: Mapping[str, FoundNegatives], collections: Mapping[str, IndexedCollection],
    groups: KnownGroups,
) -> Iterator[ParallelExample]:
    """The store's examples with their own negatives, then those that were found."""
    for i, example in enumerate(tqdm(store, total=len(store), desc="writing", unit=" examples")):
        negatives = {language: list(own) for language, own in example.negatives.items()}
        for language, each in found.items():
            for row in each.rows_of(i):
                passage = collections[language][row]
                negative = Negative(passage.contents, groups.name(passage.group))
                negatives.setdefault(language, []).append(negative)
        yield replace(example, negatives={language: _each_text_once(listed) for language, listed in negatives.items()})


def _each_text_once(negatives: Iterable[Negative]) -> tuple[Negative, ...]:
    """The first of each text, white space apart."""
    first: dict[str, Negative] = {}
    for negative in negatives:
        first.setdefault(one_line(negative.text), negative)
    return tuple(first.values())
