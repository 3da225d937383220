"""Descriptor: a typed pointer to bytes (OCI image-spec, "Content Descriptors")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ecr_publish.errors import BadImage
from ecr_publish.model.digest import Digest
from ecr_publish.model.platform import Platform

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_OTHER_DIGEST = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+")  # image-spec, "Digests"
_MEMBERS = frozenset(("mediaType", "digest", "size", "urls", "annotations", "data", "artifactType", "platform"))
LARGEST_BLOB = 52_000 << 20  # bytes; ECR service quotas, "Maximum layer size"


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A pointer by digest. `size` is in bytes; `foreign` content lies elsewhere and is not stored in registries."""

    media_type: str
    digest: Digest
    size: int
    platform: Platform | None = None
    annotations: tuple[tuple[str, str], ...] = ()
    artifact_type: str | None = None
    foreign: bool = False

    def json(self) -> dict[str, Any]:
        """The descriptor as a manifest lists it."""
        return {"mediaType": self.media_type, "digest": str(self.digest), "size": self.size}


def descriptor(value: object, where: str) -> Descriptor:
    """Read one member of a manifest. Raises BadImage for what is missing, of another type, or not sha256."""
    if not isinstance(value, dict):
        raise bad_document(where, "a descriptor is missing or no object")
    exact(value, _MEMBERS, where)
    kind, digest, size = value.get("mediaType"), value.get("digest"), value.get("size")
    if not isinstance(kind, str) or not isinstance(digest, str) or type(size) is not int or size < 0:
        raise bad_document(where, "a descriptor needs mediaType, digest and size")
    if not _DIGEST.fullmatch(digest):
        what = f"the digest {digest[:40]!r} is not sha256"
        raise other_digest(where, what) if _OTHER_DIGEST.fullmatch(digest) else bad_document(where, what)
    if size > LARGEST_BLOB:
        raise bad_document(where, f"{size} bytes are more than any registry takes")
    artifact_type = value.get("artifactType")
    return Descriptor(
        kind,
        Digest(digest),
        size,
        _platform(value.get("platform")),
        annotations_of(value),
        artifact_type if isinstance(artifact_type, str) else None,
        bool(value.get("urls")) or "nondistributable" in kind or ".foreign." in kind,
    )


def descriptors(value: dict[str, Any], key: str, where: str) -> tuple[Descriptor, ...]:
    """Read a list of descriptors. Raises BadImage."""
    items = value.get(key)
    if not isinstance(items, list):
        raise bad_document(where, f"{key} is no list")
    return tuple(descriptor(item, f"{where} {key}[{number}]") for number, item in enumerate(items))


def annotations_of(value: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """The annotations of a document or descriptor, in their order."""
    found = value.get("annotations")
    return tuple((str(key), str(each)) for key, each in found.items()) if isinstance(found, dict) else ()


def exact(value: dict[str, Any], members: frozenset[str], where: str) -> None:
    """Refuse `Layers` where `layers` is meant. Registries, engines and scanners read JSON with Go's library, to which
    they are the same: what we passed over would run. (RFC 8259 leaves it open; compare CVE-2021-41190.)"""
    for key in value.keys() - members:
        if (meant := next((each for each in members if each.lower() == key.lower()), None)) is not None:
            raise bad_document(where, f"it has a member {key!r}, which some readers take for {meant!r}")


def other_digest(where: str, what: str) -> BadImage:
    """A digest by an algorithm that the specification allows."""
    return BadImage(what=what, where=where, hint="ECR takes no others: make the image with sha256")


def bad_document(where: str, what: str) -> BadImage:
    """A document that is not what the specification says."""
    return BadImage(
        what=what, where=where, hint="it was not made by a tool that follows the OCI image-spec, or is damaged"
    )


def _platform(value: object) -> Platform | None:
    if not isinstance(value, dict) or not isinstance(value.get("os"), str):
        return None
    variant = value.get("variant")
    return Platform(value["os"], str(value.get("architecture", "")), variant if isinstance(variant, str) else None)
