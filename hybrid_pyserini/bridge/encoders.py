"""Query and document encoders for Pyserini that take everything from the checkpoint.

Prompts, pooling, normalisation and maximum length stand in the checkpoint, so queries and passages cannot disagree
about them. What Pyserini hands over besides is treated by who decided it:

- a prefix or a tokenizer is only handed over if someone gave it: refused if it is not the checkpoint's;
- pooling and normalisation are also handed over by Pyserini itself where the checkpoint's path contains "sentence",
  "contriever", "dse" and the like: others than the checkpoint's are ignored with a warning;
- a maximum length of 256 is handed over always: the checkpoint's holds;
- ``fp16`` is ignored with a warning: the precision of queries must be that of the index.

    index = "indexes/xquad-r/hybrid/de"
    FaissSearcher(index, HybridQueryEncoder("models/hybrid", index=index))
"""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hybrid_pyserini.bridge.pyserini_import import importable_pyserini
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.encoder.known_encoders import check_as_published
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.indexing.dense_index import IndexManifest, encoder_record
from hybrid_pyserini.provenance import MANIFEST, differences

with importable_pyserini():
    from pyserini.encode import DocumentEncoder, QueryEncoder


class HybridQueryEncoder(QueryEncoder):
    """Encodes queries; or looks them up, where it is given encoded queries instead of a checkpoint."""

    def __init__(
        self, encoder_dir: str | None = None, tokenizer_name: str | None = None, encoded_query_dir: str | None = None,
        device: str | None = None, prefix: str | None = None, fp16: bool = False,
        encoded_queries_dir: str | None = None, index: str | None = None, **others: Any,
    ) -> None:
        """``encoder_dir`` is a checkpoint's folder or hub name. ``encoded_query_dir``, since Pyserini 2.4
        ``encoded_queries_dir``, is a folder of encoded queries. ``index`` is the index that will be searched: where
        'hybrid-pyserini index' made it, queries are encoded in its precision, and another model's is refused.

        Raises InputError for what is no checkpoint, and for a prefix, tokenizer or index that is not the checkpoint's.
        """
        encoded = encoded_query_dir or encoded_queries_dir
        super().__init__(encoded)  # by position: the parameter's name depends on Pyserini's version
        if encoder_dir:
            self._encoder = _load_for(index, encoder_dir, device)
            _check(self._encoder, encoder_dir, tokenizer_name, prefix, self._encoder.settings.query_prompt, others)
            _warn_of_half_precision(fp16)
            self.has_model = True
        elif not encoded:
            raise InputError("neither a checkpoint nor encoded queries", remedy="give --encoder or --encoded-queries")

    def encode(self, query: str, **others: Any) -> np.ndarray:
        """A query -> float32 [dimension]."""
        return self.encode_batch([query])[0]

    def encode_batch(self, queries: Sequence[str], **others: Any) -> np.ndarray:
        """Queries -> float32 [queries, dimension]. Pyserini uses it with ``--batch-size`` or ``--threads``."""
        if self.has_model:
            return self._encoder.encode_queries(queries)
        return np.array([super(HybridQueryEncoder, self).encode(query) for query in queries], dtype=np.float32)


class HybridDocumentEncoder(DocumentEncoder):
    """Encodes passages."""

    def __init__(
        self, model_name: str, tokenizer_name: str | None = None, device: str | None = None, prefix: str | None = None,
        **others: Any,
    ) -> None:
        """``model_name`` is a checkpoint's folder or hub name.

        Raises InputError for what is no checkpoint, and for a prefix or tokenizer that is not the checkpoint's.
        """
        self._encoder = Encoder.load(model_name, device=device)
        _check(self._encoder, model_name, tokenizer_name, prefix, self._encoder.settings.document_prompt, others)
        self.has_model = True

    def encode(
        self, texts: Sequence[str | None], titles: Sequence[str | None] | None = None, fp16: bool = False,
        add_sep: bool = False, **others: Any,
    ) -> np.ndarray:
        """Passages -> float32 [passages, dimension].

        With ``titles``, a passage is its title, one blank, and its text, as ``contents`` in our collections. Pyserini
        gives None for an empty field; it counts as empty. Raises InputError for ``add_sep``.
        """
        if add_sep:
            raise InputError("this encoder joins title and text by a blank", remedy="leave out --add-sep")
        _warn_of_half_precision(fp16)
        return self._encoder.encode_passages([
            " ".join(part for part in (title, text) if part)
            for title, text in zip(titles or [None] * len(texts), texts, strict=True)
        ])


def _load_for(index: str | None, checkpoint: str, device: str | None) -> Encoder:
    """Load a checkpoint in the precision of an index; raises InputError if the index is another model's."""
    if index is None or not (Path(index) / MANIFEST).is_file():
        return Encoder.load(checkpoint, device=device)
    passages = IndexManifest.read(Path(index)).encoder
    encoder = Encoder.load(checkpoint, dtype=passages.get("dtype", "fp32"), device=device)
    differing = differences(passages, encoder_record(encoder))
    if differing:
        raise InputError(
            f"passages and queries would be encoded differently ({'; '.join(differing)})",
            remedy="give the checkpoint that the index was made with", path=index,
        )
    return encoder


def _check(
    encoder: Encoder, checkpoint: str, tokenizer: str | None, prefix: str | None, prompt: str, others: dict[str, Any]
) -> None:
    """Raise InputError for a prefix or tokenizer that is not the checkpoint's, and for a known encoder that its files
    make another one of; warn of other pooling."""
    check_as_published(checkpoint, encoder.settings)
    if tokenizer not in (None, checkpoint):
        raise InputError(
            f"tokenizer {tokenizer!r} with checkpoint {checkpoint!r}", remedy="leave it out: the checkpoint has its own"
        )
    if prefix is not None and prompt not in (prefix, f"{prefix} "):  # Pyserini joins its prefixes by a blank
        raise InputError(
            f"prefix {prefix!r}, but the checkpoint was trained with {prompt!r}", path=checkpoint,
            remedy="leave it out: the checkpoint has its own",
        )
    given = {"pooling": encoder.settings.pooling, "l2_norm": encoder.settings.normalize}
    for name, value in given.items():
        if others.get(name, value) != value:
            warnings.warn(f"{name}={others[name]!r} is ignored: {checkpoint} has {value!r}", stacklevel=3)


def _warn_of_half_precision(fp16: bool) -> None:
    if fp16:
        warnings.warn(
            "fp16 is ignored: queries are encoded in the precision of their index, passages in fp32", stacklevel=3
        )
