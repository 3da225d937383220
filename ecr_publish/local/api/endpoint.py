"""The API endpoint: which service and operation a request asks for, and what that service answers.

ECR is told by its target, Inspector by the service that the request is signed for, STS by being neither.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from ecr_publish.local import hosts, principal
from ecr_publish.local.api import failures, inspector, public, sts, wire
from ecr_publish.local.api.operations import OPERATIONS
from ecr_publish.local.api.wire import Call
from ecr_publish.local.apierror import ApiError
from ecr_publish.local.exchange import Answer, Exchange, TooLarge
from ecr_publish.local.records import PUBLIC

TARGETS = {"AmazonEC2ContainerRegistry_V20150921": "ecr", "SpencerFrontendService": "ecr-public"}
LARGEST_CALL = 32 << 20  # bytes: a part of 20 MiB in base64, and room


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request's headers ask for, and who asks; None: it is not signed."""

    service: str  # `ecr`, `ecr-public`, `inspector2`, `sts`
    operation: str
    who: principal.Caller | None

    @property
    def action(self) -> str:
        """AWS's name for it; STS's operation is in the body."""
        return f"{self.service}:{self.operation or 'Query'}"


def asked(exchange: Exchange, account: str) -> Asked:
    """What a request asks for. `account` is that of callers whose key does not say it."""
    prefix, _, operation = exchange.headers.get("x-amz-target", "").rpartition(".")
    service = "sts" if "x-amz-target" not in exchange.headers else TARGETS.get(prefix, "ecr")
    who = principal.caller(exchange.headers, account)
    if who is not None and who.service == inspector.SERVICE:
        service, operation = inspector.SERVICE, inspector.operation(exchange.method, exchange.path)
    return Asked(service, operation, who)


async def answer(ecr: Any, asked: Asked, exchange: Exchange) -> Answer:
    """The service's answer, or its error in its own form."""
    try:
        body = await exchange.body(LARGEST_CALL)
    except TooLarge:
        return failures.failed(ApiError("RequestEntityTooLarge", "the request is too large", 413), asked.service)
    who, operation = asked.who, asked.operation
    try:
        if asked.service == "sts":
            signed_by = who.principal if who is not None else None
            said = sts.answer(body, signed_by, ecr.clock.now(), ecr.federation)
            return Answer(200, said, {"content-type": "text/xml"})
        if who is None:
            raise ApiError("MissingAuthenticationTokenException", "Missing Authentication Token")
        ecr.quotas.take(who.principal, who.region, f"{asked.service}:{operation}")
        if asked.service == inspector.SERVICE:
            return await _inspector(ecr, operation, body, who)
        if asked.service == "ecr-public":
            return _ecr_public(ecr, operation, body, who)
        return await _ecr(ecr, operation, body, who)
    except ApiError as error:
        return failures.failed(error, asked.service)


async def _ecr(ecr: Any, operation: str, body: bytes, who: principal.Caller) -> Answer:
    known = wire.model("ecr").operation_names
    if operation not in OPERATIONS:
        name = "UnsupportedOperationException" if operation in known else "UnknownOperationException"
        raise ApiError(name, f"The embedded ECR does not serve the operation {operation[:100]!r}")
    now, given = ecr.clock.now().timestamp(), wire.validated("ecr", operation, body)
    call = Call(ecr.store, who.principal, who.region, now, given, ecr, operation)
    perform = OPERATIONS[operation]
    with ecr.store.lock:
        ecr.lifecycle.tick(call.now)
    if operation in ("DescribeImageScanFindings", "GetAuthorizationToken"):
        # one may read whole layers, the other opens a port on this very loop: neither may block it
        result = await asyncio.to_thread(perform, call)
    else:
        with ecr.store.lock:
            result = perform(call)
    return failures.json_answer(200, wire.encoded(result))


async def _inspector(ecr: Any, operation: str, body: bytes, who: principal.Caller) -> Answer:
    if operation not in inspector.OPERATIONS:
        raise ApiError("UnsupportedOperationException", f"The embedded Inspector does not serve {operation!r}")
    given = wire.validated(inspector.SERVICE, operation, body)
    call = Call(ecr.store, who.principal, who.region, ecr.clock.now().timestamp(), given, ecr)
    # whether a scan could read the image may take reading whole layers
    return failures.json_answer(200, wire.encoded(await asyncio.to_thread(inspector.OPERATIONS[operation], call)))


def _ecr_public(ecr: Any, operation: str, body: bytes, who: principal.Caller) -> Answer:
    if operation not in public.OPERATIONS:
        raise ApiError("UnsupportedCommandException", f"ECR Public has no operation {operation[:100]!r}")
    if who.region != hosts.PUBLIC_REGION:
        where = f"ECR Public has its API in {hosts.PUBLIC_REGION} only, the request is signed for {who.region[:30]}"
        raise ApiError("UnsupportedCommandException", where)
    now, given = ecr.clock.now().timestamp(), wire.validated("ecr-public", operation, body)
    call = public.registry_named(Call(ecr.store, who.principal, PUBLIC, now, given, ecr, operation))
    with ecr.store.lock:
        result = public.OPERATIONS[operation](call)
    return failures.json_answer(200, wire.encoded(public.shaped(operation, result)))
