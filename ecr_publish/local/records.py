"""Records: what the embedded ECR knows of registries, repositories and images."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ecr_publish.model.registry import partition, partition_suffix

PUBLIC = "public"  # stands for the region of an account's public registry: it has none of its own


@dataclass
class Image:
    """One manifest in one repository. Instants are epoch seconds."""

    digest: str
    media_type: str
    pushed_at: float
    size: int = 0
    has_content: bool = True  # a seeded image may be a name and a digest only
    config_type: str | None = None
    artifact_type: str | None = None
    subject: str | None = None
    annotations: dict[str, str] = field(default_factory=dict)
    children: list[str] = field(default_factory=list)
    layers: list[str] = field(default_factory=list)
    pulled_at: float | None = None
    scan_at: float | None = None  # when a scan was asked for
    status: str = "ACTIVE"  # or ARCHIVED; or ACTIVATING, until `activated_at`
    archived_at: float | None = None
    activated_at: float | None = None
    orphaned: bool = False  # its subject was deleted

    def status_at(self, now: float) -> str:
        """`ACTIVE`, `ARCHIVED` or `ACTIVATING` (ECR API Reference, ImageStatus)."""
        back = self.status == "ACTIVATING" and self.activated_at is not None and now >= self.activated_at
        return "ACTIVE" if back else self.status

    def activate(self, at: float) -> None:
        """Take it out of the archive; it is back at that instant."""
        self.status, self.activated_at = "ACTIVATING", at

    def archive(self, at: float) -> None:
        """Put it into the archive."""
        self.status, self.archived_at = "ARCHIVED", at


@dataclass
class Repository:
    """One repository with its settings."""

    name: str
    created_at: float
    mutability: str = "MUTABLE"
    exclusions: list[str] = field(default_factory=list)
    scan_on_push: bool = False
    encryption: dict[str, str] = field(default_factory=lambda: {"encryptionType": "AES256"})
    resource_tags: dict[str, str] = field(default_factory=dict)
    policy: str | None = None
    lifecycle: str | None = None
    lifecycle_at: float | None = None  # when it was last evaluated
    lifecycle_due: float | None = None  # when it is evaluated next
    preview: dict[str, Any] | None = None  # the last preview of a policy
    images: dict[str, Image] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    layers: dict[str, int] = field(default_factory=dict)  # digest -> size
    catalog: dict[str, object] = field(default_factory=dict)  # ECR Public's description of it

    def may_move(self, tag: str) -> bool:
        """Whether an existing tag may be pointed to another digest (API_PutImageTagMutability)."""
        excluded = any(fnmatchcase(tag, pattern) for pattern in self.exclusions)
        match self.mutability:
            case "IMMUTABLE":
                return False
            case "IMMUTABLE_WITH_EXCLUSION":
                return excluded
            case "MUTABLE_WITH_EXCLUSION":
                return not excluded
            case _:
                return True

    def tags_of(self, digest: str) -> list[str]:
        """All tags on a digest, sorted."""
        return sorted(tag for tag, named in self.tags.items() if named == digest)

    def named(self) -> frozenset[str]:
        """The digests of all content that it needs: layers, and the manifests of its images."""
        return frozenset(self.layers) | {digest for digest, image in self.images.items() if image.has_content}

    def references(self, layer: str) -> bool:
        """Whether any image names the layer or config."""
        return any(layer in image.layers for image in self.images.values())

    def archives(self, layer: str, now: float) -> bool:
        """Whether only images in the archive name it."""
        named = any(image.archived_at is not None and layer in image.layers for image in self.images.values())
        return named and not self.gives(layer, now)

    def gives(self, layer: str, now: float) -> bool:
        """Whether any image that can be pulled names it: those in the archive cannot."""
        return any(layer in image.layers and image.status_at(now) == "ACTIVE" for image in self.images.values())


@dataclass
class Registry:
    """One (account, region)."""

    account: str
    region: str
    repositories: dict[str, Repository] = field(default_factory=dict)
    scanning: dict[str, object] = field(default_factory=lambda: {"scanType": "BASIC", "rules": []})
    settings: dict[str, str] = field(default_factory=dict)
    policy: str | None = None
    replication: dict[str, Any] = field(default_factory=lambda: {"rules": []})
    backfills: dict[str, dict[str, Any]] = field(default_factory=dict)  # by id
    templates: dict[str, dict[str, Any]] = field(default_factory=dict)  # by prefix, without its slash
    pull_through: dict[str, dict[str, Any]] = field(default_factory=dict)  # by prefix, without its slash
    signing: dict[str, Any] | None = None
    pull_time_exclusions: dict[str, float] = field(default_factory=dict)  # principal's ARN -> since when

    @property
    def host(self) -> str:
        """The canonical host."""
        if self.is_public:
            return "public.ecr.aws"
        return f"{self.account}.dkr.ecr.{self.region}.{partition_suffix(self.region)}"

    @property
    def is_public(self) -> bool:
        """Whether it is an account's registry on ECR Public."""
        return self.region == PUBLIC

    @property
    def service(self) -> str:
        """What its actions begin with."""
        return "ecr-public" if self.is_public else "ecr"

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn`, …."""
        return partition(self.region)

    def arn(self, name: str) -> str:
        """A repository's ARN."""
        if self.is_public:
            return f"arn:aws:ecr-public::{self.account}:repository/{name}"
        return f"arn:{self.partition}:ecr:{self.region}:{self.account}:repository/{name}"
