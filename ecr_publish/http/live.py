"""Live connections: all that a transport has open or opens, so that none is waited for when the run is to end."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
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
        self._connecting: set[SimpleQueue[BaseException | None]] = set()
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

    def connect(self, act: Callable[[], None]) -> None:
        """Call it, and return when it is done. It runs in a thread beside, for nothing ends the look-up of a name or a
        greeting of TLS. Raises what it raises; at the cut ConnectionAbortedError, and it is left to itself then. Where
        the machine gives no more threads it runs in this one, and the cut waits for it."""
        ended: SimpleQueue[BaseException | None] = SimpleQueue()
        with self._lock:
            if self._is_over:
                raise _aborted()
            self._connecting.add(ended)

        def perform() -> None:
            try:
                act()
            except BaseException as error:  # noqa: BLE001 - handed over to whoever is waiting
                ended.put(error)
            else:
                ended.put(None)

        try:
            _begin(perform)
            error = ended.get()
        finally:
            with self._lock:
                self._connecting.discard(ended)
        if error is not None:
            raise error

    def cut(self) -> None:
        """Whoever waits for the other side of any of them is told that it has gone."""
        with self._lock:
            self._is_over = True
            there, waiting = tuple(self._sockets), tuple(self._connecting)
        for each in there:
            _cut(each)
        for one in waiting:
            one.put(_aborted())


class Watched:
    """Before one of urllib3's classes of connections: has each added to `live` when it is made."""

    live: Live
    sock: Any

    def connect(self) -> None:
        """Connect, TLS included."""
        self.live.connect(super().connect)  # type: ignore[misc]
        self.live.add(self.sock)


def _begin(perform: Callable[[], None]) -> None:
    """Beside, or here and now where a limit of processes (a container's, a CI's) leaves no thread for it."""
    with suppress(RuntimeError):
        threading.Thread(target=perform, name="connecting", daemon=True).start()
        return
    perform()


def _aborted() -> ConnectionAbortedError:
    return ConnectionAbortedError(errno.ECONNABORTED, "the run is to end")


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):  # it was closed meanwhile
        # The socket's own: that of TLS would say goodbye, and forget the session that a thread is using.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
