"""Images to push: what docker builds from scratch, and a small OCI layout written by hand."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.programs import Shell

BUSYBOX = "/bin/busybox"


@contextlib.contextmanager
def busybox_image(shell: Shell, context: Path, *, says: str, tag: str) -> Iterator[str]:
    """An image in the docker engine that prints a line; removed from the engine at the end."""
    context.mkdir()
    shutil.copy(BUSYBOX, context / "busybox")
    entrypoint = json.dumps(["/bin/busybox", "echo", says])
    (context / "Dockerfile").write_text(f"FROM scratch\nCOPY busybox /bin/busybox\nENTRYPOINT {entrypoint}\n")
    shell.run("docker", "build", "--quiet", "--tag", tag, str(context))
    try:
        yield tag
    finally:
        shell.run("docker", "image", "rm", "--force", tag)


def oci_layout(folder: Path, *, layer_bytes: int = 1000) -> Path:
    """An OCI layout of one image with one layer of random bytes in a tar."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(content: bytes, media_type: str) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        member = tarfile.TarInfo("data")
        member.size = layer_bytes
        archive.addfile(member, io.BytesIO(os.urandom(layer_bytes)))
    diff_id = f"sha256:{hashlib.sha256(tar.getvalue()).hexdigest()}"
    layer = blob(gzip.compress(tar.getvalue(), 1), "application/vnd.oci.image.layer.v1.tar+gzip")
    config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [diff_id]}}
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": blob(json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json"),
        "layers": [layer],
    }
    named = blob(json.dumps(manifest).encode(), "application/vnd.oci.image.manifest.v1+json")
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return folder
