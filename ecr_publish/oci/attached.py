"""Attached: a manifest that points to another, and how a registry without the referrers API keeps a list of those."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ecr_publish.model.digest import Digest
from ecr_publish.oci.closure import Closure
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.looks import Look
from ecr_publish.oci.manifest import OCI_INDEX, Document, Index


@dataclass(frozen=True, slots=True)
class Attached:
    """A manifest that points to `subject`: by its own subject, or (cosign's older form) by the tag it is under. `over`
    is what that tag named where the manifest is to go."""

    document: Document
    subject: Digest
    tag: str | None = None
    listed: Descriptor | None = None
    over: Look | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """Manifests that point to the same generation, each with everything that it is made of."""

    members: tuple[tuple[Attached, Closure], ...]

    @property
    def attached(self) -> tuple[Attached, ...]:
        """The manifests themselves."""
        return tuple(each for each, _ in self.members)

    @property
    def waves(self) -> tuple[tuple[Document, ...], ...]:
        """Manifests, each wave needing only earlier ones."""
        deepest = max((len(each.waves) for _, each in self.members), default=0)
        waves = []
        for number in range(deepest):
            found = [
                document for _, each in self.members for wave in each.waves[number : number + 1] for document in wave
            ]
            waves.append(tuple({document.digest: document for document in found}.values()))
        return tuple(waves)

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Their configs and layers, each digest once."""
        return tuple({blob.digest: blob for _, each in self.members for blob in each.blobs}.values())


@dataclass(frozen=True, slots=True)
class Lacking:
    """What a repository lacks of everything that points to an image. `unlisted` are manifests that are there, but not
    in the list that clients keep for their subject."""

    families: tuple[Family, ...] = ()
    unlisted: tuple[Attached, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether something is left to do."""
        return bool(self.families or self.unlisted)


def blobs_of(families: tuple[Family, ...]) -> tuple[Descriptor, ...]:
    """The configs and layers of several generations, each digest once."""
    return tuple({blob.digest: blob for each in families for blob in each.blobs}.values())


def tag_of(subject: Digest) -> str:
    """The tag under which a registry without the API keeps the list of a subject's referrers."""
    return f"sha256-{subject.hex}"


def scheme_index(before: Index | None, added: tuple[Attached, ...]) -> bytes:
    """The list under `sha256-<hex>` with these referrers behind those it has, as the specification has clients write it
    for a registry without the API. What others wrote in it stays as it is, down to members that are not known here;
    where nothing is to be added, so do its bytes."""
    listed = {each.digest for each in before.children} if before else set()
    fresh = {each.document.digest: each for each in added if each.document.digest not in listed}
    if before and not fresh:
        return before.body
    value: dict[str, Any] = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}
    if before:
        value |= {"mediaType": before.media_type, **json.loads(before.body)}
    value["manifests"] = [*value["manifests"], *(_entry(each) for each in fresh.values())]
    return json.dumps(value, separators=(",", ":")).encode()


def _entry(added: Attached) -> dict[str, object]:
    document = added.document
    entry = {"mediaType": document.media_type, "digest": str(document.digest), "size": len(document.body)}
    kind = document.artifact_type or (added.listed.artifact_type if added.listed else None)
    annotations = {"annotations": dict(document.annotations)} if document.annotations else {}
    return {**entry, **({"artifactType": kind} if kind else {}), **annotations}
