"""One image as engines keep it: in a graph driver's store, in a content store, and as both forms of `docker save`."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ecr_publish.engine.graphstore import chain_ids
from tests.unit.builders.layouts import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, layer, sha256

PLAIN_LAYER = "application/vnd.docker.image.rootfs.diff.tar"


@dataclass(frozen=True)
class Kept:
    """Layers of one file each; `labels` are the image's."""

    files: tuple[tuple[str, bytes], ...]
    labels: dict[str, str] = field(default_factory=dict)
    architecture: str = "amd64"

    @property
    def layers(self) -> list[bytes]:
        return [layer(file) for file in self.files]

    @property
    def diff_ids(self) -> list[str]:
        return [sha256(each) for each in self.layers]

    @property
    def config(self) -> bytes:
        settings = {"Labels": self.labels}
        rootfs = {"type": "layers", "diff_ids": self.diff_ids}
        return json.dumps(
            {"architecture": self.architecture, "os": "linux", "config": settings, "rootfs": rootfs}
        ).encode()

    @property
    def image_id(self) -> str:
        return sha256(self.config)

    def inspected(self, upper: Path | None = None, image_id: str | None = None) -> dict[str, Any]:
        graph = {"Name": "overlay2", "Data": {"UpperDir": str(upper)}} if upper else {"Name": "overlayfs", "Data": None}
        layers = {"Type": "layers", "Layers": self.diff_ids}
        settings = {"Labels": self.labels or None}
        platform = {"Os": "linux", "Architecture": self.architecture}
        return {"Id": image_id or self.image_id, "RootFS": layers, "Config": settings, "GraphDriver": graph, **platform}

    def saved(self) -> bytes:
        """As engines before 25 write it: directories that do not say which layer they hold."""
        names = [f"{hashlib.sha256(each).hexdigest()[::-1]}/layer.tar" for each in self.layers]
        listed = [{"Config": f"{self.image_id[7:]}.json", "RepoTags": None, "Layers": names}]
        files = dict(zip(names, self.layers, strict=True)) | {f"{self.image_id[7:]}.json": self.config}
        return tar_of(dict(sorted(files.items())) | {"manifest.json": json.dumps(listed).encode()})

    def blobs(self, packed: bool) -> tuple[dict[str, bytes], str, list[str]]:
        """Blobs by digest, the manifest's digest, and the layers' digests in order."""
        stored = [gzip.compress(each, 1, mtime=7) if packed else each for each in self.layers]
        kind = OCI_LAYER if packed else PLAIN_LAYER
        described = [{"mediaType": kind, "digest": sha256(each), "size": len(each)} for each in stored]
        config = {"mediaType": OCI_CONFIG, "digest": self.image_id, "size": len(self.config)}
        value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": described}
        manifest = json.dumps(value).encode()
        blobs = {sha256(each): each for each in (*stored, self.config, manifest)}
        return blobs, sha256(manifest), [sha256(each) for each in stored]

    def saved_as_blobs(self, packed: bool) -> bytes:
        """As newer engines write it: blobs under their digests, the lists behind them."""
        blobs, _, layers = self.blobs(packed)
        names = [f"blobs/sha256/{each[7:]}" for each in layers]
        listed = [{"Config": f"blobs/sha256/{self.image_id[7:]}", "RepoTags": None, "Layers": names}]
        files = {f"blobs/sha256/{digest[7:]}": body for digest, body in sorted(blobs.items())}
        return tar_of(files | {"manifest.json": json.dumps(listed).encode()})

    def in_graph(self, root: Path) -> Path:
        """Write a graph driver's store below `root`; the top layer's directory."""
        database = root / "image" / "overlay2"
        configs = database / "imagedb" / "content" / "sha256"
        configs.mkdir(parents=True, exist_ok=True)
        (configs / self.image_id[7:]).write_bytes(self.config)
        for number, chain in enumerate(chain_ids(tuple(self.diff_ids))):
            (name, content), packed = self.files[number], self.layers[number]
            diff = root / "overlay2" / f"cache-{chain[7:19]}" / "diff"
            diff.mkdir(parents=True, exist_ok=True)
            (diff / name).write_bytes(content)
            place = database / "layerdb" / "sha256" / chain[7:]
            place.mkdir(parents=True, exist_ok=True)
            (place / "cache-id").write_text(diff.parent.name)
            (place / "size").write_text(str(len(content)))
            entries = [
                {"type": 2, "payload": base64.b64encode(packed[:512]).decode()},
                {"type": 1, "name": name, "size": len(content), "payload": "AAAAAAAAAAA="},
                {"type": 2, "payload": base64.b64encode(packed[512 + len(content) :]).decode()},
            ]
            (place / "tar-split.json.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, entries)).encode()))
        return diff

    def in_content(self, root: Path, packed: bool) -> str:
        """Write a content store below an engine's root; the image's id there."""
        blobs, manifest, _ = self.blobs(packed)
        store = root / "containerd" / "daemon" / "io.containerd.content.v1.content" / "blobs" / "sha256"
        store.mkdir(parents=True, exist_ok=True)
        for digest, body in blobs.items():
            (store / digest[7:]).write_bytes(body)
        return manifest


def saved_as_index(images: tuple[Kept, ...], listed: tuple[Kept, ...]) -> tuple[str, bytes]:
    """An index of several platforms as newer engines save it, and its digest; `listed` are in the list behind it."""
    blobs, entries = {}, []
    for image in images:
        own, manifest, _ = image.blobs(packed=True)
        blobs |= own
        platform = {"os": "linux", "architecture": image.architecture}
        entries.append(
            {"mediaType": OCI_MANIFEST, "digest": manifest, "size": len(own[manifest]), "platform": platform}
        )
    index = json.dumps({"schemaVersion": 2, "manifests": entries}).encode()
    blobs[sha256(index)] = index
    names = [
        {
            "Config": f"blobs/sha256/{image.image_id[7:]}",
            "RepoTags": None,
            "Layers": [f"blobs/sha256/{each[7:]}" for each in image.blobs(packed=True)[2]],
        }
        for image in listed
    ]
    files = {f"blobs/sha256/{digest[7:]}": body for digest, body in sorted(blobs.items())}
    return sha256(index), tar_of(files | {"manifest.json": json.dumps(names).encode()})


def tar_of(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, body in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return made.getvalue()
