"""What made a file: no clock, and every argument in JSON's types."""

import hashlib
import json
from pathlib import Path

from hybrid_pyserini import __version__
from hybrid_pyserini.provenance import made_by, sha256


def test_the_record_is_json_and_does_not_change(tmp_path: Path) -> None:
    record = made_by(hits=10, rate=0.5, overwrite=False, pairs=["de-en"], workspace=tmp_path, seed=None)
    assert json.loads(json.dumps(record)) == record
    assert record["arguments"] == {
        "hits": 10, "rate": 0.5, "overwrite": False, "pairs": ["de-en"], "workspace": str(tmp_path), "seed": None,
    }
    assert record["versions"]["hybrid-pyserini"] == __version__
    assert made_by(hits=10) == made_by(hits=10)


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    (tmp_path / "file").write_bytes(content)
    assert sha256(tmp_path / "file") == hashlib.sha256(content).hexdigest()
