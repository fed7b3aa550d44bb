"""A training source, made parallel: each example's query, positive and hard negatives in further languages.

What an example has in a language already stays as it is, and no example goes. Of one that has a query and a positive in
the source language both are translated, or, where one of them is dropped, neither is: half an example would feed other
batches than its like. A negative is dropped alone. Translations have the passage group of what they translate.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybrid_pyserini.atomic import replacing_file
from hybrid_pyserini.data.sources.example_source import read_examples, write_examples
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.provenance import made_by, sha256
from hybrid_pyserini.records import Negative, ParallelExample
from hybrid_pyserini.share import Share
from hybrid_pyserini.translation.output import Output, nothing_came_out
from hybrid_pyserini.translation.parts import Block, Parts
from hybrid_pyserini.translation.translating import HowToTranslate, alone, blocks_of, settings_of, translate_missing
from hybrid_pyserini.workspace import Workspace, check_language, check_name

if TYPE_CHECKING:  # the translator imports torch
    from hybrid_pyserini.translation.translator import Translation

TRANSLATED, HAD, NOTHING, NEGATIVES = "translated", "had already", "nothing to translate", "negatives dropped"
"""What is counted of each language, beside the examples that were dropped, by the reason."""
_NOT_DROPPED = {TRANSLATED, HAD, NOTHING}


@dataclass(frozen=True)
class TranslatedSource:
    """A training source in more languages, after ``translate_source``."""

    path: Path
    examples: int
    counts: dict[str, dict[str, int]]
    """Target language -> what became of the examples in it -> how many."""
    kept: bool
    """Whether the file was there before."""
    missing: int = 0
    """Parts that are still to be translated, by other processes; the file is not written before."""


def translate_source(
    workspace: Workspace, source: str, output: str, how: HowToTranslate, *, language: str, targets: Sequence[str],
    share: Share | None = None, overwrite: bool = False,
) -> TranslatedSource:
    """Write ``sources/<output>.jsonl``: the examples of ``source``, a workspace's or a file, from ``language`` into
    ``targets`` too.

    Raises InputError for a source that is missing or broken, a model that is none or lacks a language, an output that
    would replace its source or that was made otherwise, unless ``overwrite``, and where nothing came out.
    """
    path = workspace.training_source(source)
    if not path.is_file():
        raise InputError(
            "no such training source", path=path,
            remedy="give a name in sources/ or a file's path; a data set's topics are translated with --topics",
        )
    new = workspace.source(check_name(output, "source"))
    if new.resolve() == path.resolve():
        raise InputError("the output would replace its source", path=path, remedy="choose another --output")
    if language in targets:
        raise InputError(f"from {language!r} into itself", remedy="leave it out of --to")
    from hybrid_pyserini.translation.translator import Translator

    translator = Translator.load(workspace.model(how.model)[1], beams=how.beams, dtype=how.dtype)
    folder, digest = workspace.source_translation(output), sha256(path)
    parts = {
        check_language(target): Parts(folder / target, language, target, {
            "source": {path.name: digest}, **settings_of(translator, language, target)
        })
        for target in targets
    }
    decisive = {"languages": {target: dict(of.made_from) for target, of in parts.items()}}
    translation = _Translation(path, language, parts, Output(new, folder / "manifest.json", decisive))
    if kept := not overwrite and translation.output.is_there():
        return translation.told(kept=True)
    folder.mkdir(parents=True, exist_ok=True)
    blocks = translate_missing(
        translator, translation.blocks, share or Share(), stale_too=overwrite, batch_tokens=how.batch_tokens
    )
    missing = sum(of.missing(blocks // len(parts)) for of in parts.values())
    if missing:
        return TranslatedSource(new, 0, {}, kept, missing)
    with alone(folder):
        workspace.source_info(output).unlink(missing_ok=True)  # of a source that 'prepare' made under this name
        translation.write(how)
    return translation.told(kept=False)


@dataclass(frozen=True)
class _Translation:
    """A training source on its way into other languages."""

    path: Path
    language: str
    parts: Mapping[str, Parts]
    output: Output

    def _examples(self) -> Iterator[list[ParallelExample]]:
        return blocks_of(read_examples(self.path, scratch=self.output.manifest.parent))

    def blocks(self) -> Iterator[Block]:
        """All blocks of examples, each in all languages; raises InputError, at the end, where none of them has a text
        to translate."""
        empty = True
        for number, block in enumerate(self._examples()):
            for target, parts in self.parts.items():
                texts = [text for each in block for text in texts_for(each, self.language, target)]
                empty = empty and not texts
                yield Block(parts, number, texts)
        if empty:
            raise InputError(
                f"nothing to translate: no example has a text in {self.language!r} and none in "
                f"{' or '.join(map(repr, self.parts))} yet", remedy="give --from or --to another language",
                path=self.path,
            )

    def write(self, how: HowToTranslate) -> None:
        """Write the source, the list of what was dropped, and the manifest, from parts that are all there."""
        counts: dict[str, Counter[str]] = {target: Counter() for target in self.parts}
        dropped: list[str] = []

        def write(path: Path) -> dict[str, Any]:
            examples = write_examples(path, self._translated(counts, dropped))
            if not any(count[TRANSLATED] for count in counts.values()):
                raise nothing_came_out(self.language, ", ".join(counts), how.model)
            with replacing_file(self.output.manifest.with_name("dropped.tsv")) as aside:
                aside.write_text("".join(dropped), encoding="utf-8")
            sorted_counts = {target: dict(sorted(count.items())) for target, count in counts.items()}
            arguments = made_by(model=how.model, batch_tokens=how.batch_tokens)
            return {"examples": examples, "counts": sorted_counts, "made_by": arguments}

        self.output.write(write)

    def _translated(
        self, counts: Mapping[str, "Counter[str]"], dropped: list[str]
    ) -> Iterator[ParallelExample]:
        for number, block in enumerate(self._examples()):
            for target, parts in self.parts.items():
                texts = [texts_for(example, self.language, target) for example in block]
                translations = parts.read(number, sum(map(len, texts)))
                for place, example in enumerate(block):
                    own = [next(translations) for _ in texts[place]]
                    block[place], became = with_translations(example, self.language, target, own)
                    counts[target].update(became)
                    dropped += (f"{example.id}\t{target}\t{why}\n" for why in became if why not in _NOT_DROPPED)
            yield from block

    def told(self, *, kept: bool) -> TranslatedSource:
        manifest = read_json(self.output.manifest)
        return TranslatedSource(self.output.path, manifest["examples"], manifest["counts"], kept)


def texts_for(example: ParallelExample, source: str, target: str) -> list[str]:
    """What of an example is to be translated: query, positive, negatives, as far as it has them in ``source``; nothing
    where it has ``target`` already."""
    if target in example.queries or target in example.positives:
        return []
    texts = [by_language[source] for by_language in (example.queries, example.positives) if source in by_language]
    return [*texts, *(negative.text for negative in example.negatives.get(source, ()))] if texts else []


def with_translations(
    example: ParallelExample, source: str, target: str, translations: Sequence["Translation"]
) -> tuple[ParallelExample, "Counter[str]"]:
    """An example with the translations of ``texts_for``, and what became of it."""
    if not translations:
        has = target in example.queries or target in example.positives
        return example, Counter([HAD if has else NOTHING])
    remaining = iter(translations)
    pair = {
        name: next(remaining)
        for name, texts in (("queries", example.queries), ("positives", example.positives)) if source in texts
    }
    if why := next((each.dropped for each in pair.values() if each.dropped), ""):
        return example, Counter([why])
    negatives = [
        (each, Negative(each.text, negative.group))
        for each, negative in zip(remaining, example.negatives.get(source, ()), strict=True)
    ]
    changed: dict[str, Any] = {
        name: {**getattr(example, name), target: each.text} for name, each in pair.items()
    }
    if good := tuple(negative for each, negative in negatives if not each.dropped):
        changed["negatives"] = {**example.negatives, target: good}
    became = Counter([TRANSLATED, *(NEGATIVES for each, _ in negatives if each.dropped)])
    return replace(example, **changed), became
