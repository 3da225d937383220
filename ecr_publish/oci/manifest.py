"""Manifests and indexes, parsed from exact bytes; the bytes are kept and never written anew."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ecr_publish.model.digest import Digest, digest_of
from ecr_publish.oci.descriptor import Descriptor, annotations_of, bad_document, descriptor, descriptors, exact

__all__ = [
    "ACCEPT",
    "DOCKER_INDEX",
    "DOCKER_MANIFEST",
    "INDEXES",
    "LARGEST_MANIFEST",
    "OCI_INDEX",
    "OCI_MANIFEST",
    "Descriptor",
    "Document",
    "Index",
    "Manifest",
    "labels_of",
    "parse",
]

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
INDEXES = (OCI_INDEX, DOCKER_INDEX)
# All four are always asked for: by tag ECR may translate what is not accepted, which changes the digest.
ACCEPT = ", ".join((OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST))

_MEMBERS = frozenset(
    ("schemaVersion", "mediaType", "config", "layers", "manifests", "subject", "artifactType", "annotations")
)
LARGEST_MANIFEST = 4 << 20  # Amazon ECR API Reference, PutImage, imageManifest
_LAYERS = re.compile(
    r"application/vnd\.(oci\.image\.layer(\.nondistributable)?\.v1\.tar|docker\.image\.rootfs\.(foreign\.)?diff\.tar)([.+](gzip|zstd))?"
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One image or artifact. `digest` is of the exact bytes of `body`."""

    body: bytes = field(repr=False)
    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    subject: Digest | None
    artifact_type: str | None
    annotations: tuple[tuple[str, str], ...]
    digest: Digest = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest_of(self.body))

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Config and layers."""
        return (self.config, *self.layers)

    @property
    def is_image(self) -> bool:
        """Whether an engine could run it: any layer is a file system's. What the manifest calls itself (an artifact,
        something that has a subject) decides nothing: engines pull it all the same."""
        return any(_LAYERS.fullmatch(layer.media_type) for layer in self.layers)


@dataclass(frozen=True, slots=True)
class Index:
    """Several manifests, normally one per platform. `digest` is of the exact bytes of `body`."""

    body: bytes = field(repr=False)
    media_type: str
    children: tuple[Descriptor, ...]
    annotations: tuple[tuple[str, str], ...]
    subject: Digest | None = None
    artifact_type: str | None = None
    digest: Digest = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest_of(self.body))


Document: TypeAlias = Manifest | Index


def parse(body: bytes, media_type: str | None, where: str) -> Document:
    """Read a manifest or an index. `media_type` is what the registry or layout says; the document's own wins.

    Raises BadImage: not JSON, of no known type, a missing or wrong member, more than 4 MiB.
    """
    value = _object(body, where)
    told = value.get("mediaType")
    kind = told if isinstance(told, str) and told else (media_type or "").partition(";")[0].strip() or _guess(value)
    if kind not in (*INDEXES, OCI_MANIFEST, DOCKER_MANIFEST):
        raise bad_document(where, f"the media type {kind[:100]!r} is no image manifest or index")
    exact(value, _MEMBERS, where)
    if ("manifests" in value) == bool({"config", "layers"} & value.keys()):
        # What is read as one and run as the other hides content (CVE-2021-41190): both specifications forbid it.
        raise bad_document(where, "it is neither clearly a manifest nor clearly an index")
    return _index(value, body, kind, where) if kind in INDEXES else _manifest(value, body, kind, where)


def labels_of(config: object) -> dict[str, str]:
    """The labels in an image's config (image-spec, "Image Configuration"); of what is none, none."""
    settings = config.get("config") if isinstance(config, dict) else None
    labels = settings.get("Labels") if isinstance(settings, dict) else None
    return {str(key): str(value) for key, value in labels.items()} if isinstance(labels, dict) else {}


def _object(body: bytes, where: str) -> dict[str, Any]:
    if len(body) > LARGEST_MANIFEST:
        raise bad_document(where, f"the manifest has {len(body)} bytes, ECR takes at most {LARGEST_MANIFEST}")
    try:
        value = json.loads(body.decode(), object_pairs_hook=_once)  # json would guess UTF-16 and others
    except _Twice as error:
        raise bad_document(where, f"an object in the manifest has the member {error.args[0]!r} twice") from error
    except (ValueError, RecursionError) as error:
        raise bad_document(where, "the manifest is not JSON") from error
    if not isinstance(value, dict):
        raise bad_document(where, "the manifest is not a JSON object")
    return value


class _Twice(ValueError):
    """Of two members with one name, readers take the first, the last, or both in one."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = Counter(name for name, _ in pairs)
        raise _Twice(next(name for name, count in names.items() if count > 1))
    return value


def _index(value: dict[str, Any], body: bytes, kind: str, where: str) -> Index:
    return Index(
        body,
        kind,
        descriptors(value, "manifests", where),
        annotations_of(value),
        _subject(value, where),
        _artifact_type(value),
    )


def _manifest(value: dict[str, Any], body: bytes, kind: str, where: str) -> Manifest:
    return Manifest(
        body,
        kind,
        descriptor(value.get("config"), f"{where} config"),
        descriptors(value, "layers", where),
        _subject(value, where),
        _artifact_type(value),
        annotations_of(value),
    )


def _subject(value: dict[str, Any], where: str) -> Digest | None:
    subject = value.get("subject")
    return descriptor(subject, f"{where} subject").digest if subject is not None else None


def _artifact_type(value: dict[str, Any]) -> str | None:
    kind = value.get("artifactType")
    return kind if isinstance(kind, str) else None


def _guess(value: dict[str, Any]) -> str:
    """A document without any media type: OCI 1.0 leaves it out (image-spec, mediaType is SHOULD)."""
    return OCI_INDEX if "manifests" in value else OCI_MANIFEST
