"""Pools of kept-alive connections: none waits for Nagle, none lives on after it has gone silent."""

from __future__ import annotations

import socket
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from ecr_publish.http.slice import Slice

CONNECT_SECONDS, STALLED_SECONDS = 10.0, 60.0

_OPTIONS: list[tuple[int, int, int | bytes]] = [
    *HTTPConnection.default_socket_options,
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),  # a small request must not wait for the answer to an earlier one
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),  # NAT gateways forget connections that are silent for minutes
]


class _Plain(HTTPConnection):
    """urllib3 sends bodies under the short timeout that is meant for connecting; here sending has the long one."""

    stalled = STALLED_SECONDS

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(self.stalled)

    def send(self, data: Any) -> None:
        data.send(self.sock) if isinstance(data, Slice) else super().send(data)


class _Tls(HTTPSConnection):
    stalled = STALLED_SECONDS

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(self.stalled)

    def send(self, data: Any) -> None:
        data.send(self.sock) if isinstance(data, Slice) else super().send(data)


def pools(connections: int, stalled: float, proxy: str | None = None) -> urllib3.PoolManager:
    """A pool manager that keeps up to `connections` per host, directly or through a proxy's URL.

    A connection on which nothing moves for `stalled` seconds, either way, is given up.
    """
    options: dict[str, Any] = {
        "num_pools": 64,
        "maxsize": connections,
        "retries": False,
        "timeout": urllib3.Timeout(connect=CONNECT_SECONDS, read=stalled),
        "socket_options": _OPTIONS,
    }
    manager = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
    plain, tls = type("Plain", (_Plain,), {"stalled": stalled}), type("Tls", (_Tls,), {"stalled": stalled})
    manager.pool_classes_by_scheme = {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
    }
    return manager
