"""Slices of files as request bodies: sent by the kernel, which need not show them to this process."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

BLOCK = 256 << 10  # bytes that are read at once where the kernel cannot send them: below TLS


class Shrunk(Exception):
    """The file has fewer bytes than it had when it was opened."""


class Unreadable(Exception):
    """The file, and not the line, is what failed: a bad disk, a network file system that is gone."""


@dataclass(frozen=True, slots=True)
class Slice:
    """`length` bytes of an open file from `start`."""

    file: IO[bytes]
    start: int
    length: int

    def send(self, sock: Any) -> None:
        """Send all. Raises Shrunk, Unreadable, OSError, TimeoutError where nothing moves for the socket's timeout.

        A plain socket is given the file by sendfile(2). TLS encrypts in this process, so there it is read; Python's own
        SSLSocket.sendfile does the same in blocks of 8 KiB.
        """
        if type(sock) is socket.socket:
            self._handed_over(sock)
            return
        sent = 0
        for block in self._legible():
            sock.sendall(block)
            sent += len(block)
        if sent < self.length:
            raise Shrunk

    def _handed_over(self, sock: socket.socket) -> None:
        """One error tells of both ends: what the file gives when it is read says which one it was."""
        try:
            sent = sock.sendfile(self.file, self.start, self.length)
        except OSError:
            for _ in self._legible():
                pass
            raise
        if sent < self.length:
            raise Shrunk

    def _legible(self) -> Iterator[bytes]:
        try:
            yield from self.blocks(BLOCK)
        except OSError as error:
            raise Unreadable(error.strerror) from error

    def __enter__(self) -> Slice:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def blocks(self, size: int, skipped: int = 0) -> Iterator[bytes]:
        """All bytes but the first `skipped`, in blocks of at most `size`; fewer where the file ends early. Raises
        OSError."""
        position, end = self.start + skipped, self.start + self.length
        while position < end and (block := os.pread(self.file.fileno(), min(size, end - position), position)):
            yield block
            position += len(block)

    def content(self, most: int) -> bytes:
        """The first `most` bytes, and the file closed. Raises OSError."""
        with self:
            return os.pread(self.file.fileno(), min(most, self.length), self.start)
