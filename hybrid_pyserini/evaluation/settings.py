"""The paper's three settings: means over language pairs, whole and by language (arXiv 2408.10536, section 3).

mono is the mean over the pairs ``q-q``, cross over the pairs of two languages, multi over the pools ``q-all``. The data
set declares which pairs belong to a mean. Where one of them was not evaluated the mean is null, never the mean of the
rest, and a remark says what is missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from hybrid_pyserini.records import ALL, Pair

SETTINGS = ("mono", "cross", "multi")

Figures = dict[str, float | None]
"""Measure -> value, None where a mean has a hole."""


@dataclass(frozen=True)
class Means:
    """Means over pairs. ``remarks`` says, by the place of a null ('settings.cross'), why it is null."""

    settings: dict[str, Figures]
    by_query_language: dict[str, dict[str, Figures]]
    by_passage_language: dict[str, dict[str, Figures]]
    """Without multi: the pool has no passage language."""
    remarks: dict[str, str]


def average(
    declared: Sequence[Pair], figures: Mapping[Pair, Mapping[str, float]], measures: Sequence[str]
) -> Means:
    """Average the figures of pairs (pair -> measure -> value) over what the data set declares.

    By query language: its own pair, the mean of its cross pairs, its pool. By passage language: its own pair, the mean
    of the cross pairs into it.
    """
    remarks: dict[str, str] = {}

    def by_setting(place: str, pairs: Iterable[Pair], settings: Sequence[str]) -> dict[str, Figures]:
        chosen = list(pairs)
        means = {}
        for setting in settings:
            needed = [pair for pair in chosen if pair.setting == setting]
            null = why_null(needed, figures)
            if null:
                remarks[f"{place}.{setting}"] = null
            means[setting] = {
                measure: None if null else fmean(figures[pair][measure] for pair in needed) for measure in measures
            }
        return means

    return Means(
        settings=by_setting("settings", declared, SETTINGS),
        by_query_language={
            language: by_setting(
                f"by_query_language.{language}", (pair for pair in declared if pair.query == language), SETTINGS
            )
            for language in dict.fromkeys(pair.query for pair in declared)
        },
        by_passage_language={
            language: by_setting(
                f"by_passage_language.{language}", (pair for pair in declared if pair.passage == language),
                ("mono", "cross"),
            )
            for language in dict.fromkeys(pair.passage for pair in declared if pair.passage != ALL)
        },
        remarks=remarks,
    )


def why_null(needed: Sequence[Pair], evaluated: Iterable[Pair]) -> str | None:
    """Why a mean over the ``needed`` pairs is null; None where it is not."""
    if not needed:
        return "null: the data set declares no such pair"
    there = set(evaluated)
    missing = [str(pair) for pair in needed if pair not in there]
    if missing:
        some = " ".join(missing[:5]) + (" ..." if len(missing) > 5 else "")
        return f"null: {len(missing)} of {len(needed)} pairs were not given ({some})"
    return None
