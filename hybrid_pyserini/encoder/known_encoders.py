"""Published settings of well-known encoders: those that the weights were trained with, and that no file states.

A checkpoint's own files say little: most state no prompts, and mDPR states nothing at all. Each line was read from the
model's card and files on the Hub, and from Pyserini's reproductions of MIRACL, which use the first three; a dense layer
is named so that a copy without it is not taken for the model.
"""

from hybrid_pyserini.encoder.checkpoint import EncoderSettings
from hybrid_pyserini.errors import InputError

MDPR_ON_HUB = "castorini/mdpr-tied-pft-msmarco"

_BERT_CLS = EncoderSettings("cls", normalize=False, query_prompt="", document_prompt="", max_length=256)
"""Pyserini's ``--encoder-class auto`` with nothing else: CLS, inner product, 256 tokens of a passage."""
_E5 = EncoderSettings("mean", normalize=True, query_prompt="query: ", document_prompt="passage: ", max_length=512)

KNOWN_ENCODERS: dict[str, EncoderSettings] = {
    MDPR_ON_HUB: _BERT_CLS,
    "castorini/mdpr-tied-pft-msmarco-ft-all": _BERT_CLS,
    "facebook/mcontriever-msmarco": EncoderSettings(
        "mean", normalize=False, query_prompt="", document_prompt="", max_length=256
    ),
    "intfloat/multilingual-e5-small": _E5,
    "intfloat/multilingual-e5-base": _E5,
    "intfloat/multilingual-e5-large": _E5,
    "BAAI/bge-m3": EncoderSettings("cls", normalize=True, query_prompt="", document_prompt="", max_length=8192),
    "sentence-transformers/LaBSE": EncoderSettings(
        "cls", normalize=True, query_prompt="", document_prompt="", max_length=256, dense_folder="2_Dense"
    ),
}
"""Hub name -> settings. BGE-M3's are of its dense vectors."""


def check_as_published(name: str, settings: EncoderSettings) -> None:
    """Raise InputError for a known encoder that is loaded by its name on the Hub, and whose files, which say too
    little, would make another encoder of it than was trained."""
    published = KNOWN_ENCODERS.get(name)
    if published is None:
        return
    differing = [
        f"{setting.replace('_', ' ')} {getattr(settings, setting)!r} instead of {getattr(published, setting)!r}"
        for setting in ("pooling", "normalize", "query_prompt", "document_prompt")
        if getattr(settings, setting) != getattr(published, setting)
    ]
    if differing:
        raise InputError(
            f"the files of {name} do not say how it was trained: it would be taken with {', '.join(differing)}",
            remedy=f"make a model of it with 'hybrid-pyserini adopt {name} --output NAME', and give that NAME",
        )
