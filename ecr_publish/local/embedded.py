"""The embedded ECR: one object that holds everything, and answers for both faces."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from ecr_publish.local import hosts, principal
from ecr_publish.local.aliases import Aliases
from ecr_publish.local.api import inspector, public, sts, wire
from ecr_publish.local.api.operations import OPERATIONS
from ecr_publish.local.api.wire import ApiError, Call
from ecr_publish.local.exchange import Answer, Cut, Exchange, TooLarge
from ecr_publish.local.faults import Fault, Script
from ecr_publish.local.federation import Federation
from ecr_publish.local.images import Images
from ecr_publish.local.lifecycle.schedule import Schedule
from ecr_publish.local.policy import Denials
from ecr_publish.local.quirks import Quirks
from ecr_publish.local.records import PUBLIC, Registry
from ecr_publish.local.registry import answers, blobs, routes
from ecr_publish.local.registry import public as public_face
from ecr_publish.local.scanner import Scanner, ScriptedFinding
from ecr_publish.local.store import Store
from ecr_publish.local.tokens import Token
from ecr_publish.local.uploads import Uploads
from ecr_publish.model.registry import EcrRegistry

TARGETS = {"AmazonEC2ContainerRegistry_V20150921": "ecr", "SpencerFrontendService": "ecr-public"}
LARGEST_CALL = 32 << 20  # bytes: a part of 20 MiB in base64, and room


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
        self.script = Script(list(settings.faults))
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
        """Where a layer's bytes are, without any authorization."""
        if self.real_names:
            return f"https://{hosts.storage(registry.region)}/_storage/{digest}?signature=local"
        return f"{self.registry_url(registry.account, registry.region)}/_storage/{digest}?signature=local"

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
                return self._storage(exchange)
            case _:
                return Answer(421, b"nothing is served under this name\n", {"content-type": "text/plain"})

    async def api(self, exchange: Exchange) -> Answer:
        """One request to the API endpoint: ECR by its target, STS by its form, ECR Public's registry by its paths."""
        if exchange.path.startswith(("/v2", "/token", "/_storage/")):
            return await self.public(exchange)
        who = principal.caller(exchange.headers, self.settings.account)
        prefix, _, operation = exchange.headers.get("x-amz-target", "").rpartition(".")
        service = "sts" if "x-amz-target" not in exchange.headers else TARGETS.get(prefix, "ecr")
        if who is not None and who.service == inspector.SERVICE:
            service, operation = inspector.SERVICE, inspector.operation(exchange.method, exchange.path)
        fault = self.script.record(exchange.method, exchange.path, f"{service}:{operation or 'Query'}", "")
        if fault is not None and (answer := await self._fault(fault, exchange, service)):
            return answer
        try:
            body = await exchange.body(LARGEST_CALL)
        except TooLarge:
            return _json(413, wire.error_body(ApiError("RequestEntityTooLarge", "the request is too large")))
        if who is None and service != "sts":
            error = ApiError("MissingAuthenticationTokenException", "Missing Authentication Token")
            return self._failed(error, service)
        try:
            if service == "sts":
                signed_by = who.principal if who is not None else None
                said = sts.answer(body, signed_by, self.clock.now(), self.federation)
                return Answer(200, said, {"content-type": "text/xml"})
            assert who is not None
            if service == inspector.SERVICE:
                return await self._inspector(operation, body, who)
            if service == "ecr-public":
                return await self._ecr_public(operation, body, who)
            return await self._ecr(operation, body, who)
        except ApiError as error:
            return self._failed(error, service)

    async def _ecr(self, operation: str, body: bytes, who: principal.Caller) -> Answer:
        known = wire.model("ecr").operation_names
        if operation not in OPERATIONS:
            name = "UnsupportedOperationException" if operation in known else "UnknownOperationException"
            raise ApiError(name, f"The embedded ECR does not serve the operation {operation[:100]!r}")
        call = Call(
            self.store,
            who.principal,
            who.region,
            self.clock.now().timestamp(),
            wire.validated("ecr", operation, body),
            self,
            operation,
        )
        perform = OPERATIONS[operation]
        with self.store.lock:
            self.lifecycle.tick(call.now)
        if operation in ("DescribeImageScanFindings", "GetAuthorizationToken"):
            # one may read whole layers, the other opens a port on this very loop: neither may block it
            result = await asyncio.to_thread(perform, call)
        else:
            with self.store.lock:
                result = perform(call)
        return _json(200, wire.encoded(result))

    async def _inspector(self, operation: str, body: bytes, who: principal.Caller) -> Answer:
        if operation not in inspector.OPERATIONS:
            raise ApiError("UnsupportedOperationException", f"The embedded Inspector does not serve {operation!r}")
        given = wire.validated(inspector.SERVICE, operation, body)
        call = Call(self.store, who.principal, who.region, self.clock.now().timestamp(), given, self)
        # whether a scan could read the image may take reading whole layers
        return _json(200, wire.encoded(await asyncio.to_thread(inspector.OPERATIONS[operation], call)))

    async def _ecr_public(self, operation: str, body: bytes, who: principal.Caller) -> Answer:
        if operation not in public.OPERATIONS:
            raise ApiError("UnsupportedCommandException", f"ECR Public has no operation {operation[:100]!r}")
        if who.region != hosts.PUBLIC_REGION:
            where = f"ECR Public has its API in {hosts.PUBLIC_REGION} only, the request is signed for {who.region[:30]}"
            raise ApiError("UnsupportedCommandException", where)
        now, given = self.clock.now().timestamp(), wire.validated("ecr-public", operation, body)
        call = public.registry_named(Call(self.store, who.principal, PUBLIC, now, given, self, operation))
        with self.store.lock:
            result = public.OPERATIONS[operation](call)
        return _json(200, wire.encoded(public.shaped(operation, result)))

    def _failed(self, error: ApiError, service: str) -> Answer:
        if service == "sts":
            return Answer(error.status, sts.error_body(error), {"content-type": "text/xml"})
        if service == inspector.SERVICE:
            # REST: the error's name is a header (Smithy, "AWS restJson1 protocol", operation error serialization)
            return Answer(
                error.status,
                wire.error_body(error),
                {"content-type": "application/json", "x-amzn-errortype": error.name},
            )
        return _json(error.status, wire.error_body(error))

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
            return self._storage(exchange)
        route = routes.action_of(exchange.method, exchange.path)
        action = f"{service}:{route[0]}" if route else "none"
        if exchange.path.rstrip("/") == public_face.TOKENS:
            action = "sts:GetServiceBearerToken"
        where = PUBLIC if registry is None else f"{registry.account}/{registry.region}"
        fault = self.script.record(exchange.method, exchange.path, action, where)
        if fault is not None and (answer := await self._fault(fault, exchange, None)):
            return answer
        try:
            answer = await serve()
        except ApiError as error:
            answer = answers.of_error(error)
        if fault is not None and fault.kind == "digest":
            answer.headers["docker-content-digest"] = "sha256:" + "0" * 64
        answer.headers.setdefault("docker-distribution-api-version", "registry/2.0")
        return answer

    def _storage(self, exchange: Exchange) -> Answer:
        """S3's part: it refuses a second kind of authorization."""
        action = "s3:GetObject"
        fault = self.script.record(exchange.method, exchange.path, action, "")
        if "authorization" in exchange.headers:
            message = b"<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>"
            return Answer(400, message, {"content-type": "application/xml"})
        try:
            headers = {"content-type": "application/octet-stream", "accept-ranges": "bytes"}
            answer = blobs.content(
                self, exchange.path.removeprefix("/_storage/"), exchange.headers.get("range"), headers
            )
        except (ApiError, Exception) as error:  # noqa: BLE001 - any malformed name is simply not there
            return Answer(404, str(error).encode()[:200])
        if fault is not None and fault.kind == "body":
            size = int(answer.headers["content-length"])
            return Answer(answer.status, b"\x00" * size, answer.headers)
        return answer

    async def _fault(self, fault: Fault, exchange: Exchange, service: str | None) -> Answer | None:
        """What a fault does to a request of the JSON API (`service`) or of `/v2` (None); None: it goes on."""
        match fault.kind:
            case "status":
                code = {429: "TOOMANYREQUESTS", 503: "UNAVAILABLE"}.get(fault.status, "UNKNOWN")
                if service is not None:
                    throttled = fault.status == 429
                    names = (
                        ("Throttling", "InternalFailure")
                        if service == "sts"
                        else ("ThrottlingException", "ServerException")
                    )
                    status = 400 if throttled else fault.status
                    return self._failed(ApiError(names[not throttled], "scripted fault", status), service)
                return answers.failed(fault.status, code, "Rate exceeded" if fault.status == 429 else "scripted fault")
            case "expired" if service is None:
                self.expire_tokens()
                return None
            case "hang":
                await asyncio.sleep(fault.seconds)
                raise Cut
            case "cut":
                seen = 0
                if fault.after:
                    async for block in exchange.blocks():
                        seen += len(block)
                        if seen >= fault.after:
                            break
                raise Cut
        return None

    def close(self) -> None:
        """Let go of temporary files."""
        self.store.close()


def _json(status: int, body: bytes) -> Answer:
    return Answer(status, body, {"content-type": "application/x-amz-json-1.1"})
