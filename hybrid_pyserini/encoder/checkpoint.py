"""A checkpoint's files: the Hugging Face plus sentence-transformers layout, read and written as plain JSON.

A checkpoint says everything that turns a text into a vector: pooling, normalisation, dense layer, prompts, maximum
length. So training, indexing and searching cannot disagree about it. The JSON is written by hand, with the class names
that sentence-transformers 5 and 6 both load; its own ``save`` writes names that 5 does not know.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hybrid_pyserini.errors import InputError
from hybrid_pyserini.jsonl import read_json, write_json
from hybrid_pyserini.provenance import sha256

POOLINGS = {"mean": "pooling_mode_mean_tokens", "cls": "pooling_mode_cls_token"}
_MODULES = "modules.json"
_TRANSFORMER = "sentence_bert_config.json"
_BOOKKEEPING = {"_name_or_path", "name_or_path", "transformers_version", "is_local", "local_files_only"}
"""Keys that transformers writes about a file's history, not about what it computes."""
_PROMPTS = "config_sentence_transformers.json"
ADAPTER = "adapter"
"""The folder of a LoRA adapter, whose sum with the initial weights the checkpoint's own weights are."""


@dataclass(frozen=True)
class EncoderSettings:
    """How a text becomes a vector. The defaults are the paper's prefixes and sentence-transformers' mean pooling."""

    pooling: str = "mean"
    normalize: bool = True
    query_prompt: str = "Query: "
    document_prompt: str = "Passage: "
    max_length: int = 256
    """Tokens, special ones included, for queries and passages alike."""
    dense_folder: str | None = None
    """The folder of a dense layer after pooling (LaBSE has one)."""


def is_checkpoint(folder: Path) -> bool:
    """Whether the folder holds a Hugging Face model."""
    return (folder / "config.json").is_file()


def local_folder(name_or_path: str) -> Path:
    """The folder of a checkpoint: a local path as it is, else a hub name from the cache or the hub.

    Raises InputError for a folder that is no checkpoint and for a name that cannot be had.
    """
    folder = Path(name_or_path)
    if is_checkpoint(folder):
        return folder
    if folder.exists() or name_or_path.count("/") > 1 or name_or_path.startswith((".", "/")):
        found = "a folder without config.json" if folder.is_dir() else "a file" if folder.exists() else "no such folder"
        raise InputError(f"no checkpoint: {found}", remedy="give a model's folder or a hub name", path=name_or_path)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name_or_path, ignore_patterns=["onnx/*", "openvino/*", "*.h5", "*.msgpack"]))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise InputError(
            f"{name_or_path!r} is no model of this workspace, no folder, and the hub does not give it "
            f"({type(error).__name__})",
            remedy="check the name, download the model first, or make one with 'hybrid-pyserini init'",
        ) from None


def read_settings(folder: Path) -> EncoderSettings | None:
    """The settings in ``modules.json`` and beside it; None for a plain Hugging Face model, which states none.

    What sentence-transformers' files leave open is as it is there: no prompts, but for the length, which is ours.
    Raises InputError for a module or pooling that this project does not compute.
    """
    stated = stated_settings(folder)
    return EncoderSettings(**{"query_prompt": "", "document_prompt": ""} | stated) if stated else None


def stated_settings(folder: Path) -> dict[str, Any]:
    """What the files of a checkpoint say of ``EncoderSettings``, by its names, and nothing else; nothing at all for a
    plain Hugging Face model. Raises InputError for a module or pooling that this project does not compute."""
    if not (folder / _MODULES).is_file():
        return {}
    modules = _read_modules(folder)
    stated = {
        "pooling": _read_pooling(folder / modules["Pooling"]), "normalize": "Normalize" in modules,
        "dense_folder": modules.get("Dense"),
    }
    transformer = folder / modules["Transformer"] / _TRANSFORMER
    if transformer.is_file() and (length := read_json(transformer).get("max_seq_length")):
        stated["max_length"] = length
    if states_prompts(folder):
        prompts = _read_prompts(folder)
        stated["query_prompt"] = prompts.get("query", "")
        stated["document_prompt"] = prompts.get("document", prompts.get("passage", ""))
    return stated


def states_prompts(folder: Path) -> bool:
    """Whether the checkpoint says what stands before a query or a passage, be it nothing; LaBSE does not say."""
    return bool({"query", "document", "passage"} & _read_prompts(folder).keys())


def _read_prompts(folder: Path) -> dict[str, str]:
    path = folder / _PROMPTS
    return (read_json(path).get("prompts") or {}) if path.is_file() else {}


def _read_modules(folder: Path) -> dict[str, str]:
    """Module class name -> its folder, in order; the classes' packages differ between versions and are ignored."""
    path = folder / _MODULES
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
        modules = {entry["type"].rsplit(".", 1)[-1]: entry["path"] for entry in listed}
    except (json.JSONDecodeError, KeyError, TypeError):
        raise InputError("not a list of modules", remedy="copy the checkpoint again", path=path) from None
    unknown = set(modules) - {"Transformer", "Pooling", "Dense", "Normalize"}
    if unknown or not {"Transformer", "Pooling"} <= set(modules):
        raise InputError(
            f"modules {', '.join(modules)} are not Transformer, Pooling, and possibly Dense and Normalize",
            remedy="use an encoder made of these", path=path,
        )
    return modules


def _read_pooling(folder: Path) -> str:
    """``mean`` or ``cls``, from either form that sentence-transformers has written."""
    path = folder / "config.json"
    config = read_json(path)
    names = [config["pooling_mode"]] if "pooling_mode" in config else [
        name for name, key in POOLINGS.items() if config.get(key)
    ]
    active = [key for key, value in config.items() if key.startswith("pooling_mode_") and value]
    if len(names) != 1 or names[0] not in POOLINGS or len(active) > 1:
        raise InputError(
            f"pooling {', '.join(map(str, active or names)) or 'unknown'}", path=path,
            remedy=f"use an encoder with one of: {', '.join(POOLINGS)}",
        )
    return names[0]


def write_settings(folder: Path, settings: EncoderSettings, hidden_size: int) -> EncoderSettings:
    """Write the sentence-transformers files beside a saved Hugging Face model; return the settings as they now stand
    (a dense layer is always in ``2_Dense``, whose weights the caller writes)."""
    settings = replace(settings, dense_folder="2_Dense" if settings.dense_folder else None)
    names = [("Transformer", ""), ("Pooling", "1_Pooling")]
    if settings.dense_folder:
        names.append(("Dense", settings.dense_folder))
    if settings.normalize:
        names.append(("Normalize", f"{len(names)}_Normalize"))
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{name}"}
        for i, (name, path) in enumerate(names)
    ]
    write_json(folder / _MODULES, modules)
    for _, path in names:
        (folder / path).mkdir(exist_ok=True)
    write_json(
        folder / "1_Pooling" / "config.json",
        {"word_embedding_dimension": hidden_size} | {key: name == settings.pooling for name, key in POOLINGS.items()},
    )
    write_json(folder / _TRANSFORMER, {"max_seq_length": settings.max_length, "do_lower_case": False})
    write_json(folder / _PROMPTS, {
        "prompts": {"query": settings.query_prompt, "document": settings.document_prompt},
        "default_prompt_name": None, "similarity_fn_name": "cosine" if settings.normalize else "dot",
    })
    return settings


def fingerprint(folder: Path) -> str:
    """SHA-256 over all that decides a vector: weights, tokenizer, architecture and settings.

    Files by name and content, so a copied or renamed checkpoint keeps its fingerprint.
    """
    digest = hashlib.sha256()
    settings = read_settings(folder)
    digest.update(repr(sorted(asdict(settings).items()) if settings else None).encode())
    for name in ("config.json", "tokenizer_config.json"):
        if (folder / name).is_file():
            told = {key: value for key, value in read_json(folder / name).items() if key not in _BOOKKEEPING}
            digest.update(json.dumps([name, told], sort_keys=True).encode())
    weights = [
        path for path in sorted([*folder.rglob("*.safetensors"), *folder.rglob("pytorch_model*.bin")])
        if path.parent != folder / ADAPTER
    ]
    tokenizer = [folder / name for name in (
        "tokenizer.json", "sentencepiece.bpe.model", "spiece.model", "vocab.txt", "special_tokens_map.json",
    )]
    for path in [*weights, *(path for path in tokenizer if path.is_file())]:
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(bytes.fromhex(sha256(path)))
    return digest.hexdigest()
