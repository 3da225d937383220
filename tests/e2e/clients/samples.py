"""What is pushed: an image and an index of two images, as OCI layouts and as archives that an engine loads."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OCI = "application/vnd.oci.image."
CONTENT = b"hello from a layer\n"


@dataclass(frozen=True)
class Layout:
    """An OCI layout with one root."""

    path: Path
    digest: str  # of the root

    def blob(self, digest: str) -> bytes:
        return (self.path / "blobs" / "sha256" / digest.removeprefix("sha256:")).read_bytes()

    @property
    def root(self) -> dict[str, Any]:
        """The root's manifest."""
        return dict(json.loads(self.blob(self.digest)))

    def archive(self, reference: str, path: Path) -> Path:
        """The same as a tar, named as containerd's importer reads it."""
        (root,) = json.loads((self.path / "index.json").read_text())["manifests"]
        named = {**root, "annotations": {"io.containerd.image.name": reference}}
        with tarfile.open(path, "w") as tar:
            tar.add(self.path / "blobs", "blobs")
            tar.add(self.path / "oci-layout", "oci-layout")
            _add(tar, "index.json", json.dumps({"schemaVersion": 2, "manifests": [named]}).encode())
        return path

    def only(self, architecture: str) -> Layout:
        """One image of an index."""
        (child,) = (each for each in self.root["manifests"] if each["platform"]["architecture"] == architecture)
        return Layout(self.path, child["digest"])


class _Writer:
    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "blobs" / "sha256").mkdir(parents=True)
        (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')

    def blob(self, content: bytes, kind: str) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        (self.path / "blobs" / "sha256" / digest).write_bytes(content)
        return {"mediaType": OCI + kind, "digest": f"sha256:{digest}", "size": len(content)}

    def image(self, architecture: str) -> dict[str, Any]:
        tar = _tar(f"etc/{architecture}")
        config = {
            "architecture": architecture,
            "os": "linux",
            "created": "2026-01-01T00:00:00Z",
            "config": {"Cmd": ["/hello"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}"]},
            "history": [{"created": "2026-01-01T00:00:00Z", "created_by": "tests"}],
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI + "manifest.v1+json",
            "config": self.blob(json.dumps(config).encode(), "config.v1+json"),
            "layers": [self.blob(gzip.compress(tar, mtime=0), "layer.v1.tar+gzip")],
        }
        written = self.blob(json.dumps(manifest).encode(), "manifest.v1+json")
        return {**written, "platform": {"architecture": architecture, "os": "linux"}}

    def rooted(self, root: dict[str, Any]) -> Layout:
        named = {**root, "annotations": {"org.opencontainers.image.ref.name": "sample"}}
        (self.path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))
        return Layout(self.path, str(root["digest"]))


def image(folder: Path) -> Layout:
    """One image for linux/amd64 with one layer."""
    writer = _Writer(folder)
    return writer.rooted(writer.image("amd64"))


def index(folder: Path) -> Layout:
    """An index of two images."""
    writer = _Writer(folder)
    children = [writer.image("amd64"), writer.image("arm64")]
    body = {"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": children}
    return writer.rooted(writer.blob(json.dumps(body).encode(), "index.v1+json"))


def _tar(name: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for each in ("hello", name):
            _add(tar, each, CONTENT)
    return buffer.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def engine_archive(layout: Layout, reference: str, path: Path) -> Path:
    """What `docker load` of every version reads: the image in the form of `docker save`, under a name."""
    manifest = layout.root
    config, (layer,) = manifest["config"]["digest"], manifest["layers"]
    files = {
        f"{config.removeprefix('sha256:')}.json": layout.blob(config),
        "layer/layer.tar": gzip.decompress(layout.blob(layer["digest"])),
    }
    listed = [{"Config": next(iter(files)), "RepoTags": [reference], "Layers": ["layer/layer.tar"]}]
    with tarfile.open(path, "w") as tar:
        for name, content in {**files, "manifest.json": json.dumps(listed).encode()}.items():
            _add(tar, name, content)
    return path
