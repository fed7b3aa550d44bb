"""Tatoeba: both directions, each over the sentences of its own files, as XTREME and LASER count accuracy."""

import json
from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from hybrid_pyserini.cli import main
from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.readers import tatoeba
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair
from hybrid_pyserini.trec import read_qrels
from hybrid_pyserini.workspace import Workspace

LINES = {
    "ces-eng.ces": ["Kde je Tom?", "Prší.", "Mám hlad.", "Prší.", "To je Tomův pes."],
    "ces-eng.eng": ["Where's Tom?", "It's raining.", "I'm hungry.", "It is raining.", "It's Tom's dog."],
    "kab-eng.kab": ["Azul.", "Ṛuḥ!", "Azul\u2028a gma.", "Ddu!"],
    "kab-eng.eng": ["Hello.", "Go!", "Hello,\tbrother.", "Go!"],
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two languages in the published form, one of them without a code of two letters; CRLF, a byte order mark, a tab, a
    line separator inside a sentence, equal sentences, and a file that is no data."""
    folder = tmp_path / "tatoeba"
    folder.mkdir()
    for name, lines in LINES.items():
        (folder / f"tatoeba.{name}").write_bytes("".join(f"{line}\n" for line in lines).encode())
    path = folder / "tatoeba.kab-eng.eng"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    (folder / "README.md").touch()
    return folder


@pytest.fixture
def dataset(source: Path) -> PreparedDataset:
    return tatoeba.read(source, "tatoeba")


def test_each_language_has_an_english_side_of_its_own_and_is_scored_both_ways(dataset: PreparedDataset) -> None:
    assert [str(pair) for pair in dataset.pairs] == ["cs-en_cs", "en_cs-cs", "kab-en_kab", "en_kab-kab"]
    assert {pair.setting for pair in dataset.pairs} == {"cross"} and not dataset.pool
    assert list(dataset.passages) == list(dataset.topics) == list(dataset.qrels) == ["cs", "en_cs", "kab", "en_kab"]
    assert list(dataset.topics["kab"].items()) == [
        ("kab-1", "Azul."), ("kab-2", "Ṛuḥ!"), ("kab-3", "Azul\u2028a gma."), ("kab-4", "Ddu!"),
    ]
    assert list(dataset.topics["en_kab"].values()) == ["Hello.", "Go!", "Hello,\tbrother.", "Go!"]


def test_equal_sentences_are_one_passage_and_every_line_has_one_relevant(dataset: PreparedDataset) -> None:
    assert [passage.id for passage in dataset.passages["cs"]] == ["cs:1", "cs:2", "cs:3", "cs:5"]
    assert dataset.qrels["cs"] == {
        "ces-1": {"cs:1": 1}, "ces-2": {"cs:2": 1}, "ces-3": {"cs:3": 1}, "ces-4": {"cs:2": 1}, "ces-5": {"cs:5": 1},
    }
    assert dataset.qrels["en_cs"] == {f"ces-{line}": {f"en_cs:{line}": 1} for line in range(1, 6)}
    assert dataset.qrels["en_kab"]["kab-4"] == {"en_kab:2": 1}
    assert dataset.notes["sentences_equal_to_an_earlier_one_of_their_file"] == 2


def test_groups_join_translations_through_equal_sentences(dataset: PreparedDataset) -> None:
    group = {passage.id: passage.group for passages in dataset.passages.values() for passage in passages}
    assert group["cs:2"] == group["en_cs:2"] == group["en_cs:4"] == "tatoeba:ces-2"
    assert group["kab:2"] == group["kab:4"] == group["en_kab:2"] == "tatoeba:kab-2"
    assert group["cs:5"] == group["en_cs:5"] == "tatoeba:ces-5"
    assert len(set(group.values())) == 7


def test_the_mean_is_xtremes_accuracy(
    source: Path, tmp_path: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """XTREME and LASER (``similarity_search``) look up each sentence's nearest neighbour among the other file's lines,
    and count those whose line is its own. Here with sentence-transformers' vectors and faiss; Czech English has no
    equal sentences, so nothing differs."""
    workspace, where = Workspace(tmp_path / "w"), ["--workspace", str(tmp_path / "w")]
    assert main(["prepare", "tatoeba", "--source", str(source), *where]) == 0
    for command in ("index", "search", "evaluate"):
        assert main([command, "tatoeba", "--model", str(tiny_checkpoint), *where]) == 0, capsys.readouterr().err
    record = json.loads(workspace.evaluation("tatoeba", tiny_checkpoint.name).read_text())
    model = SentenceTransformer(str(tiny_checkpoint), device="cpu")
    passages, queries = model.encode_document(LINES["ces-eng.eng"]), model.encode_query(LINES["ces-eng.ces"])
    index = faiss.IndexFlatL2(passages.shape[1])
    index.add(passages)
    nearest = index.search(queries, 1)[1][:, 0]
    assert record["pairs"]["cs-en_cs"]["R@1"] == pytest.approx(np.mean(nearest == np.arange(5)))
    assert {pair: counts["scored"] for pair, counts in record["queries"].items()} == {
        "cs-en_cs": 5, "en_cs-cs": 5, "kab-en_kab": 4, "en_kab-kab": 4,
    }
    assert record["settings"]["cross"]["R@1"] == pytest.approx(
        np.mean([figures["R@1"] for figures in record["pairs"].values()])
    )
    assert record["settings"]["mono"]["R@1"] is None
    assert not (workspace.root / "indexes/tatoeba" / tiny_checkpoint.name / "all").exists()


@pytest.mark.parametrize(("iso", "expected"), [
    ("deu", "de"), ("cmn", "zh"), ("ara", "ar"), ("pes", "fa"), ("swh", "sw"), ("nob", "no"), ("tgl", "tl"),
    ("epo", "eo"), ("hye", "hy"), ("kab", "kab"), ("kzj", "kzj"), ("ceb", "ceb"), ("arz", "arz"),
])
def test_codes(iso: str, expected: str) -> None:
    assert tatoeba.code(iso) == expected


def test_no_two_of_lasers_languages_have_one_code() -> None:
    published = (
        "afr amh ang ara arq arz ast awa aze bel ben ber bos bre bul cat cbk ceb ces cha cmn cor csb cym dan "
        "deu dsb dtp ell epo est eus fao fin fra fry gla gle glg gsw heb hin hrv hsb hun hye ido ile ina ind "
        "isl ita jav jpn kab kat kaz khm kor kur kzj lat lfn lit lvs mal mar max mhr mkd mon nds nld nno nob "
        "nov oci orv pam pes pms pol por ron rus slk slv spa sqi srp swe swg swh tam tat tel tgl tha tuk tur "
        "tzl uig ukr urd uzb vie war wuu xho yid yue zsm "
    ).split()
    assert len({tatoeba.code(iso) for iso in published}) == len(published) == 112


@pytest.mark.parametrize(("damage", "found"), [
    (lambda s: (s / "tatoeba.ces-eng.eng").unlink(), "tatoeba.ces-eng.eng: no such file; a language has two"),
    (lambda s: (s / "tatoeba.kab-eng.kab").unlink(), "tatoeba.kab-eng.kab: no such file; a language has two"),
    (lambda s: (s / "tatoeba.ces-eng.ces").write_text("Kde je Tom?\nPrší.\n"),
     "tatoeba.ces-eng.ces:2: ends after 2 lines, where tatoeba.ces-eng.eng has 5"),
    (lambda s: (s / "tatoeba.ces-eng.eng").write_text("Where's Tom?\n\t\n"),
     "tatoeba.ces-eng.eng:2: the sentence is empty"),
    (lambda s: (s / "tatoeba.ces-eng.eng").write_bytes(b"Where?\n\xe9\n"), "tatoeba.ces-eng.eng:2: not UTF-8"),
    (lambda s: [(s / f"tatoeba.ces-eng.{side}").write_text("") for side in ("ces", "eng")],
     "tatoeba.ces-eng.ces: no sentences in the file"),
    (lambda s: [path.unlink() for path in s.glob("tatoeba*")], "no tatoeba.<xxx>-eng.<xxx> and tatoeba.<xxx>-eng.eng"),
])
def test_what_is_wrong_is_named(damage: Callable[[Path], object], found: str, source: Path) -> None:
    damage(source)
    with pytest.raises(InputError) as raised:
        tatoeba.files(source)
        tatoeba.read(source, "tatoeba")
    assert found in str(raised.value)


def test_a_pair_of_files_that_both_lack_lines_is_not_the_published_one(source: Path) -> None:
    for ending in ("swh", "eng"):
        (source / f"tatoeba.swh-eng.{ending}").write_text("one\n" * 389)
    with pytest.raises(InputError, match=r"tatoeba\.swh-eng\.swh: 389 lines, where the published file has 390"):
        tatoeba.read(source, "tatoeba")


def test_the_published_files(real_tatoeba: Path, tmp_path: Path) -> None:
    """All languages that are there; every line's query has its own line for answer, in both directions."""
    assert main(["prepare", "tatoeba", "--source", str(real_tatoeba), "--workspace", str(tmp_path)]) == 0
    workspace = Workspace(tmp_path)
    info = workspace.dataset("tatoeba")
    assert len(info.pairs) == 2 * len(list(real_tatoeba.glob("*.eng")))
    assert {info.counts[language]["topics"] for language in ("sw", "en_sw")} == {390}
    for pair in (Pair("de", "en_de"), Pair("en_th", "th")):
        qrels = read_qrels(workspace.qrels_of("tatoeba", pair))
        assert all(list(qrels[id_]) == [f"{pair.passage}:{id_.rpartition('-')[2]}"] for id_ in qrels)
        passages = (json.loads(line)["text"] for line in workspace.collection("tatoeba", pair.passage).open())
        iso = {"en_de": "deu-eng.eng", "th": "tha-eng.tha"}[pair.passage]
        assert list(passages) == (real_tatoeba / f"tatoeba.{iso}").read_text().split("\n")[:-1]
