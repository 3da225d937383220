"""What is particular to TLS: who is trusted, and answers that come before everything was sent."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from ecr_publish.errors import Unavailable
from ecr_publish.http.failures import Cut
from ecr_publish.http.route import Route
from ecr_publish.http.slice import Slice
from ecr_publish.http.transport import Transport
from ecr_publish.run.stop import StopRequest
from tests.unit.http.scripted import serving

SIZE = 32 << 20  # more than the buffers of both ends
REFUSAL = b"HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge"


@contextmanager
def tls(authority: trustme.CA, act: Callable[[ssl.SSLSocket], None], name: str = "localhost") -> Iterator[str]:
    """A server that does this with each connection; its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as sock:
                    act(sock)
            except OSError:
                pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{listening.getsockname()[1]}/"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def transport(authority: trustme.CA, tmp_path: Path) -> Iterator[Transport]:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    made = Transport(StopRequest(), route=Route(authorities=str(tmp_path / "ca.pem")), stalled=10)
    yield made
    made.close()


def early(sock: ssl.SSLSocket) -> None:
    """An answer in the middle of the body, then the end, as Go's servers make it: what is still to come is not read."""
    sock.recv(1 << 20)
    sock.sendall(REFUSAL)
    sock.shutdown(socket.SHUT_WR)
    time.sleep(0.2)


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_an_answer_in_the_middle_of_a_body_is_read(authority, transport: Transport, tmp_path: Path, kind: str):
    path = tmp_path / "blob"
    path.write_bytes(os.urandom(SIZE))
    with tls(authority, early) as url, path.open("rb", buffering=0) as file:
        body = [Slice(file, 0, SIZE)] if kind == "file" else [file.read(SIZE)]
        answer = transport.ask("PUT", url, {"Content-Length": str(SIZE)}, body)
    assert (answer.status, answer.body) == (413, b"large")


def test_an_end_in_the_middle_of_a_body_is_cut(authority, transport: Transport):
    with tls(authority, lambda sock: sock.recv(1000)) as url, pytest.raises(Cut, match="connection broke"):
        transport.ask("PUT", url, {"Content-Length": str(SIZE)}, [bytes(SIZE)])


def test_the_authorities_that_were_named_are_believed(authority, transport: Transport):
    def fine(sock: ssl.SSLSocket) -> None:
        sock.recv(1 << 16)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with tls(authority, fine) as url:
        assert transport.ask("GET", url, {}).body == b"ok"


def test_others_are_not_and_are_not_asked_again(authority):
    with tls(authority, early) as url, pytest.raises(Unavailable, match=r"not trusted: .*issuer") as told:
        Transport(StopRequest()).ask("GET", url, {})
    assert not told.value.retryable


def test_another_host_s_certificate_is_not_believed(authority, transport: Transport):
    with (
        tls(authority, early, "other.example") as url,
        pytest.raises(Unavailable, match="not trusted: Hostname") as told,
    ):
        transport.ask("GET", url, {})
    assert not told.value.retryable


def test_a_server_without_tls_is_told_as_such():
    with serving(lambda _: (200, {}, b"")) as server, pytest.raises(Unavailable, match="speaks no TLS") as told:
        Transport(StopRequest()).ask("GET", server.url.replace("http:", "https:"), {})
    assert not told.value.retryable
