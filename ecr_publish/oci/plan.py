"""The second plan: what has to be done to the registry, as data, made when digests and presence are known.

Pure. An operation holds everything that is needed to perform it; `perform.py` decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import Repository
from ecr_publish.oci.attached import Attached, Lacking, blobs_of
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
    """Mount a blob of the same registry; where the registry answers 202, `otherwise`."""

    repository: Repository
    blob: Descriptor
    source: Repository
    otherwise: UploadBlob | CopyBlob

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


@dataclass(frozen=True, slots=True)
class ListReferrers:
    """Keep the list of a subject's referrers under its tag, where the registry does not list them itself."""

    repository: Repository
    subject: Digest
    attached: tuple[Attached, ...]

    def __str__(self) -> str:
        return f"list {len(self.attached)} referrers of {self.subject.short} in {self.repository}"


BlobOperation: TypeAlias = UploadBlob | CopyBlob | MountBlob
Operation: TypeAlias = BlobOperation | PutManifest | ListReferrers | PutTag


@dataclass(frozen=True, slots=True)
class TransferPlan:
    """Blobs first, side by side, the biggest first; then waves of manifests, each needing only earlier ones, referrers
    behind what they point to; then the tags, one after another: the last is the last write. `present` is what the
    repository has already."""

    blobs: tuple[BlobOperation, ...] = ()
    manifests: tuple[tuple[PutManifest, ...], ...] = ()
    lists: tuple[ListReferrers, ...] = ()
    tags: tuple[PutTag, ...] = ()
    present: tuple[Descriptor, ...] = ()

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All of them in order."""
        return (*self.blobs, *(each for wave in self.manifests for each in wave), *self.lists, *self.tags)


def upload_plan(
    image: Closure | None,
    referrers: Lacking,
    repository: Repository,
    tags: tuple[PutTag, ...],
    present: frozenset[Digest],
) -> TransferPlan:
    """From a layout into a repository that has the blobs `present`, and the whole image where that is None."""
    blobs = {each.digest: each for each in (*(image.blobs if image else ()), *blobs_of(referrers.families))}
    missing, there = _divided(tuple(blobs.values()), present)
    uploads = tuple(UploadBlob(repository, blob) for blob in missing)
    return replace(manifest_plan(image, repository, referrers, tags), blobs=uploads, present=there)


def copy_plan(
    blobs: tuple[Descriptor, ...], source: Repository, repository: Repository, present: frozenset[Digest]
) -> TransferPlan:
    """Blobs from another repository, by streaming."""
    missing, there = _divided(blobs, present)
    return TransferPlan(blobs=tuple(CopyBlob(repository, blob, source) for blob in missing), present=there)


def mount_plan(blobs: tuple[Descriptor, ...], source: Repository, repository: Repository) -> TransferPlan:
    """Blobs from a repository of the same registry. Nothing is asked first: mounting what is there is no harm."""
    ordered = sorted(blobs, key=lambda blob: -blob.size)
    return TransferPlan(
        blobs=tuple(MountBlob(repository, blob, source, CopyBlob(repository, blob, source)) for blob in ordered)
    )


def nearer(plan: TransferPlan, home: Callable[[Repository, Digest], Repository | None]) -> TransferPlan:
    """The plan with mounts for what a neighbour got earlier in this run. An upload begins with a POST in any case: one
    that asks for a mount costs nothing, and where it is refused it has opened the upload."""

    def near(operation: BlobOperation) -> BlobOperation:
        if isinstance(operation, MountBlob):
            return operation
        source = home(operation.repository, operation.blob.digest)
        return MountBlob(operation.repository, operation.blob, source, operation) if source else operation

    return replace(plan, blobs=tuple(near(each) for each in plan.blobs))


def manifest_plan(
    image: Closure | None, repository: Repository, referrers: Lacking, tags: tuple[PutTag, ...]
) -> TransferPlan:
    """Manifests and tags of an image (None: it is there) and of the referrers that come along; all blobs are there."""
    waves = list(image.waves) if image else []
    for family in referrers.families:
        waves += family.waves
    coming = tuple(each for family in referrers.families for each in family.attached)
    lists = _lists(repository, (*referrers.unlisted, *coming))
    marks = tuple(PutTag(repository, each.document, each.tag, each.over) for each in coming if each.tag is not None)
    if image and not referrers.is_open and len(tags) == 1:
        waves.pop()  # the root with its one tag is one PUT by tag: it is the commit, and saves ECR a PutImage
    manifests = tuple(tuple(PutManifest(repository, document) for document in wave) for wave in waves)
    return TransferPlan(manifests=manifests, lists=lists, tags=(*marks, *tags))


def tag_plan(tags: tuple[PutTag, ...]) -> TransferPlan:
    """Only tags: the digest is in the repository."""
    return TransferPlan(tags=tags)


def puts(
    document: Document, repository: Repository, tags: tuple[str, ...], seen: dict[str, Look]
) -> tuple[PutTag, ...]:
    """The writes of tags, each over what was seen there."""
    return tuple(PutTag(repository, document, tag, seen.get(tag)) for tag in tags)


def _lists(repository: Repository, attached: tuple[Attached, ...]) -> tuple[ListReferrers, ...]:
    grouped: dict[Digest, list[Attached]] = {}
    for each in attached:
        if each.tag is None:
            grouped.setdefault(each.subject, []).append(each)
    return tuple(ListReferrers(repository, subject, tuple(found)) for subject, found in grouped.items())


def _divided(
    blobs: tuple[Descriptor, ...], present: frozenset[Digest]
) -> tuple[tuple[Descriptor, ...], tuple[Descriptor, ...]]:
    """What is missing, biggest first so that the longest is not left for last, and what is there."""
    missing = sorted((blob for blob in blobs if blob.digest not in present), key=lambda blob: -blob.size)
    return tuple(missing), tuple(blob for blob in blobs if blob.digest in present)
