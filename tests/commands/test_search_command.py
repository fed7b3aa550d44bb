"""The ``search`` command on a tiny real checkpoint and its indexes."""

from pathlib import Path

import numpy as np
import pytest
from small_dense_workspace import QUERIES, SIZES, passages, small_workspace

from hybrid_pyserini.cli import main
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.records import Pair
from hybrid_pyserini.trec import read_ranks, read_run


def command(name: str, root: Path, *arguments: str) -> int:
    return main([name, "small", "--workspace", str(root), *arguments])


def test_runs_and_ranks_are_the_checkpoints(
    tmp_path: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace, _ = small_workspace(tmp_path)
    assert command("index", tmp_path, "--model", str(tiny_checkpoint)) == 0
    capsys.readouterr()
    assert command("search", tmp_path, "--model", str(tiny_checkpoint), "--pairs", "de-en,de-all", "--hits", "5") == 0
    run, pool_run = (workspace.run("small", "tiny", Pair("de", language)) for language in ("en", "all"))
    assert capsys.readouterr().out.splitlines() == [f"de-en\t{run}\twritten", f"de-all\t{pool_run}\twritten"]

    encoder = Encoder.load(str(tiny_checkpoint))
    queries = encoder.encode_queries([f"de query {i}" for i in range(QUERIES)])
    contents = {passage.id: passage.contents for language in SIZES for passage in passages(language)}
    scores = queries @ encoder.encode_passages(list(contents.values())).T
    score_of = [dict(zip(contents, row.tolist(), strict=True)) for row in scores]
    for i, hits in enumerate(read_run(pool_run).values()):
        assert len(hits) == 5
        assert np.allclose(list(hits.values()), sorted(score_of[i].values(), reverse=True)[:5], atol=1e-5)
        assert np.allclose(list(hits.values()), [score_of[i][docid] for docid in hits], atol=1e-5)
    for ranked in read_ranks(workspace.ranks("small", "tiny", Pair("de", "all"))):
        ahead = np.array(list(score_of[int(ranked.query_id[1:])].values())) - ranked.score
        assert (ahead > 1e-5).sum() < ranked.rank <= (ahead > -1e-5).sum()


def test_runs_are_gzipped(tmp_path: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace, _ = small_workspace(tmp_path)
    search = ["--model", str(tiny_checkpoint), "--pairs", "de-th"]
    assert command("index", tmp_path, "--model", str(tiny_checkpoint)) == 0
    capsys.readouterr()
    assert command("search", tmp_path, *search, "--gzip") == 0
    run = workspace.run("small", "tiny", Pair("de", "th"), gzipped=True)
    assert capsys.readouterr().out == f"de-th\t{run}\twritten\n"
    assert len(read_run(run)) == QUERIES
    assert command("search", tmp_path, *search) == 2
    assert "gzip is True there, False now" in capsys.readouterr().err


def test_bf16_passages_get_bf16_queries(
    tmp_path: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small_workspace(tmp_path)
    assert command("index", tmp_path, "--model", str(tiny_checkpoint), "--dtype", "bf16") == 0
    assert command("search", tmp_path, "--model", str(tiny_checkpoint), "--dtype", "fp32") == 2
    assert "dtype is 'bf16' there, 'fp32' now" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
    assert command("search", tmp_path, "--model", str(tiny_checkpoint)) == 0
    assert '"dtype": "bf16"' in (tmp_path / "runs" / "small" / "run.small.tiny.json").read_text()


def test_an_index_of_other_weights_under_this_name_is_one_line(
    tmp_path: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small_workspace(tmp_path)
    other = tmp_path / "models" / "tiny"
    encoder = Encoder.load(str(tiny_checkpoint))
    for parameter in encoder.model.parameters():
        parameter.data.mul_(1.01)
    other.mkdir(parents=True)
    encoder.save(other)
    assert command("index", tmp_path, "--model", str(tiny_checkpoint)) == 0
    capsys.readouterr()
    assert command("search", tmp_path, "--model", "tiny") == 2  # the workspace's own model of that name
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1
    assert "indexes/small/tiny/de: passages and queries would be encoded differently (fingerprint is " in errors[0]


def test_a_missing_index_is_one_line_and_needs_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small_workspace(tmp_path)
    assert command("search", tmp_path, "--model", "never-trained") == 2
    errors = capsys.readouterr().err.splitlines()
    folder = tmp_path / "indexes" / "small" / "never-trained" / "de"
    assert errors == [
        f"hybrid-pyserini search: {folder}: no index here; build it first with 'hybrid-pyserini index'"
    ]


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["search", "--help"])
    assert "example: hybrid-pyserini search" in capsys.readouterr().out
