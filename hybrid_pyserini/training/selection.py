"""What of the training sources goes into a store: some languages, a share of the examples, a language in a share of
them.

Which examples depends on their ids alone, so that a smaller share is part of a larger one, of any source, on any
machine: what is compared in a study of scale or of scarce languages differs in nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import ParallelExample
from hybrid_pyserini.training.keyed import keyed_fraction
from hybrid_pyserini.workspace import check_language


@dataclass(frozen=True)
class Selection:
    """The default takes everything."""

    languages: Mapping[str, float] = field(default_factory=dict)
    """Language -> the share of the examples that keep it; none: every language, in every example."""
    share: float = 1.0
    """Of the examples."""

    def __post_init__(self) -> None:
        of_languages = {f"--languages {language}": share for language, share in self.languages.items()}
        for what, share in {"--share": self.share, **of_languages}.items():
            if not 0 < share <= 1:
                raise InputError(f"{what}: {share:g} is no share", remedy="give a number above 0, and 1 at most")

    @classmethod
    def parse(cls, languages: Iterable[str], share: float) -> "Selection":
        """``languages`` as they are typed, ``de`` or ``th=0.1``; raises InputError for what is neither."""
        shares: dict[str, float] = {}
        for word in languages:
            language, equals, number = word.partition("=")
            if check_language(language) in shares:
                raise InputError(f"language {language!r} is named twice", remedy="name each once")
            try:
                shares[language] = float(number) if equals else 1.0
            except ValueError:
                raise InputError(
                    f"{word!r}: {number!r} is no number", remedy="write LANGUAGE or LANGUAGE=SHARE, as in th=0.1"
                ) from None
        return cls(shares, share)

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self == Selection()

    def record(self) -> dict[str, Any] | None:
        """As a store's manifest has it; None where nothing is left out."""
        return None if self.everything else asdict(self)

    def of(self, examples: Iterable[ParallelExample]) -> Iterator[ParallelExample]:
        """The selected examples in their order, with the selected languages; one that has no query or no positive left
        is left out.

        Raises InputError, at the end, for a language that was asked for and that no example has.
        """
        missing = set(self.languages)
        for example in examples:
            missing.difference_update(example.queries, example.positives)
            if self.share < 1 and keyed_fraction("share", example.id) >= self.share:
                continue
            if not self.languages:
                yield example
            elif (selected := self._in_languages(example)).queries and selected.positives:
                yield selected
        if missing:
            raise InputError(
                f"no example is in {', '.join(sorted(missing))}", remedy="choose languages that the sources have"
            )

    def _in_languages(self, example: ParallelExample) -> ParallelExample:
        kept = {
            language for language, share in self.languages.items()
            if share == 1 or keyed_fraction("language", language, example.id) < share
        }

        def of(texts: Mapping[str, Any]) -> dict[str, Any]:
            return {language: text for language, text in texts.items() if language in kept}

        return replace(
            example, queries=of(example.queries), positives=of(example.positives), negatives=of(example.negatives)
        )
