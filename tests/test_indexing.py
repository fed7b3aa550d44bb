"""Dense index folders: what is in them, what is kept, refused and left behind."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np
import pytest
from small_dense_workspace import SIZES, TieEncoder, files_below, passages, small_workspace

from hybrid_pyserini.checkpoint import EncoderSettings
from hybrid_pyserini.collection import write_collection
from hybrid_pyserini.dense_index import IndexManifest, read_dense_index
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.indexing import build_index_with
from hybrid_pyserini.provenance import sha256
from hybrid_pyserini.workspace import DatasetInfo, Workspace


def build(root: Path, encoder: TieEncoder, **arguments: object) -> tuple[Workspace, DatasetInfo]:
    workspace, info = small_workspace(root)
    build_index_with(encoder, workspace, info, "m", batch_size=1, **arguments)
    return workspace, info


def plain_folder(folder: Path) -> tuple[list[str], np.ndarray]:
    """Passage ids and vectors, read as Pyserini reads them."""
    index = faiss.read_index(str(folder / "index"))
    assert type(index) is faiss.IndexFlatIP
    docids = (folder / "docid").read_text(encoding="utf-8").splitlines()
    return docids, index.reconstruct_n(0, index.ntotal)


@pytest.mark.parametrize("language", SIZES)
def test_a_languages_index_holds_every_passage_in_the_collections_order(tmp_path: Path, language: str) -> None:
    encoder = TieEncoder()
    workspace, _ = build(tmp_path, encoder)
    docids, vectors = plain_folder(workspace.index("small", "m", language))
    assert docids == [passage.id for passage in passages(language)]
    expected = [encoder.vector("Passage: " + passage.contents) for passage in passages(language)]
    assert np.array_equal(vectors, np.array(expected, dtype=np.float32))


def test_the_pool_is_copied_and_every_passage_encoded_once_in_windows(tmp_path: Path) -> None:
    encoder = TieEncoder()
    workspace, _ = build(tmp_path, encoder)
    docids, vectors = plain_folder(workspace.index("small", "m", "all"))
    parts = [plain_folder(workspace.index("small", "m", language)) for language in SIZES]
    assert docids == [docid for part, _ in parts for docid in part]
    assert np.array_equal(vectors, np.concatenate([part for _, part in parts]))
    assert [text for call in encoder.encoded for text in call] == [
        "Passage: " + passage.contents for language in SIZES for passage in passages(language)
    ]
    assert [len(call) for call in encoder.encoded] == [64, 6, 64, 17, 9]  # 64 batches of one passage are a window


def test_the_manifest_says_what_the_index_was_made_from(tmp_path: Path) -> None:
    workspace, _ = build(tmp_path, TieEncoder())
    folder = workspace.index("small", "m", "de")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest.pop("made_by")["arguments"] == {
        "dataset": "small", "model": "m", "dtype": "fp32", "batch_size": 1,
    }
    assert manifest == {
        "dataset": "small", "language": "de", "model": "m", "passages": 70,
        "encoder": {
            "fingerprint": "a" * 64, "dtype": "fp32", "dimension": 4, "pooling": "mean", "normalize": True,
            "query_prompt": "Query: ", "document_prompt": "Passage: ", "max_length": 256, "dense_folder": None,
        },
        "sources": {"de.jsonl": sha256(workspace.collection("small", "de"))},
        "files": {"index": sha256(folder / "index"), "docid": sha256(folder / "docid")},
    }


def test_an_index_is_read_back_with_its_vectors(tmp_path: Path) -> None:
    workspace, _ = build(tmp_path, TieEncoder())
    folder = workspace.index("small", "m", "en")
    index = read_dense_index(folder)
    docids, vectors = plain_folder(folder)
    assert index.docids == docids
    assert np.array_equal(index.vectors, vectors)
    with pytest.raises(ValueError, match="read-only"):
        index.vectors[0, 0] = 1.0


def test_a_second_run_keeps_every_finished_index(tmp_path: Path) -> None:
    encoder = TieEncoder()
    workspace, info = build(tmp_path, encoder)
    before = files_below(tmp_path)
    encoder.encoded.clear()
    built = build_index_with(encoder, workspace, info, "m", batch_size=7)
    assert encoder.encoded == []
    assert files_below(tmp_path) == before
    assert [(index.language, index.passages, index.kept) for index in built] == [
        ("de", 70, True), ("en", 81, True), ("th", 9, True), ("all", 160, True),
    ]


def test_overwrite_builds_all_again(tmp_path: Path) -> None:
    workspace, info = build(tmp_path, TieEncoder())
    other = TieEncoder(fingerprint="b" * 64, settings=EncoderSettings(document_prompt="P: "))
    built = build_index_with(other, workspace, info, "m", overwrite=True)
    assert not any(index.kept for index in built)
    for language in (*SIZES, "all"):
        assert IndexManifest.read(workspace.index("small", "m", language)).encoder["fingerprint"] == "b" * 64
    assert plain_folder(workspace.index("small", "m", "de"))[1].tolist() == [
        other.vector("P: " + passage.contents) for passage in passages("de")
    ]


@pytest.mark.parametrize(("other", "named"), [
    (TieEncoder(fingerprint="b" * 64), r"fingerprint is aaaaaaaa\.\.\. there, bbbbbbbb\.\.\. now"),
    (TieEncoder(dtype="bf16"), "dtype is 'fp32' there, 'bf16' now"),
    (TieEncoder(dimension=3), "dimension is 4 there, 3 now"),
    (TieEncoder(settings=EncoderSettings(document_prompt="")), "document_prompt is 'Passage: ' there, '' now"),
])
def test_an_index_of_another_encoder_is_refused_and_left(tmp_path: Path, other: TieEncoder, named: str) -> None:
    workspace, info = build(tmp_path, TieEncoder())
    before = files_below(tmp_path)
    with pytest.raises(InputError, match=f"indexes/small/m/de: .*{named}.*--overwrite"):
        build_index_with(other, workspace, info, "m")
    assert other.encoded == []
    assert files_below(tmp_path) == before


def test_an_index_of_a_changed_collection_is_refused(tmp_path: Path) -> None:
    workspace, info = build(tmp_path, TieEncoder())
    write_collection(workspace.collection("small", "en"), passages("en")[:-1])
    with pytest.raises(InputError, match=r"indexes/small/m/en: .*en\.jsonl is \w{8}\.\.\. there.*--overwrite"):
        build_index_with(TieEncoder(), workspace, info, "m")


class InterruptedEncoder(TieEncoder):
    """Stops at the second language's second window."""

    def encode_passages(self, texts: list[str], **arguments: object) -> np.ndarray:
        if len(self.encoded) == 3:
            raise KeyboardInterrupt
        return super().encode_passages(texts, **arguments)


def test_an_interrupted_language_leaves_nothing_and_the_next_run_goes_on(tmp_path: Path) -> None:
    workspace, info = small_workspace(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        build_index_with(InterruptedEncoder(), workspace, info, "m", batch_size=1)
    assert [path.name for path in workspace.index("small", "m", "de").parent.iterdir()] == ["de"]
    finished = files_below(workspace.index("small", "m", "de"))
    encoder = TieEncoder()
    built = build_index_with(encoder, workspace, info, "m", batch_size=1)
    assert [index.kept for index in built] == [True, False, False, False]
    assert files_below(workspace.index("small", "m", "de")) == finished
    assert sum(map(len, encoder.encoded)) == SIZES["en"] + SIZES["th"]


def test_an_interrupted_overwrite_leaves_the_old_index_whole(tmp_path: Path) -> None:
    workspace, info = build(tmp_path, TieEncoder())
    english = files_below(workspace.index("small", "m", "en"))
    with pytest.raises(KeyboardInterrupt):
        build_index_with(InterruptedEncoder(), workspace, info, "m", batch_size=1, overwrite=True)
    assert files_below(workspace.index("small", "m", "en")) == english
    assert sorted(path.name for path in workspace.index("small", "m", "en").parent.iterdir()) == [
        "all", "de", "en", "th",
    ]


def test_a_pool_of_older_indexes_is_built_again(tmp_path: Path) -> None:
    workspace, info = build(tmp_path, TieEncoder())
    shutil.rmtree(workspace.index("small", "m", "en"))
    write_collection(workspace.collection("small", "en"), passages("en")[:-1])
    built = build_index_with(TieEncoder(), workspace, info, "m")
    assert [index.kept for index in built] == [True, False, True, False]
    assert built[-1].passages == sum(SIZES.values()) - 1


def test_a_missing_collection_is_named(tmp_path: Path) -> None:
    workspace, info = small_workspace(tmp_path)
    workspace.collection("small", "th").unlink()
    encoder = TieEncoder()
    with pytest.raises(InputError, match=r"th\.jsonl: no collection for language 'th'.*prepare small"):
        build_index_with(encoder, workspace, info, "m")
    assert encoder.encoded == []


@pytest.mark.parametrize(("line", "message"), [
    ('{"id": "th:9"', r"th\.jsonl:3: broken JSON"),
    ('{"id": "th:0", "text": "again"}', r"th\.jsonl:3: passage id 'th:0' occurs twice"),
    ('{"id": "th:9", "text": " "}', r"th\.jsonl:3: passage 'th:9' has no text"),
])
def test_a_broken_last_collection_shows_before_the_first_is_encoded(tmp_path: Path, line: str, message: str) -> None:
    workspace, info = small_workspace(tmp_path)
    write_collection(workspace.collection("small", "th"), passages("th")[:2])
    with workspace.collection("small", "th").open("a") as file:
        file.write(line + "\n")
    encoder = TieEncoder()
    with pytest.raises(InputError, match=message):
        build_index_with(encoder, workspace, info, "m")
    assert encoder.encoded == []


def test_a_collection_without_passages_is_refused(tmp_path: Path) -> None:
    workspace, info = small_workspace(tmp_path)
    write_collection(workspace.collection("small", "th"), [])
    with pytest.raises(InputError, match="without a passage"):
        build_index_with(TieEncoder(), workspace, info, "m")


def test_an_id_in_two_languages_is_refused_in_a_pool_only(tmp_path: Path) -> None:
    for pool in (True, False):
        workspace, info = small_workspace(tmp_path / str(pool), pool=pool)
        write_collection(workspace.collection("small", "th"), [replace(passages("th")[0], id="en:0")])
        if pool:
            with pytest.raises(InputError, match="passage id 'en:0' occurs in en and in th"):
                build_index_with(TieEncoder(), workspace, info, "m")
        else:
            built = build_index_with(TieEncoder(), workspace, info, "m")
            assert [index.language for index in built] == list(SIZES)
        assert not workspace.index("small", "m", "all").exists()


def test_vectors_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    class Overflowing(TieEncoder):
        def vector(self, text: str) -> list[float]:
            return [1.0, float("nan") if text.endswith((" 5", " 6")) else 0.0, 0.0, 0.0]

    workspace, info = small_workspace(tmp_path)
    with pytest.raises(InputError, match=f"passage '{passages('de')[5].id}' .and 1 more. holds NaN"):
        build_index_with(Overflowing(), workspace, info, "m")
    assert list(workspace.index("small", "m", "de").parent.iterdir()) == []


def test_a_batch_size_below_one_is_refused(tmp_path: Path) -> None:
    workspace, info = small_workspace(tmp_path)
    with pytest.raises(InputError, match="--batch-size 1 or more"):
        build_index_with(TieEncoder(), workspace, info, "m", batch_size=0)


def other_faiss_type(folder: Path) -> None:
    index = faiss.IndexFlatL2(4)
    index.add(np.zeros((SIZES["de"], 4), dtype=np.float32))
    faiss.write_index(index, str(folder / "index"))


def rewrite_docids(folder: Path, docids: list[str]) -> None:
    (folder / "docid").write_text("".join(f"{docid}\n" for docid in docids), encoding="utf-8")


DAMAGES = {
    "no index here": shutil.rmtree,
    "a folder without manifest.json": lambda folder: (folder / "manifest.json").unlink(),
    "not the manifest of an index .broken JSON": lambda folder: (folder / "manifest.json").write_text("{"),
    "not the manifest of an index .*missing 6": lambda folder: (folder / "manifest.json").write_text("{}"),
    "no file 'index'": lambda folder: (folder / "index").unlink(),
    "no file 'docid'": lambda folder: (folder / "docid").unlink(),
    "not an index that faiss can read": lambda folder: (folder / "index").write_bytes(b"IxFI" + bytes(9)),
    "expected a faiss IndexFlatIP, found IndexFlatL2": other_faiss_type,
    "71 passage ids, 70 vectors, and 70 passages": lambda folder: rewrite_docids(
        folder, [*(passage.id for passage in passages("de")), "de:more"]
    ),
    "docid: not the file that the manifest names": lambda folder: rewrite_docids(
        folder, [passage.id for passage in reversed(passages("de"))]
    ),
}


@pytest.mark.parametrize("message", DAMAGES)
def test_a_damaged_folder_is_refused(tmp_path: Path, message: str) -> None:
    workspace, _ = build(tmp_path, TieEncoder())
    folder = workspace.index("small", "m", "de")
    DAMAGES[message](folder)
    with pytest.raises(InputError, match=message) as raised:
        read_dense_index(folder)
    assert "with 'hybrid-pyserini index'" in str(raised.value)
    assert str(folder) in str(raised.value)


def test_a_folder_of_something_else_is_not_replaced(tmp_path: Path) -> None:
    workspace, info = small_workspace(tmp_path)
    folder = workspace.index("small", "m", "de")
    folder.mkdir(parents=True)
    (folder / "segments_1").write_text("Lucene's")
    with pytest.raises(InputError, match=r"without manifest\.json"):
        build_index_with(TieEncoder(), workspace, info, "m")
    assert (folder / "segments_1").exists()


@pytest.mark.parametrize("language", ["de", "all"])
def test_a_finished_folder_that_lost_a_file_is_not_kept(tmp_path: Path, language: str) -> None:
    workspace, info = build(tmp_path, TieEncoder())
    (workspace.index("small", "m", language) / "docid").unlink()
    with pytest.raises(InputError, match=f"m/{language}: the index has no file 'docid'.*--overwrite"):
        build_index_with(TieEncoder(), workspace, info, "m")
