"""A small hand-written data set, and an encoder whose exact integer vectors give many equal scores."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hybrid_pyserini.collection import write_collection
from hybrid_pyserini.encoder.checkpoint import EncoderSettings
from hybrid_pyserini.records import ALL, Pair, Passage
from hybrid_pyserini.trec import write_qrels, write_topics
from hybrid_pyserini.workspace import DatasetInfo, Workspace

SIZES = {"de": 70, "en": 81, "th": 9}
"""Passages by language: more than one window of the encoder at batch size 1, and fewer than the hits asked for."""
QUERIES = 40


def digits(text: str, count: int) -> list[int]:
    """Whole numbers from -1 to 1, decided by the text."""
    return [byte % 3 - 1 for byte in hashlib.sha256(text.encode()).digest()[:count]]


@dataclass
class TieEncoder:
    """Vectors of four small whole numbers: scores are exact in float32 and in Python, from -4 to 4."""

    fingerprint: str = "a" * 64
    dtype: str = "fp32"
    settings: EncoderSettings = field(default_factory=EncoderSettings)
    dimension: int = 4
    encoded: list[list[str]] = field(default_factory=list)
    """The texts of every call."""

    def vector(self, text: str) -> list[float]:
        return [float(digit) for digit in digits(text, self.dimension)]

    def _encode(self, texts: Sequence[str]) -> np.ndarray:
        self.encoded.append(list(texts))
        return np.array([self.vector(text) for text in texts], dtype=np.float32)

    def encode_queries(self, texts: Sequence[str], *, chunk_tokens: int | None = None) -> np.ndarray:
        return self._encode([self.settings.query_prompt + text for text in texts])

    def encode_passages(self, texts: Sequence[str], *, chunk_tokens: int | None = None) -> np.ndarray:
        return self._encode(self.tokenize_passages(texts))

    def tokenize_passages(self, texts: Sequence[str]) -> list[str]:
        """The texts themselves stand for their tokens."""
        return [self.settings.document_prompt + text for text in texts]

    def embed(
        self, token_ids: Sequence[str], chunk_tokens: int | None = None
    ) -> Iterator[tuple[list[int], np.ndarray]]:
        """Every second text, and then the others."""
        vectors = self._encode(token_ids)
        for rows in (list(range(1, len(token_ids), 2)), list(range(0, len(token_ids), 2))):
            yield rows, vectors[rows]


class RealEncoder(TieEncoder):
    """Unit vectors of 48 real numbers, whose scores depend on the order of summation in their last bits."""

    def __init__(self) -> None:
        super().__init__(dimension=48)

    def vector(self, text: str) -> list[float]:
        chance = np.random.default_rng(list(text.encode()))
        vector = chance.standard_normal(self.dimension)
        return list(vector / np.linalg.norm(vector))


def passages(language: str) -> list[Passage]:
    """Passages whose ids' order as UTF-8 bytes is neither the file's nor the numbers'."""
    marks = ["", "a", "Z", "ä", "河", "😀"]
    return [
        Passage(id=f"{language}:{marks[i % 6]}{i}", text=f"text {i}", contents=f"{language} contents {i}", title="",
                group=f"g{i}", language=language)
        for i in range(SIZES[language])
    ]


def qrels(language: str) -> dict[str, dict[str, int]]:
    """Two relevant passages for every query but the last, and one that is judged not to be."""
    ids = [passage.id for passage in passages(language)]
    return {
        f"q{i}": {ids[i % len(ids)]: 1, ids[(i + 3) % len(ids)]: 2, ids[(i + 5) % len(ids)]: 0}
        for i in range(QUERIES - 1)
    }


def small_workspace(root: Path, *, pool: bool = True) -> tuple[Workspace, DatasetInfo]:
    """Three languages, every pair, and the pool if wanted, as ``prepare`` would leave them."""
    workspace = Workspace(root)
    pairs = [Pair(q, p) for q in SIZES for p in (*SIZES, *([ALL] if pool else []))]
    info = DatasetInfo(name="small", languages=tuple(SIZES), pairs=tuple(pairs))
    info.write(workspace.dataset_file("small"))
    union: dict[str, dict[str, int]] = {}
    for language in SIZES:
        write_collection(workspace.collection("small", language), passages(language))
        write_topics(workspace.topics("small", language), {f"q{i}": f"{language} query {i}" for i in range(QUERIES)})
        write_qrels(workspace.qrels("small", language), qrels(language))
        for query_id, judged in qrels(language).items():
            union.setdefault(query_id, {}).update(judged)
    write_qrels(workspace.qrels("small", ALL), union)
    return workspace, info


def files_below(folder: Path) -> dict[str, int]:
    """Every file and folder, hidden ones too -> when it was written, in nanoseconds."""
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*")}
