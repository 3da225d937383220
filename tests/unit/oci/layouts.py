"""Images as OCI layouts on disk, small and of any shape."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from ecr_publish.model.digest import Digest
from ecr_publish.model.image import InLayout

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
ATTESTATION = "application/vnd.in-toto+json"


@dataclass
class Writer:
    """A layout that is being written."""

    directory: Path

    def __post_init__(self) -> None:
        (self.directory / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
        (self.directory / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')

    def blob(self, content: bytes, media_type: str = LAYER, **more: object) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        (self.directory / "blobs" / "sha256" / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content), **more}

    def document(self, value: dict[str, object], **more: object) -> dict[str, object]:
        # odd white space on purpose: bytes that were written anew would have another digest
        return self.blob(json.dumps(value, indent=3).encode(), str(value["mediaType"]), **more)

    def manifest(self, *layers: bytes, labels: dict[str, str] | None = None, **more: object) -> dict[str, object]:
        config = self.blob(json.dumps({"os": "linux", "config": {"Labels": labels or {}}}).encode(), CONFIG)
        described = [self.blob(layer) for layer in layers]
        return self.document({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": described}, **more)

    def index(self, *children: dict[str, object], **more: object) -> dict[str, object]:
        return self.document({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(children), **more})

    def publish(self, root: dict[str, object]) -> InLayout:
        (self.directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [root]}))
        return InLayout(str(self.directory), Digest(str(root["digest"])))


def single(directory: Path, *layers: bytes, **more: object) -> InLayout:
    """One image with these layers."""
    writer = Writer(directory)
    return writer.publish(writer.manifest(*(layers or (b"base layer", b"application")), **more))


def multi(directory: Path, **more: object) -> InLayout:
    """An index of two platforms that share a layer, and an attestation manifest as BuildKit writes it."""
    writer = Writer(directory)
    arm = writer.manifest(b"shared", b"arm", platform={"os": "linux", "architecture": "arm64"})
    amd = writer.manifest(b"shared", b"amd", platform={"os": "linux", "architecture": "amd64"})
    statement = writer.document(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": writer.blob(b"{}", CONFIG),
            "layers": [writer.blob(b'{"_type":"statement"}', ATTESTATION)],
        },
        platform={"os": "unknown", "architecture": "unknown"},
        annotations={"vnd.docker.reference.type": "attestation-manifest"},
    )
    return writer.publish(writer.index(amd, arm, statement, **more))
