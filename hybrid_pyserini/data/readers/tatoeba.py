"""Tatoeba's bitext as LASER published it (arXiv 1812.10464) and XTREME and MTEB use it: find a sentence's translation.

Line i of ``tatoeba.<xxx>-eng.<xxx>`` translates line i of ``tatoeba.<xxx>-eng.eng``, ``xxx`` being a code of ISO
639-3; at most 1,000 lines a language. Each language has English sentences of its own, and the published figure,
accuracy, searches those of its own file only. So the English sides are kept apart, each as a language of its own:
``en_de`` is the English of the German file, and the scored pairs are ``de-en_de`` and ``en_de-de``. There is no pool.
Accuracy is R@1.

A query is a line, ``deu-17`` in both languages, and has one relevant passage: the other side of its line. Equal
sentences of one side are one passage, so that neither of two equal ones is wrong.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from babel.core import get_global

from hybrid_pyserini import languages
from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.formats.source_files import required
from hybrid_pyserini.data.passage_groups import group_questions
from hybrid_pyserini.data.text import check_text
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_lines
from hybrid_pyserini.records import Pair, Passage, Qrels, Topics

ORIGIN = "https://github.com/facebookresearch/LASER/tree/main/data/tatoeba/v1"
LICENCE = "CC BY 2.0"

LINES = {
    "ara": 1000, "ben": 1000, "cmn": 1000, "deu": 1000, "ell": 1000, "fin": 1000, "fra": 1000, "hin": 1000, "ind": 1000,
    "jpn": 1000, "kor": 1000, "pes": 1000, "rus": 1000, "spa": 1000, "swh": 390, "tel": 234, "tha": 548, "tur": 1000,
    "vie": 1000,
}
"""Language -> number of lines, as published, for those whose files were looked at."""

_FILE = re.compile(r"tatoeba\.([a-z]{3})-eng\.(eng|\1)")


@dataclass(frozen=True)
class _Side:
    """One of the two files of a language."""

    language: str
    """As in the workspace: ``de``, ``en_de``."""
    iso: str
    """The language of the pair, not of the side: ``deu``."""
    sentences: list[str]

    @property
    def topics(self) -> Topics:
        return {f"{self.iso}-{line}": sentence for line, sentence in enumerate(self.sentences, start=1)}

    @property
    def docids(self) -> dict[str, str]:
        """Sentence -> passage id, in file order; the first of equal sentences gives the number."""
        docids: dict[str, str] = {}
        for line, sentence in enumerate(self.sentences, start=1):
            docids.setdefault(sentence, f"{self.language}:{line}")
        return docids

    @property
    def qrels(self) -> Qrels:
        docids = self.docids
        return {query_id: {docids[sentence]: 1} for query_id, sentence in self.topics.items()}

    def passages(self, groups: Mapping[str, str]) -> list[Passage]:
        """``groups``: query id -> passage group."""
        asked = {docid: query_id for query_id, judged in self.qrels.items() for docid in judged}
        return [
            Passage(docid, sentence, sentence, "", f"tatoeba:{groups[asked[docid]]}", self.language)
            for sentence, docid in self.docids.items()
        ]


def files(source: Path) -> dict[str, Path]:
    """Both files of every language that is there; raises InputError where one of the two is missing, and for none."""
    return {path.name: path for iso in _languages(source) for path in _paths(source, iso)}


def read(source: Path, name: str) -> PreparedDataset:
    """Read the languages that are there; raises InputError, with file and line, for whatever is wrong in one."""
    sides: dict[str, _Side] = {}
    passages: dict[str, list[Passage]] = {}
    pairs: list[Pair] = []
    for iso in _languages(source):
        one, english = both = _read_sides(source, iso)
        pairs += [Pair(one.language, english.language), Pair(english.language, one.language)]
        judged = [(id_, docid) for side in both for id_, relevant in side.qrels.items() for docid in relevant]
        groups = group_questions(judged)
        sides |= {side.language: side for side in both}
        passages |= {side.language: side.passages(groups) for side in both}
    return PreparedDataset(
        name=name,
        passages=passages,
        topics={language: side.topics for language, side in sides.items()},
        qrels={language: side.qrels for language, side in sides.items()},
        pairs=tuple(pairs),
        origin=ORIGIN,
        licence=LICENCE,
        notes={
            "sentences_equal_to_an_earlier_one_of_their_file": sum(
                len(side.sentences) - len(passages[language]) for language, side in sides.items()
            ),
        },
    )


def code(iso: str) -> str:
    """The code of a language in a workspace: that of ISO 639-1 where there is one, else ISO 639-3's as it is."""
    known = languages.short(iso)
    alias = get_global("language_aliases").get(known, known)
    return alias if known == iso and len(alias) == 2 else known


def _languages(source: Path) -> list[str]:
    """The languages of which the folder has a file, sorted."""
    matches = map(_FILE.fullmatch, sorted(path.name for path in source.iterdir()))
    found = list(dict.fromkeys(match[1] for match in matches if match))
    if not found:
        raise InputError(
            "no tatoeba.<xxx>-eng.<xxx> and tatoeba.<xxx>-eng.eng here", remedy=f"take them from {ORIGIN}", path=source
        )
    for path in (path for iso in found for path in _paths(source, iso)):
        required(path, f"a language has two: take both from {ORIGIN}")
    return found


def _paths(source: Path, iso: str) -> tuple[Path, Path]:
    """The file of a language and that of its English side."""
    return source / f"tatoeba.{iso}-eng.{iso}", source / f"tatoeba.{iso}-eng.eng"


def _read_sides(source: Path, iso: str) -> tuple[_Side, _Side]:
    paths = _paths(source, iso)
    sides = [
        [check_text(text, "the sentence", path, line).strip() for line, text in read_lines(path)] for path in paths
    ]
    if len(sides[0]) != len(sides[1]):
        shorter, longer = sorted(zip(map(len, sides), paths, strict=True))
        raise InputError(
            f"ends after {shorter[0]} lines, where {longer[1].name} has {longer[0]}",
            remedy=f"take both files from {ORIGIN}", path=shorter[1], line=shorter[0],
        )
    if not sides[0]:
        raise InputError("no sentences in the file", remedy=f"take it from {ORIGIN}", path=paths[0])
    if len(sides[0]) != LINES.get(iso, len(sides[0])):
        raise InputError(
            f"{len(sides[0])} lines, where the published file has {LINES[iso]}", remedy=f"take it from {ORIGIN}",
            path=paths[0],
        )
    language = code(iso)
    return _Side(language, iso, sides[0]), _Side(f"en_{language}", iso, sides[1])
