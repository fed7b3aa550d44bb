"""A comparison as something to read: what stands in the page and in the Markdown, before it is either."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hybrid_pyserini.comparison.comparison import compare
from hybrid_pyserini.comparison.families import RANK_DISTANCE
from hybrid_pyserini.comparison.systems import System
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.evaluation.settings import SETTINGS
from hybrid_pyserini.jsonl import read_json
from hybrid_pyserini.languages import UNKNOWN, script, tag
from hybrid_pyserini.report.bars import distance_picture, same_language_picture
from hybrid_pyserini.report.comparison_notes import comparison_notes
from hybrid_pyserini.report.comparison_tables import comparison_tables, figure_text
from hybrid_pyserini.report.curves import curve_pictures
from hybrid_pyserini.report.heat_maps import HeatMap, difference_heat_maps, system_heat_maps
from hybrid_pyserini.report.picture import Picture
from hybrid_pyserini.report.plots import MOST_MODELS
from hybrid_pyserini.report.pool_figures import pool_tables, same_language
from hybrid_pyserini.report.summary import summary
from hybrid_pyserini.report.table_formats import Cell, Table
from hybrid_pyserini.report.worst_questions import WorstQuestion, worst_questions
from hybrid_pyserini.workspace import DatasetInfo, Workspace


@dataclass(frozen=True)
class Asked:
    """What a report is asked for."""

    systems: Sequence[System]
    measures: Sequence[str] | None = None
    """By ir-measures' names; None: all that the systems were evaluated with."""
    alphas: Mapping[float, str] | None = None
    """alpha -> system, for systems that are a sweep."""
    worst: int = 10
    """How many of the questions that the last system answers worst are shown."""


@dataclass(frozen=True)
class Worst:
    """The worst questions of a model."""

    model: str
    measure: str
    questions: Sequence[WorstQuestion]
    note: str
    """Which of a system's models it is."""

    @property
    def introduction(self) -> str:
        """What is shown, for the page and the Markdown."""
        if not self.questions:
            return f"Nothing stands above the answers of {self.model} in any question that was to be shown."
        return (
            f"The questions with the lowest {self.measure} of {self.model}{self.note}: each in the query language in "
            "which it is lowest, and with the first passages above the highest relevant one that is not at the top. "
            "They may answer the question and not be judged."
        )


@dataclass(frozen=True)
class Report:
    """All that a report shows, in its order."""

    dataset: str
    systems: Sequence[str]
    summary: Sequence[str]
    tables: Sequence[Table]
    notes: Sequence[str]
    heat_maps: Sequence[HeatMap]
    differences: Sequence[HeatMap]
    bias_tables: Sequence[Table]
    bias_pictures: Sequence[Picture]
    curve_table: Table | None
    curves: Sequence[Picture]
    worst: Worst | None
    data: Table
    provenance: Sequence[tuple[str, str]]

    @property
    def pictures(self) -> list[Picture]:
        """All pictures."""
        return [*self.bias_pictures, *self.curves]


def make_report(workspace: Workspace, info: DatasetInfo, asked: Asked) -> Report:
    """Compare the systems, and gather what is to be shown.

    Raises InputError for more than 12 systems, where systems cannot be compared, and for runs, ranks or collections
    that are broken.
    """
    alphas = dict(asked.alphas or {})
    _check_asked(alphas, [system.name for system in asked.systems])
    record = compare(workspace, info, asked.systems, asked.measures)
    evaluations = {
        system.name: [read_json(workspace.evaluation(info.name, model)) for model in system.models]
        for system in asked.systems
    }
    shares = same_language(evaluations)
    pictures = [distance_picture(record), same_language_picture(shares) if shares else None]
    return Report(
        dataset=info.name,
        systems=[system.name for system in asked.systems],
        summary=summary(record),
        tables=comparison_tables(record),
        notes=comparison_notes(record),
        heat_maps=system_heat_maps(record),
        differences=difference_heat_maps(record),
        bias_tables=pool_tables(evaluations),
        bias_pictures=[picture for picture in pictures if picture],
        curve_table=_curve_table(record, alphas) if alphas else None,
        curves=curve_pictures(record, alphas) if alphas else [],
        worst=_worst(workspace, info, asked.systems[-1], record["measures"][0], asked.worst) if asked.worst else None,
        data=_data_table(info),
        provenance=_provenance(info, record, asked),
    )


def _check_asked(alphas: Mapping[float, str], names: Sequence[str]) -> None:
    if len(names) > MOST_MODELS:
        raise InputError(
            f"{len(names)} systems, and a picture holds {MOST_MODELS} at most", remedy="report on fewer at a time"
        )
    for alpha, name in alphas.items():
        if name not in names:
            raise InputError(
                f"--alpha {alpha:g}={name}: no system {name!r} is compared", remedy=f"choose from {', '.join(names)}"
            )


def _worst(workspace: Workspace, info: DatasetInfo, system: System, measure: str, count: int) -> Worst:
    """Of the system's first model."""
    model = system.models[0]
    note = "" if len(system.models) == 1 else f", the first of the {len(system.models)} models of {system.name}"
    return Worst(model, measure, worst_questions(workspace, info, model, measure, count), note)


def _curve_table(record: Mapping[str, Any], alphas: Mapping[float, str]) -> Table:
    measure = record["measures"][0]
    places = [(setting, measure) for setting in SETTINGS] + [("multi", RANK_DISTANCE)]
    rows = []
    for alpha, name in sorted(alphas.items()):
        figures = [record["settings"][setting].get(of, {}).get(name, {"mean": None}) for setting, of in places]
        rows.append([Cell(f"{alpha:g}"), Cell(name), *(
            Cell(figure_text(figure, 1 if of == RANK_DISTANCE else 3, half=True))
            for figure, (_, of) in zip(figures, places, strict=True)
        )])
    return Table(f"{measure} and rank distance over alpha", ["alpha", "system", *SETTINGS, RANK_DISTANCE], rows)


def _data_table(info: DatasetInfo) -> Table:
    """Languages with their names and counts."""
    from babel import Locale

    names = Locale("en").languages
    counted = list(dict.fromkeys(name for counts in info.counts.values() for name in counts))
    rows = []
    for language in info.languages:
        of_language = script(language)
        rows.append([
            Cell(language), Cell(names.get(tag(language).split("-")[0], language)),
            Cell("" if of_language == UNKNOWN else of_language),
            *(Cell(f"{info.counts.get(language, {}).get(name, 0):,}") for name in counted),
        ])
    return Table(f"Languages of {info.name}", ["code", "language", "script", *counted], rows)


def _provenance(info: DatasetInfo, record: Mapping[str, Any], asked: Asked) -> list[tuple[str, str]]:
    """What was compared, from what, by which command and versions."""
    clusters = record["clusters"]
    systems = "; ".join(
        system.name if system.models == (system.name,) else f"{system.name}: {', '.join(system.models)}"
        for system in asked.systems
    )
    depth = {system["name"]: (system["hits"], system["pool_hits"]) for system in record["systems"]}
    made_by = record["made_by"]
    rows = [
        ("Data set", f"{info.name}; {info.origin}" if info.origin else info.name),
        ("Licence", info.licence),
        ("Pairs", f"{len(record['pairs'])} of {len(info.pairs)}, pools included"),
        ("Questions", f"{clusters['questions']:,}, resampled as {clusters['count']:,} {clusters['of']}s"),
        ("Systems", systems),
        ("Measures", " ".join(record["measures"])),
        ("Passages a query", "; ".join(
            f"{name}: {hits}, in the pool {pool_hits}" for name, (hits, pool_hits) in depth.items() if hits
        )),
        ("Intervals and tests", f"{record['method']['interval']}; {record['method']['correction']}'s correction"),
        ("Command", command(info.name, asked)),
        ("Versions", ", ".join(f"{name} {version}" for name, version in made_by["versions"].items())),
        ("Machine", ", ".join(f"{name} {value}" for name, value in made_by["machine"].items() if value is not None)),
    ]
    return [(name, text) for name, text in rows if text]


def command(dataset: str, asked: Asked) -> str:
    """The command that makes the report again, in any workspace with the same evaluations."""
    words = ["hybrid-pyserini", "report", dataset, *(system.typed for system in asked.systems)]
    if asked.measures is not None:
        words += ["--measures", *asked.measures]
    if asked.alphas:
        words += ["--alpha", *(f"{alpha:g}={name}" for alpha, name in asked.alphas.items())]
    if asked.worst != Asked.worst:
        words += ["--worst", str(asked.worst)]
    return shlex.join(words)
