"""XM3600's captions: the first of an image asks for the others, in every language; against Hugging Face's loader."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset

from hybrid_pyserini.cli import main
from hybrid_pyserini.data.dataset import PreparedDataset
from hybrid_pyserini.data.readers import xm3600
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.records import Pair
from hybrid_pyserini.trec import read_qrels, read_topics
from hybrid_pyserini.workspace import Workspace

IMAGES = {
    "000411001ff7dd4f": {
        "en": ["A red boat.", "Boat on a lake", "A boat\u2028at rest"], "fil": ["Isang bangka.", "Bangka sa lawa"],
        "bn": ["একটি নৌকা"],
    },
    "00041d4d5c8d7bd2": {"en": ["A dog.", "A dog."], "fil": ["Isang aso.", " "], "bn": ["একটি কুকুর"]},
}


def row(key: str) -> dict[str, Any]:
    """A line of ``captions.jsonl``, with the forms of a caption that are not read."""
    languages = {
        language: {
            "caption": captions, "caption/tokenized": captions,
            "caption/tokenized/lowercase": [caption.lower() for caption in captions],
        }
        for language, captions in IMAGES[key].items()
    }
    return {"image/key": key, "image/locale": "en"} | languages


@pytest.fixture
def source(tmp_path: Path) -> Path:
    lines = "".join(json.dumps(row(key), ensure_ascii=False) + "\n" for key in IMAGES)
    (tmp_path / "captions.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


@pytest.fixture
def dataset(source: Path) -> PreparedDataset:
    return xm3600.read(source, "xm3600")


def test_the_first_caption_asks_and_the_others_are_passages(dataset: PreparedDataset) -> None:
    boat, dog = IMAGES
    assert dataset.topics == {
        "en": {boat: "A red boat.", dog: "A dog."}, "fil": {boat: "Isang bangka.", dog: "Isang aso."},
        "bn": {boat: "একটি নৌকা", dog: "একটি কুকুর"},
    }
    texts = {passage.id: passage.text for passages in dataset.passages.values() for passage in passages}
    assert texts == {
        f"en:{boat}-2": "Boat on a lake", f"en:{boat}-3": "A boat\u2028at rest", f"en:{dog}-2": "A dog.",
        f"fil:{boat}-2": "Bangka sa lawa",
    }
    assert dataset.qrels == {
        "en": {boat: {f"en:{boat}-2": 1, f"en:{boat}-3": 1}, dog: {f"en:{dog}-2": 1}},
        "fil": {boat: {f"fil:{boat}-2": 1}},
    }
    groups = {passage.group for passages in dataset.passages.values() for passage in passages}
    assert groups == {f"xm3600:{boat}", f"xm3600:{dog}"}


def test_pairs_with_passages_are_scored_and_what_was_dropped_is_said(dataset: PreparedDataset) -> None:
    assert {str(pair) for pair in dataset.pairs} == {
        "en-en", "en-fil", "fil-en", "fil-fil", "bn-en", "bn-fil", "en-all", "fil-all", "bn-all",
    }
    assert dataset.notes == {
        "captions": "11, of 2 images in 3 languages (the paper counts 261375, of 3600 images in 36 languages)",
        "captions_without_a_text_left_out": 1,
    }


def test_hugging_face_loads_the_same_captions(source: Path, tmp_path: Path) -> None:
    assert main(["prepare", "xm3600", "--source", str(source), "--workspace", str(tmp_path / "w")]) == 0
    workspace = Workspace(tmp_path / "w")
    loaded = load_dataset(
        "json", data_files=str(source / "captions.jsonl"), split="train", cache_dir=str(tmp_path / "hf")
    )
    topics = {language: read_topics(workspace.topics("xm3600", language)) for language in ("en", "fil", "bn")}
    texts = {
        value["id"]: value["text"] for language in ("en", "fil")
        for value in map(json.loads, workspace.collection("xm3600", language).open(encoding="utf-8"))
    }
    for pair in (Pair("bn", "en"), Pair("en", "fil"), Pair("fil", "fil")):
        qrels = read_qrels(workspace.qrels_of("xm3600", pair))
        for image in loaded:
            query, *_ = image[pair.query]["caption"]
            _, *others = image[pair.passage]["caption"]
            assert topics[pair.query][image["image/key"]] == query
            judged = qrels.get(image["image/key"], {})
            assert [texts[docid] for docid in judged] == [text for text in others if text.strip()]


def change(**fields: object) -> Callable[[Path], None]:
    def apply(source: Path) -> None:
        rows = [row(key) for key in IMAGES]
        rows[1].update({name.replace("__", "/"): value for name, value in fields.items()})
        (source / "captions.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    return apply


@pytest.mark.parametrize(("damage", "found"), [
    (change(image__key=None), "captions.jsonl:2: 'image/key' is missing or no string"),
    (change(image__key="000411001ff7dd4f"), "captions.jsonl:2: image '000411001ff7dd4f' occurs twice"),
    (change(en=["A dog."]), "captions.jsonl:2: 'en': 'caption' is missing or no list of strings"),
    (change(en={"caption": ["A dog.", 7]}), "captions.jsonl:2: 'en': 'caption' is missing or no list of strings"),
    (change(all={"caption": ["A dog."]}), "captions.jsonl:2: language code 'all' is reserved"),
    (lambda s: (s / "captions.jsonl").write_text('{"image/key": "1", "en": {"caption": ["A"]}}\n'),
     "captions.jsonl: no image has two captions in one language"),
    (lambda s: (s / "captions.jsonl").write_bytes((s / "captions.jsonl").read_bytes()[:-3]), "jsonl:2: broken JSON"),
    (lambda s: (s / "captions.jsonl").unlink(), "captions.jsonl: no such file; unpack captions.zip"),
])
def test_what_is_wrong_is_named(damage: Callable[[Path], object], found: str, source: Path) -> None:
    damage(source)
    with pytest.raises(InputError) as raised:
        xm3600.files(source)
        xm3600.read(source, "xm3600")
    assert found in str(raised.value)
