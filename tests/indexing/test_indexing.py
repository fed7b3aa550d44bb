"""Dense index folders: what is in them, what is kept, refused and left behind."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
from small_dense_workspace import SIZES, TieEncoder, files_below, passages, small_workspace

from hybrid_pyserini.collection import write_collection
from hybrid_pyserini.encoder.checkpoint import EncoderSettings
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.indexing import encoding, indexing, shards
from hybrid_pyserini.indexing.dense_index import IndexManifest, IndexType, read_dense_index
from hybrid_pyserini.indexing.encoding import encode_missing
from hybrid_pyserini.indexing.indexing import build_index_with
from hybrid_pyserini.provenance import sha256
from hybrid_pyserini.records import ALL, Pair
from hybrid_pyserini.workspace import DatasetInfo, Workspace


@pytest.fixture(autouse=True)
def shards_of_64_passages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "SHARD_PASSAGES", 64)
    monkeypatch.setattr(encoding, "SHARD_PASSAGES", 64)


def build(root: Path, encoder: TieEncoder, **arguments: object) -> tuple[Workspace, DatasetInfo]:
    workspace, info = small_workspace(root)
    build_index_with(encoder, workspace, info, "m", **arguments)
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


def test_the_pool_is_copied_and_every_passage_encoded_once_in_shards(tmp_path: Path) -> None:
    encoder = TieEncoder()
    workspace, _ = build(tmp_path, encoder)
    docids, vectors = plain_folder(workspace.index("small", "m", "all"))
    parts = [plain_folder(workspace.index("small", "m", language)) for language in SIZES]
    assert docids == [docid for part, _ in parts for docid in part]
    assert np.array_equal(vectors, np.concatenate([part for _, part in parts]))
    assert [text for call in encoder.encoded for text in call] == [
        "Passage: " + passage.contents for language in SIZES for passage in passages(language)
    ]
    assert [len(call) for call in encoder.encoded] == [64, 6, 64, 17, 9]


def test_the_manifest_says_what_the_index_was_made_from(tmp_path: Path) -> None:
    workspace, _ = build(tmp_path, TieEncoder())
    folder = workspace.index("small", "m", "de")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest.pop("made_by")["arguments"] == {
        "dataset": "small", "model": "m", "dtype": "fp32", "chunk_tokens": None, "factory": "Flat", "parameters": "",
        "on_disk": False,
    }
    assert manifest == {
        "dataset": "small", "language": "de", "model": "m", "passages": 70, "first": 0,
        "factory": "Flat", "parameters": "", "on_disk": False,
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
    built = build_index_with(encoder, workspace, info, "m")
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
    """Stops at the second language's second shard."""

    def embed(self, token_ids: list[str], chunk_tokens: int | None = None) -> Iterator[tuple[list[int], np.ndarray]]:
        if len(self.encoded) == 3:
            raise KeyboardInterrupt
        return super().embed(token_ids, chunk_tokens)


def test_an_interrupted_command_goes_on_with_the_missing_shards(tmp_path: Path) -> None:
    workspace, info = small_workspace(tmp_path / "interrupted")
    with pytest.raises(KeyboardInterrupt):
        build_index_with(InterruptedEncoder(), workspace, info, "m")
    assert not (tmp_path / "interrupted" / "indexes").exists()
    vectors = workspace.vectors("small", "m", "de").parent
    written = sorted(str(path.relative_to(vectors)) for path in vectors.glob("*/*"))
    assert written == ["de/00000", "de/00001", "en/00000"]
    finished = files_below(vectors / "de")
    encoder = TieEncoder()
    build_index_with(encoder, workspace, info, "m")
    assert files_below(vectors / "de") == finished
    assert [len(call) for call in encoder.encoded] == [SIZES["en"] - 64, SIZES["th"]]
    undisturbed, _ = build(tmp_path / "undisturbed", TieEncoder())
    for language in (*SIZES, "all"):
        for name in ("index", "docid", "manifest.json"):
            paths = [each.index("small", "m", language) / name for each in (workspace, undisturbed)]
            assert paths[0].read_bytes() == paths[1].read_bytes()


def test_an_interrupted_overwrite_leaves_the_old_indexes_whole(tmp_path: Path) -> None:
    workspace, info = build(tmp_path, TieEncoder())
    indexes = files_below(workspace.index("small", "m", "en").parent)
    other = InterruptedEncoder(fingerprint="b" * 64)
    with pytest.raises(KeyboardInterrupt):
        build_index_with(other, workspace, info, "m", overwrite=True)
    assert files_below(workspace.index("small", "m", "en").parent) == indexes


def test_overwrite_builds_from_the_vectors_that_fit_and_encodes_the_others(tmp_path: Path) -> None:
    workspace, info = build(tmp_path, TieEncoder())
    write_collection(workspace.collection("small", "en"), passages("en")[:60])
    encoder = TieEncoder()
    built = build_index_with(encoder, workspace, info, "m", overwrite=True)
    assert [len(call) for call in encoder.encoded] == [60]
    assert [(index.passages, index.kept) for index in built] == [(70, False), (60, False), (9, False), (139, False)]
    assert [path.name for path in workspace.vectors("small", "m", "en").iterdir()] == ["00000"]


@pytest.mark.parametrize("changed", [TieEncoder(fingerprint="b" * 64), TieEncoder(dtype="bf16")])
def test_vectors_of_another_encoder_are_refused(tmp_path: Path, changed: TieEncoder) -> None:
    workspace, info = build(tmp_path, TieEncoder())
    shutil.rmtree(tmp_path / "indexes")
    with pytest.raises(InputError, match="vectors/small/m/de/00000: vectors that were made from something else"):
        build_index_with(changed, workspace, info, "m")
    assert changed.encoded == []


def test_a_damaged_shard_is_refused(tmp_path: Path) -> None:
    workspace, info = build(tmp_path, TieEncoder())
    shutil.rmtree(tmp_path / "indexes")
    rewrite_docids(workspace.vectors("small", "m", "en") / "00001", [f"en:x{i}" for i in range(SIZES["en"] - 64)])
    damaged = workspace.vectors("small", "m", "en") / "00001"
    with pytest.raises(InputError, match=f"{damaged}: a damaged shard .not the file that .*remove this folder"):
        build_index_with(TieEncoder(), workspace, info, "m")
    (damaged / "index").unlink()
    encoder = TieEncoder()
    build_index_with(encoder, workspace, info, "m")
    assert [len(call) for call in encoder.encoded] == [SIZES["en"] - 64]
    assert plain_folder(workspace.index("small", "m", "en"))[0] == [passage.id for passage in passages("en")]


def test_an_index_names_the_collection_that_was_encoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, info = small_workspace(tmp_path)
    encoded = sha256(workspace.collection("small", "de"))

    def encode_then_change(*arguments: Any, **options: Any) -> None:
        encode_missing(*arguments, **options)
        write_collection(workspace.collection("small", "de"), passages("de")[:-1])

    monkeypatch.setattr(indexing, "encode_missing", encode_then_change)
    build_index_with(TieEncoder(), workspace, info, "m")
    assert IndexManifest.read(workspace.index("small", "m", "de")).sources == {"de.jsonl": encoded}


def test_an_index_of_another_type_stands_beside(tmp_path: Path) -> None:
    workspace, info = build(tmp_path, TieEncoder())
    flat = files_below(workspace.index("small", "m", "en").parent)
    encoder = TieEncoder()
    hnsw = IndexType("HNSW8", "efConstruction=33,efSearch=44")
    built = build_index_with(encoder, workspace, info, "m", index_type=hnsw)
    assert encoder.encoded == []
    assert built[1].folder == workspace.index("small", "m+HNSW8", "en")
    assert files_below(workspace.index("small", "m", "en").parent) == flat
    with pytest.raises(InputError, match="expected a faiss IndexFlatIP, found IndexHNSWFlat"):
        read_dense_index(built[1].folder)
    index = faiss.read_index(str(built[1].folder / "index"))
    assert isinstance(index, faiss.IndexHNSWFlat)
    assert (index.hnsw.efSearch, index.hnsw.efConstruction, index.ntotal) == (44, 33, SIZES["en"])
    assert all(each.kept for each in build_index_with(encoder, workspace, info, "m", index_type=hnsw))
    with pytest.raises(InputError, match=r"efSearch=44.* there, .*efSearch=55.* now.*--overwrite"):
        other = IndexType("HNSW8", "efConstruction=33,efSearch=55")
        build_index_with(encoder, workspace, info, "m", index_type=other)


@pytest.mark.parametrize(("factory", "message"), [
    (IndexType("Flut"), "faiss knows no index 'Flut'"),
    (IndexType("IVF10,Flat"), "10 lists in 'IVF10,Flat' for 9 vectors"),
    (IndexType("HNSW8", on_disk=True), "'HNSW8' has no inverted lists"),
])
def test_an_index_that_cannot_be_is_refused_before_anything_is_encoded(
    tmp_path: Path, factory: IndexType, message: str
) -> None:
    workspace, info = small_workspace(tmp_path)
    encoder = TieEncoder()
    with pytest.raises(InputError, match=message):
        build_index_with(encoder, workspace, info, "m", index_type=factory)
    assert encoder.encoded == []
    assert not (tmp_path / "indexes").exists()


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
            encoder = TieEncoder()
            with pytest.raises(InputError, match=r"th\.jsonl:1: passage id 'en:0' occurs in en\.jsonl too"):
                build_index_with(encoder, workspace, info, "m")
            assert encoder.encoded == []
        else:
            built = build_index_with(TieEncoder(), workspace, info, "m")
            assert [index.language for index in built] == list(SIZES)
            with pytest.raises(InputError, match="'en:0' occurs in en"):
                build_index_with(TieEncoder(), workspace, replace(info, pairs=(*info.pairs, Pair("de", ALL))), "m")
        assert not workspace.index("small", "m", "all").exists()


def test_vectors_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    class Overflowing(TieEncoder):
        def vector(self, text: str) -> list[float]:
            return [1.0, float("nan") if text.endswith((" 5", " 6")) else 0.0, 0.0, 0.0]

    workspace, info = small_workspace(tmp_path)
    with pytest.raises(InputError, match=f"passage '{passages('de')[5].id}' .and 1 more. holds NaN"):
        build_index_with(Overflowing(), workspace, info, "m")
    assert not list(tmp_path.rglob("index"))
    assert not (tmp_path / "indexes").exists()


def test_chunks_of_less_than_a_token_are_refused(tmp_path: Path) -> None:
    workspace, info = small_workspace(tmp_path)
    with pytest.raises(InputError, match="--chunk-tokens 1 or more"):
        build_index_with(TieEncoder(), workspace, info, "m", chunk_tokens=0)


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
    "index: not the file that the manifest names": other_faiss_type,
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
