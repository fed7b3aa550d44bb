"""``prepare --download`` through the command line, from a server on this machine."""

import errno
import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace

import pytest
from file_server import FileServer, serving

from hybrid_pyserini.cli import main
from hybrid_pyserini.data import download, published_files
from hybrid_pyserini.data.published_files import HUB, PublishedFile
from hybrid_pyserini.data.readers import xquad_r
from hybrid_pyserini.data.registry import READERS

TINY = Path(__file__).parents[1] / "data" / "readers" / "tiny-xquad-r"
NAMES = ("de.json", "en.json", "zh.json")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """The hand-made XQuAD-R, published."""
    monkeypatch.setattr(xquad_r, "QUESTIONS", 6)
    monkeypatch.setattr(xquad_r, "SENTENCES", {"de": 6, "en": 7, "zh": 6})
    with serving({f"/{name}": (TINY / name).read_bytes() for name in NAMES}) as served:
        table = [
            PublishedFile("xquad-r", name[:2], name, len(content), f"sha256:{hashlib.sha256(content).hexdigest()}",
                          f"{served.address}/{name}")
            for name, content in ((name, (TINY / name).read_bytes()) for name in NAMES)
        ]
        monkeypatch.setattr(published_files, "published_files", lambda dataset: table if dataset == "xquad-r" else [])
        yield served


def fetch(workspace: Path, *arguments: str | Path, dataset: str = "xquad-r") -> int:
    return main(["prepare", dataset, "--download", "--workspace", str(workspace), *map(str, arguments)])


def check_one_line(capsys: pytest.CaptureFixture[str], *found: str) -> None:
    captured = capsys.readouterr()
    assert not captured.out
    (line,) = captured.err.splitlines()
    assert line.startswith("hybrid-pyserini prepare: ")
    for each in found:
        assert each in line


def test_fetched_once_verified_and_kept(
    server: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Variants of a data set share its files; the second preparation asks the server for nothing."""
    folder = tmp_path / "downloads" / "xquad-r"
    assert fetch(tmp_path) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"3 files downloaded to {folder}, 0 kept that were there"
    assert out[1].startswith("xquad-r prepared in ")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        name: (TINY / name).read_bytes() for name in NAMES
    }
    assert server.requests == [("GET", f"/{name}", "") for name in NAMES]
    server.requests.clear()
    assert fetch(tmp_path) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"0 files downloaded to {folder}, 3 kept that were there"
    assert out[1] == "xquad-r is prepared already from these files: kept (--overwrite prepares it again)"
    assert not server.requests


def test_into_a_folder_of_ones_own(server: FileServer, tmp_path: Path) -> None:
    """What is there already is kept, the folder is made if need be, and one language's files are enough to ask for."""
    source = tmp_path / "there"
    source.mkdir()
    for name in ("de.json", "en.json"):
        shutil.copy(TINY / name, source)
    assert fetch(tmp_path / "w", "--source", source, "--languages", "zh") == 0
    assert [path for _, path, _ in server.requests] == ["/zh.json"]
    assert not (tmp_path / "w" / "downloads").exists()
    assert fetch(tmp_path / "w2", "--source", tmp_path / "new" / "folder") == 0
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == [*NAMES]


def test_goes_on_where_the_connection_broke_off(
    server: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twice within one run; a third time ends it, and the next run goes on from there."""
    server.break_after = [100, 50]
    assert fetch(tmp_path) == 0
    asked = [range_ for _, path, range_ in server.requests if path == "/de.json"]
    assert asked == ["", "bytes=100-", "bytes=150-"]
    shutil.rmtree(tmp_path / "downloads")
    capsys.readouterr()
    server.requests.clear()
    server.break_after = [100, 50, 25]
    assert fetch(tmp_path) == 2
    part = tmp_path / "downloads" / "xquad-r" / "de.json.part"
    check_one_line(capsys, f"{part}: ", "/de.json broke off; run it again to go on where it did")
    assert part.read_bytes() == (TINY / "de.json").read_bytes()[:175]
    assert fetch(tmp_path) == 0
    assert server.requests[3] == ("GET", "/de.json", "bytes=175-")
    assert not part.exists()


def test_a_server_without_ranges_sends_it_all_again(server: FileServer, tmp_path: Path) -> None:
    server.ranges = False
    server.break_after = [100]
    assert fetch(tmp_path) == 0
    assert (tmp_path / "downloads/xquad-r/de.json").read_bytes() == (TINY / "de.json").read_bytes()


@pytest.mark.parametrize(("name", "value"), [("from_the_start", True), ("piece", 1500)])
def test_a_server_that_answers_a_range_with_another(
    server: FileServer, tmp_path: Path, name: str, value: int
) -> None:
    setattr(server, name, value)
    server.break_after = [100]
    assert fetch(tmp_path) == 0
    assert (tmp_path / "downloads/xquad-r/de.json").read_bytes() == (TINY / "de.json").read_bytes()


@pytest.mark.parametrize("error", [
    ssl.SSLError(1, "bad record mac"), OSError(errno.EHOSTUNREACH, "No route to host"),
])
def test_whatever_breaks_a_connection_it_is_taken_up_again(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    read, answers = http.client.HTTPResponse.read, iter([10, error])

    def broken(response: http.client.HTTPResponse, size: int) -> bytes:
        answer = next(answers, size)
        if isinstance(answer, OSError):
            raise answer
        return read(response, answer)
    monkeypatch.setattr(http.client.HTTPResponse, "read", broken)
    assert fetch(tmp_path) == 0
    assert [range_ for _, path, range_ in server.requests if path == "/de.json"] == ["", "bytes=10-"]


@pytest.mark.parametrize("status", [429, 503])
def test_an_error_that_passes_keeps_what_is_there(
    server: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    part = tmp_path / "downloads" / "xquad-r" / "de.json.part"
    part.parent.mkdir(parents=True)
    part.write_bytes((TINY / "de.json").read_bytes()[:100])
    server.status = {"/de.json": status}
    assert fetch(tmp_path) == 2
    check_one_line(capsys, f"/de.json is not to be had (HTTP {status} ", "; run it again later")
    assert part.stat().st_size == 100
    server.status = {}
    assert fetch(tmp_path) == 0
    assert ("GET", "/de.json", "bytes=100-") in server.requests


def test_a_part_that_is_complete_is_only_verified(server: FileServer, tmp_path: Path) -> None:
    folder = tmp_path / "downloads" / "xquad-r"
    folder.mkdir(parents=True)
    shutil.copy(TINY / "de.json", folder / "de.json.part")
    assert fetch(tmp_path) == 0
    assert (folder / "de.json").is_file() and not (folder / "de.json.part").exists()


def changed(server: FileServer) -> None:
    server.files["/en.json"] = server.files["/en.json"].replace(b"river", b"RIVER")


@pytest.mark.parametrize(("spoil", "found"), [
    (changed, ["en.json.part: not the published file: its sha256 checksum is ", ", expected ", "; run it again"]),
    (lambda s: s.files.update({"/en.json": b"{}"}), ["/en.json has 2 bytes, ", " were published"]),
    (lambda s: s.files.pop("/en.json"), ["en.json: ", "/en.json is not to be had (HTTP 404 Not Found)"]),
])
def test_what_is_not_the_published_file_gets_no_name(
    server: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[FileServer], object],
    found: list[str],
) -> None:
    spoil(server)
    assert fetch(tmp_path) == 2
    check_one_line(capsys, *found)
    assert [path.name for path in (tmp_path / "downloads" / "xquad-r").iterdir()] == ["de.json"]
    assert not (tmp_path / "topics").exists()


def test_another_file_in_its_place_is_left_alone(
    server: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "own"
    source.mkdir()
    (source / "de.json").write_text("mine")
    assert fetch(tmp_path / "w", "--source", source) == 2
    check_one_line(capsys, f"{source / 'de.json'}: not the published file", "move it away, or leave out --download")
    assert (source / "de.json").read_text() == "mine"


def test_no_network(server: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                    monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError("Network is unreachable")
    monkeypatch.setattr(socket, "create_connection", refused)
    assert fetch(tmp_path) == 2
    check_one_line(capsys, "de.json: ", "/de.json cannot be reached (Network is unreachable); check the network")


def test_a_disk_without_room(server: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                             monkeypatch: pytest.MonkeyPatch) -> None:
    """It is seen before the transfer."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    assert fetch(tmp_path) == 2
    size = (TINY / "de.json").stat().st_size
    check_one_line(capsys, f"de.json.part: {size:,} bytes are still to come, and 10 are free; make room")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_disk_that_fills_up(server: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "downloads" / "xquad-r"
    folder.mkdir(parents=True)
    (folder / "de.json.part").symlink_to("/dev/full")
    assert fetch(tmp_path) == 2
    check_one_line(capsys, f"{folder / 'de.json.part'}: the disk is full; make room and run it again to go on")


def test_a_local_path_touches_no_network(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blocked(*_: object, **__: object) -> None:
        raise AssertionError("the network was touched")
    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, blocked)
    assert main(["prepare", "xquad-r", "--source", str(TINY), "--workspace", str(tmp_path)]) == 0


@pytest.mark.parametrize(("arguments", "found"), [
    (["own", "--name", "a"], "no address of 'own' is known; get its files yourself and give --source FOLDER"),
    (["xquad-r", "--languages", "en,xx,yy"], "no files in xx, yy; choose among de en zh"),
    (["demo"], "'demo' is built in; leave out --source, --name, --heldout and --download"),
])
def test_wrong_arguments(
    server: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], found: str
) -> None:
    assert fetch(tmp_path, *arguments[1:], dataset=arguments[0]) == 2
    check_one_line(capsys, found)
    assert not server.requests


def test_languages_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", "xquad-r", "--languages", "en", "--source", str(TINY)]) == 2
    check_one_line(capsys, "--languages says what to download; leave it out, or give --download")


def ciral_files() -> dict[str, bytes]:
    """Yoruba, as the hub has it at the pinned commits."""
    topics = b"1\tWho?\n2\tWhere?"
    passages = b'{"docid": "BBC#1#0", "title": "a", "text": "b", "url": ""}\n'
    return {
        file.address.removeprefix(HUB): (
            passages if file.path.endswith(".jsonl") else topics if "/topics/" in file.path else b"1\tQ0\tBBC#1#0\t1"
        ) for file in published_files.published_files("ciral") if file.language == "yo"
    }


def on_the_hub(files: dict[str, bytes]) -> dict[str, bytes]:
    """The hub's paths of ``owner/name@revision/path``."""
    return {
        re.sub(r"^([^@]+)@([^/]+)/", r"/datasets/\1/resolve/\2/", address): content
        for address, content in files.items()
    }


def fetch_from_hub(address: str, workspace: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, since huggingface_hub takes its address from the environment when it is imported."""
    command = [sys.executable, "-m", "hybrid_pyserini", "prepare", "ciral", "--download", "--languages", "yo"]
    return subprocess.run(
        [*command, "--workspace", str(workspace)], capture_output=True, text=True, timeout=300,
        env={**os.environ, "HF_ENDPOINT": address, "HF_HOME": str(workspace / "hf"), "HF_HUB_OFFLINE": "0",
             "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_ETAG_TIMEOUT": "5", **environment},
    )


def test_from_the_hub_it_goes_on_where_the_last_run_broke_off(tmp_path: Path) -> None:
    """From where the hub sends on to, which is not shown the token, and holds the file against its SHA-256."""
    files = on_the_hub(ciral_files())
    (large,) = [path for path in files if path.endswith(".jsonl")]
    part = tmp_path / "downloads/ciral/passages-v1.0/yoruba_passages.jsonl.part"
    with serving(files) as hub, serving(files) as store:
        hub.elsewhere = {large: f"{store.address}{large}"}
        store.break_after = [10, 5, 5]
        done = fetch_from_hub(hub.address, tmp_path, HF_TOKEN="hf_secret")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert f"{part}: the connection to {hub.address}{large} broke off; run it again" in done.stderr
        assert part.read_bytes() == files[large][:20]
        done = fetch_from_hub(hub.address, tmp_path, HF_TOKEN="hf_secret")
        assert done.stdout.startswith(f"1 files downloaded to {tmp_path}/downloads/ciral, 7 kept"), done.stderr
        assert store.requests[-1] == ("GET", large, "bytes=20-")
        assert hub.authorizations == {"Bearer hf_secret"} and store.authorizations == {None}
    assert part.with_suffix("").read_bytes() == files[large]
    assert not (tmp_path / "downloads/ciral/.cache").exists()


def test_a_server_that_is_not_the_hub(tmp_path: Path) -> None:
    class Bare(FileServer):
        def answer(self, handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

    with serving({}, Bare) as server:
        done = fetch_from_hub(server.address, tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "answers without a hash: that is not the hub)" in done.stderr


def test_from_the_hugging_face_hub(tmp_path: Path) -> None:
    def run() -> subprocess.CompletedProcess[str]:
        return fetch_from_hub(server.address, tmp_path)

    with serving(on_the_hub(ciral_files())) as server:
        done = run()
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"8 files downloaded to {tmp_path}/downloads/ciral, 0 kept")
        assert json.loads((tmp_path / "topics/ciral/dataset.json").read_text())["pairs"] == ["en-yo"]
        assert not [path for method, path, _ in server.requests if "yoruba" not in path]
        server.requests.clear()
        done = run()
        assert "0 files downloaded" in done.stdout and "8 kept" in done.stdout
        assert {method for method, _, _ in server.requests} == {"HEAD"}
        passages = tmp_path / "downloads/ciral/passages-v1.0/yoruba_passages.jsonl"
        passages.write_bytes(passages.read_bytes().upper())
        done = run()
        assert done.returncode == 2
        assert done.stderr.startswith(f"hybrid-pyserini prepare: {passages}: not the published file: its git checksum")
        passages.unlink()
        (gone,) = [path for path in server.files if path.endswith(".jsonl")]
        del server.files[gone]
        done = run()
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert f"{passages}: hf://datasets/CIRAL/ciral-corpus@" in done.stderr
        assert "is not to be had (" in done.stderr
    done = run()
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "is not to be had (" in done.stderr and "check the network" in done.stderr


def test_the_table_is_sound() -> None:
    """Each file has an address and, unless a commit pins it, a checksum; what data sets share is there."""
    lines = (Path(published_files.__file__).parent / "published_files.tsv").read_text().splitlines()
    assert len({tuple(line.split("\t")[i] for i in (0, 2)) for line in lines}) == len(lines)
    published = {reader.published for reader in READERS.values()} - {None}
    assert published <= {line.split("\t")[0] for line in lines}
    for line in lines:
        _, _, path, size, checksum, address = line.split("\t")
        assert address.startswith(("https://", HUB)), line
        assert re.fullmatch(r"(md5:[0-9a-f]{32}|sha256:[0-9a-f]{64})", checksum) or (
            not checksum and re.match(rf"{HUB}[^/]+/[^/@]+@[0-9a-f]{{40}}/", address)
        ), line
        assert not size or int(size) > 0
        assert not Path(path).is_absolute() and ".." not in Path(path).parts
        if address.startswith(HUB):
            assert address.split("/", 5)[5] == path, line


@pytest.mark.parametrize(("folder", "dataset"), [
    ("xquad-r", "xquad-r"), ("squadshifts", "squadshifts"), ("tatoeba", "tatoeba"), ("miracl", "miracl"),
])
def test_the_tables_checksums_are_those_of_the_official_files(folder: str, dataset: str) -> None:
    data = Path(os.environ.get("HYBRID_PYSERINI_DATA", Path(__file__).parents[2] / ".." / "shared" / "data")) / folder
    if not data.is_dir():
        pytest.skip(f"no {data}: set HYBRID_PYSERINI_DATA to the folder that holds {folder}/")
    listed = {Path(file.path).name: file for file in published_files.published_files(dataset)}
    there = [path for path in data.iterdir() if path.name in listed]
    assert len(there) == len([*data.iterdir()])
    for path in there:
        download._verify(path, listed[path.name].checksum, remedy="")
        assert listed[path.name].size == path.stat().st_size
