"""containerd's content store, read where this user may: blobs by digest, so that one can be had without the rest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ecr_publish.builders.blobs import media_type
from ecr_publish.builders.packing import Packing, Unreadable, beginning
from ecr_publish.engine.found import Found, told
from ecr_publish.errors import BadReference
from ecr_publish.model.digest import Digest
from ecr_publish.model.layer import StoredBlob
from ecr_publish.model.platform import Platform

BLOCK = 1 << 20
LARGEST_JSON = 4 << 20
_STORE = "io.containerd.content.v1.content/blobs/sha256"


def bring(found: Found, beside: str, packing: Packing) -> None:
    """Pack what is lacking. Raises Unreadable; what was packed until then counts."""
    store = _store(found, beside)
    manifest = _manifest(store, found)
    if len(manifest["layers"]) != len(found.diff_ids):
        raise Unreadable("it has other layers than the engine says")
    for diff_id, layer in zip(found.diff_ids, manifest["layers"], strict=True):
        if packing.lacks(diff_id):
            _layer(store, diff_id, str(layer["digest"]), packing)
    packing.document(_verified(store, manifest["config"]["digest"]))


def _store(found: Found, beside: str) -> Path:
    """Where the engine's containerd keeps content: below its own root, or the machine's containerd's (API: Info)."""
    root = Path(str((told(beside, "/info") or {}).get("DockerRootDir") or "/var/lib/docker"))
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


def _layer(store: Path, diff_id: str, digest: str, packing: Packing) -> None:
    path = _path(store, digest)
    first, blocks = beginning(_blocks(path))
    stored = media_type(first)
    if stored is None:
        if packing.needs(diff_id):
            packing.plain((diff_id,), blocks)
        return
    packing.stored(diff_id, StoredBlob(Digest(digest), path.stat().st_size, stored), blocks)


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
    try:
        with path.open("rb", buffering=0) as file:
            while block := file.read(BLOCK):
                yield block
                if most is not None and file.tell() > most:
                    return
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
