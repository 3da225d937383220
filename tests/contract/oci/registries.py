"""Two embedded ECRs' worth of targets, a credential source that issues their tokens, and the engine under test."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ecr_publish.http.transport import Transport
from ecr_publish.local import embedded_ecr
from ecr_publish.local.embedded import EmbeddedEcr, Settings
from ecr_publish.local.faults import Fault
from ecr_publish.local.quirks import Quirks
from ecr_publish.local.records import Repository as Stored
from ecr_publish.local.server import Server
from ecr_publish.model.digest import Digest
from ecr_publish.model.events import Progress
from ecr_publish.model.image import InLayout
from ecr_publish.model.registry import EcrRegistry, Repository
from ecr_publish.model.target import Target
from ecr_publish.oci.images import RegistryImages
from ecr_publish.ports.access import Access, CredentialSource
from ecr_publish.ports.images import Pushed
from ecr_publish.run.clock import SimulatedClock
from ecr_publish.run.stop import StopRequest

HERE = Target("dev", "dev", EcrRegistry("111111111111", "us-east-2"))
THERE = Target("prod", "prod", EcrRegistry("222222222222", "eu-west-1"))


@dataclass
class Tokens:
    """A credential source: each target's own account asks the API for its token."""

    server: Server
    clock: SimulatedClock
    issued: list[str] = field(default_factory=list)
    _held: dict[str, Access] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def access(self, target: Target) -> Access:
        with self._lock:
            if target.name not in self._held:
                self._held[target.name] = self._fetch(target)
            return self._held[target.name]

    def renew(self, target: Target) -> Access:
        with self._lock:
            self._held[target.name] = self._fetch(target)
            return self._held[target.name]

    def _fetch(self, target: Target) -> Access:
        registry = target.registry
        assert isinstance(registry, EcrRegistry)
        scope = f"{registry.account}/20260101/{registry.region}/ecr/aws4_request"
        headers = {
            "x-amz-target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
            "content-type": "application/x-amz-json-1.1",
            "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00",
        }
        answer = Transport(StopRequest()).ask("POST", self.server.url, headers, b"{}")
        (data,) = json.loads(answer.body)["authorizationData"]
        self.issued.append(target.name)
        return Access(data["proxyEndpoint"], f"Basic {data['authorizationToken']}")


@dataclass
class World:
    """Everything a test looks at."""

    ecr: EmbeddedEcr
    images: RegistryImages
    tokens: Tokens
    clock: SimulatedClock
    stop: StopRequest
    told: list[Progress] = field(default_factory=list)

    def begin_anew(self, source: CredentialSource | None = None) -> None:
        """As another run does, which knows nothing of the last one and was not asked to stop."""
        self.images.close()
        self.stop = StopRequest()
        self.images = RegistryImages(Transport(self.stop), source or self.tokens, self.clock, lambda seconds: seconds)

    def create(self, name: str, target: Target = HERE, *, immutable: bool = False) -> Repository:
        registry = self.stored_registry(target)
        mutability = "IMMUTABLE" if immutable else "MUTABLE"
        registry.repositories[name] = Stored(name, self.clock.now().timestamp(), mutability=mutability)
        return Repository(target.registry, name)

    def stored_registry(self, target: Target):
        registry = target.registry
        assert isinstance(registry, EcrRegistry)
        return self.ecr.store.registry(str(registry.account), registry.region)

    def stored(self, repository: Repository, target: Target = HERE) -> Stored:
        return self.stored_registry(target).repositories[repository.name]

    def tags(self, repository: Repository, target: Target = HERE) -> dict[str, str]:
        return dict(self.stored(repository, target).tags)

    def bytes_of(self, digest: str) -> bytes:
        return b"".join(self.ecr.store.contents.blocks(Digest(digest)))

    def push(self, layout: InLayout, repository: Repository, *tags: str, target: Target = HERE) -> Pushed:
        return self.images.push(layout, target, repository, tags, self.told.append)

    def copy(self, pushed: Pushed, repository: Repository, *tags: str, to: Target = THERE) -> Pushed:
        return self.images.copy(pushed.image, HERE, to, repository, tags, self.told.append)

    def fail(self, kind: str, **more: object) -> None:
        """Script a fault relative to the requests so far."""
        action = str(more.get("action", "*"))
        seen = sum(1 for each in self.requests if action in ("*", each.action))
        self.ecr.script.add(Fault(kind, **{"index": seen, **more}))  # type: ignore[arg-type]

    @property
    def requests(self):
        return self.ecr.script.requests

    def asked(self, since: int = 0) -> list[str]:
        """`METHOD ecr:Action` of each request from the n-th on."""
        return [f"{each.method} {each.action}" for each in self.requests[since:] if each.path != "/"]

    def parsed(self, digest: str) -> dict[str, object]:
        return json.loads(self.bytes_of(digest))


@contextmanager
def world(quirks: Quirks | None = None, stalled: float = 60.0) -> Iterator[World]:
    """A running embedded ECR and the engine, on one simulated clock."""
    clock, stop = SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC)), StopRequest()
    with embedded_ecr(Settings(quirks=quirks or Quirks()), clock) as server:
        source = Tokens(server, clock)
        images = RegistryImages(Transport(stop, stalled=stalled), source, clock, lambda seconds: seconds)
        source.access(HERE), source.access(THERE)
        made = World(server.ecr, images, source, clock, stop)
        try:
            yield made
        finally:
            made.images.close()
