"""Mishaps: what a fault does to a request before it is served, and to its answer afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

from ecr_publish.local.api import failures
from ecr_publish.local.apierror import ApiError
from ecr_publish.local.exchange import Answer, Cut, Exchange
from ecr_publish.local.faults import Fault
from ecr_publish.local.registry import answers

WRONG = "sha256:" + "0" * 64
REGISTRY, STORAGE = "v2", "s3"


async def before(fault: Fault, exchange: Exchange, ecr: Any, service: str) -> Answer | None:
    """The answer instead of the right one, or None: it goes on. Raises Cut.

    `service` is `ecr`, `ecr-public`, `sts` (APIs), `v2` (registries) or `s3` (where layers come from).
    """
    match fault.kind:
        case "status":
            return _status(fault.status, service)
        case "expired" if service == REGISTRY:
            ecr.expire_tokens()
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


def _status(status: int, service: str) -> Answer:
    if service in (REGISTRY, STORAGE):
        code = {429: "TOOMANYREQUESTS", 503: "UNAVAILABLE"}.get(status, "UNKNOWN")
        return answers.failed(status, code, "Rate exceeded" if status == 429 else "scripted fault")
    throttled, unavailable = ("Throttling", "InternalFailure")
    if service != "sts":
        throttled, unavailable = ("ThrottlingException", "ServerException")
    if status == 429:
        return failures.failed(ApiError(throttled, "Rate exceeded", 400), service)
    return failures.failed(ApiError(unavailable, "scripted fault", status), service)


def after(fault: Fault, answer: Answer, ecr: Any) -> None:
    """Change the answer, or what becomes of the image that it speaks of."""
    match fault.kind:
        case "digest":
            answer.headers["docker-content-digest"] = WRONG
        case "body":
            answer.headers.setdefault("content-length", str(len(answer.body)))
            answer.body = bytes(len(answer.body))
            answer.blocks = None if answer.blocks is None else _emptied(answer.blocks)
        case "cut-answer":
            answer.cut_after = fault.after
        case "slow-scan":
            ecr.scanner.slower[_image(answer)] = fault.seconds
        case "lag":
            ecr.images.unseen[_image(answer)] = ecr.clock.now().timestamp() + fault.seconds


def _emptied(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """As many bytes, all of them zero."""
    return (bytes(len(block)) for block in blocks)


def _image(answer: Answer) -> str:
    """The digest of the image that an answer is about; "" if it is about none."""
    if "docker-content-digest" in answer.headers:
        return answer.headers["docker-content-digest"]
    try:
        value = json.loads(answer.body)
        return str(value.get("image", value)["imageId"]["imageDigest"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
