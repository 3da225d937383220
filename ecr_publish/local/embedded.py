"""The embedded ECR: one object that holds everything, and answers for both faces."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from ecr_publish.local import control, hosts, mishaps
from ecr_publish.local.aliases import Aliases
from ecr_publish.local.api import endpoint
from ecr_publish.local.apierror import ApiError
from ecr_publish.local.exchange import Answer, Exchange
from ecr_publish.local.faults import Fault, Script
from ecr_publish.local.federation import Federation
from ecr_publish.local.images import Images
from ecr_publish.local.lifecycle.schedule import Schedule
from ecr_publish.local.policy import Denials
from ecr_publish.local.quirks import Quirks
from ecr_publish.local.quotas import Quotas
from ecr_publish.local.records import PUBLIC, Registry
from ecr_publish.local.registry import answers, routes, storage
from ecr_publish.local.registry import public as public_face
from ecr_publish.local.scanner import Scanner, ScriptedFinding
from ecr_publish.local.store import Store
from ecr_publish.local.tokens import Token
from ecr_publish.local.uploads import Uploads
from ecr_publish.model.registry import EcrRegistry


class Clock(Protocol):
    """The clock of everything in here."""

    def now(self) -> Any:
        """Aware UTC."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How an embedded ECR is set up."""

    account: str = "111111111111"
    directory: Path | None = None
    quirks: Quirks = field(default_factory=Quirks)
    bandwidth: float | None = None  # bytes per second of each upload
    scan_takes: timedelta = timedelta(seconds=20)
    preview_takes: timedelta = timedelta(seconds=1)  # of a lifecycle policy
    restore_takes: timedelta = timedelta(minutes=20)  # of an image from the archive (User Guide, archive-image)
    findings: tuple[ScriptedFinding, ...] = ()
    faults: tuple[Fault, ...] = ()
    denials: tuple[tuple[str, str], ...] = ()  # globs of the principal's ARN and of the action
    aliases: tuple[tuple[str, str], ...] = ()  # of ECR Public: alias, account


class EmbeddedEcr:
    """Repositories, tokens, scans and faults of all accounts and regions. A server gives it connections."""

    def __init__(self, settings: Settings, clock: Clock, registry_port: Callable[[str, str], int]) -> None:
        """`registry_port` opens a registry's port at its first use, and gives it."""
        self.settings, self.clock, self.quirks = settings, clock, settings.quirks
        self.store = Store(settings.directory)
        self.images = Images(self.store, self)
        self.uploads = Uploads(self.store, self)
        self.denials = Denials(list(settings.denials))
        self.lifecycle = Schedule(self)
        self.script = Script(list(settings.faults), now=lambda: clock.now().timestamp())
        self.quotas = Quotas(clock, settings.quirks.throttled)
        self.scanner = Scanner(self.store, clock, list(settings.findings), settings.scan_takes)
        self.aliases = Aliases(self.store, settings.aliases, settings.account)
        self.federation = Federation()
        self.bandwidth = settings.bandwidth
        self._registry_port = registry_port
        self._issued, self.expired_below = 0, 0
        self.public_url = ""  # where ECR Public is served
        self.real_names = False  # whether clients come by AWS's own host names, and are led to them

    def registry_url(self, account: str, region: str) -> str:
        """Where `/v2` of a registry is served; ECR Public's is on the API's own port, for there is but one."""
        if region == PUBLIC:
            return self.public_url
        if self.real_names:
            return f"https://{EcrRegistry(account, region).host}"
        return f"http://127.0.0.1:{self._registry_port(account, region)}"

    def next_serial(self) -> int:
        """The serial number of the next registry token."""
        self._issued += 1
        return self._issued

    def expire_tokens(self) -> None:
        """Make every token that was issued so far an expired one."""
        self.expired_below = self._issued + 1

    def is_valid(self, token: Token) -> bool:
        """Whether it has not expired."""
        return token.expires > self.clock.now().timestamp() and token.serial >= self.expired_below

    def storage_url(self, registry: Registry, digest: str) -> str:
        """Where a layer's bytes are, without any authorization: on the API's own port, which is open already (to open
        a registry's would wait for this very loop)."""
        base = f"https://{hosts.storage(registry.region)}" if self.real_names else self.public_url
        return f"{base}/_storage/{digest}?signature=local"

    def base_url(self, exchange: Exchange) -> str:
        """The scheme and host by which the client came: it comes back to the same."""
        return f"{exchange.scheme}://{exchange.headers.get('host', '127.0.0.1')}"

    def storage_base(self, exchange: Exchange) -> str:
        """The same port under this machine's other name: to a client the storage is another host, as S3 is, so that
        one which drops `Authorization` for another host only (Go's net/http) drops it here too."""
        host = exchange.headers.get("host", "127.0.0.1")
        match hosts.place(host):
            case hosts.Private(region=region):
                return f"https://{hosts.storage(region)}"
            case hosts.Public():
                return f"https://{hosts.storage(hosts.PUBLIC_REGION)}"
        name, _, port = host.rpartition(":")
        return f"http://{'127.0.0.1' if name == 'localhost' else 'localhost'}:{port}"

    async def named(self, exchange: Exchange) -> Answer:
        """One request to one of AWS's host names."""
        match hosts.place(exchange.headers.get("host", "").partition(":")[0]):
            case hosts.Api():
                return await self.api(exchange)
            case hosts.Private(account, region):
                return await self.registry(account, region, exchange)
            case hosts.Public():
                return await self.public(exchange)
            case hosts.Storage():
                return await self._storage(exchange)
            case _:
                return Answer(421, b"nothing is served under this name\n", {"content-type": "text/plain"})

    async def api(self, exchange: Exchange) -> Answer:
        """One request to the API's port: by its path to ECR Public or our own control; all else is a call."""
        if exchange.path.startswith(("/v2", "/token", "/_storage/")):
            return await self.public(exchange)
        if exchange.path.startswith(control.PREFIX):
            return await control.serve(self, exchange)
        asked = endpoint.asked(exchange, self.settings.account)
        serve = partial(endpoint.answer, self, asked, exchange)
        return await self._noted(exchange, asked.service, asked.action, "", serve)

    async def _noted(
        self, exchange: Exchange, service: str, action: str, where: str, serve: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """The answer of `serve`, or what a fault makes of it; the request is in the log."""
        number, fault = self.script.record(exchange.method, exchange.path, action, where)
        answer = None if fault is None else await mishaps.before(fault, exchange, self, service)
        if answer is None:
            answer = await serve()
            if fault is not None:
                mishaps.after(fault, answer, self)
        if self.script.hold is not None:
            await self.script.hold(self.script.request(number))
        self.script.answered(number, answer.status, exchange.received)
        return answer

    async def registry(self, account: str, region: str, exchange: Exchange) -> Answer:
        """One request to a registry's port."""
        with self.store.lock:
            self.lifecycle.tick(self.clock.now().timestamp())
        registry = self.store.registry(account, region)
        return await self._face(exchange, registry.service, lambda: routes.serve(self, registry, exchange), registry)

    async def public(self, exchange: Exchange) -> Answer:
        """One request to ECR Public's host."""
        return await self._face(exchange, "ecr-public", lambda: public_face.serve(self, exchange), None)

    async def _face(
        self, exchange: Exchange, service: str, serve: Callable[[], Awaitable[Answer]], registry: Registry | None
    ) -> Answer:
        if exchange.path.startswith("/_storage/"):
            return await self._storage(exchange)
        route = routes.action_of(exchange.method, exchange.path)
        action = f"{service}:{route[0]}" if route else "none"
        if exchange.path.rstrip("/") == public_face.TOKENS:
            action = "sts:GetServiceBearerToken"
        where = PUBLIC if registry is None else f"{registry.account}/{registry.region}"

        async def served() -> Answer:
            try:
                answer = await serve()
            except ApiError as error:
                answer = answers.of_error(error)
            answer.headers.setdefault("docker-distribution-api-version", "registry/2.0")
            return answer

        return await self._noted(exchange, mishaps.REGISTRY, action, where, served)

    async def _storage(self, exchange: Exchange) -> Answer:
        async def served() -> Answer:
            return storage.served(self, exchange)

        return await self._noted(exchange, mishaps.STORAGE, "s3:GetObject", "", served)

    def close(self) -> None:
        """Let go of temporary files."""
        self.store.close()
