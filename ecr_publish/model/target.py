"""Target: one (environment, registry) that a plan writes to; Place: where a fact holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ecr_publish.model.registry import EcrPublicRegistry, EcrRegistry, PlainRegistry, Registry, Repository


class Create(StrEnum):
    """What to do about a repository that does not exist."""

    NEVER = "never"
    IF_MISSING = "if-missing"


@dataclass(frozen=True, slots=True)
class Target:
    """One (environment, registry); for ECR one (environment, account, region).

    `name` is the environment's name, with `/region` behind it where the environment has several regions.
    """

    name: str
    environment: str
    registry: Registry
    role: str | None = None
    profile: str | None = None
    prefix: str = ""
    pointer: str | None = None
    create: Create = Create.NEVER

    def repository(self, name: str) -> Repository:
        """The repository that holds the image `name` (as the file says it) at this target."""
        return Repository(self.registry, self.prefix + name)

    @property
    def scannable(self) -> bool:
        """Whether the registry scans at all: only ECR private does."""
        match self.registry:
            case EcrRegistry():
                return True
            case EcrPublicRegistry() | PlainRegistry():
                return False


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a fact holds: an image, a target, both, or (never) neither. Printed `web`, `@dev`, `web@prod/eu-west-1`."""

    image: str | None = None
    target: str | None = None

    def __str__(self) -> str:
        return (self.image or "") + (f"@{self.target}" if self.target else "")
