"""The routes of `/v2`: which action a request is, and who may do it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ecr_publish.local import creation, tokens
from ecr_publish.local.api.wire import ApiError
from ecr_publish.local.exchange import Answer, Exchange
from ecr_publish.local.policy import refusal
from ecr_publish.local.records import Registry, Repository
from ecr_publish.local.registry import answers, blobs, listing, manifests
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


@dataclass
class Visit:
    """One authorised request to one registry."""

    ecr: Any
    registry: Registry
    principal: Principal
    exchange: Exchange
    action: str
    parts: dict[str, str]
    prefix: str = ""  # of names in paths: ECR Public's alias and a slash

    @property
    def name(self) -> str:
        """The repository's name within its registry."""
        return self.parts["name"].removeprefix(self.prefix)

    @property
    def repository(self) -> Repository:
        """The repository named in the path. Raises ApiError."""
        name = self.name
        repository = self.registry.repositories.get(name)
        if repository is None:
            raise ApiError(
                "RepositoryNotFoundException",
                f"The repository with name '{name}' does not exist in the registry with id '{self.registry.account}'",
            )
        return repository

    @property
    def pushed_to(self) -> Repository:
        """The repository that is pushed to, made if the registry makes it. Raises ApiError."""
        with self.ecr.store.lock:
            return self._made()

    def _made(self) -> Repository:
        name, now = self.name, self.ecr.clock.now().timestamp()
        if name in self.registry.repositories:
            return self.repository
        repository = creation.on_push(self.registry, name, now) if creation.may_be(name) else None
        if repository is not None:
            self.allow("CreateRepository", name)
        elif not self.ecr.quirks.repository_required and creation.may_be(name):
            repository = Repository(name, now)
        if repository is not None:
            self.registry.repositories[name] = repository
            if repository.lifecycle is not None:
                self.ecr.lifecycle.start(repository, now)
            self.ecr.store.save(self.registry, repository)
        return self.repository

    def allow(self, action: str, repository: Repository | str | None) -> None:
        """Raise AccessDeniedException unless the principal may."""
        sentence = self.refusal(action, repository)
        if sentence is not None:
            raise ApiError("AccessDeniedException", sentence)

    def refusal(self, action: str, repository: Repository | str | None) -> str | None:
        """ECR's sentence if the principal may not do this, else None."""
        service = self.registry.service
        return refusal(self.principal, f"{service}:{action}", self.registry, repository, self.ecr.denials)


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
        return await blobs.upload(visit)
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
