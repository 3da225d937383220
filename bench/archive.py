"""Pushing tars of 1 GB: what `docker save` writes, the same with compressed layers, and an OCI layout in a tar.

    python -m bench.archive [MEGABYTES]

Each is pushed to an empty docker-registry (cold), again (nothing changed), and with another small layer on top (one
layer changed), beside `skopeo copy` and `crane push` of the same file where these are on PATH. The content is noise in
hexadecimal digits, which shrinks to little more than half. Wall and CPU seconds, peak memory in MB and requests of each
whole command; idle is the peak of a push of 1 MB. Everything lies in memory where there is room.
"""

import hashlib
import io
import json
import os
import random
import shutil
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench.processes import clocked, stoppable
from bench.transfer.places import Place
from bench.transfer.plain import DockerRegistry

MB = 1_000_000
LAYERS = 8
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
FILE = """\
version: 1
environments: {{ dev: {{ registry: "{host}" }} }}
images:
  web: {{ repository: web, build: {{ builder: {builder}, {builder}: image.tar }}, tags: [{tag}] }}
"""


def layer(name: str, size: int) -> bytes:
    """A tar of one file of hexadecimal digits."""
    made, noise = io.BytesIO(), random.Random(name).randbytes(size // 2).hex().encode()
    with tarfile.open(fileobj=made, mode="w") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(noise)
        tar.addfile(info, io.BytesIO(noise))
    return made.getvalue()


def packed(plain: bytes) -> bytes:
    """As other tools compress it."""
    squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
    return squeeze.compress(plain) + squeeze.flush()


def digest(content: bytes) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(content).hexdigest()


class Tar:
    """A tar that is being written."""

    def __init__(self, path: Path) -> None:
        self._tar = tarfile.open(path, "w")  # noqa: SIM115

    def add(self, name: str, content: bytes) -> None:
        """A file."""
        info = tarfile.TarInfo(name)
        info.size = len(content)
        self._tar.addfile(info, io.BytesIO(content))

    def close(self) -> None:
        """The end."""
        self._tar.close()


def write(path: Path, kind: str, top: str, size: int) -> None:
    """An image of large layers and one small one on top."""
    tar, names, diff_ids, described = Tar(path), [], [], []
    for name in (*(f"base{number}" for number in range(LAYERS)), top):
        plain = layer(name, MB // 2 if name == top else size // LAYERS)
        stored = plain if kind == "plain" else packed(plain)
        diff_ids.append(f"sha256:{digest(plain)}")
        names.append(f"blobs/sha256/{digest(stored)}")
        described.append({"mediaType": LAYER, "digest": f"sha256:{digest(stored)}", "size": len(stored)})
        tar.add(names[-1], stored)
    rootfs = {"type": "layers", "diff_ids": diff_ids}
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs}).encode()
    tar.add(f"blobs/sha256/{digest(config)}", config)
    if kind == "layout":
        of_config = {"mediaType": CONFIG, "digest": f"sha256:{digest(config)}", "size": len(config)}
        value = {"schemaVersion": 2, "mediaType": MANIFEST, "config": of_config, "layers": described}
        manifest = json.dumps(value).encode()
        tar.add(f"blobs/sha256/{digest(manifest)}", manifest)
        root = {"mediaType": MANIFEST, "digest": f"sha256:{digest(manifest)}", "size": len(manifest)}
        tar.add("index.json", json.dumps({"schemaVersion": 2, "manifests": [root]}).encode())
        tar.add("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
    else:
        config_name = f"blobs/sha256/{digest(config)}"
        tar.add("manifest.json", json.dumps([{"Config": config_name, "RepoTags": ["web:1"], "Layers": names}]).encode())
    tar.close()


class Bench:
    """A registry behind a meter, and the folder that all commands run in."""

    def __init__(self, begun: ExitStack, base: Path) -> None:
        self._base, self._registry = base, DockerRegistry(begun, base / "registry")
        self._place = Place(begun, self._registry.port)
        (base / "auth.json").write_text("{}", encoding="utf-8")
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(base),
            "TMPDIR": str(base),
            "LC_ALL": "C.UTF-8",
            "REGISTRY_AUTH_FILE": str(base / "auth.json"),
        }

    def case(self, kind: str, size: int) -> None:
        """All contestants on one kind of tar."""
        for number in (1, 2):
            write(self._base / f"{kind}{number}.tar", kind, f"top{number}", size)
        for who, command in self._contestants(kind).items():
            self._registry.empty()
            host = self._place.host()
            for scenario, number in (("cold", 1), ("nothing changed", 1), ("one layer changed", 2)):
                argv = command(host, self._base / f"{kind}{number}.tar", str(number))
                self._place.measure(0)
                cost = clocked(argv, self._environment)
                if cost.failed:
                    raise SystemExit(cost.failed)
                requests = len(self._place.measured()["log"])
                figures = f"{cost.wall:.2f} | {cost.cpu:.2f} | {cost.peak:.0f} | {requests}"
                print(f"| {kind} {size // MB} MB | {scenario} | {who} | {figures} |", flush=True)
        for number in (1, 2):
            (self._base / f"{kind}{number}.tar").unlink()

    def _contestants(self, kind: str) -> dict[str, Callable[[str, Path, str], list[str]]]:
        form = "oci-archive" if kind == "layout" else "docker-archive"
        skopeo = ["skopeo", "copy", "-q", "--insecure-policy", "--dest-tls-verify=false"]
        found = {
            "ecr-publish": lambda host, tar, tag: self._ours(kind, host, tar, tag),
            "skopeo": lambda host, tar, tag: [*skopeo, f"{form}:{tar}", f"docker://{host}/web:{tag}"],
            "crane": lambda host, tar, tag: ["crane", "push", "--insecure", str(tar), f"{host}/web:{tag}"],
        }
        can = {"layout": ("ecr-publish", "skopeo")}.get(kind, tuple(found))
        return {who: found[who] for who in can if who == "ecr-publish" or shutil.which(who)}

    def _ours(self, kind: str, host: str, tar: Path, tag: str) -> list[str]:
        folder = self._base / "project"
        folder.mkdir(exist_ok=True)
        image = folder / "image.tar"
        image.unlink(missing_ok=True)
        image.hardlink_to(tar)
        builder = "layout" if kind == "layout" else "archive"
        (folder / "ecr-publish.yaml").write_text(FILE.format(host=host, builder=builder, tag=f"v{tag}"))
        return [str(Path(sys.executable).with_name("ecr-publish")), "run", "-f", str(folder)]


def main(megabytes: int) -> int:
    """Measure and print."""
    room = "/dev/shm" if shutil.disk_usage("/dev/shm").free > 8 * megabytes * MB else None
    with stoppable(), tempfile.TemporaryDirectory(dir=room) as temporary, ExitStack() as begun:
        bench = Bench(begun, Path(temporary))
        print("| tar | scenario | contestant | wall s | CPU s | peak MB | requests |")
        print("|---|---|---|--:|--:|--:|--:|")
        bench.case("plain", MB)
        for kind in ("plain", "packed", "layout"):
            bench.case(kind, megabytes * MB)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
