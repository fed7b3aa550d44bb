"""The ``index`` command on a tiny real checkpoint."""

from pathlib import Path

import numpy as np
import pytest
from small_dense_workspace import passages, small_workspace

from hybrid_pyserini.cli import main
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.indexing.dense_index import read_dense_index


def run_index(root: Path, *arguments: str) -> int:
    return main(["index", "small", "--workspace", str(root), *arguments])


def test_the_indexes_hold_the_checkpoints_vectors(
    tmp_path: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace, _ = small_workspace(tmp_path)
    assert run_index(tmp_path, "--model", str(tiny_checkpoint), "--chunk-tokens", "100") == 0
    encoder = Encoder.load(str(tiny_checkpoint))
    index = read_dense_index(workspace.index("small", "tiny", "en"))
    expected = encoder.encode_passages([passage.contents for passage in passages("en")])
    assert np.allclose(index.vectors, expected, atol=1e-6)
    assert index.manifest.encoder["fingerprint"] == encoder.fingerprint
    folder = tmp_path / "indexes" / "small" / "tiny"
    assert capsys.readouterr().out.splitlines() == [
        f"{language}\t{count} passages\t{folder / language}\tbuilt"
        for language, count in (("de", 70), ("en", 81), ("th", 9), ("all", 160))
    ]
    assert run_index(tmp_path, "--model", str(tiny_checkpoint)) == 0
    assert [line.split("\t")[3] for line in capsys.readouterr().out.splitlines()] == ["kept"] * 4


def test_another_dtype_is_refused_and_overwrite_replaces(
    tmp_path: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace, _ = small_workspace(tmp_path)
    assert run_index(tmp_path, "--model", str(tiny_checkpoint)) == 0
    assert run_index(tmp_path, "--model", str(tiny_checkpoint), "--dtype", "bf16") == 2
    assert "dtype is 'fp32' there, 'bf16' now" in capsys.readouterr().err
    assert run_index(tmp_path, "--model", str(tiny_checkpoint), "--dtype", "bf16", "--overwrite") == 0
    assert read_dense_index(workspace.index("small", "tiny", "all")).manifest.encoder["dtype"] == "bf16"


@pytest.mark.parametrize(("model", "message"), [
    ("empty", "a folder without config.json"),
    ("./nowhere", "no such folder"),
])
def test_what_is_no_checkpoint_is_one_line(
    tmp_path: Path, model: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    small_workspace(tmp_path)
    (tmp_path / "models" / "empty").mkdir(parents=True)
    assert run_index(tmp_path, "--model", model) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1
    assert errors[0].startswith("hybrid-pyserini index: ")
    assert message in errors[0]
    assert not (tmp_path / "indexes").exists()


def test_an_unknown_data_set_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small_workspace(tmp_path)
    assert main(["index", "other", "--model", "m", "--workspace", str(tmp_path)]) == 2
    assert "no data set 'other' in this workspace (there: small)" in capsys.readouterr().err


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["index", "--help"])
    assert "examples: hybrid-pyserini index" in capsys.readouterr().out
