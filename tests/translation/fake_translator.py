"""A translator whose translations one can tell, and that counts what it is given."""

from collections.abc import Iterator, Sequence

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.translation.translator import Translation


class FakeTranslator:
    """``Wo?`` to German is ``de<Wo?>``; what holds ``RUN`` is a runaway, what holds ``NIL`` is empty."""

    def __init__(self, *, beams: int = 5, dtype: str = "fp32", fingerprint: str = "f" * 64) -> None:
        self.beams, self.dtype, self.fingerprint = beams, dtype, fingerprint
        self.given: list[tuple[str, str]] = []

    def code(self, language: str) -> str:
        if language == "xx":
            raise InputError("the model has no language 'xx'", remedy="leave it out")
        return language

    def translate(
        self, texts: Sequence[str], source: str, target: str, *, batch_tokens: int | None = None
    ) -> Iterator[tuple[int, Translation]]:
        assert source == "en"
        for number in reversed(range(len(texts))):
            text = texts[number]
            self.given.append((target, text))
            why = "runaway" if "RUN" in text else "empty" if "NIL" in text else ""
            yield number, Translation(dropped=why) if why else Translation(f"{target}<{text}>")
