"""Manifests and indexes, parsed from exact bytes; the bytes are kept and never written anew."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from ecr_publish.errors import BadImage
from ecr_publish.model.digest import Digest, digest_of
from ecr_publish.model.platform import Platform

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
# All four are always asked for: by tag ECR may translate what is not accepted, which changes the digest.
ACCEPT = ", ".join((OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST))

LARGEST_MANIFEST = 4 << 20  # Amazon ECR API Reference, PutImage, imageManifest
_LAYERS = re.compile(
    r"application/vnd\.(oci\.image\.layer(\.nondistributable)?\.v1\.tar|docker\.image\.rootfs\.(foreign\.)?diff\.tar)([.+](gzip|zstd))?"
)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A typed pointer to bytes (image-spec, "Content Descriptors")."""

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


@dataclass(frozen=True, slots=True)
class Manifest:
    """One image or artifact."""

    body: bytes
    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    subject: Digest | None
    artifact_type: str | None
    annotations: tuple[tuple[str, str], ...]

    @property
    def digest(self) -> Digest:
        """Of the exact bytes."""
        return digest_of(self.body)

    @property
    def is_image(self) -> bool:
        """Whether a scanner could look into it: layers of an image, and neither subject nor artifact type."""
        return (
            self.subject is None
            and self.artifact_type is None
            and bool(self.layers)
            and all(_LAYERS.fullmatch(layer.media_type) for layer in self.layers)
        )


@dataclass(frozen=True, slots=True)
class Index:
    """Several manifests, normally one per platform."""

    body: bytes
    media_type: str
    children: tuple[Descriptor, ...]
    annotations: tuple[tuple[str, str], ...]

    @property
    def digest(self) -> Digest:
        """Of the exact bytes."""
        return digest_of(self.body)


Document: TypeAlias = Manifest | Index


def parse(body: bytes, media_type: str | None, where: str) -> Document:
    """Read a manifest or an index. `media_type` is what the registry or layout says; the document's own wins.

    Raises BadImage: not JSON, of no known type, a missing or wrong member, too large.
    """
    if len(body) > LARGEST_MANIFEST:
        raise _bad(where, f"the manifest has {len(body)} bytes, ECR takes at most {LARGEST_MANIFEST}")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _bad(where, "the manifest is not JSON") from error
    if not isinstance(value, dict):
        raise _bad(where, "the manifest is not a JSON object")
    kind = value.get("mediaType") or (media_type or "").partition(";")[0] or _guess(value)
    annotations = _annotations(value)
    if kind in (OCI_INDEX, DOCKER_INDEX):
        return Index(body, kind, _descriptors(value, "manifests", where), annotations)
    if kind in (OCI_MANIFEST, DOCKER_MANIFEST):
        config = value.get("config")
        subject = value.get("subject")
        return Manifest(
            body,
            kind,
            _descriptor(config, f"{where} config"),
            _descriptors(value, "layers", where),
            _descriptor(subject, f"{where} subject").digest if subject is not None else None,
            value.get("artifactType"),
            annotations,
        )
    raise _bad(where, f"the media type {kind!r} is no image manifest or index")


def _guess(value: dict[str, Any]) -> str:
    """A document without any media type: OCI 1.0 leaves it out (image-spec, mediaType is SHOULD)."""
    return OCI_INDEX if "manifests" in value else OCI_MANIFEST


def _descriptors(value: dict[str, Any], key: str, where: str) -> tuple[Descriptor, ...]:
    items = value.get(key)
    if not isinstance(items, list):
        raise _bad(where, f"{key} is no list")
    return tuple(_descriptor(item, f"{where} {key}[{number}]") for number, item in enumerate(items))


def _descriptor(value: object, where: str) -> Descriptor:
    if not isinstance(value, dict):
        raise _bad(where, "a descriptor is missing or no object")
    kind, digest, size = value.get("mediaType"), value.get("digest"), value.get("size")
    if not isinstance(kind, str) or not isinstance(digest, str) or not isinstance(size, int) or size < 0:
        raise _bad(where, "a descriptor needs mediaType, digest and size")
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise _bad(where, f"the digest {digest!r} is not sha256")
    artifact_type = value.get("artifactType")
    return Descriptor(
        kind,
        Digest(digest),
        size,
        _platform(value.get("platform")),
        _annotations(value),
        artifact_type if isinstance(artifact_type, str) else None,
        bool(value.get("urls")) or "nondistributable" in kind or ".foreign." in kind,
    )


def _platform(value: object) -> Platform | None:
    if not isinstance(value, dict) or not isinstance(value.get("os"), str):
        return None
    variant = value.get("variant")
    return Platform(value["os"], str(value.get("architecture", "")), variant if isinstance(variant, str) else None)


def _annotations(value: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    found = value.get("annotations")
    return tuple((str(key), str(each)) for key, each in found.items()) if isinstance(found, dict) else ()


def _bad(where: str, what: str) -> BadImage:
    return BadImage(
        what=what, where=where, hint="it was not made by a tool that follows the OCI image-spec, or is damaged"
    )
