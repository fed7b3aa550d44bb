"""Puts a prepared data set into a workspace: checked, and all of it or nothing.

Everything is written aside, in one folder of the workspace, while it is checked; only then do collections, training
sources and topics take their places, ``dataset.json`` with the last of them.

Passages pass through: of each, a hash of its id stays, in a scratch file, and of the judged ones the id. So memory does
not grow with the collections; whether ids repeat is seen when all are written.
"""

import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from tqdm import tqdm

from hybrid_pyserini.atomic import folder_aside
from hybrid_pyserini.collection import check_id, write_collection
from hybrid_pyserini.data.dataset import PreparedDataset, union
from hybrid_pyserini.data.question_articles import check_articles, write_question_articles
from hybrid_pyserini.data.sources.example_source import write_examples
from hybrid_pyserini.data.text import check_text
from hybrid_pyserini.data.unique_ids import PassingIds
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_jsonl
from hybrid_pyserini.provenance import made_by, sha256
from hybrid_pyserini.records import ALL, Passage, Qrels
from hybrid_pyserini.trec import scored_qrels, write_qrels, write_topics
from hybrid_pyserini.workspace import DatasetInfo, Workspace, check_language, check_name


def find_prepared(workspace: Workspace, name: str, sources: Mapping[str, str]) -> DatasetInfo | None:
    """What is already prepared under ``name`` from files of these hashes; None where that has to be done (again).

    Raises InputError where ``name`` was made from other files.
    """
    if not workspace.dataset_file(name).exists():
        return None
    info = workspace.dataset(name)
    if info.sources == sources:
        return info if all(file.exists() for file in _declared_files(workspace, info)) else None
    changed = sorted(
        file for file in {*info.sources, *sources} if info.sources.get(file) != sources.get(file)
    )
    raise InputError(
        f"{name} is prepared already, from other files than these ({', '.join(changed)} differ)",
        remedy="give --overwrite to replace it, or use another --workspace", path=workspace.dataset_file(name),
    )


def write_dataset(
    workspace: Workspace, dataset: PreparedDataset, sources: Mapping[str, str], *, overwrite: bool
) -> DatasetInfo:
    """Check a data set, write it, and return what its ``dataset.json`` declares. ``sources``: file name -> SHA-256.

    Raises InputError, leaving the workspace as it was, for a bad name, an id that occurs twice or holds a blank, an
    empty text, a judged query or passage that is not there, a declared pair that scores no query, articles of other
    questions than the topics', and, without ``overwrite``, a training source of the same name and other content.
    """
    check_name(dataset.name, "data set")
    for language in dataset.languages:
        check_language(language)
    with folder_aside(workspace.root / f"prepare-{dataset.name}") as aside:
        staged = Workspace(aside)
        info = _write_aside(staged, dataset, sources)
        if not overwrite:
            _refuse_to_replace(workspace, staged, dataset)
        _move_into_place(staged, workspace, dataset)
    return info


def _write_aside(staged: Workspace, dataset: PreparedDataset, sources: Mapping[str, str]) -> DatasetInfo:
    name = dataset.name
    counts = {language: {"topics": 0, "passages": 0, "judgements": 0} for language in dataset.languages}
    docids = PassingIds(staged.root)
    judged = {docid for qrels in _all_qrels(dataset) for judged in qrels.values() for docid in judged}
    there: dict[str, set[str]] = {}
    for language, passages in dataset.passages.items():
        checked = _checked(passages, language, docids, judged, there.setdefault(language, set()))
        counts[language]["passages"] = write_collection(staged.collection(name, language), checked)
    _check_unique(docids, {language: staged.collection(name, language) for language in dataset.passages})
    one_blank = {}
    for language, topics in dataset.topics.items():
        for query_id, query in topics.items():
            check_text(query, f"query {query_id!r} ({language})")
        one_blank[language] = write_topics(staged.topics(name, language), topics)
        counts[language]["topics"] = len(topics)
    _check_judgements(dataset, there)
    for language, qrels in dataset.qrels.items():
        counts[language]["judgements"] = write_qrels(staged.qrels(name, language), qrels)
    write_qrels(staged.qrels(name, ALL), union(dataset.qrels.values()))
    for pair, qrels in dataset.pair_qrels.items():
        write_qrels(staged.qrels(name, pair), qrels)
    articles = _write_articles(staged, dataset)
    training = {
        source: write_examples(staged.source(check_name(source, "training source")), examples)
        for source, examples in dataset.training.items()
    }
    notes = {
        **dataset.notes, "queries_with_white_space_made_one_blank": sum(one_blank.values()),
        **articles, "training_sources": training, "made_by": made_by(command="prepare", name=name),
    }
    info = DatasetInfo(
        name=name, languages=dataset.languages, pairs=dataset.pairs, pair_qrels=tuple(dataset.pair_qrels),
        counts=counts, origin=dataset.origin, licence=dataset.licence, sources=dict(sources), notes=notes,
    )
    info.write(staged.dataset_file(name))
    return info


def _write_articles(staged: Workspace, dataset: PreparedDataset) -> dict[str, int]:
    """Write which article each question is asked of; what ``notes`` say of it, nothing without articles."""
    if not dataset.articles:
        return {}
    check_articles(dataset.articles, {query_id for topics in dataset.topics.values() for query_id in topics})
    return {"articles": write_question_articles(staged.question_articles(dataset.name), dataset.articles)}


def _all_qrels(dataset: PreparedDataset) -> Iterator[Qrels]:
    yield from dataset.qrels.values()
    yield from dataset.pair_qrels.values()


def _checked(
    passages: Iterable[Passage], language: str, docids: PassingIds, judged: Collection[str], there: set[str]
) -> Iterator[Passage]:
    """The passages of a language, each checked; their ids are entered into ``docids``, those of judged ones into
    ``there`` too."""
    for passage in tqdm(passages, desc=f"{language} passages", unit=" passages", disable=None):
        docids.add(check_id(passage.id, "passage id"))
        check_text(passage.contents, f"passage {passage.id!r}")
        if passage.id in judged:
            there.add(passage.id)
        yield passage


def _check_unique(docids: PassingIds, collections: Mapping[str, Path]) -> None:
    """Raises InputError for a passage id that occurs twice, in one language or two: the pool's runs have nothing else
    to tell passages by."""
    again = docids.repetition(
        lambda: ((row["id"], language) for language, path in collections.items() for _, row in read_jsonl(path))
    )
    if again is not None:
        raise InputError(
            f"passage id {again.id!r} occurs twice ({again.first} and {again.second})", remedy="make ids unique"
        )


def _check_judgements(dataset: PreparedDataset, docids: Mapping[str, set[str]]) -> None:
    """Raises InputError for a judgement of something that is not there and for a declared pair without any.
    ``docids``: passage language -> those of its passages that are judged in any language."""
    query_ids = {query_id for topics in dataset.topics.values() for query_id in topics}
    everything = set().union(*docids.values())
    judged = [(language, qrels, docids.get(language, set())) for language, qrels in dataset.qrels.items()]
    judged += [
        (str(pair), qrels, docids.get(pair.passage, everything)) for pair, qrels in dataset.pair_qrels.items()
    ]
    for passages, qrels, there in judged:
        for query_id, relevances in qrels.items():
            if query_id not in query_ids:
                raise InputError(
                    f"qrels {passages}: no topics have query {query_id!r}", remedy="add it or remove its judgements"
                )
            for docid in relevances:
                if docid not in there:
                    raise InputError(
                        f"qrels {passages}: no passage {docid!r}", remedy="add it or remove its judgements"
                    )
    pool = union(dataset.qrels.values())
    for pair in dataset.pairs:
        of_passages = pool if pair.passage == ALL else dataset.qrels.get(pair.passage, {})
        qrels = dataset.pair_qrels.get(pair, of_passages)
        if not scored_qrels(dataset.topics[pair.query], qrels):
            raise InputError(
                f"pair {pair} has no query with a relevant passage", remedy="check that topics and qrels share ids"
            )


def _declared_files(workspace: Workspace, info: DatasetInfo) -> Iterator[Path]:
    """Every file of a prepared data set that its ``dataset.json`` counts something in or names."""
    places = {"topics": workspace.topics, "passages": workspace.collection, "judgements": workspace.qrels}
    for language, counts in info.counts.items():
        for what, count in counts.items():
            if count:
                yield places[what](info.name, language)
    yield workspace.qrels(info.name, ALL)
    for pair in info.pair_qrels:
        yield workspace.qrels(info.name, pair)
    if info.notes.get("articles"):
        yield workspace.question_articles(info.name)
    yield from map(workspace.source, info.notes.get("training_sources", {}))


def _refuse_to_replace(workspace: Workspace, staged: Workspace, dataset: PreparedDataset) -> None:
    """Without --overwrite nothing goes that ``prepare`` did not make of these files: it may be someone's own."""
    remedy = "rename it, or give --overwrite to replace it"
    if not workspace.dataset_file(dataset.name).exists():
        for place in (Workspace.topics_folder, Workspace.collections_folder):
            folder = place(workspace, dataset.name)
            if folder.exists() and not _is_part_of(folder, place(staged, dataset.name)):
                raise InputError("there already, without a dataset.json", remedy=remedy, path=folder)
    for name in dataset.training:
        source = workspace.source(name)
        if source.exists() and sha256(source) != sha256(staged.source(name)):
            raise InputError("another training source of that name is there", remedy=remedy, path=source)


def _is_part_of(folder: Path, made: Path) -> bool:
    """Whether each file of a folder is in the one just made too, byte for byte: a ``prepare`` that was killed between
    its moves left it, and nothing is lost with it."""
    for path in folder.rglob("*"):
        twin = made / path.relative_to(folder)
        if path.is_file() and not (twin.is_file() and sha256(path) == sha256(twin)):
            return False
    return True


def _move_into_place(staged: Workspace, workspace: Workspace, dataset: PreparedDataset) -> None:
    """The old ``dataset.json`` goes first and the new one comes last: in between no data set counts as there."""
    topics, collections = workspace.topics_folder(dataset.name), workspace.collections_folder(dataset.name)
    workspace.dataset_file(dataset.name).unlink(missing_ok=True)
    for folder in (topics, collections):
        if folder.exists():
            shutil.rmtree(folder)
    for source in dataset.training:
        _move(staged.source(source), workspace.source(source))
    _move(staged.collections_folder(dataset.name), collections)
    _move(staged.topics_folder(dataset.name), topics)


def _move(made: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    made.replace(place)
