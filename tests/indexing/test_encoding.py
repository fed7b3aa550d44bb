"""Shards: who encodes which, what is kept and refused, and that many processes make what one makes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_dense_workspace import SIZES, TieEncoder, files_below, passages, small_workspace

from hybrid_pyserini.cli import main
from hybrid_pyserini.collection import write_collection
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.indexing import encoding, shards
from hybrid_pyserini.indexing.dense_index import read_dense_index
from hybrid_pyserini.indexing.encoding import Encoding, encode_missing
from hybrid_pyserini.indexing.shards import Shards
from hybrid_pyserini.share import Share
from hybrid_pyserini.workspace import Workspace


@pytest.fixture(autouse=True)
def shards_of_16_passages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "SHARD_PASSAGES", 16)
    monkeypatch.setattr(encoding, "SHARD_PASSAGES", 16)


def begin(root: Path, encoder: TieEncoder) -> tuple[Encoding, dict[str, Shards]]:
    workspace, info = small_workspace(root)
    begun = Encoding(encoder, workspace, info, "m")
    return begun, {language: begun.shards(language) for language in info.languages}


def test_shards_cut_the_collection_in_order(tmp_path: Path) -> None:
    begun, of = begin(tmp_path, TieEncoder())
    numbers = encode_missing(begun, of, Share())
    assert numbers == {"de": [0, 1, 2, 3, 4], "en": [0, 1, 2, 3, 4, 5], "th": [0]}
    assert [of["de"].manifest(n).passages for n in range(5)] == [16, 16, 16, 16, 6]
    for language in SIZES:
        assert list(of[language].docids()) == [passage.id for passage in passages(language)]
        expected = [TieEncoder().vector("Passage: " + passage.contents) for passage in passages(language)]
        assert np.concatenate([block.copy() for block in of[language].vectors()]).tolist() == expected


@pytest.mark.parametrize("of_processes", [2, 3, 5])
def test_processes_share_out_all_shards_once(tmp_path: Path, of_processes: int) -> None:
    encoders = [TieEncoder() for _ in range(of_processes)]
    for number in reversed(range(of_processes)):
        begun, of = begin(tmp_path / "shared", encoders[number])
        encode_missing(begun, of, Share(number, of_processes))
    encoded = [text for encoder in encoders for call in encoder.encoded for text in call]
    assert sorted(encoded) == sorted("Passage: " + p.contents for language in SIZES for p in passages(language))
    per_process = [len(encoder.encoded) for encoder in encoders]
    assert sum(per_process) == 12
    assert max(per_process) - min(per_process) <= 1
    alone, of_alone = begin(tmp_path / "alone", TieEncoder())
    encode_missing(alone, of_alone, Share())
    for folder in files_below(tmp_path / "alone" / "vectors"):
        ours, theirs = (tmp_path / each / "vectors" / folder for each in ("shared", "alone"))
        assert ours.is_dir() or ours.read_bytes() == theirs.read_bytes()


def test_overwrite_encodes_again_and_removes_what_is_behind_the_last(tmp_path: Path) -> None:
    begun, of = begin(tmp_path, TieEncoder())
    encode_missing(begun, of, Share())
    behind, unfinished, shard_100000 = (of["th"].folder / name for name in ("00001", ".00001.partial", "100000"))
    of["th"].path(0).rename(behind)
    shutil.copytree(behind, unfinished)
    shutil.copytree(behind, shard_100000)
    (of["de"].path(1) / "manifest.json").unlink()
    encoder = TieEncoder(fingerprint="b" * 64)
    begun, of = begin(tmp_path, encoder)
    with pytest.raises(InputError, match="vectors/small/m/de/00000: vectors that were made from something else"):
        encode_missing(begun, of, Share())
    encode_missing(begun, of, Share(), stale_too=True)
    assert len(encoder.encoded) == 12
    assert [path.name for path in of["th"].folder.iterdir()] == ["00000"]
    encode_missing(begun, of, Share(), stale_too=True)
    assert len(encoder.encoded) == 12
    encode_missing(begun, of, Share(), stale_too=True, all_again=True)
    assert len(encoder.encoded) == 24


def test_only_the_first_process_reads_all_passages_before(tmp_path: Path) -> None:
    begun, _ = begin(tmp_path, TieEncoder())
    with begun.collection("th").open("a") as file:
        file.write('{"id": "th:9"}\n')
    encoder = TieEncoder()
    begun = Encoding(encoder, begun.workspace, begun.info, "m")
    of = {language: begun.shards(language) for language in begun.info.languages}
    with pytest.raises(InputError, match=r"th\.jsonl:10: passage 'th:9' has no text"):
        encode_missing(begun, of, Share(0, 12))
    assert encoder.encoded == []
    encode_missing(begun, of, Share(1, 12))
    assert len(encoder.encoded) == 1


def real_workspace(root: Path, checkpoint: Path) -> Workspace:
    """The small data set and a real, tiny model."""
    workspace, _ = small_workspace(root)
    (root / "models").mkdir()
    (root / "models" / "tiny").symlink_to(checkpoint)
    return workspace


@pytest.mark.slow
def test_two_processes_of_a_torchrun_make_what_one_makes(tmp_path: Path, tiny_checkpoint: Path) -> None:
    together, alone = (real_workspace(tmp_path / name, tiny_checkpoint) for name in ("together", "alone"))
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = ["-m", "hybrid_pyserini", "encode", "small", "--model", "tiny", "--workspace"]
    subprocess.run([*run, *command, str(together.root)], check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    subprocess.run([sys.executable, *command, str(alone.root)], check=True)
    for language in SIZES:
        ours, theirs = (
            read_dense_index(each.vectors("small", "tiny", language) / "00000") for each in (together, alone)
        )
        assert ours.docids == theirs.docids == [passage.id for passage in passages(language)]
        assert np.array_equal(ours.vectors, theirs.vectors)


def test_jobs_of_a_scheduler_and_then_the_index(
    tmp_path: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = real_workspace(tmp_path, tiny_checkpoint)
    arguments = ["encode", "small", "--model", "tiny", "--workspace", str(tmp_path), "--shard-num", "2", "--shard-id"]
    assert main([*arguments, "1"]) == 0
    assert [line.split("\t")[3] for line in capsys.readouterr().out.splitlines()] == [
        "2 of 5 shards encoded now, 3 still missing", "3 of 6 shards encoded now, 3 still missing",
        "1 of 1 shards encoded now",
    ]
    assert main([*arguments, "0"]) == 0
    encoded = files_below(tmp_path / "vectors")
    assert main(["index", "small", "--model", "tiny", "--workspace", str(tmp_path)]) == 0
    assert files_below(tmp_path / "vectors") == encoded
    assert read_dense_index(workspace.index("small", "tiny", "all")).faiss_index.ntotal == sum(SIZES.values())
    capsys.readouterr()
    assert main([*arguments, "2"]) == 2
    assert "shard 2 of 2; give --shard-id from 0" in capsys.readouterr().err


def test_each_of_two_jobs_overwrites_its_share(
    tmp_path: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = real_workspace(tmp_path, tiny_checkpoint)
    arguments = ["encode", "small", "--model", "tiny", "--workspace", str(tmp_path)]
    assert main([*arguments, "--dtype", "bf16"]) == 0
    for job in ("1", "0"):
        capsys.readouterr()
        assert main([*arguments, "--dtype", "fp32", "--overwrite", "--shard-num", "2", "--shard-id", job]) == 0
        assert ("still missing" in capsys.readouterr().out) == (job == "1")
    assert read_dense_index(workspace.vectors("small", "tiny", "th") / "00000").manifest.encoder["dtype"] == "fp32"


def test_the_index_takes_the_dtype_of_the_vectors(tmp_path: Path, tiny_checkpoint: Path) -> None:
    workspace = real_workspace(tmp_path, tiny_checkpoint)
    place = ["small", "--model", "tiny", "--workspace", str(tmp_path)]
    assert main(["encode", *place, "--dtype", "bf16"]) == 0
    assert main(["index", *place]) == 0
    assert read_dense_index(workspace.index("small", "tiny", "all")).manifest.encoder["dtype"] == "bf16"
    shutil.rmtree(tmp_path / "vectors")
    assert main(["index", *place]) == 0


def test_a_collection_that_is_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    begun, of = begin(tmp_path, TieEncoder())
    write_collection(begun.collection("th"), passages("th")[:3])
    with pytest.raises(InputError, match=r"th\.jsonl: the collection was changed while it was encoded"):
        encode_missing(begun, of, Share())


def test_int8_says_how_close_it_comes(
    tmp_path: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = real_workspace(tmp_path, tiny_checkpoint)
    place = ["--workspace", str(tmp_path)]
    assert main(["index", "small", "--model", "tiny", "--dtype", "int8", *place]) == 0
    said = re.search(r"cosine with fp32's vector is (\S+) at least, (\S+) on average, of (\d+) passages",
                     capsys.readouterr().err)
    assert said is not None
    assert .99 < float(said[1]) <= float(said[2]) <= 1
    assert int(said[3]) == 32 + 32 + SIZES["th"]
    assert read_dense_index(workspace.index("small", "tiny", "de")).manifest.encoder["dtype"] == "int8"
    assert main(["index", "small", "--model", "tiny", *place]) == 0
    assert "cosine" not in capsys.readouterr().err  # nothing was encoded
    assert main(["search", "small", "--model", "tiny", "--dtype", "fp32", *place]) == 2
    assert "dtype is 'int8' there, 'fp32' now" in capsys.readouterr().err
    assert main(["search", "small", "--model", "tiny", *place]) == 0


def test_index_under_torchrun_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small_workspace(tmp_path)
    monkeypatch.setenv("RANK", "0")
    assert main(["index", "small", "--model", "tiny", "--workspace", str(tmp_path)]) == 2
    assert "run 'encode' under torchrun, and then 'index' alone" in capsys.readouterr().err
