"""Topics in other languages: a plain topics file for each pair of languages, as BM25 with translated queries takes it.

A query whose translation is dropped is not in the file; the manifest beside it names it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.provenance import made_by, sha256
from hybrid_pyserini.records import Pair, Topics
from hybrid_pyserini.share import Share
from hybrid_pyserini.translation.output import Output, nothing_came_out
from hybrid_pyserini.translation.parts import Block, Parts
from hybrid_pyserini.translation.translating import HowToTranslate, alone, blocks_of, settings_of, translate_missing
from hybrid_pyserini.trec import read_topics, write_topics
from hybrid_pyserini.workspace import DatasetInfo, Workspace

if TYPE_CHECKING:  # the translator imports torch
    from hybrid_pyserini.translation.translator import Translator


@dataclass(frozen=True)
class TranslatedTopics:
    """The topics of one language in another, after ``translate_topics``."""

    pair: Pair
    """The queries' own language, and the one they are in now."""
    path: Path
    queries: int
    """Those there were."""
    dropped: dict[str, str]
    """Query id -> why its translation was dropped."""
    kept: bool
    """Whether the file was there before."""
    missing: int = 0
    """Parts that are still to be translated, by other processes; the file is not written before."""


def translate_topics(
    workspace: Workspace, dataset: str, how: HowToTranslate, *, sources: Sequence[str],
    targets: Sequence[str] | None = None, share: Share | None = None, overwrite: bool = False,
) -> tuple[TranslatedTopics, ...]:
    """Translate topics from each of ``sources`` into each of the others of ``targets``, by default all languages that
    the data set has passages in.

    Raises InputError for an unknown data set or model, languages that the data set or the model do not have, topics
    that were translated otherwise, unless ``overwrite``, and where no query of a language came out.
    """
    info = workspace.dataset(dataset)
    return translate_pairs(
        workspace, info, how, _pairs(workspace, info, sources, targets), share=share, overwrite=overwrite
    )


def translate_pairs(
    workspace: Workspace, info: DatasetInfo, how: HowToTranslate, pairs: Sequence[Pair], *, share: Share | None = None,
    overwrite: bool = False,
) -> tuple[TranslatedTopics, ...]:
    """``translate_topics`` of these pairs of languages, the first of which the data set has topics in."""
    name, path = workspace.model(how.model)
    from hybrid_pyserini.translation.translator import Translator

    translator = Translator.load(path, beams=how.beams, dtype=how.dtype)
    whole = [_Translation.of(workspace, info.name, name, pair, translator) for pair in pairs]
    kept = [not overwrite and each.output.is_there() for each in whole]

    def blocks() -> Iterator[Block]:
        for each, is_there in zip(whole, kept, strict=True):
            if not is_there:
                yield from each.blocks()

    translate_missing(translator, blocks, share or Share(), stale_too=overwrite, batch_tokens=how.batch_tokens)
    return tuple(each.finish(how, kept=is_there) for each, is_there in zip(whole, kept, strict=True))


def _pairs(
    workspace: Workspace, info: DatasetInfo, sources: Sequence[str], targets: Sequence[str] | None
) -> list[Pair]:
    for source in sources:
        if not workspace.topics(info.name, source).is_file():
            there = [language for language in info.languages if workspace.topics(info.name, language).is_file()]
            raise InputError(
                f"{info.name} has no topics in {source!r}", remedy=f"give --from one of: {' '.join(there)}",
                path=workspace.topics(info.name, source),
            )
    pairs = [
        Pair(source, target) for source in sources for target in targets or info.passage_languages if source != target
    ]
    if not pairs:
        raise InputError(f"topics in {sources[0]} are to be in {sources[0]}", remedy="give --to other languages")
    return pairs


@dataclass(frozen=True)
class _Translation:
    """The topics of one language on their way into another."""

    pair: Pair
    topics: Topics
    parts: Parts
    output: Output

    @classmethod
    def of(cls, workspace: Workspace, dataset: str, model: str, pair: Pair, translator: "Translator") -> "_Translation":
        source = workspace.topics(dataset, pair.query)
        path = workspace.translated_topics(dataset, model, pair)
        made_from = {
            "source": {source.name: sha256(source)}, **settings_of(translator, pair.query, pair.passage)
        }
        parts = Parts(path.parent / "parts" / str(pair), pair.query, pair.passage, made_from)
        return cls(pair, read_topics(source), parts, Output(path, path.with_suffix(".json"), made_from))

    def blocks(self) -> Iterator[Block]:
        for number, block in enumerate(blocks_of(iter(self.topics.values()))):
            yield Block(self.parts, number, block)

    def finish(self, how: HowToTranslate, *, kept: bool) -> TranslatedTopics:
        """Write the topics, if they are not there and all of their parts are."""
        path, missing = self.output.path, self.parts.missing(sum(1 for _ in self.blocks()))
        if missing and not kept:
            return TranslatedTopics(self.pair, path, len(self.topics), {}, kept, missing)
        if not kept:
            with alone(path.parent):
                self._write(how)
        dropped = read_json(self.output.manifest)["dropped"]
        return TranslatedTopics(self.pair, path, len(self.topics), dropped, kept)

    def _write(self, how: HowToTranslate) -> None:
        translations = [each for block in self.blocks() for each in self.parts.read(block.number, len(block.texts))]
        by_id = dict(zip(self.topics, translations, strict=True))
        dropped = {qid: each.dropped for qid, each in by_id.items() if each.dropped}
        if len(dropped) == len(by_id):
            raise nothing_came_out(self.pair.query, self.pair.passage, how.model)

        def write(path: Path) -> dict[str, Any]:
            write_topics(path, {qid: each.text for qid, each in by_id.items() if not each.dropped})
            arguments = made_by(model=how.model, batch_tokens=how.batch_tokens)
            return {"queries": len(by_id), "dropped": dropped, "made_by": arguments}

        self.output.write(write)
