"""A checkpoint made by others becomes a model of the workspace, which says how it is to be used.

Most checkpoints do not say it themselves: what stands before queries and passages, and of plain Hugging Face models not
even how tokens become one vector. Each setting is the one that is given, else the one that the checkpoint states, else
the published one of a known encoder. What then is still open is refused: a guess would be a worse model under the same
name. The weights are copied, not linked: who trains on in their folder would change an index's model under it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hybrid_pyserini.atomic import replacing_folder
from hybrid_pyserini.encoder import checkpoint
from hybrid_pyserini.encoder.checkpoint import EncoderSettings
from hybrid_pyserini.encoder.encoder import Encoder
from hybrid_pyserini.encoder.known_encoders import KNOWN_ENCODERS
from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json, write_json
from hybrid_pyserini.provenance import made_by

RECORD = "adopt.json"

_PROMPTS = ("query_prompt", "document_prompt")
_OPTIONS = {
    "pooling": "--pooling", "normalize": "--normalize or --no-normalize", "query_prompt": "--query-prompt",
    "document_prompt": "--document-prompt",
}
"""The settings that must come from somewhere, and how they are given; a length that nobody says is ours."""


@dataclass(frozen=True)
class Adopted:
    """A model of the workspace, after ``adopt``."""

    folder: Path
    settings: EncoderSettings
    origins: Mapping[str, str]
    """Setting -> ``given``, ``stated`` (by the checkpoint), ``published`` or ``default``."""
    kept: bool
    """Whether it was there before."""


def adopt(
    output: Path, source: str, *, known: str | None = None, given: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> Adopted:
    """Make the model ``output`` of ``source``, a checkpoint's folder or hub name, with ``adopt.json`` saying from what.

    ``known``: the hub name of the encoder that a folder is a copy of. ``given``: settings by the names of
    ``EncoderSettings``, before all others. Kept is what was made from the same; of a hub name that is not looked up
    again. Raises InputError for a checkpoint that cannot be had, is not whole or is none that this project computes,
    for a setting that nobody says, and for an ``output`` that was made otherwise, unless ``overwrite``.
    """
    given = dict(given or {})
    arguments = {"source": source, "known": known, "given": given}
    if output.exists() and not overwrite:
        record = _record_of_same(output, arguments)
        return Adopted(output, EncoderSettings(**record["settings"]), record["origins"], kept=True)
    published = KNOWN_ENCODERS.get(known or source)
    if known is not None and published is None:
        raise InputError(f"no published settings of {known!r}", remedy=f"known are {', '.join(KNOWN_ENCODERS)}")
    folder = checkpoint.local_folder(source)
    stated = checkpoint.stated_settings(folder)
    settings, origins = choose_settings(source, stated, published, given)
    encoder = Encoder.load(str(folder))
    encoder.settings = settings = _fitting(settings, origins, encoder)
    if settings.dense_folder is not None and encoder.model.dense is None:
        raise InputError(f"{source} has a dense layer, and this copy has none", path=folder,
                         remedy="copy all of its folders, 2_Dense among them, and modules.json")
    with replacing_folder(output) as aside:
        encoder.save(aside)
        settings = EncoderSettings(**checkpoint.stated_settings(aside))  # a dense layer's folder has our name now
        write_json(aside / RECORD, made_by(**arguments) | {
            "settings": asdict(settings), "origins": origins, "fingerprint": encoder.fingerprint,
            "revision": folder.name if folder.parent.name == "snapshots" else None,  # of the hub's cache
        })
    return Adopted(output, settings, origins, kept=False)


def choose_settings(
    source: str, stated: Mapping[str, Any], published: EncoderSettings | None, given: Mapping[str, Any]
) -> tuple[EncoderSettings, dict[str, str]]:
    """The settings, and where each came from; raises InputError, naming those that nobody says.

    ``stated`` are ``checkpoint.stated_settings``. Prompts that are stated and empty do not stand before published ones:
    sentence-transformers writes empty ones where nobody has said anything.
    """
    stated = dict(stated)
    if published is not None and not any(stated.get(name) for name in _PROMPTS):
        stated = {name: value for name, value in stated.items() if name not in _PROMPTS}
    chosen: dict[str, Any] = {}
    origins: dict[str, str] = {}
    of_published = asdict(published) if published is not None else {}
    for origin, settings in (("published", of_published), ("stated", stated), ("given", given)):
        chosen |= settings
        origins |= dict.fromkeys(settings, origin)
    missing = [name for name in _OPTIONS if name not in chosen]
    if missing:
        raise InputError(
            f"{source} does not say its {' and '.join(name.replace('_', ' ') for name in missing)}",
            remedy=f"give {', '.join(_OPTIONS[name] for name in missing)}, as its authors do, or --as NAME if it is a "
            "copy of a known encoder ('adopt --help' lists them)",
        )
    chosen = {"max_length": EncoderSettings.max_length} | chosen
    return EncoderSettings(**chosen), {"max_length": "default"} | origins


def _fitting(settings: EncoderSettings, origins: Mapping[str, str], encoder: Encoder) -> EncoderSettings:
    """The settings with a length that the encoder can take; raises InputError for one that was given and is none."""
    if 8 <= settings.max_length <= encoder.most_tokens:
        return settings
    if origins["max_length"] == "given":
        raise InputError(
            f"a maximum length of {settings.max_length} tokens",
            remedy=f"give --max-length from 8 to {encoder.most_tokens}, which this encoder can take",
        )
    return replace(settings, max_length=encoder.most_tokens)


def _record_of_same(output: Path, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a model that was made from the same; raises InputError for any other."""
    path = output / RECORD
    record = read_json(path) if path.is_file() else None
    source = Path(arguments["source"])
    if record is None or record["arguments"] != arguments or (
        checkpoint.is_checkpoint(source) and checkpoint.fingerprint(source) != record["fingerprint"]
    ):
        raise InputError(
            "a model that was made otherwise, or from another checkpoint",
            remedy="choose another name, or give --overwrite to replace it", path=output,
        )
    return record
