"""Repositories as settings: described, and created with safe defaults."""

from __future__ import annotations

from typing import Any

from ecr_publish.aws.errors import translated
from ecr_publish.aws.session import Sessions
from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import EcrPublicRegistry, EcrRegistry, PlainRegistry, Repository
from ecr_publish.model.target import Target
from ecr_publish.ports import RepositoryState


class EcrRepositories:
    """`ports.Repositories` for all kinds of registry; a plain one knows no settings."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def describe(self, target: Target, repository: Repository) -> RepositoryState | None:
        """Its settings, or None if it does not exist."""
        if isinstance(repository.registry, PlainRegistry):
            return RepositoryState(repository)
        client = self._client(target)
        with translated(f"describe-repositories {repository}"):
            try:
                got = client.describe_repositories(repositoryNames=[repository.name], **account_of(repository))
            except client.exceptions.RepositoryNotFoundException:
                return None
        return _state(repository, got["repositories"][0])

    def create(self, target: Target, repository: Repository) -> RepositoryState:
        """Create it: scanned on push, and mutable, because a file may have tags that are meant to move and which of
        them is not the repository's to say. Fixed tags are guarded by us in any case."""
        if isinstance(repository.registry, PlainRegistry):
            return RepositoryState(repository)
        client = self._client(target)
        settings = (
            {"imageScanningConfiguration": {"scanOnPush": True}} if isinstance(repository.registry, EcrRegistry) else {}
        )
        with translated(f"create-repository {repository}"):
            try:
                got = client.create_repository(repositoryName=repository.name, **settings)
            except client.exceptions.RepositoryAlreadyExistsException:
                return self.describe(target, repository) or RepositoryState(repository)
        return _state(repository, got["repository"])

    def tags_of(self, target: Target, repository: Repository, digest: Digest) -> tuple[str, ...]:
        """All tags on that digest, sorted; for registries without that API: empty."""
        if not isinstance(repository.registry, EcrRegistry):
            return ()
        client = self._client(target)
        with translated(f"describe-images {repository}@{digest.short}"):
            try:
                got = client.describe_images(
                    repositoryName=repository.name, imageIds=[{"imageDigest": str(digest)}], **account_of(repository)
                )
            except client.exceptions.ImageNotFoundException:
                return ()
        return tuple(sorted(got["imageDetails"][0].get("imageTags", ())))

    def _client(self, target: Target) -> Any:
        return self._sessions.client("ecr-public" if isinstance(target.registry, EcrPublicRegistry) else "ecr", target)


def account_of(repository: Repository) -> dict[str, str]:
    registry = repository.registry
    return {"registryId": registry.account} if isinstance(registry, EcrRegistry) and registry.account else {}


def _state(repository: Repository, got: Any) -> RepositoryState:
    mutability = got.get("imageTagMutability", "MUTABLE")
    filters = tuple(each["filter"] for each in got.get("imageTagMutabilityExclusionFilters", ()))
    return RepositoryState(
        repository,
        immutable=mutability.startswith("IMMUTABLE"),
        except_tags=filters,
        scan_on_push=got.get("imageScanningConfiguration", {}).get("scanOnPush"),
    )
