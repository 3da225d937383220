"""The two forms of `docker save`, read as one: configs and layers by the names in `manifest.json`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from gzip import BadGzipFile, GzipFile
from pathlib import Path
from typing import IO, Any

from ecr_publish.builders.blobs import BLOCK, CONFIG, LAYER_ZSTD, LAYERS, Blob, Blobs, Compressing, media_type
from ecr_publish.builders.composing import composed
from ecr_publish.builders.compression import compressor
from ecr_publish.builders.unpack import Bounded, most_of
from ecr_publish.errors import BadImage
from ecr_publish.model.compression import GZIP, Compression
from ecr_publish.model.events import Note, Notify
from ecr_publish.model.image import InLayout

LARGEST_JSON = 4 << 20


class Saved:
    """An unpacked archive: its files by name, links followed inside of it. Every method raises BadImage."""

    def __init__(self, directory: Path, links: dict[str, str], origin: Path) -> None:
        self._directory, self._links, self.origin = directory, links, origin

    def path(self, name: object) -> Path:
        """A file of the archive; a layer may be a link to the same layer of another image."""
        found = str(name)
        for _ in range(16):
            if found not in self._links:
                break
            found = self._links[found]
        path = self._directory / found
        if Path(found).is_absolute() or ".." in Path(found).parts or not path.is_file():
            raise self.bad(f"{found} is missing")
        return path

    def json(self, name: object) -> tuple[bytes, Any]:
        """A JSON file of the archive: its bytes, and what they say."""
        path = self.path(name)
        if path.stat().st_size > LARGEST_JSON:
            raise self.bad(f"{name} has more than 4 MiB")
        body = path.read_bytes()
        try:
            return body, json.loads(body)
        except (ValueError, RecursionError) as error:
            raise self.bad(f"{name} is not JSON") from error

    def bad(self, what: str) -> BadImage:
        """The error for this archive."""
        return BadImage(what=what, where=str(self.origin), hint="make the archive again with `docker save`")


@dataclass(frozen=True, slots=True)
class _Image:
    config_body: bytes
    labels: Mapping[str, str]
    layers: tuple[tuple[str, str], ...]  # name in the archive, diffID


def as_layout(saved: Saved, output: Path, reference: str | None, notify: Notify, how: Compression = GZIP) -> InLayout:
    """The image as a layout in `output`, layer by layer. Raises BadImage where a layer has not its diffID."""
    image = _read(saved, _chosen(saved, reference))
    blobs = Blobs(output)
    layers = []
    for number, (name, diff_id) in enumerate(image.layers):
        notify(Note(f"compressing layer {number + 1} of {len(image.layers)}"))
        layers.append(_layer(saved, blobs, (name, diff_id), how, notify))
    root = composed(blobs, blobs.put(image.config_body, CONFIG), tuple(layers), image.labels)
    return InLayout(str(output), root.digest)


def _chosen(saved: Saved, reference: str | None) -> dict[str, Any]:
    _, images = saved.json("manifest.json")
    if not isinstance(images, list) or not images or not all(isinstance(each, dict) for each in images):
        raise saved.bad("manifest.json lists no image")
    if reference is None and len(images) > 1:
        raise saved.bad(f"it holds {len(images)} images ({_names(images)}); say which with reference:")
    for image in images:
        if reference is None or {reference, f"{reference}:latest"} & set(_tags(image)):
            return dict(image)
    raise saved.bad(f"it holds no image {reference!r}, but {_names(images) or 'one without a name'}")


def _tags(image: Mapping[str, Any]) -> list[str]:
    tags = image.get("RepoTags")
    return [str(tag) for tag in tags] if isinstance(tags, list) else []


def _names(images: list[dict[str, Any]]) -> str:
    return ", ".join(tag for image in images for tag in _tags(image))


def _read(saved: Saved, image: Mapping[str, Any]) -> _Image:
    body, config = saved.json(image.get("Config"))
    names = image.get("Layers")
    rootfs = config.get("rootfs") if isinstance(config, dict) else None
    diff_ids = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if not isinstance(names, list) or not isinstance(diff_ids, list):
        raise saved.bad("its config or its list of layers is none")
    if len(diff_ids) != len(names):
        raise saved.bad(f"{len(names)} layers, and diffIDs for {len(diff_ids)}")
    settings = config.get("config")
    labels = settings.get("Labels") if isinstance(settings, dict) else None
    labels = {str(key): str(value) for key, value in labels.items()} if isinstance(labels, dict) else {}
    return _Image(body, labels, tuple((str(name), str(diff_id)) for name, diff_id in zip(names, diff_ids, strict=True)))


def _layer(saved: Saved, blobs: Blobs, layer: tuple[str, str], how: Compression, notify: Notify) -> Blob:
    """A layer compressed on its way, or as it is if it was compressed already; its diffID is verified."""
    name, diff_id = layer
    with saved.path(name).open("rb") as file:
        stored = media_type(file.read(4))
        file.seek(0)
        if stored == LAYER_ZSTD:
            raise saved.bad(f"the layer {name} is compressed by zstd, which is not supported here")
        if stored is not None:
            found = _plain_digest(saved, file, notify)
            file.seek(0)
            blob = blobs.put_stream(lambda sink: shutil.copyfileobj(file, sink, BLOCK), stored)
        else:
            blob, found = _compressed(blobs, file, how, notify)
    if found != diff_id:
        raise saved.bad(f"a layer has the diffID {found}, its config says {diff_id}")
    return blob


def _compressed(blobs: Blobs, file: IO[bytes], how: Compression, notify: Notify) -> tuple[Blob, str]:
    found: list[str] = []

    def write(sink: IO[bytes]) -> None:
        compressing = Compressing(sink, compressor(how))
        for block in _blocks(file):
            compressing.write(block)
            notify(Note("compressing"))
        compressing.close()
        found.append(str(compressing.diff_id))

    return blobs.put_stream(write, LAYERS[how.method]), found[0]


def _plain_digest(saved: Saved, file: IO[bytes], notify: Notify) -> str:
    """The digest of what is inside a gzip stream, never more than a block of it in memory."""
    total = hashlib.sha256()
    try:
        with GzipFile(fileobj=file) as plain:
            bounded = Bounded(plain, most_of(os.fstat(file.fileno()).st_size), str(saved.origin))
            for block in _blocks(bounded):
                total.update(block)
                notify(Note("verifying"))
    except (BadGzipFile, EOFError, zlib.error) as error:
        raise saved.bad("a compressed layer is damaged or cut off") from error
    return f"sha256:{total.hexdigest()}"


def _blocks(file: IO[bytes] | Bounded) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block
