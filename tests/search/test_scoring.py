"""Rankings and ranks over many blocks of queries and tiles of passages, against whole numbers and against one tile."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import ALL
from hybrid_pyserini.search import scoring
from hybrid_pyserini.search.scoring import Passages, Queries, Rankings

SIZES = {"de": 23, "en": 5, "th": 64}
DIMENSION = 6


@dataclass
class Encoded:
    language: str
    docids: list[str]
    vectors: np.ndarray


def draw(*shape: int, whole: bool, seed: int) -> np.ndarray:
    """Small whole numbers, whose scores are exact and mostly tie, or real ones."""
    chance = np.random.default_rng(seed)
    values = chance.integers(-1, 2, shape) if whole else chance.standard_normal(shape)
    return values.astype(np.float32)


def collections(whole: bool = True) -> list[Encoded]:
    """Ids whose order as UTF-8 bytes is neither the columns' nor the numbers'."""
    return [
        Encoded(language, [f"{'aäZ河😀'[i % 5]}{i}{language}" for i in range(size)],
                draw(size, DIMENSION, whole=whole, seed=size))
        for language, size in SIZES.items()
    ]


def queries(count: int, whole: bool = True) -> Queries:
    return Queries([f"q{i}" for i in range(count)], draw(count, DIMENSION, whole=whole, seed=count))


def relevant(asked: Queries, languages: Sequence[str]) -> dict[str, list[str]]:
    """Some passages of every language for each query but each third one, the same for none."""
    docids = [docid for each in collections() if each.language in languages for docid in each.docids]
    return {query_id: docids[i % 7 :: 11] for i, query_id in enumerate(asked.ids) if i % 3}


def slow_ranking(vector: np.ndarray, languages: Sequence[str]) -> list[tuple[str, int]]:
    """Every passage with its score, in trec_eval's order."""
    scores = {
        docid: sum(int(a) * int(b) for a, b in zip(vector, passage, strict=True))
        for each in collections() if each.language in languages
        for docid, passage in zip(each.docids, each.vectors, strict=True)
    }
    return sorted(scores.items(), key=lambda scored: (scored[1], scored[0].encode()), reverse=True)


def languages_of(ranking: str) -> list[str]:
    return list(SIZES) if ranking == ALL else [ranking]


@pytest.fixture(params=[(1, 1), (3, 5), (7, 23), (512, 32768)], ids=lambda shape: f"{shape[0]}x{shape[1]}")
def tile(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "_QUERIES_A_BLOCK", request.param[0])
    monkeypatch.setattr(scoring, "_PASSAGES_A_TILE", request.param[1])


@pytest.mark.parametrize("hits", [1, 4, 30, 1000])
def test_rankings_and_ranks_are_the_slow_ones(tile: None, hits: int) -> None:
    asked, passages = queries(15), Passages(collections())
    blocks = list(passages.search(asked, {"en": hits, ALL: hits, "th": 2}, wanted := relevant(asked, list(SIZES))))
    assert [query_id for block in blocks for query_id in block.ids] == asked.ids
    for ranking, depth in (("en", hits), (ALL, hits), ("th", 2)):
        found = [hits for block in blocks for hits in zip(*passages.hits(block.best[ranking]), strict=True)]
        for vector, (docids, scores) in zip(asked.vectors, found, strict=True):
            expected = slow_ranking(vector, languages_of(ranking))[:depth]
            assert [(docid.decode(), score) for docid, score in zip(docids, scores, strict=True)] == expected
    ranked = [(r.query_id, r.docid, r.rank, r.score, r.size) for block in blocks for r in block.ranked]
    assert ranked == [
        (query_id, docid, places.index(docid) + 1, dict(ranking)[docid], 92)
        for query_id, vector in zip(asked.ids, asked.vectors, strict=True)
        for ranking in [slow_ranking(vector, list(SIZES))] for places in [[docid for docid, _ in ranking]]
        for docid in wanted.get(query_id, [])
    ]


def test_ranks_of_languages_and_the_pool_are_the_slow_ones(tile: None) -> None:
    asked, passages = queries(15), Passages(collections())
    wanted = {ranking: relevant(asked, languages_of(ranking)) for ranking in ("th", ALL, "en")}
    found = passages.relevant_ranks(asked, wanted)
    for ranking, of_queries in wanted.items():
        for query_id, vector in zip(asked.ids, asked.vectors, strict=True):
            places = [docid for docid, _ in slow_ranking(vector, languages_of(ranking))]
            expected = [places.index(docid) + 1 for docid in of_queries.get(query_id, [])]
            assert found[ranking].get(query_id, np.array([])).tolist() == expected
    alone = passages.relevant_ranks(asked, {"en": wanted["en"]})["en"]
    assert {query_id: ranks.tolist() for query_id, ranks in alone.items()} == {
        query_id: ranks.tolist() for query_id, ranks in found["en"].items()
    }


def test_no_bit_depends_on_what_else_is_searched() -> None:
    asked = queries(700, whole=False)
    encoded = [
        Encoded(each.language, [f"{i}{each.language}" for i in range(1000 * len(each.docids))],
                draw(1000 * len(each.docids), DIMENSION, whole=False, seed=4))
        for each in collections()
    ]
    together = list(Passages(encoded).search(asked, dict.fromkeys([*SIZES, ALL], 50)))
    for each in encoded:
        alone = Passages([each])
        for block, part in zip(together, alone.search(asked, {each.language: 50}), strict=True):
            assert key_pairs(alone, part, each.language) == key_pairs(Passages(encoded), block, each.language)


def key_pairs(passages: Passages, block: Rankings, ranking: str) -> tuple[list[list[bytes]], list[list[float]]]:
    return passages.hits(block.best[ranking])


def test_a_passage_in_the_run_has_its_place_there_as_rank(tile: None) -> None:
    """Its score, computed twice, is the same to the last bit."""
    asked, passages = queries(40, whole=False), Passages(collections(whole=False))
    for block in passages.search(asked, {ALL: 92}, relevant(asked, list(SIZES))):
        docids, scores = passages.hits(block.best[ALL])
        for r in block.ranked:
            row = block.ids.index(r.query_id)
            assert (docids[row][r.rank - 1].decode(), scores[row][r.rank - 1]) == (r.docid, r.score)


def test_an_overflow_is_an_error_whichever_way_it_goes() -> None:
    for value in (3e38, -3e38):
        asked = Queries(["q"], np.full((1, DIMENSION), value, np.float32))
        passages = Passages([Encoded("de", ["a", "b"], np.full((2, DIMENSION), 2, np.float32))])
        with pytest.raises(InputError, match="a score of finite vectors is infinite"):
            list(passages.search(asked, {"de": 1}))


def test_memory_is_that_of_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rankings are yielded before the next block is scored."""
    monkeypatch.setattr(scoring, "_QUERIES_A_BLOCK", 4)
    asked, passages = queries(15), Passages(collections())
    scored: list[int] = []
    tiles = passages._tiles
    monkeypatch.setattr(passages, "_tiles", lambda block, languages: (scored.append(1), tiles(block, languages))[1])
    search = passages.search(asked, {"de": 3})
    assert scored == []
    for number in range(1, 5):
        next(search)
        assert len(scored) == 2 * number  # the second time nothing is wanted
