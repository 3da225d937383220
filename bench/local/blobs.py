"""Large blobs up and down, and an image over one."""

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bench.local.contestants import NAME, Contestant

OCI = "application/vnd.oci.image.manifest.v1+json"
MB = 1_000_000


def up(to: Contestant, path: Path, digest: str) -> float:
    """Seconds of a POST and a PUT with the whole blob."""
    link, size = to.connection(), str(path.stat().st_size)
    begin = time.perf_counter()
    link.request("POST", f"/v2/{NAME}/blobs/uploads/", b"", to.headers)
    answer = link.getresponse()
    answer.read()
    where = urlsplit(answer.headers["Location"])
    query = f"{where.query}&digest={digest}".lstrip("&")
    with path.open("rb") as file:
        headers = {"Content-Length": size, "Content-Type": "application/octet-stream"}
        link.request("PUT", f"{where.path}?{query}", file, to.headers | headers)
        answer = link.getresponse()
        said = answer.read()
    if answer.status != 201:
        raise SystemExit(f"{to.name} answers {answer.status}: {said[:200]!r}")
    return time.perf_counter() - begin


def down(of: Contestant, digest: str, size: int) -> float:
    """Seconds of a GET, with the redirect that there may be, to the last byte."""
    link = of.connection()
    begin = time.perf_counter()
    link.request("GET", f"/v2/{NAME}/blobs/{digest}", headers=of.headers)
    answer = link.getresponse()
    if answer.status == 307:
        answer.read()
        where = urlsplit(answer.headers["Location"])
        link.request("GET", f"{where.path}?{where.query}")
        answer = link.getresponse()
    buffer, got = memoryview(bytearray(1 << 20)), 0
    while count := answer.readinto(buffer):
        got += count
    if got != size:
        raise SystemExit(f"{of.name} sends {got} bytes of {size}")
    return time.perf_counter() - begin


def put_image(at: Contestant, layer: tuple[str, int]) -> None:
    """Put an image whose one layer (digest, size) is there already, under the tag 1."""
    config = b'{"os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
    with tempfile.NamedTemporaryFile() as file:
        file.write(config)
        file.flush()
        up(at, Path(file.name), _digest(config))
    kind = "application/vnd.oci.image.config.v1+json"
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI,
        "config": {"mediaType": kind, "digest": _digest(config), "size": len(config)},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer[0], "size": layer[1]}],
    }
    link = at.connection()
    link.request("PUT", f"/v2/{NAME}/manifests/1", json.dumps(manifest), at.headers | {"Content-Type": OCI})
    if link.getresponse().status != 201:
        raise SystemExit(f"{at.name} refuses the image")


@contextmanager
def blob_file(folder: Path, size: int) -> Iterator[tuple[Path, str]]:
    """A file that does not compress, and its digest."""
    path, digest, piece = folder / f"blob-{size}", hashlib.sha256(), os.urandom(MB)
    with path.open("wb") as file:
        for number in range(size // MB):
            content = number.to_bytes(8, "big") + piece[8:]
            digest.update(content)
            file.write(content)
    yield path, f"sha256:{digest.hexdigest()}"
    path.unlink()


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()
