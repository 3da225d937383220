"""Live connections: all that a transport has open, so that they can be cut when the run is to end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol
from weakref import WeakSet


class Stopping(Protocol):
    """The run's request to stop."""

    def soon_after(self, act: Callable[[], None]) -> None:
        """Have it called a moment after somebody asked."""


class Live:
    """Cut soon after `stop` was asked for. Safe from threads. Sockets that were closed are forgotten by themselves."""

    def __init__(self, stop: Stopping) -> None:
        stop.soon_after(self.cut)
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._is_over = False
        self._lock = threading.Lock()

    def add(self, sock: Any) -> None:
        """One more, connected; what comes after the cut is cut at once."""
        inner = getattr(sock, "socket", sock)  # TLS within a proxy's TLS is no socket, but has one
        with self._lock:
            self._sockets.add(inner)
            is_over = self._is_over
        if is_over:
            _cut(inner)

    def cut(self) -> None:
        """Whoever waits for the other side of any of them is told that it has gone."""
        with self._lock:
            self._is_over = True
            there = tuple(self._sockets)
        for each in there:
            _cut(each)


class Watched:
    """Before one of urllib3's classes of connections: has each added to `live` when it is made."""

    live: Live
    sock: Any

    def connect(self) -> None:
        """Connect, TLS included."""
        super().connect()  # type: ignore[misc]
        self.live.add(self.sock)


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):  # it was closed meanwhile
        # The socket's own: that of TLS would say goodbye, and forget the session that a thread is using.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
