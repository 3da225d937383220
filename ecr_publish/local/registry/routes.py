"""The routes of `/v2`: which action a request is, and who may do it."""

from __future__ import annotations

import re
from typing import Any

from ecr_publish.local import tokens
from ecr_publish.local.exchange import Answer, Exchange
from ecr_publish.local.records import Registry
from ecr_publish.local.registry import answers, blobs, listing, manifests, uploads
from ecr_publish.local.registry.visit import Visit
from ecr_publish.local.tokens import Principal

_NAME = r"(?P<name>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)"
_ROUTES = tuple(
    (re.compile(pattern), methods)
    for pattern, methods in (
        (rf"/v2/{_NAME}/blobs/uploads/?", {"POST": "InitiateLayerUpload"}),
        (
            rf"/v2/{_NAME}/blobs/uploads/(?P<upload>[\w-]+)",
            {
                "PATCH": "UploadLayerPart",
                "PUT": "CompleteLayerUpload",
                "GET": "UploadLayerPart",
                "DELETE": "UploadLayerPart",
            },
        ),
        (
            rf"/v2/{_NAME}/blobs/(?P<digest>[^/]+)",
            {"HEAD": "BatchCheckLayerAvailability", "GET": "GetDownloadUrlForLayer", "DELETE": "BatchDeleteImage"},
        ),
        (
            rf"/v2/{_NAME}/manifests/(?P<reference>[^/]+)",
            {"HEAD": "BatchGetImage", "GET": "BatchGetImage", "PUT": "PutImage", "DELETE": "BatchDeleteImage"},
        ),
        (rf"/v2/{_NAME}/tags/list", {"GET": "ListImages"}),
        (rf"/v2/{_NAME}/referrers/(?P<digest>[^/]+)", {"GET": "BatchGetImage"}),
        (r"/v2/_catalog", {"GET": "DescribeRepositories"}),
        (r"/v2/?", {"GET": "GetAuthorizationToken", "HEAD": "GetAuthorizationToken"}),
    )
)


def action_of(method: str, path: str) -> tuple[str, dict[str, str]] | None:
    """Which API action a request is, and the parts of its path; None for no route."""
    for pattern, methods in _ROUTES:
        match = pattern.fullmatch(path)
        if match is not None and method in methods:
            return methods[method], {key: value for key, value in match.groupdict().items() if value is not None}
    return None


async def serve(ecr: Any, registry: Registry, exchange: Exchange) -> Answer:
    """Answer one request to `/v2`."""
    route = action_of(exchange.method, exchange.path)
    principal = _principal(ecr, registry, exchange)
    if isinstance(principal, Answer):
        return principal
    if route is None:
        return answers.no_route()
    action, parts = route
    return await perform(Visit(ecr, registry, principal, exchange, action, parts))


async def perform(visit: Visit) -> Answer:
    """Answer one request of a known principal on a known route."""
    parts, exchange, action = visit.parts, visit.exchange, visit.action
    visit.ecr.quotas.take(visit.principal, visit.registry.region, f"{visit.registry.service}:{action}")
    name = visit.name if "name" in parts else None
    if name is not None:
        visit.allow(action, visit.registry.repositories.get(name) or name)
    if "upload" in parts or exchange.path.rstrip("/").endswith("/blobs/uploads"):
        return await uploads.upload(visit)
    if "/blobs/" in exchange.path:
        return blobs.blob(visit)
    if "reference" in parts:
        return await manifests.manifest(visit)
    if name is None and action == "DescribeRepositories":
        visit.allow(action, None)
        return listing.catalog(visit)
    if name is None:
        return Answer(200, b"{}", {"content-type": "application/json"})
    return listing.tags(visit) if action == "ListImages" else listing.referrers(visit)


def _principal(ecr: Any, registry: Registry, exchange: Exchange) -> Principal | Answer:
    """Whose token it is; else the answer that refuses it."""
    if not ecr.quirks.token_required and "authorization" not in exchange.headers:
        return Principal(registry.account, f"arn:aws:iam::{registry.account}:root")
    scheme, _, value = exchange.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return answers.unauthorized(registry.host, plain=ecr.quirks.plain_unauthorized)
    try:
        token = tokens.read(ecr.store.key, value.strip())
    except tokens.BadToken:
        return answers.unknown_token()
    if token.region != registry.region:
        return answers.unknown_token()
    if not ecr.is_valid(token):
        return answers.expired()
    return token.principal
