"""A Docker engine on loopback that answers as it is told: the HTTP side of what docker-py speaks, nothing behind it."""

from __future__ import annotations

import json
import socketserver
import ssl
import threading
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.running import running

VERSION = {"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Version": "20.10.24"}


@dataclass
class Engine:
    """What it answers to a build, and what it was sent. `cut`: the connection ends before the answer does; `silent`:
    the last word of the path to which it says nothing."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    cut: bool = False
    url: str = ""
    builds: list[str] = field(default_factory=list)
    logins: dict[str, Any] = field(default_factory=dict)  # what the last build was given for its FROM lines
    context: bytes = b""
    images: dict[str, dict[str, Any]] = field(default_factory=dict)  # by id, as inspect tells
    archives: dict[str, bytes] = field(default_factory=dict)  # by id, as save writes
    saved: list[str] = field(default_factory=list)  # ids that were asked for by save
    streamed: int = 0  # bytes of archives that were written
    root: str = "/nowhere"
    silent: str = ""
    asked: threading.Event = field(default_factory=threading.Event)  # what it says nothing to
    ended: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    engine: Engine

    def do_GET(self) -> None:
        verb = self.path.rpartition("/")[2]
        image = self.path.removesuffix(f"/{verb}").rpartition("/images/")[2].replace("%3A", ":")
        if verb == self.engine.silent:
            self.engine.asked.set()
            self.engine.ended.wait(60)
            self.close_connection = True
        elif verb == "info":
            self._json(200, {"DockerRootDir": self.engine.root})
        elif verb == "json" and image in self.engine.images:
            self._json(200, self.engine.images[image])
        elif verb == "get" and image in self.engine.archives:
            self.engine.saved.append(image)
            with suppress(OSError):  # it may be left before its end
                self._stream(self.engine.archives[image])
            self.close_connection = True
        elif verb in ("json", "get"):
            self._json(404, {"message": "No such image"})
        else:
            self._json(200, VERSION)

    def _stream(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for start in range(0, len(content), 30_000):
            self._chunk(content[start : start + 30_000])
            self.engine.streamed += 30_000
            if self.engine.cut and start > len(content) // 2:
                return
        self._chunk(b"")

    def do_POST(self) -> None:
        self.engine.builds.append(self.path)
        self.engine.logins = json.loads(urlsafe_b64decode(self.headers.get("X-Registry-Config") or "e30="))
        self.engine.context = self._body()
        if self.engine.status != 200:
            self._json(self.engine.status, {"message": "dockerfile parse error line 2: unknown instruction: RUNN"})
            return
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in self.engine.lines:
            self._chunk(json.dumps(line).encode() + b"\r\n")
        if self.engine.cut:
            self.wfile.write(b"ff\r\n")
            self.close_connection = True
        else:
            self._chunk(b"")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _chunk(self, content: bytes) -> None:
        self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")

    def _json(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Tests say what went wrong themselves."""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True  # a connection that is kept open must not hold up the end of a test


class _SocketServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextmanager
def serving(engine: Engine, tls: ssl.SSLContext | None = None, socket: Path | None = None) -> Iterator[Engine]:
    """The engine at `engine.url` (for DOCKER_HOST) until the end of the block: by TCP, on its own side of TLS, or on a
    socket."""
    handler = type("Handler", (_Handler,), {"engine": engine})
    server = _SocketServer(str(socket), handler) if socket else _Server(("127.0.0.1", 0), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    engine.url = f"unix://{socket}" if socket else f"tcp://127.0.0.1:{server.server_address[1]}"
    with running(server):
        yield engine
        engine.ended.set()
