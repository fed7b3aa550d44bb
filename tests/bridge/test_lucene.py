"""Lucene behind BM25: hand-worked scores, ties, tokens that look like query syntax, and what an index drops."""

import math
from pathlib import Path

import numpy as np
import pytest

from hybrid_pyserini.bridge.lucene import LuceneAnalyzer, LuceneIndex, Matches, write_index
from hybrid_pyserini.errors import InputError

pytestmark = pytest.mark.java
PASSAGES = {"a": "red fox red", "b": "fox", "c": "blue sky over sea", "d": "fox"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("indexes") / "colours"
    assert write_index(folder, ((docid, text.split()) for docid, text in PASSAGES.items())) == 4
    return folder


@pytest.fixture(scope="module")
def index(folder: Path) -> LuceneIndex:
    return LuceneIndex(folder, k1=0.9, b=0.4)


def scores(index: LuceneIndex, matches: Matches) -> dict[str, float]:
    return {index.docids[n]: float(s) for n, s in zip(matches.numbers, matches.scores, strict=True)}


def bm25(query: str, passage: str, k1: float, b: float) -> float:
    """Lucene's formula: idf = ln(1 + (N - df + .5) / (df + .5)), tf / (tf + k1 (1 - b + b dl / avgdl))."""
    texts = [text.split() for text in PASSAGES.values()]
    tokens, average = PASSAGES[passage].split(), sum(map(len, texts)) / len(texts)
    score = 0.0
    for token in filter(tokens.__contains__, query.split()):
        frequency, documents = tokens.count(token), sum(token in text for text in texts)
        idf = math.log(1 + (len(texts) - documents + 0.5) / (documents + 0.5))
        score += idf * frequency / (frequency + k1 * (1 - b + b * len(tokens) / average))
    return score


def test_a_score_worked_by_hand(index: LuceneIndex) -> None:
    """N 4, df 1, tf 2, dl 3, avgdl 9/4: ln(1 + 3.5 / 1.5) * 2 / (2 + .9 * (.6 + .4 * 3 / 2.25)) = 1.2039728 * 2 / 3.02.
    """
    assert bm25("red", "a", 0.9, 0.4) == pytest.approx(0.7973329)
    assert scores(index, index.search(["red"], 10)) == {"a": pytest.approx(0.7973329, abs=1e-6)}


@pytest.mark.parametrize(("k1", "b"), [(0.9, 0.4), (1.2, 0.75), (0.0, 0.0)])
@pytest.mark.parametrize("query", ["red fox", "fox", "fox fox sea", "sky blue red fox sea over"])
def test_scores_are_the_formulas(folder: Path, query: str, k1: float, b: float) -> None:
    """A token that occurs twice in the query counts twice."""
    index = LuceneIndex(folder, k1=k1, b=b)
    expected = {docid: score for docid in PASSAGES if (score := bm25(query, docid, k1, b)) > 0}
    assert scores(index, index.search(query.split(), 10)) == pytest.approx(expected, abs=1e-6)
    index.close()


def test_hits_come_best_first_and_as_float32(index: LuceneIndex) -> None:
    matches = index.search(["fox", "red"], 10)
    assert [index.docids[number] for number in matches.numbers] == ["a", "b", "d"]
    assert matches.scores.dtype == np.float32
    assert matches.numbers.dtype == np.int64


def test_all_that_tie_at_the_cut_come_along(tmp_path: Path) -> None:
    """Of the best two, any of the five equal ones could be the second."""
    passages = {"best": ["fox", "red"], **{f"equal{number}": ["fox", "sky"] for number in range(5)}, "none": ["sea"]}
    write_index(tmp_path / "i", passages.items())
    index = LuceneIndex(tmp_path / "i", k1=0.9, b=0.4)
    assert set(scores(index, index.search(["fox", "red"], 2))) == {"best", *(f"equal{number}" for number in range(5))}
    assert "best" in scores(index, index.search(["fox", "red"], 1))
    assert len(index.search(["fox", "red"], 1).numbers) == 2


def test_syntax_blanks_and_rare_characters_are_only_text(tmp_path: Path) -> None:
    texts = {"1": ["fox", "AND", "*:*"], "2": ["\U0001f98a", "c++"], "3": ["(", '"', "^2", "field:x"], "4": ["𒀀"]}
    write_index(tmp_path / "i", texts.items())
    index = LuceneIndex(tmp_path / "i", k1=0.9, b=0.4)
    for docid, tokens in texts.items():
        for token in tokens:
            assert set(scores(index, index.search([token], 9))) == {docid}
    assert not scores(index, index.search(["*", "OR", "contents:fox"], 9))


def test_no_tokens_and_no_passages_give_no_hits(index: LuceneIndex, tmp_path: Path) -> None:
    assert not scores(index, index.search([], 9))
    assert not scores(index, index.search(["green"], 9))
    assert write_index(tmp_path / "empty", []) == 0
    empty = LuceneIndex(tmp_path / "empty", k1=0.9, b=0.4)
    assert not scores(empty, empty.search(["fox"], 9))


def test_a_query_may_be_longer_than_lucenes_default_limit(index: LuceneIndex) -> None:
    tokens = [f"word{number}" for number in range(1500)] + ["sea"]
    assert set(scores(index, index.search(tokens, 9))) == {"c"}


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_many_queries_at_once_are_many_single_ones(index: LuceneIndex, threads: int) -> None:
    queries = [["red"], [], ["fox"], ["sea", "fox"], ["sky"], ["none"], ["over", "red"]]
    together = index.search_all(queries, 3, threads)
    for query, matches in zip(queries, together, strict=True):
        assert scores(index, matches) == scores(index, index.search(query, 3))


def test_a_passage_without_a_token_is_not_in_the_index(tmp_path: Path) -> None:
    assert write_index(tmp_path / "i", [("1", ["fox"]), ("2", []), ("3", ["sky"])]) == 2
    assert LuceneIndex(tmp_path / "i", k1=0.9, b=0.4).docids == ["1", "3"]


def test_a_relative_path_means_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Java's own is that of its start."""
    monkeypatch.chdir(tmp_path)
    write_index(Path("here"), [("1", ["fox"])])
    assert (tmp_path / "here").is_dir()
    assert LuceneIndex(Path("here"), k1=0.9, b=0.4).docids == ["1"]


def test_a_folder_that_is_no_index_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not an index that Lucene can open.*--overwrite"):
        LuceneIndex(tmp_path, k1=0.9, b=0.4)


def test_pyserinis_own_analyzers_give_the_same_tokens(index: LuceneIndex) -> None:
    from pyserini.analysis import Analyzer, get_lucene_analyzer

    text = "Running foxes' 3.5 km: die Häuser liefen über Brücken."
    for language, name in (("en", "io.anserini.analysis.DefaultEnglishAnalyzer"),
                           ("de", "org.apache.lucene.analysis.de.GermanAnalyzer")):
        assert LuceneAnalyzer(name)(text) == Analyzer(get_lucene_analyzer(language)).analyze(text)
