"""Learning a tokenizer: what goes wrong while the texts are read is said as it is."""

from collections.abc import Iterator

import pytest

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.training.init import learn_tokenizer


@pytest.mark.parametrize("error", [KeyboardInterrupt(), InputError("broken JSON", remedy="mend the line", line=7)])
def test_what_ends_the_reading_of_texts_goes_through(error: BaseException) -> None:
    """sentencepiece would make a RuntimeError of it, and that would be said to be too little text."""

    def texts() -> Iterator[str]:
        yield from ("one text", "another text") * 50
        raise error

    with pytest.raises(type(error)) as raised:
        learn_tokenizer(texts(), pieces=20, max_length=16)
    assert raised.value is error


def test_too_little_text_is_an_error_of_the_input() -> None:
    with pytest.raises(InputError, match="no tokenizer of 20 pieces can be learned"):
        learn_tokenizer([], pieces=20, max_length=16)
