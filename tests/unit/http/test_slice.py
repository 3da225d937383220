"""A slice of a file arrives whole, whatever it is sent through, and a file that became shorter is noticed."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from ecr_publish.http.slice import BLOCK, Shrunk, Slice, Unreadable

BYTES = os.urandom(2 * BLOCK + 100)


class Reader(threading.Thread):
    """Reads the other end to its end."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__()
        self._sock, self.got = sock, bytearray()
        self.start()

    def run(self) -> None:
        while block := self._sock.recv(BLOCK):
            self.got += block


@contextmanager
def plain() -> Iterator[tuple[socket.socket, Reader]]:
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    with ours, theirs:
        yield ours, Reader(theirs)


@contextmanager
def tls() -> Iterator[tuple[socket.socket, Reader]]:
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("registry.example").configure_cert(server)
    authority.configure_trust(client)
    ours, theirs = socket.socketpair()
    accepted: list[socket.socket] = []
    greeting = threading.Thread(target=lambda: accepted.append(server.wrap_socket(theirs, server_side=True)))
    greeting.start()
    with client.wrap_socket(ours, server_hostname="registry.example") as sending:
        greeting.join()
        with accepted[0]:
            yield sending, Reader(accepted[0])


@pytest.mark.parametrize("through", [plain, tls])
@pytest.mark.parametrize(("start", "length"), [(0, len(BYTES)), (1, BLOCK), (BLOCK, BLOCK + 100)])
def test_the_bytes_from_start_arrive(tmp_path: Path, through, start: int, length: int):
    (tmp_path / "file").write_bytes(BYTES)
    with (tmp_path / "file").open("rb", buffering=0) as file, through() as (sock, reader):
        Slice(file, start, length).send(sock)
        sock.shutdown(socket.SHUT_WR)
        reader.join()
    assert bytes(reader.got) == BYTES[start : start + length]


@pytest.mark.parametrize("through", [plain, tls])
def test_a_file_that_became_shorter_is_not_sent_as_if_it_were_whole(tmp_path: Path, through):
    (tmp_path / "file").write_bytes(BYTES[:-1])
    with (tmp_path / "file").open("rb", buffering=0) as file, through() as (sock, reader):
        with pytest.raises(Shrunk):
            Slice(file, BLOCK, BLOCK + 100).send(sock)
        sock.shutdown(socket.SHUT_RDWR)
        reader.join()


def test_nothing_moving_for_the_sockets_timeout_is_a_timeout(tmp_path: Path):
    (tmp_path / "file").write_bytes(BYTES * 8)
    ours, theirs = socket.socketpair()
    ours.settimeout(0.2)
    with (tmp_path / "file").open("rb", buffering=0) as file, ours, theirs, pytest.raises(TimeoutError):
        Slice(file, 0, 8 * len(BYTES)).send(ours)


@pytest.mark.parametrize("through", [plain, tls])
def test_a_file_that_cannot_be_read_is_no_broken_line(tmp_path: Path, through):
    (tmp_path / "file").write_bytes(BYTES)
    with (tmp_path / "file").open("ab", buffering=0) as file, through() as (sock, reader):  # opened for writing only
        with pytest.raises(Unreadable):
            Slice(file, 0, len(BYTES)).send(sock)
        sock.shutdown(socket.SHUT_RDWR)
        reader.join()


def test_a_broken_line_is_no_unreadable_file(tmp_path: Path):
    (tmp_path / "file").write_bytes(BYTES)
    ours, theirs = socket.socketpair()
    theirs.close()
    with (tmp_path / "file").open("rb", buffering=0) as file, ours, pytest.raises(BrokenPipeError):
        Slice(file, 0, len(BYTES)).send(ours)
