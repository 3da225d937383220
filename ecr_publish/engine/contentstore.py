"""containerd's content store, read where this user may: blobs by digest, so that one can be had without the rest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecr_publish.builders.blobs import media_type
from ecr_publish.builders.crew import crew
from ecr_publish.builders.packing import Packing, Unreadable
from ecr_publish.engine.found import Found, told
from ecr_publish.engine.recalled import Recalled
from ecr_publish.errors import BadReference
from ecr_publish.model.digest import Digest
from ecr_publish.model.layer import StoredBlob
from ecr_publish.model.platform import Platform

BLOCK = 1 << 20
LARGEST_JSON = 4 << 20
_STORE = "io.containerd.content.v1.content/blobs/sha256"


def bring(found: Found, beside: str, packing: Packing, recalled: Recalled, *, check: Callable[[], None]) -> None:
    """Pack what is lacking, several layers side by side, the largest first. Raises Unreadable; what was packed until
    then counts. `check` raises when the run is to stop."""
    packing.expect(recalled.layers(), recalled.config())
    if packing.is_whole(found.diff_ids):
        return
    store = _store(found, beside, check)
    manifest = _manifest(store, found)
    if len(manifest["layers"]) != len(found.diff_ids):
        raise Unreadable("it has other layers than the engine says")
    listed = zip(found.diff_ids, manifest["layers"], strict=True)
    layers = {each: _layer(store, str(layer["digest"])) for each, layer in listed}
    becomes = {each: layer.stored or packing.recalled(each) for each, layer in layers.items() if packing.lacks(each)}
    packing.expect({each: blob for each, blob in becomes.items() if blob is not None})
    packing.document(_verified(store, manifest["config"]["digest"]))
    with crew() as working:

        def pack(diff_id: str) -> None:
            layer = layers[diff_id]
            blocks = working.passing(_blocks(layer.path))
            if layer.stored is None:
                packing.plain((diff_id,), blocks)
            else:
                packing.stored(diff_id, layer.stored, blocks)

        for each in sorted(layers, key=lambda each: -layers[each].size):
            if packing.lacks(each):
                working.begin(pack, each)


@dataclass(frozen=True, slots=True)
class _Layer:
    """A layer's blob in the store; `stored` is what it is as a compressed layer, None if it is not compressed."""

    path: Path
    size: int
    stored: StoredBlob | None


def _store(found: Found, beside: str, check: Callable[[], None]) -> Path:
    """Where the engine's containerd keeps content: below its own root, or the machine's containerd's (API: Info)."""
    root = Path(str((told(beside, "/info", check) or {}).get("DockerRootDir") or "/var/lib/docker"))
    for above in (root / "containerd" / "daemon", Path("/var/lib/containerd")):
        store = above / _STORE
        try:
            if (store / found.image_id[7:]).is_file():
                return store
        except OSError as error:
            raise Unreadable(f"{store}: {error.strerror}") from error
    raise Unreadable("the image is in no content store")


def _manifest(store: Path, found: Found) -> dict[str, Any]:
    """The image's manifest; of an index, the one for the platform that the engine shows."""
    try:
        value = json.loads(_verified(store, found.image_id))
        if "manifests" in value:
            chosen = next(each for each in value["manifests"] if _platform(each) == found.platform)
            value = json.loads(_verified(store, chosen["digest"]))
        return {"config": dict(value["config"]), "layers": list(value["layers"])}
    except (ValueError, KeyError, TypeError, StopIteration, RecursionError) as error:
        raise Unreadable(f"{found.image_id} is no image that can be read here") from error


def _platform(entry: dict[str, Any]) -> Platform | None:
    said = entry.get("platform") or {}
    return Platform(said["os"], said["architecture"], said.get("variant") or None) if "os" in said else None


def _layer(store: Path, digest: str) -> _Layer:
    path = _path(store, digest)
    kind = media_type(next(_blocks(path, 4), b""))
    try:
        size = path.stat().st_size
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
    return _Layer(path, size, StoredBlob(Digest(digest), size, kind) if kind else None)


def _verified(store: Path, digest: str) -> bytes:
    body = b"".join(_blocks(_path(store, digest), LARGEST_JSON))
    if f"sha256:{hashlib.sha256(body).hexdigest()}" != digest:
        raise Unreadable(f"{digest} has other bytes, or is no document")
    return body


def _path(store: Path, digest: object) -> Path:
    """Where a blob lies; what a manifest has in a digest's place leads nowhere else."""
    try:
        return store / Digest(str(digest)).hex
    except BadReference as error:
        raise Unreadable(error.what) from error


def _blocks(path: Path, most: int | None = None) -> Iterator[bytes]:
    """A file in blocks; of one that has more than `most` bytes, which nobody wants then, only as much as shows it."""
    try:
        with path.open("rb", buffering=0) as file:
            while block := file.read(BLOCK if most is None else most + 1):
                yield block
                if most is not None and file.tell() > most:
                    return
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
