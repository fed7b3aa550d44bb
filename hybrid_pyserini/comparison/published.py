"""Figures that others have published for a data set, to stand beside one's own: ``published/<dataset>.json``.

They are means over a language's queries and nothing more, so nothing is tested against them. Each file says of what
they are and where they were read.
"""

from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from hybrid_pyserini.jsonl import read_json

_FOLDER = Path(__file__).parent / "published"


def published(record: Mapping[str, Any]) -> dict[str, Any]:
    """``{"published": ...}`` for a comparison's record (``comparison.py``): ``of``, ``source``, and ``figures``
    (measure -> system -> ``languages``, ``mean``) of the record's measures and of the languages that it has, all within
    a language. Nothing where there are none.

    The mean is over the record's languages; null where the record has none itself, or a language was not published.
    """
    path = _FOLDER / f"{record['dataset']}.json"
    if not path.is_file():
        return {}
    known = read_json(path)
    figures = {
        measure: {system: _of_system(record, measure, of[measure]) for system, of in known["figures"].items()}
        for measure in record["measures"] if all(measure in of for of in known["figures"].values())
    }
    shown = {
        measure: of_systems for measure, of_systems in figures.items()
        if any(value is not None for of in of_systems.values() for value in of["languages"].values())
    }
    return {"published": {"of": known["of"], "source": known["source"], "figures": shown}} if shown else {}


def _of_system(record: Mapping[str, Any], measure: str, of_languages: Mapping[str, float]) -> dict[str, Any]:
    """A system's figures in the record's languages, null where one was not published, and their mean."""
    languages = {
        language: of_languages.get(language) for language, settings in record["by_query_language"].items()
        if measure in settings["mono"]
    }
    values = [value for value in languages.values() if value is not None]
    whole = measure in record["settings"]["mono"] and len(values) == len(languages)
    return {"languages": languages, "mean": fmean(values) if whole else None}
