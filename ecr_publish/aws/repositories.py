"""Repositories as settings: described, and created with safe defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ecr_publish.aws.session import Sessions
from ecr_publish.errors import ImageMissing, NotAuthorised, RepositoryMissing
from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import EcrPublicRegistry, EcrRegistry, PlainRegistry, Repository
from ecr_publish.model.target import Target
from ecr_publish.ports.clock import Clock
from ecr_publish.ports.repositories import RepositoryState

FRESH = 2.0  # seconds that what was told of an image's tags may be taken for what they are


class _Told(NamedTuple):
    tags: tuple[str, ...]
    moment: float  # monotonic seconds


class EcrRepositories:
    """`ports.repositories.Repositories` for all kinds of registry; a plain one knows no settings."""

    def __init__(self, sessions: Sessions, clock: Clock | None = None) -> None:
        """Without a clock nothing is remembered."""
        self._sessions, self._clock = sessions, clock
        self._tags: dict[tuple[Repository, str], _Told] = {}
        self._seen: dict[Repository, bool] = {}  # whether it was there when it was last asked for

    def describe(self, target: Target, repository: Repository) -> RepositoryState | None:
        """Its settings, or None if it does not exist. Raises NotAuthorised, Unavailable."""
        if isinstance(repository.registry, PlainRegistry):
            return RepositoryState(repository)
        client = self._client(target)
        try:
            got = self._sessions.ask(
                f"describe-repositories {repository}",
                lambda: client.describe_repositories(repositoryNames=[repository.name], **account_of(repository)),
            )
        except RepositoryMissing:
            self._seen[repository] = False
            return None
        self._seen[repository] = True
        return state(repository, got["repositories"][0])

    def described(self, target: Target, repositories: tuple[Repository, ...]) -> Mapping[Repository, RepositoryState]:
        """The settings of up to 100 (API: DescribeRepositories), by one call that fails for all if it does for one."""
        if isinstance(target.registry, PlainRegistry):
            return {each: RepositoryState(each) for each in repositories}
        client, names = self._client(target), [each.name for each in repositories]
        got = self._sessions.ask(
            f"describe-repositories {repositories[0]} and {len(names) - 1} more",
            lambda: client.describe_repositories(repositoryNames=names, **account_of(repositories[0])),
        )
        found = {each["repositoryName"]: each for each in got["repositories"]}
        self._seen.update({each: True for each in repositories if each.name in found})
        return {each: state(each, found[each.name]) for each in repositories if each.name in found}

    def create(self, target: Target, repository: Repository) -> RepositoryState:
        """Create it, scanned on push and mutable; one that exists meanwhile is success.

        Mutable, because the port does not say which of the file's tags are meant to move, an IMMUTABLE repository
        would refuse the second release of a file with `latest`, and ECR takes at most five exclusion filters. What is
        lost is little: a fixed tag is compared before every write here (SEMANTICS: the same digest is success,
        another one a refusal). Raises NotAuthorised, QuotaExceeded.
        """
        if isinstance(repository.registry, PlainRegistry):
            return RepositoryState(repository)
        client = self._client(target)
        settings: dict[str, Any] = {}
        if isinstance(repository.registry, EcrRegistry):
            settings["imageScanningConfiguration"] = {"scanOnPush": True}

        def create() -> Any:
            try:
                return client.create_repository(repositoryName=repository.name, **settings)
            except client.exceptions.RepositoryAlreadyExistsException:
                return None  # another job was faster, or our own request was answered twice

        got = self._sessions.ask(f"create-repository {repository}", create)
        self._seen[repository] = True
        if got is None:
            return self.describe(target, repository) or RepositoryState(repository)
        return state(repository, got["repository"])

    def ensure(self, target: Target, repository: Repository) -> None:
        """Create it unless it is there. One that was missing when it was asked for is not asked for again: creating it
        tells whether another job was faster, also to whom may not create any. Raises NotAuthorised, QuotaExceeded."""
        match self._seen.get(repository):
            case True:
                return
            case None if self.describe(target, repository) is not None:
                return
        try:
            self.create(target, repository)
        except NotAuthorised:
            if self.describe(target, repository) is None:
                raise

    def tags_of(self, target: Target, repository: Repository, reference: Digest | str) -> tuple[str, ...]:
        """All tags on the digest, or on the digest that the tag names, sorted; for registries without that API, and for
        an absent image: empty. What was told of a digest a moment ago is not asked again."""
        if isinstance(repository.registry, PlainRegistry):
            return ()
        told = self._tags.get((repository, str(reference)))
        if told is not None and self._clock is not None and self._clock.monotonic() - told.moment <= FRESH:
            return told.tags
        client = self._client(target)
        kind, mark = ("imageDigest", "@") if str(reference).startswith("sha256:") else ("imageTag", ":")
        try:
            got = self._sessions.ask(
                f"describe-images {repository}{mark}{str(reference)[:19]}",
                lambda: client.describe_images(
                    repositoryName=repository.name, imageIds=[{kind: str(reference)}], **account_of(repository)
                ),
            )
        except ImageMissing:
            return ()
        found = tuple(sorted(tag for image in got["imageDetails"] for tag in image.get("imageTags", ())))
        if self._clock is not None:
            now = self._clock.monotonic()
            self._tags.update({(repository, each["imageDigest"]): _Told(found, now) for each in got["imageDetails"]})
        return found

    def writable(self, target: Target, repository: Repository) -> bool:
        """Whether this principal may push there: True, or an error; False where it cannot be asked (a plain registry).

        Asked by InitiateLayerUpload, the action behind the first request of every push; the session that it opens
        holds nothing and ends by itself. Raises NotAuthorised, RepositoryMissing.
        """
        if isinstance(repository.registry, PlainRegistry):
            return False
        client = self._client(target)
        self._sessions.ask(
            f"initiate-layer-upload {repository}",
            lambda: client.initiate_layer_upload(repositoryName=repository.name, **account_of(repository)),
        )
        return True

    def _client(self, target: Target) -> Any:
        return self._sessions.client("ecr-public" if isinstance(target.registry, EcrPublicRegistry) else "ecr", target)


def account_of(repository: Repository) -> dict[str, str]:
    """`registryId` where the account is known; without it AWS takes the caller's."""
    registry = repository.registry
    return {"registryId": registry.account} if isinstance(registry, EcrRegistry) and registry.account else {}


def state(repository: Repository, got: Any) -> RepositoryState:
    """The settings that matter here, from one element of DescribeRepositories. ECR Public has none of them."""
    if isinstance(repository.registry, EcrPublicRegistry):
        return RepositoryState(repository)
    return RepositoryState(
        repository,
        immutable=_is_immutable(got.get("imageTagMutability", "MUTABLE")),
        except_tags=_exceptions(got),
        scan_on_push=got.get("imageScanningConfiguration", {}).get("scanOnPush"),
    )


def _is_immutable(word: str) -> bool | None:
    """IMMUTABLE and IMMUTABLE_WITH_EXCLUSION; MUTABLE_WITH_EXCLUSION protects only what its filters match."""
    if word.startswith("IMMUTABLE"):
        return True
    return False if word.startswith("MUTABLE") else None


def _exceptions(got: Any) -> tuple[str, ...]:
    return tuple(str(each["filter"]) for each in got.get("imageTagMutabilityExclusionFilters", ()))
