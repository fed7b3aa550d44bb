"""What stands below a comparison's tables: how intervals and tests came about, and what they leave out."""

from collections.abc import Mapping
from typing import Any


def comparison_notes(record: Mapping[str, Any]) -> list[str]:
    """What a reader of the tables must know."""
    clusters, method, remarks = record["clusters"], record["method"], record["remarks"]
    what = "questions" if clusters["of"] == "question" else f"{clusters['of']}s with all their questions"
    notes = [f"{remarks['clusters']}."] if "clusters" in remarks else [
        f"± half of the 95% interval: {clusters['count']} {what}, in all languages and pairs, resampled together "
        f"({method['bootstrap_draws']:,} draws; t with the bootstrap's standard error).",
        "† differs from the best of its column (by query language: of its row): p < .05 by the same t, with Holm's "
        "correction for each two systems: in Table 1; in all that Table 2, or 4, has of a measure; in all of Table 3.",
    ]
    notes.append(
        "Differences: p by the same t, none where all differ by the same; randomisation swaps whole clusters, "
        "corrected too, and is not made where a system has several seeds; d_z is over questions; w-t-l: language pairs "
        "won, tied and lost; signif.: won and lost by a t-test over the pair's queries, with Holm's correction for all "
        "pairs, which takes questions for independent, and says nothing of seeds. Rank distance: the smaller is the "
        "better."
    )
    if others := record.get("published"):
        notes.append(
            f"Published: {others['of']}, from {others['source']}; not made here and not tested, and to be set beside "
            "ours only where topics, judgements and passages are the same, in full."
        )
    single = [place.removeprefix("systems.") for place in remarks if place.startswith("systems.")]
    if single:
        notes.append(f"{', '.join(single)}: one model each, so nothing is said about other seeds.")
    return notes + [
        f"{place.replace('_', ' ').replace('.', ' of ', 1)}: {remark}." for place, remark in remarks.items()
        if place == "measures" or place.startswith(("settings.", "rank_distance.", "by_group."))
    ]
