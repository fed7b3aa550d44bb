"""Fetches published files: going on where it broke off, and only under their names once their checksum is right.

What is there of an unfinished file stands beside its place as ``<name>.part``. Of files on the Hugging Face hub,
``huggingface_hub`` says where they are, what they must be and who asks (HF_ENDPOINT, HF_TOKEN); it does not fetch them,
since it begins anew what broke off in an earlier run.
"""

import errno
import hashlib
import http.client
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import replace
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
    fetched = sum(_fetch(file, folder / file.path) for file in files)
    return fetched, len(files) - fetched


def _fetch(file: PublishedFile, place: Path) -> bool:
    """Whether the file had to be fetched. Raises InputError for another file in its place: it may be someone's own."""
    headers: dict[str, str] = {}
    if file.address.startswith(HUB) and not (place.exists() and file.checksum):
        file, headers = _on_the_hub(file, place)
    if place.exists():
        _verify(place, file.checksum, remedy="move it away, or leave out --download to read it as it is")
        return False
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.part")
    for attempt in range(1, ATTEMPTS + 1):
        if _transfer(file, headers, part):
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


def _on_the_hub(file: PublishedFile, place: Path) -> tuple[PublishedFile, dict[str, str]]:
    """A file of the Hugging Face hub with its URL, its size and, where none is listed, its checksum, and the headers
    that show the user's token, if there is one. The hub's ETag is the SHA-256 of a large file and git's hash of a small
    one. Raises InputError, naming ``place``, where the hub does not answer so."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import HTTPError
    from huggingface_hub.utils import build_hf_headers

    owner, name, path = file.address.removeprefix(HUB).split("/", 2)
    name, _, revision = name.partition("@")
    url = hf_hub_url(f"{owner}/{name}", path, repo_type="dataset", revision=revision)
    try:
        found = get_hf_file_metadata(url)
        if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", found.etag or ""):
            raise OSError(f"{url} answers without a hash: that is not the hub")
    except (HTTPError, OSError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(
            f"{file.address} is not to be had ({reason[0]})",
            remedy="check the network and HF_TOKEN and run it again, or get the file another way and put it there",
            path=place,
        ) from None
    checksum = file.checksum or f"{'sha256' if len(found.etag or '') == 64 else 'git'}:{found.etag}"
    token = {name: value for name, value in build_hf_headers().items() if name.lower() == "authorization"}
    return replace(file, address=url, size=file.size or found.size, checksum=checksum), token


def _transfer(file: PublishedFile, headers: Mapping[str, str], part: Path) -> bool:
    """Fetch what is missing of ``part``; whether that is complete now. ``headers`` are for the address itself, not for
    others that it sends on to: a token is nobody else's business."""
    there = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(file.address, headers={
        "User-Agent": f"hybrid-pyserini/{__version__}", "Accept-Encoding": "identity",
        **({"Range": f"bytes={there}-"} if there else {}),
    })
    for name, value in headers.items():
        request.add_unredirected_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            begin, total = _extent(response, there)
            total = file.size if total is None else total
            _check_size(file, total, part)
            _check_room(part, (total or 0) - begin)
            with part.open("r+b" if begin else "wb") as out:
                out.seek(begin)
                _copy(response, out, Path(file.path).name, begin, total)
                return total is None or out.tell() == total
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:  # all of it is there; its checksum decides
            return True
        passing = error.code == http.HTTPStatus.TOO_MANY_REQUESTS or error.code >= http.HTTPStatus.INTERNAL_SERVER_ERROR
        raise InputError(
            f"{file.address} is not to be had (HTTP {error.code} {error.reason})",
            remedy="run it again later" if passing else "get the file another way and put it there",
            path=part.with_suffix(""),
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


def _extent(response: http.client.HTTPResponse, asked: int) -> tuple[int, int | None]:
    """Where in the file an answer begins, and how many bytes the file has, if it says so. A server need not begin where
    it was asked to, nor send all from there."""
    if response.status == http.HTTPStatus.PARTIAL_CONTENT:
        said = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        begin, total = said.groups() if said else (asked, "*")
        return int(begin), None if total == "*" else int(total)
    length = response.headers.get("Content-Length")
    return 0, int(length) if length else None


def _copy(response: http.client.HTTPResponse, out: BinaryIO, name: str, there: int, total: int | None) -> None:
    with tqdm(total=total, initial=there, desc=name, unit="B", unit_scale=True, disable=None) as bar:
        while block := _read(response):
            out.write(block)
            bar.update(len(block))


def _read(response: http.client.HTTPResponse) -> bytes:
    """The next bytes. Raises ConnectionError for whatever breaks a connection, such as TLS or a route that is gone, so
    that it is not taken for an error of writing."""
    try:
        return response.read(_BLOCK)
    except OSError as error:
        raise ConnectionError(str(error)) from error


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
