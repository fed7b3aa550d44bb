"""What made a system's runs, and which of them are finished.

The manifest stands beside the runs. It names a pair only once that pair's files have their names, and forgets a pair
before its files are replaced; so whenever a search is interrupted, even by a kill, what the manifest names is there and
was made as it says.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from hybrid_pyserini.atomic import discard_file
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json, write_json
from hybrid_pyserini.provenance import differences, sha256
from hybrid_pyserini.records import ALL, Pair
from hybrid_pyserini.workspace import DatasetInfo, Workspace


@dataclass(frozen=True)
class RunForm:
    """How many passages a run holds for a query, at most, and how it is written."""

    hits: int
    pool_hits: int
    """In runs of the pool, which has the passages of all languages to fill it with."""
    gzip: bool = False

    def __post_init__(self) -> None:
        for name, number in (("--hits", self.hits), ("--pool-hits", self.pool_hits)):
            if number < 1:
                raise InputError(f"{number} hits", remedy=f"give {name} 1 or more")

    def depth(self, passages: str) -> int:
        """The depth of runs over a passage language, or over ``all``."""
        return self.pool_hits if passages == ALL else self.hits

    def warn_of_few(self, sizes: Mapping[str, int]) -> None:
        """Say on stderr which of these collections (passage language -> passages) cannot fill a run."""
        few = [f"{language} {size}" for language, size in sizes.items() if size < self.depth(language)]
        if few:
            most = max(map(self.depth, sizes))
            print(
                f"warning: {most} hits asked for; a run has fewer where there are fewer passages: {', '.join(few)}",
                file=sys.stderr,
            )


@dataclass(frozen=True)
class RunManifest:
    """The settings of a system's runs on a data set."""

    model: str
    """The system's name in paths and the runs' tag."""
    hits: int
    pool_hits: int
    """``RunForm``."""
    system: dict[str, Any]
    """What ranks: an encoder's fingerprint and dtype, or BM25's parameters."""
    inputs: dict[str, str]
    """``input_hashes`` of the indexes' manifests, topics and qrels that the runs were made from."""
    made_by: dict[str, Any]
    gzip: bool = False
    """Whether the runs are gzipped; all of them are, or none."""
    ranks: bool = True
    """Whether the ranks in the pool stand beside; an index that is not exact gives none."""
    pairs: dict[str, dict[str, int]] = field(default_factory=dict)
    """Finished pair -> what was counted in it, such as its queries."""

    @classmethod
    def read(cls, path: Path) -> "RunManifest":
        """Read a manifest; raises InputError for a file that is none."""
        try:
            return cls(**read_json(path))
        except (InputError, TypeError) as error:
            raise InputError(
                f"not the manifest of runs ({getattr(error, 'problem', error)})",
                remedy="remove the file; the runs are then made again", path=path,
            ) from None

    def write(self, path: Path) -> None:
        """Write the manifest; sorted, so that an interruption or the order of ``--pairs`` leaves no trace."""
        ordered = {"inputs": dict(sorted(self.inputs.items())), "pairs": dict(sorted(self.pairs.items()))}
        write_json(path, asdict(self) | ordered)

    def differences(self, now: "RunManifest") -> list[str]:
        """Where the settings differ from ``now``; inputs that only one of them knows do not matter."""
        both = sorted(self.inputs.keys() & now.inputs.keys())
        return differences(*(
            {"hits": m.hits, "pool_hits": m.pool_hits, "gzip": m.gzip, **m.system} | {k: m.inputs[k] for k in both}
            for m in (self, now)
        ))

    def finish(
        self, workspace: Workspace, dataset: str, counts: Mapping[Pair, dict[str, int]]
    ) -> "RunManifest":
        """The manifest, in its place, once these pairs are finished: pair -> what was counted in it.

        A run of theirs in the other form, which came from elsewhere, goes: no reader could tell which one holds.
        """
        for pair in counts:
            discard_file(workspace.run(dataset, self.model, pair, gzipped=not self.gzip))
        finished = replace(self, pairs=self.pairs | {str(pair): of_pair for pair, of_pair in counts.items()})
        finished.write(workspace.run_manifest(dataset, self.model))
        return finished


def check_runs(workspace: Workspace, info: DatasetInfo, model: str, pairs: Sequence[Pair]) -> None:
    """Raise InputError if a run of one of the ``pairs`` is missing, or of other queries than its topics have now."""
    models = workspace.models_with_runs(info.name)
    if model not in models:
        raise InputError(
            f"no runs of {model!r} on {info.name} (there: {', '.join(models) or 'none'})",
            remedy="run 'hybrid-pyserini search' or 'bm25' first",
        )
    missing = [path for path in (workspace.found_run(info.name, model, pair) for pair in pairs) if not path.exists()]
    if missing:
        names = " ".join(path.name for path in missing[:5]) + (" ..." if len(missing) > 5 else "")
        raise InputError(
            f"{len(missing)} of {len(pairs)} runs are missing: {names}",
            remedy="search these pairs, or choose others with --pairs", path=missing[0].parent,
        )
    path = workspace.run_manifest(info.name, model)
    searched = RunManifest.read(path).inputs if path.exists() else {}  # runs from elsewhere do not say
    topics = dict.fromkeys(workspace.topics(info.name, pair.query) for pair in pairs)
    for file, digest in input_hashes(workspace, topics).items():
        if searched.get(file, digest) != digest:
            raise InputError(
                f"the runs of {model!r} are of other queries than {Path(file).name} has now",
                remedy="make the runs again, with --overwrite", path=path,
            )


def input_hashes(workspace: Workspace, files: Iterable[Path]) -> dict[str, str]:
    """Path in the workspace -> SHA-256; raises InputError for a missing file."""
    hashes = {}
    for file in files:
        if not file.is_file():
            raise InputError("no such file", remedy="run 'hybrid-pyserini prepare' again", path=file)
        hashes[file.relative_to(workspace.root).as_posix()] = sha256(file)
    return hashes


def run_files(workspace: Workspace, dataset: str, manifest: RunManifest, pair: Pair) -> list[Path]:
    """A pair's run, and the pool's ranks."""
    run = workspace.run(dataset, manifest.model, pair, gzipped=manifest.gzip)
    ranked = pair.passage == ALL and manifest.ranks
    return [run, workspace.ranks(dataset, manifest.model, pair)] if ranked else [run]


def begin(
    workspace: Workspace, info: DatasetInfo, settings: RunManifest, wanted: Sequence[Pair], *, overwrite: bool
) -> RunManifest:
    """The manifest to go on with, in its place: ``settings``, and the finished pairs that were made with the same.

    Raises InputError for runs of other settings; with ``overwrite`` these are removed, the pairs that are not wanted
    now included, since runs of different settings must not stand side by side under one name. With the same settings
    ``overwrite`` forgets the wanted pairs only.
    """
    path = workspace.run_manifest(info.name, settings.model)
    if not path.exists():
        return settings
    before = RunManifest.read(path)
    if differing := before.differences(settings):
        if not overwrite:
            raise InputError(
                f"runs that were made with other settings ({'; '.join(differing)})",
                remedy="give --overwrite to replace them", path=path,
            )
        settings.write(path)
        for pair in info.pairs:
            for file in run_files(workspace, info.name, before, pair):
                discard_file(file)
        return settings
    again = set(wanted) if overwrite else set()
    kept = {
        str(pair): before.pairs[str(pair)] for pair in info.pairs
        if str(pair) in before.pairs and pair not in again
        and all(file.is_file() for file in run_files(workspace, info.name, settings, pair))
    }
    manifest = replace(settings, inputs=before.inputs | settings.inputs, pairs=kept)
    manifest.write(path)
    return manifest
