"""Which of several processes this is: what is given, what torchrun says, and what cannot be."""

import pytest

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.share import Share


@pytest.mark.parametrize(("number", "of"), [(-1, 2), (2, 2), (0, 0)])
def test_a_share_that_cannot_be_is_refused(number: int, of: int) -> None:
    with pytest.raises(InputError, match="--shard-id from 0"):
        Share(number, of)


def test_the_share_is_given_or_torchruns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")  # a scheduler's, without torchrun
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert Share.of_this_process(None, None) == Share(0, 1)
    assert Share.of_this_process(3, 16) == Share(3, 16)
    with pytest.raises(InputError, match="give both or none"):
        Share.of_this_process(3, None)
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert Share.of_this_process(None, None) == Share(1, 4)
    with pytest.raises(InputError, match="under torchrun"):
        Share.of_this_process(0, 2)
