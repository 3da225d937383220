"""Repositories as settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ecr_publish.model.digest import Digest
    from ecr_publish.model.registry import Repository
    from ecr_publish.model.target import Target


@dataclass(frozen=True, slots=True)
class RepositoryState:
    """What the registry says of one repository. `immutable` None: no setting known (a plain registry)."""

    repository: Repository
    immutable: bool | None = None
    except_tags: tuple[str, ...] = ()  # wildcard filters that are exempt from the setting
    scan_on_push: bool | None = None
    enhanced: bool = False


class Repositories(Protocol):
    """Repositories as settings (the JSON API)."""

    def describe(self, target: Target, repository: Repository) -> RepositoryState | None:
        """Its settings, or None if it does not exist. For a plain registry: a state with nothing known."""

    def described(self, target: Target, repositories: tuple[Repository, ...]) -> Mapping[Repository, RepositoryState]:
        """The settings of up to 100 at once. Raises RepositoryMissing if any of them does not exist, NotAuthorised if
        any may not be described: then each has to be asked for by itself."""

    def tags_of(self, target: Target, repository: Repository, reference: Digest | str) -> tuple[str, ...]:
        """All tags on that digest, or on the one that a tag names, sorted (DescribeImages); for registries without that
        API: empty."""

    def create(self, target: Target, repository: Repository) -> RepositoryState:
        """Create it with the safe defaults; one that exists meanwhile is success. Raises NotAuthorised."""

    def ensure(self, target: Target, repository: Repository) -> None:
        """Create it unless it is there. One that was seen in this run is not asked for again."""

    def writable(self, target: Target, repository: Repository) -> bool:
        """True if this principal may push there, False where that cannot be asked (a plain registry). Changes nothing.
        Raises NotAuthorised, RepositoryMissing."""
