"""Images as other tools write them, made by hand: layers of given members, a layout or a saved archive of them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ecr_publish.oci.layout import Layout, open_layout
from ecr_publish.ports.building import BuildRequest

CREATED = datetime(2026, 11, 24, tzinfo=UTC)
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"


def quiet(progress: object) -> None:
    """Nobody listens."""


def request(
    root: Path, section: object, *, output: str = "out", labels: Mapping[str, str] | None = None
) -> BuildRequest:
    """A request for a build in `root`, into root/output."""
    (root / output).mkdir(parents=True, exist_ok=True)
    return BuildRequest("web", section, root, root / output, tuple((labels or {}).items()), CREATED)


def directory(name: str, mode: int = 0o755, uid: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.uid = tarfile.DIRTYPE, mode, uid
    return info


def link(name: str, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    return info


def layer(*members: tarfile.TarInfo | tuple[str, bytes]) -> bytes:
    """An uncompressed layer; a file is its name and content."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                tar.addfile(info, io.BytesIO(member[1]))
    return made.getvalue()


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def config_of(layers: list[bytes], platform: str = "linux/amd64", **settings: Any) -> bytes:
    os, architecture = platform.split("/")[:2]
    rootfs = {"type": "layers", "diff_ids": [sha256(each) for each in layers]}
    return json.dumps({"os": os, "architecture": architecture, "config": settings, "rootfs": rootfs}).encode()


class Writing:
    """A layout directory being written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "blobs" / "sha256").mkdir(parents=True)
        (path / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')

    def blob(self, content: bytes, media_type: str, **more: Any) -> dict[str, Any]:
        (self.path / "blobs" / "sha256" / sha256(content)[7:]).write_bytes(content)
        return {"mediaType": media_type, "digest": sha256(content), "size": len(content), **more}

    def image(
        self, layers: list[bytes], platform: str = "linux/amd64", kind: str = OCI_LAYER, **settings: Any
    ) -> dict[str, Any]:
        packed = [self.blob(gzip.compress(each, mtime=0) if "gzip" in kind else each, kind) for each in layers]
        config = self.blob(config_of(layers, platform, **settings), OCI_CONFIG)
        manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": packed}
        return self.blob(json.dumps(manifest).encode(), OCI_MANIFEST)

    def finish(self, *entries: dict[str, Any]) -> Path:
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
        (self.path / "index.json").write_text(json.dumps(index))
        return self.path


def base_layout(path: Path, *layers: bytes, **more: Any) -> Path:
    """A layout of one image of these layers."""
    writing = Writing(path)
    return writing.finish(writing.image(list(layers), **more))


def top_layer(layout: Path) -> dict[str, tarfile.TarInfo]:
    """The members of the image's last layer by name."""
    opened = open_layout(layout)
    manifest = manifest_of(opened)
    with tarfile.open(opened.path(manifest.layers[-1].digest)) as tar:
        return {member.name: member for member in tar}


def manifest_of(layout: Layout) -> Any:
    return layout.manifest(layout.root().digest)


def config_in(layout: Path) -> dict[str, Any]:
    opened = open_layout(layout)
    return opened.json(manifest_of(opened).config)


def write_tar(path: Path, files: Mapping[str, bytes | tarfile.TarInfo], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path
