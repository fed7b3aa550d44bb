"""Fetches published files: going on where it broke off, and only under their names once their checksum is right.

What is there of an unfinished file stands beside its place as ``<name>.part``. Files on the Hugging Face hub are left
to ``huggingface_hub``, which knows about tokens (HF_TOKEN), mirrors (HF_ENDPOINT) and the hub's ways of storing.
"""

import errno
import hashlib
import http.client
import shutil
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from tqdm import tqdm

from hybrid_pyserini import __version__
from hybrid_pyserini.data.published_files import HUB, PublishedFile
from hybrid_pyserini.errors import InputError

TIMEOUT = 60.0
"""Seconds without a byte."""
ATTEMPTS = 3
"""How often a transfer that breaks off is taken up again, before the user is asked to."""
_BLOCK = 1 << 20


def download(files: Sequence[PublishedFile], folder: Path) -> tuple[int, int]:
    """Fetch those files that are not in ``folder`` yet; return how many were fetched, and how many were kept.

    Raises InputError for a file that cannot be had, or is not the published one, wherever it comes from.
    """
    fetched = 0
    for file in files:
        place = folder / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        fetched += _from_hub(file, folder) if file.address.startswith(HUB) else _from_address(file, place)
    return fetched, len(files) - fetched


def _from_address(file: PublishedFile, place: Path) -> bool:
    """Whether the file had to be fetched. Raises InputError for another file in its place: it may be someone's own."""
    if place.exists():
        _verify(place, file.checksum, remedy="move it away, or leave out --download to read it as it is")
        return False
    part = place.with_name(f"{place.name}.part")
    for attempt in range(1, ATTEMPTS + 1):
        if _transfer(file, part):
            break
        if attempt == ATTEMPTS:
            raise InputError(
                f"the connection to {file.address} broke off", remedy="run it again to go on where it did", path=part
            )
    try:
        _verify(part, file.checksum, remedy="run it again; if it stays so, the publisher has changed it")
    except InputError:
        part.unlink()
        raise
    part.replace(place)
    return True


def _transfer(file: PublishedFile, part: Path) -> bool:
    """Fetch what is missing of ``part``; whether that is complete now."""
    there = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": f"hybrid-pyserini/{__version__}", "Accept-Encoding": "identity"}
    if there:
        headers["Range"] = f"bytes={there}-"
    try:
        with urllib.request.urlopen(urllib.request.Request(file.address, headers=headers), timeout=TIMEOUT) as response:
            resumed = response.status == http.HTTPStatus.PARTIAL_CONTENT
            there = there if resumed else 0
            length = response.headers.get("Content-Length")
            total = there + int(length) if length else file.size
            _check_size(file, total, part)
            _check_room(part, (total or 0) - there)
            with part.open("ab" if resumed else "wb") as out:
                _copy(response, out, Path(file.path).name, there, total)
                return total is None or out.tell() == total
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:  # all of it is there; its checksum decides
            return True
        raise InputError(
            f"{file.address} is not to be had (HTTP {error.code} {error.reason})",
            remedy="get the file another way and put it there", path=part.with_suffix(""),
        ) from None
    except (TimeoutError, ConnectionError, http.client.HTTPException):
        return False
    except urllib.error.URLError as error:
        raise InputError(
            f"{file.address} cannot be reached ({error.reason})",
            remedy="check the network, or get the file another way and put it there", path=part.with_suffix(""),
        ) from None
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise InputError("the disk is full", remedy="make room and run it again to go on", path=part) from None


def _copy(response: http.client.HTTPResponse, out: BinaryIO, name: str, there: int, total: int | None) -> None:
    with tqdm(total=total, initial=there, desc=name, unit="B", unit_scale=True, disable=None) as bar:
        while block := response.read(_BLOCK):
            out.write(block)
            bar.update(len(block))


def _check_size(file: PublishedFile, total: int | None, part: Path) -> None:
    if total is not None and file.size not in (None, total):
        raise InputError(
            f"{file.address} has {total:,} bytes, {file.size:,} were published",
            remedy="get the file another way and put it there", path=part.with_suffix(""),
        )


def _check_room(part: Path, missing: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if missing > free:
        raise InputError(
            f"{missing:,} bytes are still to come, and {free:,} are free", remedy="make room and run it again",
            path=part,
        )


def _from_hub(file: PublishedFile, folder: Path) -> bool:
    """Whether the file had to be fetched. It is the pinned commit's, byte for byte: the hub's ETag is the SHA-256 of a
    large file and git's hash of a small one."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import EntryNotFoundError, HTTPError

    owner, name, path = file.address.removeprefix(HUB).split("/", 2)
    name, _, revision = name.partition("@")
    place = folder / path
    try:
        url = hf_hub_url(f"{owner}/{name}", path, repo_type="dataset", revision=revision)
        checksum = file.checksum or _checksum_of(get_hf_file_metadata(url).etag)
        if place.exists():
            _verify(place, checksum, remedy="move it away, or leave out --download to read it as it is")
            return False
        hf_hub_download(f"{owner}/{name}", path, repo_type="dataset", revision=revision, local_dir=folder)
    except (HTTPError, EntryNotFoundError, ConnectionError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(
            f"{file.address} is not to be had ({reason[0]})",
            remedy="check the network and HF_TOKEN, or get the file another way and put it there", path=place,
        ) from None
    try:
        _verify(place, checksum, remedy="run it again")
    except InputError:
        place.unlink()
        raise
    return True


def _checksum_of(etag: str | None) -> str:
    return f"{'sha256' if etag and len(etag) == 64 else 'git'}:{etag}"


def _verify(path: Path, checksum: str, *, remedy: str) -> None:
    """Raises InputError for a file that has not this checksum."""
    kind, _, expected = checksum.partition(":")
    digest = hashlib.sha1(usedforsecurity=False) if kind == "git" else hashlib.new(kind, usedforsecurity=False)
    if kind == "git":
        digest.update(f"blob {path.stat().st_size}\0".encode())
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    if digest.hexdigest() != expected:
        raise InputError(
            f"not the published file: its {kind} checksum is {digest.hexdigest()[:12]}..., expected {expected[:12]}...",
            remedy=remedy, path=path,
        )
