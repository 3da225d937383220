"""A server behind a socket file gives a document, or nothing is known of it."""

from __future__ import annotations

import socketserver
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
