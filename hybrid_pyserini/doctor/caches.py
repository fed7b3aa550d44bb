"""Models and indexes that were fetched before: the cache of the Hugging Face hub, and Pyserini's own."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hybrid_pyserini.doctor.findings import Finding, Level, readable_size
from hybrid_pyserini.doctor.packages import pip_install

if TYPE_CHECKING:
    from huggingface_hub import CachedRepoInfo, HFCacheInfo

_MOST_SHOWN = 10
_OFFLINE = "HF_HUB_OFFLINE is set: no other can be fetched"


def examine_caches(environ: Mapping[str, str]) -> list[Finding]:
    """The hub's cache, where ``huggingface_hub`` looks for it in this process, and Pyserini's."""
    try:
        from huggingface_hub import constants
    except ImportError:
        hub = [Finding(Level.MISSING, "hub", "huggingface-hub is not installed, so no model can be found or fetched",
                       remedy=pip_install("huggingface-hub"))]
    else:
        hub = examine_hub_cache(Path(constants.HF_HUB_CACHE), offline=bool(constants.HF_HUB_OFFLINE))
    return [*hub, examine_pyserini_cache(environ)]


def examine_hub_cache(folder: Path, *, offline: bool) -> list[Finding]:
    """The models in it that training can start from, largest first, and the others; the hub is not asked.

    ``offline``: whether the user forbids asking it.
    """
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    where = Finding(Level.OK, "hub", str(folder))
    try:
        return [where, *_cached_models(scan_cache_dir(folder), offline)]
    except CacheNotFound:
        return [where, _none_cached(offline)]
    except (OSError, ValueError) as error:
        return [Finding(Level.NOTE, "hub", f"{folder} cannot be read ({error})",
                        remedy="change its rights, or set HF_HOME to a folder of your own")]


def _cached_models(cache: "HFCacheInfo", offline: bool) -> list[Finding]:
    models = sorted((repo for repo in cache.repos if repo.repo_type == "model"), key=lambda repo: -repo.size_on_disk)
    architectures = {repo: _architecture(repo) for repo in models}
    encoders = [f"{repo.repo_id} ({architectures[repo]}, {readable_size(repo.size_on_disk)})"
                for repo in models if architectures[repo]]
    # The scan complains about files of other programs too, which are nothing to act on.
    others = [repo.repo_id for repo in models if not architectures[repo]]
    others += [str(warning) for warning in cache.warnings if "models--" in str(warning)]
    findings = [_none_cached(offline)]
    if encoders:
        more = f" and {len(encoders) - _MOST_SHOWN} more" if len(encoders) > _MOST_SHOWN else ""
        text = f"with configuration and weights: {', '.join(encoders[:_MOST_SHOWN])}{more}"
        findings = [Finding(Level.OK, "models", f"{text}. {_OFFLINE}" if offline else text)]
    if others:
        findings.append(Finding(
            Level.NOTE, "others", f"without configuration or weights: {', '.join(others)}",
            remedy=f"if one should be an encoder, use it {'without HF_HUB_OFFLINE' if offline else 'with a network'}: "
            "the rest is fetched then",
        ))
    return findings


def _none_cached(offline: bool) -> Finding:
    if offline:
        return Finding(Level.NOTE, "models", f"none cached; {_OFFLINE}",
                       remedy="unset HF_HUB_OFFLINE, or give --init a folder or what 'hybrid-pyserini init' makes")
    return Finding(Level.NOTE, "models", "none cached: xlm-roberta-base is fetched at its first use; 'demo' needs none")


def _architecture(repo: "CachedRepoInfo") -> str | None:
    """What kind of transformer it is; None where no revision has both a configuration and weights that transformers
    loads."""
    for revision in repo.revisions:
        files = {file.file_name: file.file_path for file in revision.files
                 if file.file_path.parent == revision.snapshot_path}
        weights = [name for name in files if name.endswith(".safetensors") or name.startswith("pytorch_model")]
        if weights and "config.json" in files:
            try:
                return str(json.loads(files["config.json"].read_bytes())["model_type"])
            except (ValueError, KeyError, TypeError):
                continue
    return None


def examine_pyserini_cache(environ: Mapping[str, str]) -> Finding:
    """The folder of Pyserini's prebuilt indexes and topics, found as Pyserini finds it."""
    folder = Path(environ.get("PYSERINI_CACHE") or os.path.expanduser("~/.cache/pyserini"))  # noqa: PTH111  # as there
    try:
        size = sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
    except OSError as error:
        return Finding(Level.NOTE, "Pyserini", f"{folder} cannot be read ({error.strerror})",
                       remedy="change its rights, or set PYSERINI_CACHE to a folder of your own")
    return Finding(Level.OK, "Pyserini", f"{folder}: {readable_size(size) if size else 'empty; nothing here needs it'}")
