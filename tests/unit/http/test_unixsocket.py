"""A server behind a socket file gives a document, or nothing is known of it."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from ecr_publish.http.unixsocket import LARGEST_DOCUMENT, document
from tests.running import running


@contextmanager
def answering(place: Path, answer: bytes) -> Iterator[list[str]]:
    """A server that gives these very bytes to every request; the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with running(socketserver.ThreadingUnixStreamServer(str(place), Handler)):
        yield asked


@contextmanager
def falling_silent(place: Path, begun: bytes = b"") -> Iterator[list[str]]:
    """A server that says this and no more; the paths for which somebody waited until it left, after twenty seconds."""
    gone, outwaited = threading.Event(), list[str]()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(begun)
            self.wfile.flush()
            if not gone.wait(20):
                outwaited.append(self.path)

        def log_message(self, *_: object) -> None:
            pass

    with running(socketserver.ThreadingUnixStreamServer(str(place), Handler)):
        try:
            yield outwaited
        finally:
            gone.set()


def whole(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


def test_the_document_at_a_path_is_had(tmp_path):
    with answering(tmp_path / "socket", whole(b"200 OK", b"{}")) as asked:
        place = str(tmp_path / "socket")
        assert [document(place, path) for path in ("/info", "/images/sha256:0/json")] == [b"{}", b"{}"]
    assert asked == ["/info", "/images/sha256:0/json"]


@pytest.mark.parametrize(
    "answer",
    [
        whole(b"404 Not Found", b"{}"),
        whole(b"307 Temporary Redirect\r\nLocation: /elsewhere", b""),
        b"",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        whole(b"200 OK", bytes(LARGEST_DOCUMENT + 1)),
    ],
    ids=["not there", "elsewhere", "nothing", "not HTTP", "cut off", "too large"],
)
def test_any_other_answer_is_no_document(tmp_path, answer):
    with answering(tmp_path / "socket", answer):
        assert document(str(tmp_path / "socket"), "/info") is None


def test_where_nobody_listens_there_is_no_document(tmp_path):
    assert document(str(tmp_path / "socket"), "/info") is None


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"], ids=["all", "the rest"])
def test_a_server_that_says_nothing_is_not_waited_for_without_end(tmp_path, begun):
    with falling_silent(tmp_path / "socket", begun) as outwaited:
        assert document(str(tmp_path / "socket"), "/info", seconds=0.2) is None
        assert outwaited == []
