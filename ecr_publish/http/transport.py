"""The one pooled HTTP transport for registries: keeps connections alive, follows nothing by itself, hides nothing."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import urllib3
from urllib3.connection import HTTPConnection

from ecr_publish.errors import RegistryRefused, Unavailable

CONNECT_SECONDS, STALLED_SECONDS = 10.0, 60.0
LARGEST_ANSWER = 8 << 20  # bytes; a manifest has at most 4 MiB (ECR service quotas)
BLOCK = 1 << 20
_HOST = re.compile(r"(?:\[(?P<v6>[0-9a-fA-F:]+)\]|(?P<name>[A-Za-z0-9.-]+))(?::[0-9]*)?")


class Stopping(Protocol):
    """Whether the run has been asked to stop."""

    def check(self) -> None:
        """Raise if so."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response; header names are case-insensitive in `header`."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str | None:
        """A header's value, whatever the case of its name."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Streamed:
    """A response whose body is read in blocks, each at most once."""

    status: int
    headers: Mapping[str, str]
    blocks: Iterator[bytes]

    def header(self, name: str) -> str | None:
        """A header's value, whatever the case of its name."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)


class Transport:
    """Safe from threads. Environment proxies are not looked at: `proxies` maps a scheme to a proxy URL, and loopback
    is never proxied."""

    def __init__(self, stop: Stopping, *, proxies: Mapping[str, str] | None = None, connections: int = 32) -> None:
        self._stop = stop
        self._proxies = dict(proxies or {})
        options: dict[str, Any] = {
            "num_pools": 64,
            "maxsize": connections,
            "retries": False,
            "timeout": urllib3.Timeout(connect=CONNECT_SECONDS, read=STALLED_SECONDS),
            # Small requests must not wait for the answer to earlier ones (Nagle); CI proxies drop silent connections.
            "socket_options": [
                *HTTPConnection.default_socket_options,
                (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
                (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
            ],
        }
        self._direct = urllib3.PoolManager(**options)
        self._proxied = {
            scheme: urllib3.ProxyManager(proxy, **options) for scheme, proxy in self._proxies.items() if proxy
        }

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] | None = None,
    ) -> Answer:
        """Send and read the whole answer. Redirects are answers. Raises Unavailable if there is none."""
        with self.stream(method, url, headers, body) as response:
            content = bytearray()
            for block in response.blocks:
                content += block
                if len(content) > LARGEST_ANSWER:
                    raise RegistryRefused(
                        what=f"an answer of more than {LARGEST_ANSWER >> 20} MiB where a document was asked for",
                        where=f"{method} {_bare(url)}",
                        hint="this is no registry, or a broken one",
                    )
            return Answer(response.status, response.headers, bytes(content))

    @contextmanager
    def stream(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | Iterable[bytes] | None = None
    ) -> Iterator[Streamed]:
        """Send, and give the answer with its body still to be read. Raises Unavailable, also while it is read."""
        self._stop.check()
        where = f"{method} {_bare(url)}"
        try:
            response = self._pool(url).request(
                method, url, headers=dict(headers), body=self._watched(body), redirect=False, preload_content=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise unavailable(error, where) from error
        try:
            yield Streamed(response.status, dict(response.headers), self._blocks(response, where))
        except BaseException:
            response.close()  # a half-read connection is worth nothing
            raise
        finally:
            response.release_conn()

    def _pool(self, url: str) -> urllib3.PoolManager:
        scheme, _, rest = url.partition("://")
        host = rest.split("/")[0]
        if is_loopback(host) or scheme not in self._proxied:
            return self._direct
        return self._proxied[scheme]

    def _watched(self, body: bytes | Iterable[bytes] | None) -> Any:
        return body if body is None or isinstance(body, bytes) else self._each(body)

    def _each(self, body: Iterable[bytes]) -> Iterator[bytes]:
        for block in body:
            self._stop.check()
            yield block

    def _blocks(self, response: urllib3.BaseHTTPResponse, where: str) -> Iterator[bytes]:
        try:
            while block := response.read(BLOCK):
                self._stop.check()
                yield block
        except urllib3.exceptions.HTTPError as error:
            raise unavailable(error, where) from error


def unavailable(error: Exception, where: str) -> Unavailable:
    """A failure of the connection in words."""
    match error:
        case urllib3.exceptions.ConnectTimeoutError() | urllib3.exceptions.NewConnectionError():
            what, hint = "no connection can be made", "check the host name, the network and a firewall or VPC endpoint"
        case urllib3.exceptions.ReadTimeoutError():
            what, hint = f"nothing was heard for {STALLED_SECONDS:.0f} s", "look for a stalled proxy or network"
        case urllib3.exceptions.SSLError():
            what, hint = f"TLS failed: {error}", "check the clock and the CA certificates of this machine"
        case _:
            what, hint = f"the connection broke: {error}", "run again; a proxy that cuts long requests shows like this"
    return Unavailable(what=what, where=where, hint=hint)


def is_loopback(host: str) -> bool:
    """Whether `host[:port]` is this machine: 127.0.0.0/8, ::1 or localhost. Names that only begin like it are not."""
    match = _HOST.fullmatch(host)
    if match is None:
        return False
    name = match["name"] or match["v6"]
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _bare(url: str) -> str:
    """The URL without its query: upload and download URLs carry signatures there."""
    return url.partition("?")[0]
