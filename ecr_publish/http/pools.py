"""Pools of kept-alive connections: none waits for Nagle, none lives on after it has gone silent."""

from __future__ import annotations

import errno
import socket
import ssl
from pathlib import Path
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from ecr_publish.http.live import Live, Watched
from ecr_publish.http.route import Proxy
from ecr_publish.http.slice import Slice

CONNECT_SECONDS, STALLED_SECONDS = 10.0, 60.0

_OPTIONS: list[tuple[int, int, int | bytes]] = [
    *HTTPConnection.default_socket_options,
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),  # a small request must not wait for the answer to an earlier one
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),  # NAT gateways forget connections that are silent for minutes
]


class _Patient(Watched):
    """urllib3 sends bodies under the short timeout that is meant for connecting; here sending has the long one."""

    stalled: float

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(self.stalled)

    def request(self, *args: Any, **options: Any) -> None:
        """urllib3 puts the timeout of connecting on a connection that is open already: behind TLS, or used before."""
        if self.sock is not None:
            vars(self)["timeout"] = self.stalled
        super().request(*args, **options)  # type: ignore[misc]


class _Plain(_Patient, HTTPConnection):
    def send(self, data: Any) -> None:
        data.send(self.sock) if isinstance(data, Slice) else super().send(data)


class _Tls(_Patient, HTTPSConnection):
    def send(self, data: Any) -> None:
        """A server may have answered before it had everything, and gone: as with a plain connection the answer is read
        then, for urllib3 does so after a broken pipe. TLS has words of its own for that."""
        try:
            data.send(self.sock) if isinstance(data, Slice) else super().send(data)
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            raise BrokenPipeError(errno.EPIPE, "the other side takes no more") from error


def pools(
    connections: int, timeout: urllib3.Timeout, live: Live, proxy: Proxy | None = None, authorities: str | None = None
) -> urllib3.PoolManager:
    """A pool manager that keeps up to `connections` per host, directly or through a proxy; each is added to `live`.
    `authorities` is a file or directory of certificates in place of this machine's.

    A connection that is not made within the timeout for that, or on which nothing moves for that of reading, either
    way, is given up.
    """
    options: dict[str, Any] = {
        "num_pools": 64,
        "maxsize": connections,
        "retries": False,
        "timeout": timeout,
        "socket_options": _OPTIONS,
    }
    if authorities:
        options["ca_cert_dir" if Path(authorities).is_dir() else "ca_certs"] = authorities
    if proxy:
        secret = urllib3.make_headers(proxy_basic_auth=proxy.login) if proxy.login else None
        manager: urllib3.PoolManager = urllib3.ProxyManager(proxy.url, proxy_headers=secret, **options)
    else:
        manager = urllib3.PoolManager(**options)
    own = {"stalled": timeout.read_timeout, "live": live}
    plain, tls = type("Plain", (_Plain,), own), type("Tls", (_Tls,), own)
    manager.pool_classes_by_scheme = {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
    }
    return manager
