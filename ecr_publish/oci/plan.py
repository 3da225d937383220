"""The second plan: what has to be done to the registry, as data, made when digests and presence are known.

Pure. An operation holds everything that is needed to perform it; `perform.py` decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import Repository
from ecr_publish.oci.closure import Closure
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.looks import Look
from ecr_publish.oci.manifest import Document


@dataclass(frozen=True, slots=True)
class UploadBlob:
    """Send a blob of a layout."""

    repository: Repository
    blob: Descriptor

    def __str__(self) -> str:
        return f"upload {self.blob.digest.short} ({self.blob.size} bytes) to {self.repository}"


@dataclass(frozen=True, slots=True)
class CopyBlob:
    """Stream a blob from another registry, or from a neighbour that it could not be mounted from."""

    repository: Repository
    blob: Descriptor
    source: Repository

    def __str__(self) -> str:
        return f"copy {self.blob.digest.short} ({self.blob.size} bytes) from {self.source} to {self.repository}"


@dataclass(frozen=True, slots=True)
class MountBlob:
    """Mount a blob of the same registry; where the registry does not, `otherwise`."""

    repository: Repository
    blob: Descriptor
    source: Repository

    @property
    def otherwise(self) -> CopyBlob:
        """What is done instead when the registry answers 202."""
        return CopyBlob(self.repository, self.blob, self.source)

    def __str__(self) -> str:
        return f"mount {self.blob.digest.short} from {self.source} in {self.repository}"


@dataclass(frozen=True, slots=True)
class PutManifest:
    """Write a manifest under its digest."""

    repository: Repository
    document: Document

    def __str__(self) -> str:
        return f"put {self.document.digest} in {self.repository}"


@dataclass(frozen=True, slots=True)
class PutTag:
    """Write a manifest under a tag. `over` is what the tag named when it was looked at; None where it was not."""

    repository: Repository
    document: Document
    tag: str
    over: Look | None = None

    def __str__(self) -> str:
        return f"tag {self.document.digest} as {self.repository}:{self.tag}"


BlobOperation: TypeAlias = UploadBlob | CopyBlob | MountBlob
Operation: TypeAlias = BlobOperation | PutManifest | PutTag


@dataclass(frozen=True, slots=True)
class TransferPlan:
    """Blobs first, side by side, the biggest first; then waves of manifests, each needing only earlier ones; then the
    tags, one after another: the last is the last write. `present` is what the repository has already."""

    blobs: tuple[BlobOperation, ...] = ()
    manifests: tuple[tuple[PutManifest, ...], ...] = ()
    tags: tuple[PutTag, ...] = ()
    present: tuple[Descriptor, ...] = ()

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All of them in order."""
        return (*self.blobs, *(each for wave in self.manifests for each in wave), *self.tags)


def upload_plan(
    image: Closure, repository: Repository, tags: tuple[PutTag, ...], present: frozenset[Digest]
) -> TransferPlan:
    """From a layout into a repository that has the blobs `present`."""
    missing, there = _divided(image, present)
    return _plan(image, repository, tags, tuple(UploadBlob(repository, blob) for blob in missing), there)


def copy_plan(
    image: Closure, source: Repository, repository: Repository, tags: tuple[PutTag, ...], present: frozenset[Digest]
) -> TransferPlan:
    """From another repository, by streaming."""
    missing, there = _divided(image, present)
    return _plan(image, repository, tags, tuple(CopyBlob(repository, blob, source) for blob in missing), there)


def mount_plan(image: Closure, source: Repository, repository: Repository, tags: tuple[PutTag, ...]) -> TransferPlan:
    """From a repository of the same registry. Nothing is asked first: mounting what is there already is no harm."""
    blobs = sorted(image.blobs, key=lambda blob: -blob.size)
    return _plan(image, repository, tags, tuple(MountBlob(repository, blob, source) for blob in blobs), ())


def tag_plan(tags: tuple[PutTag, ...]) -> TransferPlan:
    """Only tags: the digest is in the repository."""
    return TransferPlan(tags=tags)


def puts(
    document: Document, repository: Repository, tags: tuple[str, ...], seen: dict[str, Look]
) -> tuple[PutTag, ...]:
    """The writes of tags, each over what was seen there."""
    return tuple(PutTag(repository, document, tag, seen.get(tag)) for tag in tags)


def _plan(
    image: Closure, repository: Repository, tags: tuple[PutTag, ...], blobs: tuple[BlobOperation, ...],
    present: tuple[Descriptor, ...],
) -> TransferPlan:  # fmt: skip
    waves = tuple(tuple(PutManifest(repository, document) for document in wave) for wave in image.waves)
    if len(tags) == 1:
        waves = waves[:-1]  # the root with its one tag is one PUT by tag: it is the commit, and saves ECR a PutImage
    return TransferPlan(blobs, waves, tags, present)


def _divided(image: Closure, present: frozenset[Digest]) -> tuple[tuple[Descriptor, ...], tuple[Descriptor, ...]]:
    """What is missing, biggest first so that the longest is not left for last, and what is there."""
    missing = sorted((blob for blob in image.blobs if blob.digest not in present), key=lambda blob: -blob.size)
    return tuple(missing), tuple(blob for blob in image.blobs if blob.digest in present)
