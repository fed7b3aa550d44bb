"""A web server on this machine for tests of downloads: it knows ranges, can break off, and counts what it is asked."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """What is served, and what has been asked."""

    files: dict[str, bytes]
    """Path -> content; of any other path the answer is 404."""
    address: str = ""
    break_after: list[int] = field(default_factory=list)
    """After how many bytes the next answers break off; when it is empty, none does."""
    ranges: bool = True
    piece: int | None = None
    """The most bytes of an answer to a Range."""
    from_the_start: bool = False
    """Whether an answer to a Range begins at 0 all the same."""
    status: dict[str, int] = field(default_factory=dict)
    """Path -> the error that it is answered with."""
    elsewhere: dict[str, str] = field(default_factory=dict)
    """Path -> the address that it is sent on to, as the Hugging Face hub does with large files."""
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and Range of each request."""
    authorizations: set[str | None] = field(default_factory=set)
    """What was shown of tokens."""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range", "")
        self.requests.append((handler.command, handler.path, asked))
        self.authorizations.add(handler.headers.get("Authorization"))
        content = self.files.get(handler.path)
        if content is None or handler.path in self.status:
            handler.send_error(self.status.get(handler.path, 404))
            return
        if handler.path in self.elsewhere:
            self._send_on(handler, content)
            return
        start = int(asked.removeprefix("bytes=").split("-")[0]) if asked and self.ranges else 0
        start = 0 if self.from_the_start else start
        if start and start >= len(content):
            handler.send_error(416)
            return
        body = content[start : start + self.piece] if asked and self.piece else content[start:]
        handler.send_response(206 if asked and self.ranges else 200)
        handler.send_header("Content-Length", str(len(body)))
        if asked and self.ranges:
            handler.send_header("Content-Range", f"bytes {start}-{start + len(body) - 1}/{len(content)}")
        handler.send_header("ETag", f'"{git_hash(content)}"')  # these two are the Hugging Face hub's
        handler.send_header("X-Repo-Commit", "0" * 40)
        handler.end_headers()
        if handler.command == "GET":
            sent = self.break_after.pop(0) if self.break_after else len(body)
            handler.wfile.write(body[:sent])

    def _send_on(self, handler: BaseHTTPRequestHandler, content: bytes) -> None:
        handler.send_response(302)
        handler.send_header("Location", self.elsewhere[handler.path])
        handler.send_header("Content-Length", "0")
        handler.send_header("X-Linked-ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        handler.send_header("X-Linked-Size", str(len(content)))
        handler.send_header("X-Repo-Commit", "0" * 40)
        handler.end_headers()


def git_hash(content: bytes) -> str:
    """What git, and so the hub, calls a small file."""
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()


@contextmanager
def serving(files: dict[str, bytes], kind: type[FileServer] = FileServer) -> Iterator[FileServer]:
    """A server of these files while the block runs."""
    served = kind(files)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.answer(self)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Nothing: pytest shows what the tests' subject says."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    served.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
