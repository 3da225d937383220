"""Facts about images: built, published, and who we are where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from ecr_publish.model.digest import Digest
from ecr_publish.model.platform import Platform
from ecr_publish.model.registry import Repository
from ecr_publish.model.target import Target


@dataclass(frozen=True, slots=True)
class InLayout:
    """An OCI image layout on disk: a directory, or an uncompressed tar. `digest` is of the manifest or index that is
    to be published. `absent` are blobs that do not lie there, because the repository that it is made for was seen to
    have them."""

    path: str
    digest: Digest
    absent: frozenset[Digest] = frozenset()


@dataclass(frozen=True, slots=True)
class InEngine:
    """An image in a container engine's own store, by the engine's image id (`sha256:…`); its manifest digest is
    known only once its layers are compressed."""

    image_id: str


@dataclass(frozen=True, slots=True)
class InArchive:
    """An image in a file of `docker save`, read when it is pushed: its manifest digest is known only then. `reference`
    picks one of several."""

    path: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class InRegistry:
    """The image is already published: a taken fixed tag of the same commit and the same inputs."""

    target: Target
    repository: Repository
    digest: Digest


Where: TypeAlias = InLayout | InEngine | InArchive | InRegistry


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """What `build` gives: where the image is, and how it came there (words for people)."""

    where: Where
    builder: str
    reason: str = ""
    reused: bool = False  # nothing was built: it was there already


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are at a target (STS GetCallerIdentity); `expires` of the session, None if it does not."""

    account: str | None
    arn: str
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Child:
    """One entry of an index. `scannable` is False for attestation manifests and other artifacts."""

    digest: Digest
    platform: Platform | None
    scannable: bool = True


@dataclass(frozen=True, slots=True)
class PublishedImage:
    """One digest in one repository. `children` is empty for a single manifest."""

    repository: Repository
    digest: Digest
    tags: tuple[str, ...]
    children: tuple[Child, ...] = ()
    media_type: str = ""
    size_bytes: int = 0  # stored (compressed) bytes of all blobs and manifests, each counted once
