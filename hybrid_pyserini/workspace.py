"""Where everything lies: the folder all commands work in, and what a data set declares in ``dataset.json``.

A later command finds what an earlier one wrote by these names alone; no other module spells out a path.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json, write_json
from hybrid_pyserini.records import ALL, Pair

BM25 = "bm25"
"""BM25's name among the models: in paths, as the runs' tag, in tables."""
MDPR = "mdpr"
"""mDPR's, as the baseline."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_+-]*")
_LANGUAGE = re.compile(r"[A-Za-z0-9_]+")


def is_bm25(model: str) -> bool:
    """Whether a name in paths is BM25's, or ``bm25+...``: BM25 with queries that were translated."""
    return model.partition("+")[0] == BM25


def check_name(name: str, kind: str) -> str:
    """Return a data set's or model's name; it stands between dots in run names, so it holds none itself."""
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{kind} name {name!r} has other characters than letters, digits, '_', '-' and '+'",
            remedy="rename it: run files are named run.<dataset>.<model>.<q>-<p>.txt",
        )
    return name


def check_language(code: str, path: Path | None = None, line: int | None = None) -> str:
    """Return a language code; ``de-en`` is a pair and ``all`` the pool, so neither can be a language."""
    if not _LANGUAGE.fullmatch(code) or code == ALL:
        raise InputError(
            f"language code {code!r} is reserved or has other characters than letters, digits and '_'",
            remedy="write 'zh_Hans' for 'zh-Hans'", path=path, line=line,
        )
    return code


@dataclass(frozen=True)
class DatasetInfo:
    """What ``dataset.json`` declares: the pairs that a mean needs, whether there is a pool, and where it came from."""

    name: str
    languages: tuple[str, ...]
    pairs: tuple[Pair, ...]
    """The declared mono- and cross-lingual pairs, and one ``q-all`` per query language where there is a pool."""
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Language -> ``topics``, ``passages``, ``judgements``."""
    origin: str = ""
    licence: str = ""
    sources: dict[str, str] = field(default_factory=dict)
    """Source file name -> SHA-256."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What preparation counted and changed, for people."""
    pair_qrels: tuple[Pair, ...] = ()
    """The pairs, pools among them, that have qrels of their own."""

    @property
    def passage_languages(self) -> tuple[str, ...]:
        """Those that have passages, by the counts or the pairs (all, if neither says anything): a language may have
        questions only."""
        searched = {pair.passage for pair in self.pairs}
        return tuple(
            language for language in self.languages
            if language in searched or self.counts.get(language, {}).get("passages", 0)
        ) or self.languages

    @property
    def pool(self) -> bool:
        """Whether the data set declares the multilingual pool."""
        return any(pair.passage == ALL for pair in self.pairs)

    @classmethod
    def read(cls, path: Path) -> "DatasetInfo":
        """Read ``dataset.json``."""
        value = read_json(path)
        try:
            return cls(
                languages=tuple(value.pop("languages")), pairs=_pairs(value.pop("pairs")),
                pair_qrels=_pairs(value.pop("pair_qrels", [])), **value,
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"not a dataset.json ({error})", remedy="run prepare again with --overwrite", path=path
            ) from None

    def write(self, path: Path) -> None:
        """Write ``dataset.json``."""
        value = asdict(self) | {
            "pairs": [str(pair) for pair in self.pairs], "pair_qrels": [str(pair) for pair in self.pair_qrels],
        }
        write_json(path, value)


def _pairs(names: Iterable[str]) -> tuple[Pair, ...]:
    return tuple(Pair(*name.split("-")) for name in names)


@dataclass(frozen=True)
class Workspace:
    """The folder all commands work in."""

    root: Path

    def collections_folder(self, dataset: str) -> Path:
        return self.root / "collections" / dataset

    def collection(self, dataset: str, language: str) -> Path:
        return self.collections_folder(dataset) / f"{language}.jsonl"

    def topics_folder(self, dataset: str) -> Path:
        return self.root / "topics" / dataset

    def topics(self, dataset: str, language: str) -> Path:
        return self.topics_folder(dataset) / f"topics.{dataset}.{language}.tsv"

    def qrels(self, dataset: str, passages: str | Pair) -> Path:
        """The qrels by passage language, of the pool (``all``), or of one pair where its scored queries differ."""
        return self.topics_folder(dataset) / f"qrels.{dataset}.{passages}.txt"

    def qrels_of(self, dataset: str, pair: Pair) -> Path:
        """The qrels that score a pair: its own file where there is one, else its passage language's."""
        own = self.qrels(dataset, pair)
        return own if own.exists() else self.qrels(dataset, pair.passage)

    def question_articles(self, dataset: str) -> Path:
        """Which article each question is asked of; there only where the data set has articles."""
        return self.topics_folder(dataset) / f"articles.{dataset}.tsv"

    def dataset_file(self, dataset: str) -> Path:
        return self.topics_folder(dataset) / "dataset.json"

    def downloads(self, published: str) -> Path:
        """Published files that ``prepare --download`` fetched, as they are."""
        return self.root / "downloads" / published

    def source(self, name: str) -> Path:
        """A training source in the project's jsonl form, as ``prepare`` writes it."""
        return self.root / "sources" / f"{name}.jsonl"

    def source_info(self, name: str) -> Path:
        """What a training source that came without a data set was made of."""
        return self.root / "sources" / f"{name}.json"

    def training_source(self, name_or_path: str) -> Path:
        """A training source by its workspace name or its path."""
        inside = self.source(name_or_path)
        return inside if inside.is_file() else Path(name_or_path)

    def source_translation(self, name: str) -> Path:
        """The folder of what a training source was translated in, and of the manifest."""
        return self.root / "translations" / "sources" / name

    def translated_topics(self, dataset: str, model: str, pair: Pair) -> Path:
        """Topics in the pair's first language, translated into its second one."""
        return self.root / "translations" / "topics" / dataset / model / f"topics.{dataset}.{pair}.tsv"

    def examples(self, name: str) -> Path:
        """The memory-mapped store that ``examples`` builds."""
        return self.root / "examples" / name

    def vectors(self, dataset: str, model: str, language: str) -> Path:
        """The shards of a language's encoded passages."""
        return self.root / "vectors" / dataset / model / language

    def index(self, dataset: str, model: str, language: str) -> Path:
        return self.root / "indexes" / dataset / model / language

    def bm25_index(self, dataset: str, language: str) -> Path:
        return self.index(dataset, BM25, language)

    def run(self, dataset: str, model: str, pair: Pair, *, gzipped: bool = False) -> Path:
        """A pair's run by the name it is written under; ``found_run`` where it is read."""
        form = ".txt.gz" if gzipped else ".txt"
        return self.root / "runs" / dataset / f"run.{dataset}.{model}.{pair}{form}"

    def found_run(self, dataset: str, model: str, pair: Pair) -> Path:
        """A pair's run in the form that is there, plain or gzipped; the plain one's name where there is none."""
        plain, packed = (self.run(dataset, model, pair, gzipped=gzipped) for gzipped in (False, True))
        return packed if packed.exists() and not plain.exists() else plain

    def models_with_runs(self, dataset: str) -> list[str]:
        """The names of the models that have a run on a data set here, plain or gzipped."""
        paths = (self.root / "runs" / dataset).glob(f"run.{dataset}.*.txt*")
        names = (path.name.removesuffix(".gz").split(".") for path in paths)
        return sorted({name[2] for name in names if len(name) == 5 and name[4] == "txt"})

    def run_manifest(self, dataset: str, model: str) -> Path:
        """What made a model's runs."""
        return self.root / "runs" / dataset / f"run.{dataset}.{model}.json"

    def ranks(self, dataset: str, model: str, pair: Pair) -> Path:
        return self.root / "runs" / dataset / f"ranks.{dataset}.{model}.{pair}.tsv"

    def evaluation(self, dataset: str, model: str) -> Path:
        return self.root / "runs" / dataset / f"eval.{dataset}.{model}.json"

    def per_query(self, dataset: str, model: str) -> Path:
        return self.root / "runs" / dataset / f"eval.{dataset}.{model}.per_query.parquet"

    def report(self, dataset: str) -> Path:
        """The folder of a data set's report."""
        return self.root / "reports" / dataset

    def datasets(self) -> list[str]:
        """The names of the data sets prepared here."""
        return sorted(path.parent.name for path in (self.root / "topics").glob("*/dataset.json"))

    def dataset(self, name: str) -> DatasetInfo:
        """What a prepared data set declares; raises InputError, naming those there are, for an unknown one."""
        path = self.dataset_file(name)
        if not path.exists():
            known = ", ".join(self.datasets()) or "none"
            raise InputError(
                f"no data set {name!r} in this workspace (there: {known})",
                remedy="run 'hybrid-pyserini prepare' first, or give --workspace", path=path,
            )
        return DatasetInfo.read(path)

    def model(self, name_or_path: str) -> tuple[str, str]:
        """A model's name, as it stands in file names, and where to load it from: ``models/<name>``, a folder, or a
        hub name, in that order. Dots of a folder's or the hub's name become hyphens: e5-v1.5 is e5-v1-5 here."""
        inside = self.root / "models" / name_or_path
        if "/" not in name_or_path and inside.is_dir():
            return check_name(name_or_path, "model"), str(inside)
        name = Path(name_or_path).name
        return check_name(name.replace(".", "-") if "/" in name_or_path else name, "model"), name_or_path

    def new_model(self, name: str) -> Path:
        """The folder of a model that is to be made; raises InputError for the name of the lexical baseline."""
        if is_bm25(name):
            raise InputError(f"{name!r} is the lexical baseline's name", remedy="choose another name")
        return self.root / "models" / check_name(name, "model")

    def models(self) -> list[str]:
        """The names of the models here; what has a dot in its name is being written, or a training's own folder."""
        names = (path.parent.name for path in (self.root / "models").glob("*/config.json"))
        return sorted(name for name in names if "." not in name)

    def unfinished_trainings(self) -> list[str]:
        """The names of models whose training was begun here, and that are not there."""
        begun = {path.stem for path in (self.root / "models").glob("*.training")}
        return sorted(begun - set(self.models()))

    def examples_store(self, name_or_path: str) -> Path:
        """A store of parallel examples by its workspace name or its path."""
        inside = self.examples(name_or_path)
        return inside if inside.is_dir() else Path(name_or_path)


def choose_pairs(info: DatasetInfo, wanted: str | Iterable[str] | None) -> tuple[Pair, ...]:
    """The declared pairs, or those of ``--pairs de-en,en-all`` among them.

    Raises InputError for a pair that the data set does not declare.
    """
    if wanted is None:
        return info.pairs
    names = wanted.split(",") if isinstance(wanted, str) else list(wanted)
    by_name = {str(pair): pair for pair in info.pairs}
    for name in names:
        if name not in by_name:
            raise InputError(
                f"{name!r} is not a pair of {info.name}",
                remedy=f"choose among its languages: {' '.join(info.languages)} (and 'all' for the pool)",
            )
    return tuple(by_name[name] for name in dict.fromkeys(names))
