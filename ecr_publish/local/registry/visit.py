"""A visit: one request to `/v2` whose principal and route are known, with its repository and what it may do there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ecr_publish.local import creation
from ecr_publish.local.apierror import ApiError, no_repository
from ecr_publish.local.exchange import Exchange
from ecr_publish.local.policy import refusal
from ecr_publish.local.records import Registry, Repository
from ecr_publish.local.tokens import Principal


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
        repository = self.registry.repositories.get(self.name)
        if repository is None:
            raise no_repository(self.name, self.registry.account)
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
