"""A front before a registry that is read: it passes everything on, but answers for referrers as a test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ecr_publish.http.transport import Transport
from ecr_publish.model.target import Target
from ecr_publish.ports.access import Access, CredentialSource
from ecr_publish.run.stop import StopRequest
from tests.unit.http.scripted import Asked, serving
from tests.unit.oci.layouts import INDEX

DROPPED = ("content-length", "transfer-encoding", "connection")
Instead = Callable[[Asked], bytes | None]


@dataclass
class Through:
    """The credentials of `source`, and one target's registry at another address."""

    source: CredentialSource
    target: Target
    url: str

    def access(self, target: Target) -> Access:
        access = self.source.access(target)
        return replace(access, base_url=self.url) if target == self.target else access

    def renew(self, target: Target) -> Access:
        self.source.renew(target)
        return self.access(target)


@contextmanager
def front(url: str, odd: list[tuple[int, bytes]], instead: Instead = lambda asked: None) -> Iterator[str]:
    """The front's address. Each question for referrers takes one of the odd answers (status, body), while there are.
    `instead` may give the body of an index in place of the registry's answer; it is called in each request's thread."""
    transport = Transport(StopRequest())

    def answer(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        if (index := instead(asked)) is not None:
            return 200, {"Content-Type": INDEX}, index
        if "/referrers/" in asked.path and odd:
            status, body = odd.pop(0)
            return status, {}, body
        headers = {name: asked.headers[name] for name in ("authorization", "accept") if name in asked.headers}
        found = transport.ask(asked.method, url + asked.path, headers)
        kept = {name: value for name, value in found.headers.items() if name.lower() not in DROPPED}
        return found.status, kept, found.body

    with serving(answer) as server:
        yield server.url
