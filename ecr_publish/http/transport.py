"""The one pooled HTTP transport for registries: keeps connections alive, follows nothing by itself, hides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias
from urllib.parse import urlsplit

import urllib3

from ecr_publish.errors import RegistryRefused
from ecr_publish.http.answer import Answer, Streamed
from ecr_publish.http.ending import Checkable, Ending
from ecr_publish.http.failures import connection_failure
from ecr_publish.http.live import Live, Stopping
from ecr_publish.http.loopback import is_loopback
from ecr_publish.http.pools import CONNECT_SECONDS, STALLED_SECONDS, pools
from ecr_publish.http.route import Route
from ecr_publish.http.slice import Slice

__all__ = ["Answer", "Streamed", "Transport", "is_loopback", "whole"]

LARGEST_ANSWER = 8 << 20  # bytes; a manifest has at most 4 MiB (ECR service quotas)
BLOCK = 1 << 20
DIRECT = Route()
SENT_AT_ONCE = 256 << 10  # the stall timeout runs per send: a whole block may take longer than that on a slow line


Body: TypeAlias = bytes | Iterable[bytes | memoryview | Slice]


class Stop(Checkable, Stopping, Protocol):
    """The run's request to stop: no request begins after it, and soon after it none is under way."""


class Transport:
    """Safe from threads. The environment is not looked at: `route` has the proxies and certificates, and loopback is
    never proxied. `connections` are kept alive per host; one that is silent for `stalled` seconds is cut, and all are
    soon after the run was asked to stop."""

    def __init__(
        self,
        stop: Stop,
        *,
        route: Route = DIRECT,
        connections: int = 32,
        connecting: float = CONNECT_SECONDS,
        stalled: float = STALLED_SECONDS,
    ) -> None:
        self._stop, self._live = Ending(stop), Live(stop)
        self._route = route
        live, timeout = self._live, urllib3.Timeout(connect=connecting, read=stalled)
        self._direct = pools(connections, timeout, live, authorities=route.authorities)
        there = [proxy for proxy in (route.https, route.http) if proxy]
        self._proxied = {proxy: pools(connections, timeout, live, proxy, route.authorities) for proxy in there}

    def close(self) -> None:
        """Close all connections: what is under way ends by an error, and nothing is asked any more."""
        self._stop.close()
        self._live.cut()
        for pool in (self._direct, *self._proxied.values()):
            pool.clear()

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Body | None = None,
    ) -> Answer:
        """Send and read the whole answer. Redirects are answers. Raises Unavailable if there is none."""
        with self.stream(method, url, headers, body) as response:
            return whole(response, f"{method} {_bare(url)}")

    @contextmanager
    def stream(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Body | None = None,
    ) -> Iterator[Streamed]:
        """Send, and give the answer with its body still to be read. Raises Unavailable, also while it is read.

        A body that is left unread costs the connection. An iterable body needs a Content-Length among the headers.
        """
        self._stop.check()
        where = f"{method} {_bare(url)}"
        pool = self._pool(url, headers, where)
        try:
            response = pool.request(
                method, url, headers=dict(headers), body=self._pieces(body), redirect=False,
                preload_content=False, decode_content=False,
            )  # fmt: skip
        except urllib3.exceptions.HTTPError as error:
            self._stop.check()  # then it was cut by us
            raise connection_failure(error, where) from error
        try:
            named = {name.lower(): value for name, value in response.headers.itermerged()}
            yield Streamed(response.status, named, self._blocks(response, where))
            _leave(response)
        except BaseException:
            response.close()
            raise
        finally:
            response.release_conn()

    def _pool(self, url: str, headers: Mapping[str, str], where: str) -> urllib3.PoolManager:
        """Raises RegistryRefused for what must not be sent: a secret over plain HTTP to another machine."""
        parts = urlsplit(url)
        if is_loopback(parts.netloc):
            return self._direct
        if parts.scheme != "https" and any(name.lower() == "authorization" for name in headers):
            raise RegistryRefused(
                what="credentials are never sent over plain HTTP to another machine",
                where=where,
                hint="serve the registry over HTTPS; plain HTTP is for loopback only",
            )
        proxy = self._route.proxy(url)
        return self._proxied[proxy] if proxy else self._direct

    def _pieces(self, body: Body | None) -> Any:
        return body if body is None or isinstance(body, bytes) else self._each(body)

    def _each(self, body: Iterable[bytes | memoryview | Slice]) -> Iterator[memoryview | Slice]:
        for block in body:
            if isinstance(block, Slice):
                self._stop.check()
                yield block
                continue
            view = memoryview(block)
            for start in range(0, len(view), SENT_AT_ONCE):
                self._stop.check()
                yield view[start : start + SENT_AT_ONCE]

    def _blocks(self, response: urllib3.BaseHTTPResponse, where: str) -> Iterator[bytes]:
        try:
            while block := response.read(BLOCK, decode_content=False):
                self._stop.check()
                yield block
            if response.length_remaining is None:
                self._stop.check()  # a body that ends where the connection does: the end may be our cut
        except (urllib3.exceptions.HTTPError, OSError) as error:
            self._stop.check()
            raise connection_failure(error, where) from error


def whole(response: Streamed, where: str) -> Answer:
    """The response with its body in memory. Raises RegistryRefused if that is no document at all."""
    content = bytearray()
    for block in response.blocks:
        content += block
        if len(content) > LARGEST_ANSWER:
            raise RegistryRefused(
                what=f"an answer of more than {LARGEST_ANSWER >> 20} MiB where a document was asked for",
                where=where,
                hint="this is no registry, or a broken one",
            )
    return Answer(response.status, response.headers, bytes(content))


def _leave(response: urllib3.BaseHTTPResponse) -> None:
    """Bring the connection to the end of this answer so that it can be used again, or close it if that is far off."""
    if response.closed:
        return
    if getattr(response, "length_remaining", None) == 0:
        response.drain_conn()
    else:
        response.close()


def _bare(url: str) -> str:
    """The URL without its query: upload and download URLs carry signatures there."""
    return url.partition("?")[0]
