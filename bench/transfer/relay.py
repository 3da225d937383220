"""Bytes between two sockets: heads are read, bodies pass by splice, without Python seeing them."""

import os
import socket

NOT_TLS = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTPS request to an HTTP server.\n"


class Closed(Exception):
    """One side has hung up."""


class Side:
    """One socket, with what was read of it and not yet understood."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock, self._held = sock, b""

    def head(self) -> bytes:
        """Everything up to the empty line."""
        while (end := self._held.find(b"\r\n\r\n")) < 0:
            more = self.sock.recv(65536)
            if not more:
                raise Closed
            if not self._held and more[0] == 0x16:
                self.sock.sendall(NOT_TLS)
                raise Closed
            self._held += more
        head, self._held = self._held[: end + 4], self._held[end + 4 :]
        return head

    def pass_on(self, length: int, to: socket.socket) -> None:
        """Move exactly that many bytes of a body."""
        part, self._held = self._held[:length], self._held[length:]
        to.sendall(part)
        length -= len(part)
        if length:
            self._splice(length, to)

    def pass_chunked(self, to: socket.socket) -> int:
        """Move a chunked body, framing and all; the bytes that it held."""
        total = 0
        while True:
            line = self._line()
            to.sendall(line)
            size = int(line.split(b";")[0], 16)
            total += size
            self.pass_on(size + 2, to) if size else to.sendall(self._line())
            if not size:
                return total

    def _line(self) -> bytes:
        while (end := self._held.find(b"\r\n")) < 0:
            more = self.sock.recv(65536)
            if not more:
                raise Closed
            self._held += more
        line, self._held = self._held[: end + 2], self._held[end + 2 :]
        return line

    def _splice(self, length: int, to: socket.socket) -> None:
        readable, writable = os.pipe()
        try:
            while length:
                moved = os.splice(self.sock.fileno(), writable, min(length, 1 << 16))
                if not moved:
                    raise Closed
                length -= moved
                while moved:
                    moved -= os.splice(readable, to.fileno(), moved)
        finally:
            os.close(readable)
            os.close(writable)


def body(fields: dict[str, str], side: Side, to: socket.socket, *, absent: int | None) -> int:
    """Pass on the body that these fields announce, and count its bytes. `absent` is the length where none is told;
    None: the connection cannot go on after it."""
    if "chunked" in fields.get("transfer-encoding", "").lower():
        return side.pass_chunked(to)
    length = int(fields["content-length"]) if "content-length" in fields else absent
    if length is None:
        raise Closed
    side.pass_on(length, to)
    return length


def parsed(head: bytes) -> tuple[list[str], dict[str, str]]:
    """The words of the first line, and the fields in lower case."""
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if ":" in line)
    return first.split(" ", 2), {name.strip().lower(): value.strip() for name, _, value in pairs}
