"""The images that are raced: OCI layouts of gzip'd tars, the same bytes on every machine.

S      1 layer of 1 MB
P P2   2 layers of 10 kB; the same with another second layer
M      12 layers, 150 MB together, shaped like a real image (40 MB to 0.5 MB)
M2     M with its last, smallest layer changed
L      1 layer of 1 GB
L1 L2  that layer with a small one of 0.5 MB over it, and the same with another small one
MULTI  an index of two platforms with 8 layers of 4 MB each, 4 of them shared; PMULTI the same of 10 kB each
FLEET  300 small images: 6 bases of 3 layers (2.6 MB), each with 50 images over it that add a layer of 60 kB

Noise in stored gzip blocks: nobody can gain by compressing again, and 1 GB is made in seconds.
"""

import hashlib
import json
import random
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

MB = 1_000_000
TAG = "bench"
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
FLEET, BASES, SIZES_BASE, SIZE_OWN = 300, 6, (2, 0.5, 0.1), 0.06
SIZES_M = (40, 30, 20, 15, 12, 10, 8, 6, 4, 3, 1.5, 0.5)
Described = dict[str, object]


def tar_of(name: str, size: int) -> Iterator[bytes]:
    """A tar of one file of noise, in pieces of at most 1 MB."""
    noise, info = random.Random(name), tarfile.TarInfo(f"data/{name}")
    info.size = size
    yield info.tobuf(tarfile.PAX_FORMAT)
    for start in range(0, size, MB):
        yield noise.randbytes(min(MB, size - start))
    yield bytes(-size % 512 + 1024)


class Writer:
    """One layout that is being written."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._blobs = directory, directory / "blobs" / "sha256"
        self._blobs.mkdir(parents=True)

    def layer(self, name: str, megabytes: float) -> tuple[Described, str]:
        """A layer of that size; its descriptor and its diffID."""
        stored, plain, size = hashlib.sha256(), hashlib.sha256(), 0
        squeeze = zlib.compressobj(0, zlib.DEFLATED, 31)
        partial = self._blobs / "partial"
        with partial.open("wb") as out:
            for piece in (*tar_of(name, int(megabytes * MB)), None):
                packed = squeeze.flush() if piece is None else squeeze.compress(piece)
                plain.update(piece or b"")
                stored.update(packed)
                size += out.write(packed)
        partial.rename(self._blobs / stored.hexdigest())
        return {
            "mediaType": LAYER,
            "digest": f"sha256:{stored.hexdigest()}",
            "size": size,
        }, f"sha256:{plain.hexdigest()}"

    def adopt(self, blob: Path) -> None:
        """Take in a blob of another layout, by the same bytes on disk."""
        (self._blobs / blob.name).hardlink_to(blob)

    def json(self, value: object, media_type: str) -> Described:
        """A document as a blob."""
        body = json.dumps(value, separators=(",", ":")).encode()
        digest = hashlib.sha256(body).hexdigest()
        (self._blobs / digest).write_bytes(body)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(body)}

    def image(self, layers: list[tuple[Described, str]], architecture: str = "amd64") -> Described:
        """Config and manifest over the layers."""
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {"Cmd": ["/data"]},
            "rootfs": {"type": "layers", "diff_ids": [plain for _, plain in layers]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.json(config, CONFIG),
            "layers": [described for described, _ in layers],
        }
        return self.json(manifest, MANIFEST)

    def finish(self, root: Described) -> None:
        """Write index.json, which names the image `bench`."""
        entry = {**root, "annotations": {"org.opencontainers.image.ref.name": TAG}}
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}
        (self._directory / "index.json").write_text(json.dumps(index), encoding="utf-8")
        (self._directory / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}', encoding="utf-8")


def _m(writer: Writer, last: str) -> None:
    names = [*(f"m{number}" for number in range(len(SIZES_M) - 1)), last]
    writer.finish(writer.image([writer.layer(*each) for each in zip(names, SIZES_M, strict=True)]))


def _multi(writer: Writer, megabytes: float) -> None:
    shared = [writer.layer(f"shared{number}", megabytes) for number in range(4)]
    children = []
    for architecture in ("amd64", "arm64"):
        own = [writer.layer(f"{architecture}{number}", megabytes) for number in range(4)]
        platform = {"architecture": architecture, "os": "linux"}
        children.append({**writer.image(shared + own, architecture), "platform": platform})
    writer.finish(writer.json({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}, INDEX))


def _fleet(directory: Path, count: int) -> None:
    """A layout per image, `000` and on; all layouts of one base share its blobs on disk."""
    bases = Writer(directory / "bases")
    layers = [
        [bases.layer(f"base{base}-{part}", size) for part, size in enumerate(SIZES_BASE)] for base in range(BASES)
    ]
    for number in range(count):
        writer, base = Writer(directory / f"{number:03}"), layers[number % BASES]
        for described, _ in base:
            writer.adopt(directory / "bases" / "blobs" / str(described["digest"]).replace(":", "/"))
        writer.finish(writer.image([*base, writer.layer(f"own{number}", SIZE_OWN)]))


MAKERS: dict[str, Callable[[Writer], None]] = {
    "S": lambda writer: writer.finish(writer.image([writer.layer("s", 1)])),
    "P": lambda writer: writer.finish(writer.image([writer.layer("p", 0.01), writer.layer("before", 0.01)])),
    "P2": lambda writer: writer.finish(writer.image([writer.layer("p", 0.01), writer.layer("after", 0.01)])),
    "M": lambda writer: _m(writer, "m11"),
    "M2": lambda writer: _m(writer, "changed"),
    "L": lambda writer: writer.finish(writer.image([writer.layer("l", 1000)])),
    "L1": lambda writer: writer.finish(writer.image([writer.layer("l", 1000), writer.layer("before", 0.5)])),
    "L2": lambda writer: writer.finish(writer.image([writer.layer("l", 1000), writer.layer("after", 0.5)])),
    "MULTI": lambda writer: _multi(writer, 4),
    "PMULTI": lambda writer: _multi(writer, 0.01),
}


def make(name: str, parent: Path) -> Path:
    """The layout's directory; one that is whole already is kept."""
    directory = parent / name
    if not (directory / "oci-layout").exists():
        shutil.rmtree(directory, ignore_errors=True)
        MAKERS[name](Writer(directory))
    return directory


def layouts(name: str, parent: Path, count: int) -> tuple[Path, ...]:
    """The layouts of a payload: one, or the first `count` of the fleet."""
    if name != "FLEET":
        return (make(name, parent),)
    directory = parent / name
    if not (directory / f"{count - 1:03}" / "oci-layout").exists():
        shutil.rmtree(directory, ignore_errors=True)
        _fleet(directory, count)
    return tuple(directory / f"{number:03}" for number in range(count))
