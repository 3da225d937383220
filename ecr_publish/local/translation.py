"""Translation: an image asked for by tag in a format that the client takes (User Guide, image-manifest-formats).

Of the formats that ECR names, OCI and Docker's schema 2 become each other; nothing becomes schema 1 here. The bytes of
config and layers stay, so that only the manifest has another digest. An index, an artifact, and an image with a layer
that Docker's format has no type for are not translated.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from types import MappingProxyType

from ecr_publish.oci.manifest import DOCKER_MANIFEST, OCI_MANIFEST

_DOCKER = MappingProxyType(
    {
        OCI_MANIFEST: DOCKER_MANIFEST,
        "application/vnd.oci.image.config.v1+json": "application/vnd.docker.container.image.v1+json",
        "application/vnd.oci.image.layer.v1.tar": "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip": "application/vnd.docker.image.rootfs.diff.tar.gzip",
    }
)
_OCI = MappingProxyType({docker: oci for oci, docker in _DOCKER.items()})


def translated(body: bytes, media_type: str, accepted: Collection[str]) -> tuple[bytes, str] | None:
    """The manifest in a format of `accepted`, and that format; None if there is no translation to any."""
    types = {OCI_MANIFEST: _DOCKER, DOCKER_MANIFEST: _OCI}.get(media_type)
    if types is None or types[media_type] not in accepted:
        return None
    manifest = json.loads(body)
    parts = [manifest["config"], *manifest["layers"]]
    if any(part.get("mediaType") not in types for part in parts):
        return None
    config, *layers = ({**part, "mediaType": types[part["mediaType"]]} for part in parts)
    value = {"schemaVersion": 2, "mediaType": types[media_type], "config": config, "layers": layers}
    return json.dumps(value, indent=3).encode(), types[media_type]
