"""The paper's three settings: means over language pairs, whole and by language (arXiv 2408.10536, section 3).

mono is the mean over the pairs ``q-q``, cross over the pairs of two languages, multi over the pools ``q-all``. The data
set declares which pairs belong to a mean. Where one of them was not evaluated the mean is null, never the mean of the
rest, and a remark says what is missing.

Every pair counts the same in a mean (macro), however many questions it has. ``micro_average`` counts every query the
same; the two differ where pairs have different numbers of questions, as in MLQA-R.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from statistics import fmean

from hybrid_pyserini.languages import resource, script
from hybrid_pyserini.records import ALL, Pair

SETTINGS = ("mono", "cross", "multi")
INTO_PASSAGES = ("mono", "cross")
"""The settings that have a passage language: the pool has none."""

GROUPS: Mapping[str, Callable[[str], str]] = {"script": script, "resource": resource}
"""What else than by language means are taken by: a name, and a language code's group."""

Figures = dict[str, float | None]
"""Measure -> value, None where a mean has a hole."""

Rows = dict[str, dict[str, Figures]]
"""Language, or group of languages -> setting -> measure -> value."""


@dataclass(frozen=True)
class Means:
    """Means over pairs. ``remarks`` says, by the place of a null ('settings.cross'), why it is null."""

    settings: dict[str, Figures]
    by_query_language: Rows
    by_passage_language: Rows
    """Without multi: the pool has no passage language."""
    by_group: dict[str, Rows]
    """``by_query_script``, ``by_passage_script``, and so on for every one of ``GROUPS`` -> its rows."""
    remarks: dict[str, str]


@dataclass(frozen=True)
class QuerySums:
    """What a mean over queries needs of a pair."""

    sums: Mapping[str, float]
    """Measure -> sum of its values over the scored queries."""
    scored: int
    """The number of those queries."""


def average(
    declared: Sequence[Pair], figures: Mapping[Pair, Mapping[str, float]], measures: Sequence[str]
) -> Means:
    """Average the figures of pairs (pair -> measure -> value) over what the data set declares.

    By query language: its own pair, the mean of its cross pairs, its pool. By passage language: its own pair, the mean
    of the cross pairs into it. By a group of languages: the same, over the pairs of all languages of the group.
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

    def rows(place: str, pairs: Sequence[Pair], groups: Iterable[str], settings: Sequence[str]) -> Rows:
        of_group: dict[str, list[Pair]] = {}
        for group, pair in zip(groups, pairs, strict=True):
            of_group.setdefault(group, []).append(pair)
        return {group: by_setting(f"{place}.{group}", chosen, settings) for group, chosen in of_group.items()}

    single = [pair for pair in declared if pair.passage != ALL]
    by_group = {}
    for name, group_of in GROUPS.items():
        queries, passages = [group_of(pair.query) for pair in declared], [group_of(pair.passage) for pair in single]
        for place, pairs, groups, settings in (
            (f"by_query_{name}", declared, queries, SETTINGS), (f"by_passage_{name}", single, passages, INTO_PASSAGES)
        ):
            by_group[place] = dict(sorted(rows(place, pairs, groups, settings).items()))
    return Means(
        settings=by_setting("settings", declared, SETTINGS),
        by_query_language=rows("by_query_language", declared, [pair.query for pair in declared], SETTINGS),
        by_passage_language=rows("by_passage_language", single, [pair.passage for pair in single], INTO_PASSAGES),
        by_group=by_group,
        remarks=remarks,
    )


def micro_average(
    declared: Sequence[Pair], queries: Mapping[Pair, QuerySums], measures: Sequence[str]
) -> tuple[dict[str, Figures], dict[str, str]]:
    """Means of the settings over all queries of all their pairs, and remarks on those that are null.

    Counts too (``NumRet``) are means per query here, while a pair's figure, and so the macro mean, is their sum.
    """
    settings: dict[str, Figures] = {}
    remarks = {}
    for setting in SETTINGS:
        needed = [pair for pair in declared if pair.setting == setting]
        null = why_null(needed, queries)
        if null:
            remarks[f"settings_micro.{setting}"] = null
            settings[setting] = dict.fromkeys(measures)
        else:
            count = sum(queries[pair].scored for pair in needed)
            settings[setting] = {
                measure: fsum(queries[pair].sums[measure] for pair in needed) / count for measure in measures
            }
    return settings, remarks


def language_groups(languages: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """Name of a grouping -> group -> its languages among ``languages``, in their order."""
    chosen = list(languages)
    return {
        name: {
            group: [language for language in chosen if group_of(language) == group]
            for group in sorted(set(map(group_of, chosen)))
        }
        for name, group_of in GROUPS.items()
    }


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
