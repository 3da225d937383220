"""archive: what `docker save` writes, as an OCI layout with layers compressed by us."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import IO, Any

from ecr_publish.builders import gzip
from ecr_publish.builders.blobs import BLOCK, CONFIG, LAYER_GZIP, MANIFEST, Blob, Blobs, Compressing
from ecr_publish.builders.layout import verified
from ecr_publish.builders.unpack import unpacked
from ecr_publish.config.model import ArchiveBuild
from ecr_publish.errors import BadImage, BuildFailed
from ecr_publish.model.events import Note, Notify
from ecr_publish.model.image import BuiltImage, InLayout
from ecr_publish.ports import BuildRequest

GZIP_MAGIC = b"\x1f\x8b"
ANNOTATED = "org.opencontainers.image."


class ArchiveBuilder:
    """Reads both forms: the one with `layer.tar` files, and the newer one that is an OCI layout too."""

    name = "archive"

    def build(self, request: BuildRequest, notify: Notify) -> BuiltImage:
        """The image of the archive. Raises BuildFailed (it is not there), BadImage (it is damaged)."""
        build: ArchiveBuild = request.build
        path = request.root / build.archive
        if not path.is_file():
            raise BuildFailed(
                what=f"{build.archive} is not there",
                where=f"images.{request.image}.build.archive",
                hint="run `docker save -o FILE IMAGE` before this",
            )
        return BuiltImage(layout_of(path, request.output, build.reference, notify), self.name)


def layout_of(archive: Path, output: Path, reference: str | None, notify: Notify) -> InLayout:
    """Write the archive's image as a layout into `output`. Needs as much space again while it works."""
    with tempfile.TemporaryDirectory(dir=output.parent, prefix="archive-") as temporary:
        directory = Path(temporary)
        links = unpacked(archive, directory)
        if (directory / "oci-layout").exists() and not (directory / "manifest.json").exists():
            shutil.copytree(directory, output, dirs_exist_ok=True)
            return verified(output, reference, notify)
        return _converted(_Archive(directory, links, archive), output, reference, notify)


class _Archive:
    """An unpacked archive: its files by name, links followed inside of it."""

    def __init__(self, directory: Path, links: dict[str, str], origin: Path) -> None:
        self._directory, self._links, self.origin = directory, links, origin

    def path(self, name: object) -> Path:
        """A file of the archive."""
        found = str(name)
        for _ in range(16):
            if found not in self._links:
                break
            found = self._links[found]
        path = self._directory / found
        if ".." in Path(found).parts or not path.is_file():
            raise self.bad(f"{found} is missing")
        return path

    def json(self, name: object) -> Any:
        """A JSON file of the archive."""
        try:
            return json.loads(self.path(name).read_bytes())
        except ValueError as error:
            raise self.bad(f"{name} is not JSON") from error

    def bad(self, what: str) -> BadImage:
        """The error for this archive."""
        return BadImage(what=what, where=str(self.origin), hint="make the archive again with `docker save`")


def _converted(archive: _Archive, output: Path, reference: str | None, notify: Notify) -> InLayout:
    image = _chosen(archive, reference)
    blobs = Blobs(output)
    config_body = archive.path(image.get("Config")).read_bytes()
    config = json.loads(config_body)
    diff_ids = config.get("rootfs", {}).get("diff_ids", [])
    names = image.get("Layers", [])
    if len(diff_ids) != len(names):
        raise archive.bad(f"{len(names)} layers, and diffIDs for {len(diff_ids)}")
    layers = []
    for number, (name, diff_id) in enumerate(zip(names, diff_ids, strict=True)):
        notify(Note(f"compressing layer {number + 1} of {len(names)}"))
        layers.append(_layer(archive, blobs, archive.path(name), str(diff_id), notify).descriptor())
    labels = (config.get("config") or {}).get("Labels") or {}
    annotations = {key: value for key, value in labels.items() if key.startswith(ANNOTATED)}
    manifest: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": blobs.put(config_body, CONFIG).descriptor(),
        "layers": layers,
    }
    root = blobs.put_json(manifest | ({"annotations": annotations} if annotations else {}), MANIFEST)
    blobs.finish(root)
    return InLayout(str(output), root.digest)


def _chosen(archive: _Archive, reference: str | None) -> dict[str, Any]:
    images = archive.json("manifest.json")
    if not isinstance(images, list) or not all(isinstance(each, dict) for each in images) or not images:
        raise archive.bad("manifest.json lists no image")
    if reference is not None:
        images = [each for each in images if reference in (each.get("RepoTags") or ())]
    if len(images) != 1:
        raise archive.bad(f"it holds {len(images)} images of that name" if reference else "it holds several images")
    found: dict[str, Any] = images[0]
    return found


def _layer(archive: _Archive, blobs: Blobs, path: Path, diff_id: str, notify: Notify) -> Blob:
    """A layer compressed on its way, or as it is if it was compressed already; its diffID is verified."""
    with path.open("rb") as file:
        if file.read(2) == GZIP_MAGIC:
            file.seek(0)
            return blobs.put_stream(lambda sink: shutil.copyfileobj(file, sink, BLOCK), LAYER_GZIP)
        file.seek(0)
        found: list[str] = []

        def write(sink: IO[bytes]) -> None:
            compressing = Compressing(sink, gzip.fast())
            while block := file.read(BLOCK):
                compressing.write(block)
                notify(Note("compressing"))
            compressing.close()
            found.append(str(compressing.diff_id))

        blob = blobs.put_stream(write, LAYER_GZIP)
    if found[0] != diff_id:
        raise archive.bad(f"a layer has the diffID {found[0]}, its config says {diff_id}")
    return blob
