"""A server on loopback that answers as a function says, and keeps what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.running import running


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    client: tuple[str, int]


@dataclass
class Scripted:
    """`answer` gives (status, headers, body); a body of None closes the connection without an answer."""

    answer: Callable[[Asked], tuple[int, dict[str, str], bytes | None]]
    asked: list[Asked] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(answer: Callable[[Asked], tuple[int, dict[str, str], bytes | None]]) -> Iterator[Scripted]:
    scripted = Scripted(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, body, self.client_address)
            scripted.asked.append(asked)
            status, given, content = scripted.answer(asked)
            if content is None:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **given}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)
            if int(given.get("Content-Length", 0)) > len(content):
                self.close_connection = True

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = handle_any

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    scripted.url = f"http://127.0.0.1:{server.server_address[1]}"
    with running(server):
        yield scripted
