"""Negatives against a slow reference over all passages, and against sentence-transformers."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from sentence_transformers.util import cos_sim, mine_hard_negatives, pairwise_cos_sim
from small_dense_workspace import SIZES, RealEncoder, TieEncoder, files_below, passages, small_workspace

from hybrid_pyserini.collection import write_collection
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.indexing.indexing import build_index_with
from hybrid_pyserini.mining import language_search
from hybrid_pyserini.mining.language_search import MiningSettings
from hybrid_pyserini.mining.mining import mine_with
from hybrid_pyserini.records import Negative, ParallelExample, Passage
from hybrid_pyserini.training.examples import ExampleStore, build_store
from hybrid_pyserini.workspace import DatasetInfo, Workspace

EXAMPLES = 40


def collection(language: str) -> list[Passage]:
    """Some texts stand twice, under other ids and groups, and with other white space."""
    plain = passages(language)
    again = [
        replace(p, id=f"{p.id}-again", group=f"again{i}", contents=p.contents.replace(" ", "  "))
        for i, p in enumerate(plain[::4])
    ]
    return plain + again


def examples(naming: str) -> list[ParallelExample]:
    """Every mixture of languages, other groups and negatives of their own; positives of two examples are one text."""
    chance = random.Random(11)
    made = []
    for i in range(EXAMPLES):
        asked = chance.sample(["de", "en", "th", "fr"], chance.randint(1, 4))
        answered = chance.sample(["de", "en", "th", "fr"], chance.randint(1, 4))
        right = chance.randrange(9)  # th has nine passages
        own = {
            language: (Negative(f"{language} contents {chance.randrange(9)}", "n1"), Negative("no  passage", "n2"),
                       Negative("no passage", "n3"))
            for language in answered if chance.random() < 0.3
        }
        made.append(ParallelExample(
            id=f"q{i}", group=naming.format(right),
            queries={language: f"{language} query {i}" for language in asked},
            positives={language: f"{language} contents\n{right}" for language in answered},
            negatives=own, other_groups=(naming.format(right + 1),) if chance.random() < 0.5 else (),
        ))
    return made


def prepared(
    root: Path, encoder: TieEncoder, naming: str = "g{}"
) -> tuple[Workspace, DatasetInfo, ExampleStore]:
    """An indexed data set and a store, whose groups have the data set's names or others."""
    workspace, info = small_workspace(root)
    for language in SIZES:
        write_collection(workspace.collection("small", language), collection(language))
    build_index_with(encoder, workspace, info, "m")
    encoder.encoded.clear()
    build_store(workspace.examples("words"), examples(naming))
    return workspace, info, ExampleStore(workspace.examples("words"))


def words(text: str) -> list[str]:
    return text.split()


def score(query: str, passage: str) -> int:
    encoder = TieEncoder()
    pair = zip(encoder.vector("Query: " + query), encoder.vector("Passage: " + passage), strict=True)
    return sum(int(a * b) for a, b in pair)


def names(passage: Passage, store: Sequence[ParallelExample], languages: Sequence[str]) -> set[str]:
    """The groups of a passage: its own, and of every positive that is a passage of that group."""
    alike = [p for language in languages for p in collection(language) if p.group == passage.group]
    return {passage.group} | {
        e.group for e in store for p in alike if words(e.positives.get(p.language, "")) == words(p.contents)
    }


def slow_negatives(
    store: Sequence[ParallelExample], example: ParallelExample, language: str, languages: Sequence[str],
    settings: MiningSettings,
) -> list[str]:
    """From the words of ``mine --help`` alone, over all passages; the texts."""
    query = example.queries.get(language) or example.queries.get("en") or example.queries[sorted(example.queries)[0]]
    ranking = sorted(
        collection(language), key=lambda p: (score(query, p.contents), p.id.encode()), reverse=True
    )[: settings.depth]
    if settings.relative_margin is not None:
        highest = (1 - settings.relative_margin) * score(query, example.positives[language])
        ranking = [p for p in ranking if score(query, p.contents) <= highest]
    answers = {example.group, *example.other_groups}
    said = [words(n.text) for n in example.negatives.get(language, ())]
    chosen: list[str] = []
    for passage in ranking:
        if not names(passage, store, languages) & answers and words(passage.contents) not in said:
            said.append(words(passage.contents))
            chosen.append(passage.contents)
    return chosen[: settings.negatives]


@pytest.mark.parametrize("naming", ["g{}", "question:{}"])
@pytest.mark.parametrize(("settings", "languages"), [
    (MiningSettings(), None),
    (MiningSettings(negatives=1, depth=1), None),
    (MiningSettings(negatives=5, depth=12), ["th", "de"]),
    (MiningSettings(relative_margin=0.0), ["en"]),
    (MiningSettings(negatives=4, relative_margin=0.4), None),
    (MiningSettings(negatives=99, depth=1000, relative_margin=1.0), None),
])
def test_negatives_are_the_slow_references(
    tmp_path: Path, naming: str, settings: MiningSettings, languages: list[str] | None
) -> None:
    encoder = TieEncoder()
    workspace, info, store = prepared(tmp_path, encoder, naming)
    mined = mine_with(encoder, workspace, "hard", store, info, "m", settings, languages=languages)
    searched = [language for language in SIZES if languages is None or language in languages]
    assert mined.languages == tuple(searched)
    assert (mined.folder, mined.examples, mined.kept) == (workspace.examples("hard"), EXAMPLES, False)
    before = list(store)
    after = list(ExampleStore(mined.folder))
    found = 0
    for old, new in zip(before, after, strict=True):
        assert replace(new, negatives=old.negatives) == old
        for language in old.positives:
            own = [n for n in old.negatives.get(language, ()) if n.group != "n3"]  # the text of n2's
            new_ones = new.negatives.get(language, ())
            assert list(new_ones[: len(own)]) == own
            expected = slow_negatives(before, old, language, searched, settings) if language in searched else []
            assert [n.text for n in new_ones[len(own) :]] == expected
            found += len(expected)
    assert found > 0


def test_what_is_another_questions_positive_carries_that_ones_group(tmp_path: Path) -> None:
    """Else the loss would push it away from that question, in a batch with both."""
    for naming in ("g{}", "question:{}"):
        encoder = TieEncoder()
        workspace, info, store = prepared(tmp_path / naming[0], encoder, naming)
        settings = MiningSettings(negatives=99, depth=1000)
        mined = ExampleStore(mine_with(encoder, workspace, "hard", store, info, "m", settings).folder)
        positives = {(k, *words(v)): e.group for e in store for k, v in e.positives.items()}
        groups_of: dict[tuple[str, ...], set[str]] = {}
        for passage in [p for language in SIZES for p in collection(language)]:
            groups_of.setdefault((passage.language, *words(passage.contents)), set()).add(passage.group)
        as_positive = as_none = 0
        for old, new in zip(store, mined, strict=True):
            for language in set(new.negatives) & set(SIZES):
                for negative in new.negatives[language][len(old.negatives.get(language, ())) :]:
                    key = (language, *words(negative.text))
                    if key in positives:
                        assert negative.group == positives[key]
                        as_positive += 1
                    elif int(key[-1]) > 8:  # below, it is a translation of a positive, and of its group as well
                        assert negative.group in groups_of[key]
                        as_none += 1
        assert as_positive > 50
        assert as_none > 50


def test_windows_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = TieEncoder()
    workspace, info, store = prepared(tmp_path, encoder)
    settings = MiningSettings(relative_margin=0.2)
    whole = list(ExampleStore(mine_with(encoder, workspace, "whole", store, info, "m", settings).folder))
    encoder.encoded.clear()
    monkeypatch.setattr(language_search, "_EXAMPLES_A_WINDOW", 7)
    parts = list(ExampleStore(mine_with(encoder, workspace, "parts", store, info, "m", settings).folder))
    assert parts == whole
    assert max(map(len, encoder.encoded)) == 7


class NearPositive(RealEncoder):
    """Queries near their passage."""

    def vector(self, text: str) -> list[float]:
        if text.startswith("Query: "):
            near = np.array(super().vector(text.replace("Query", "Passage").replace("query", "contents")))
            vector = near + 1.3 * np.array(super().vector(text))
            return list(vector / np.linalg.norm(vector))
        return super().vector(text)


class AsSentenceTransformer:
    """As much of a SentenceTransformer as mining needs."""

    device = torch.device("cpu")

    def __init__(self, encoder: NearPositive) -> None:
        self._encoder = encoder

    def encode_query(self, texts: list[str], **_: Any) -> np.ndarray:
        return self._encoder.encode_queries(texts)

    def encode_document(self, texts: list[str], **_: Any) -> np.ndarray:
        return self._encoder.encode_passages(texts)

    similarity, similarity_pairwise = staticmethod(cos_sim), staticmethod(pairwise_cos_sim)


@pytest.mark.parametrize("margin", [None, 0.0, 0.5, 0.7])
def test_sentence_transformers_finds_the_same(tmp_path: Path, margin: float | None) -> None:
    """Its corpus is our collection; no group is the data set's, so that the positive is known by its text alone."""
    workspace, info = small_workspace(tmp_path)
    encoder = NearPositive()
    build_index_with(encoder, workspace, info, "m")
    texts = [passage.contents for passage in passages("de")]
    build_store(workspace.examples("words"), (
        ParallelExample(f"q{i}", f"question:{i}", {"de": f"de query {i}"}, {"de": text}) for i, text in enumerate(texts)
    ))
    store = ExampleStore(workspace.examples("words"))
    settings = MiningSettings(negatives=3, depth=len(texts), relative_margin=margin)
    mined = list(ExampleStore(mine_with(encoder, workspace, "hard", store, info, "m", settings).folder))
    theirs = mine_hard_negatives(
        Dataset.from_dict({"query": [e.queries["de"] for e in store], "positive": texts}),
        AsSentenceTransformer(encoder), corpus=texts, range_max=len(texts) - 1, relative_margin=margin,
        num_negatives=3, output_format="n-tuple", verbose=False,
    )
    expected = {row["query"]: [row[f"negative_{k}"] for k in (1, 2, 3)] for row in theirs}
    ours = {e.queries["de"]: [n.text for n in e.negatives["de"]] for e in mined}
    assert len(expected) == 70
    assert ours == expected


def test_the_manifest_names_the_store_and_the_indexes(tmp_path: Path) -> None:
    encoder = TieEncoder()
    workspace, info, store = prepared(tmp_path, encoder)
    settings = MiningSettings(relative_margin=0.1)
    mined = ExampleStore(mine_with(encoder, workspace, "hard", store, info, "m", settings, languages=["de"]).folder)
    assert set(mined.sources) == {
        "examples/words", "models/m", "indexes/small/m/de", "collections/small/de.jsonl", "negatives", "depth",
        "relative margin",
    }
    assert mined.sources["models/m"] == encoder.fingerprint
    assert (mined.sources["negatives"], mined.sources["depth"], mined.sources["relative margin"]) == ("3", "100", "0.1")


def test_a_store_that_is_there_is_kept(tmp_path: Path) -> None:
    encoder = TieEncoder()
    workspace, info, store = prepared(tmp_path, encoder)
    mine_with(encoder, workspace, "hard", store, info, "m", MiningSettings())
    encoder.encoded.clear()
    before = files_below(tmp_path)
    assert mine_with(encoder, workspace, "hard", store, info, "m", MiningSettings()).kept
    assert encoder.encoded == []
    assert files_below(tmp_path) == before
    assert not any("mining" in name for name in before)  # what was found stood aside, and is gone
    assert not mine_with(encoder, workspace, "hard", store, info, "m", MiningSettings(), overwrite=True).kept


def other_store(workspace: Workspace) -> None:
    build_store(workspace.examples("words"), examples("g{}")[1:])


def other_collection(workspace: Workspace, encoder: TieEncoder, info: DatasetInfo) -> None:
    write_collection(workspace.collection("small", "de"), collection("de")[1:])
    build_index_with(encoder, workspace, info, "m", overwrite=True)


@pytest.mark.parametrize(("changed", "named"), [
    ({"settings": MiningSettings(negatives=2)}, "negatives is '3' there, '2' now"),
    ({"settings": MiningSettings(depth=99)}, "depth is '100' there, '99' now"),
    ({"settings": MiningSettings(relative_margin=0.0)}, "relative margin is 'None' there, '0.0' now"),
    ({"languages": ["de", "th"]}, r"indexes/small/m/en is \w+\.\.\. there, None now"),
    ({"store": True}, r"examples/words is \w+\.\.\. there, \w+\.\.\. now"),
    ({"collection": True}, r"indexes/small/m/de is \w+\.\.\. there, \w+\.\.\. now"),
])
def test_a_store_that_was_made_otherwise_is_refused(tmp_path: Path, changed: dict, named: str) -> None:
    encoder = TieEncoder()
    workspace, info, store = prepared(tmp_path, encoder)
    mine_with(encoder, workspace, "hard", store, info, "m", MiningSettings())
    if changed.get("store"):
        other_store(workspace)
    if changed.get("collection"):
        other_collection(workspace, encoder, info)
    store = ExampleStore(workspace.examples("words"))
    settings, languages = changed.get("settings", MiningSettings()), changed.get("languages")
    before = files_below(tmp_path)
    with pytest.raises(InputError, match=f"examples/hard: a store that was made otherwise .*{named}.*--overwrite"):
        mine_with(encoder, workspace, "hard", store, info, "m", settings, languages=languages)
    assert files_below(tmp_path) == before
    mine_with(encoder, workspace, "hard", store, info, "m", settings, languages=languages, overwrite=True)
    assert mine_with(encoder, workspace, "hard", store, info, "m", settings, languages=languages).kept


def test_a_collection_that_was_changed_since_is_refused(tmp_path: Path) -> None:
    encoder = TieEncoder()
    workspace, info, store = prepared(tmp_path, encoder)
    write_collection(workspace.collection("small", "en"), reversed(collection("en")))
    with pytest.raises(InputError, match=r"small/en\.jsonl: not the collection that was indexed; .*--overwrite"):
        mine_with(encoder, workspace, "hard", store, info, "m", MiningSettings())
    workspace.collection("small", "en").unlink()
    with pytest.raises(InputError, match=r"small/en\.jsonl: not the collection that was indexed"):
        mine_with(encoder, workspace, "hard", store, info, "m", MiningSettings())
    assert encoder.encoded == []


def test_an_interrupted_mining_leaves_nothing(tmp_path: Path) -> None:
    encoder = TieEncoder()
    workspace, info, store = prepared(tmp_path, encoder)
    before = files_below(tmp_path)

    class Interrupted(ExampleStore):
        def __iter__(self) -> Iterator[ParallelExample]:
            yield from list(super().__iter__())[:5]
            if (tmp_path / "examples" / ".hard.mining.partial" / "th.rows").exists():
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mine_with(encoder, workspace, "hard", Interrupted(store.folder), info, "m", MiningSettings())
    assert files_below(tmp_path).keys() == before.keys()


def test_a_language_without_any_is_no_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All nine Thai passages are known to answer."""
    encoder = TieEncoder()
    workspace, info, _ = prepared(tmp_path, encoder)
    known = tuple(passage.group for passage in collection("th"))
    build_store(workspace.examples("words"), [
        ParallelExample("q", "g0", {"en": "?"}, {"de": "de contents 0", "th": "th contents 0"}, other_groups=known)
    ])
    store = ExampleStore(workspace.examples("words"))
    mined = ExampleStore(mine_with(encoder, workspace, "hard", store, info, "m", MiningSettings()).folder)
    assert [len(mined[0].negatives.get(language, ())) for language in ("de", "th")] == [3, 0]
    assert "fewer than 3 new negatives: th 1 of 1; " in capsys.readouterr().err


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize(("harmed", "what"), [("Query: de query", "query"), ("Passage: de contents\n", "positive")])
def test_vectors_that_are_not_finite_are_refused(tmp_path: Path, harmed: str, what: str, value: float) -> None:
    class Broken(TieEncoder):
        def vector(self, text: str) -> list[float]:
            return [value] * 4 if text.startswith(harmed) else super().vector(text)

    encoder = Broken()
    workspace, info, store = prepared(tmp_path, encoder)
    with pytest.raises(InputError, match=f"vector of {what} 'q"):
        mine_with(encoder, workspace, "hard", store, info, "m", MiningSettings(relative_margin=0.5))
    assert not workspace.examples("hard").exists()


@pytest.mark.parametrize(("arguments", "says"), [
    ({"negatives": 0}, "0 negatives; give --negatives 1"),
    ({"negatives": 4, "depth": 3}, "depth of 3 passages for 4 negatives; give --depth"),
    ({"relative_margin": -0.1}, "relative margin of -0.1; give"),
    ({"relative_margin": 1.1}, "relative margin of 1.1"),
    ({"relative_margin": float("nan")}, "relative margin of nan"),
])
def test_settings_that_cannot_be_are_refused(arguments: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        MiningSettings(**arguments)
