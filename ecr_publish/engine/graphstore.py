"""The store of Docker's overlay2 graph driver, read where this user may: layer by layer, without asking the daemon.

Its tars are not kept, only what they unpacked to, and beside it everything else that they were made of (tar-split: raw
bytes, and names of files whose content comes between). What comes out is compared with the diffID, so nothing that
happens to the store meanwhile can go unnoticed. Source: moby layer/layer_store.go, vbatts/tar-split tar/storage.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ecr_publish.builders.packing import Packing, Unreadable
from ecr_publish.engine.found import Found

BLOCK = 1 << 20
_FILE, _SEGMENT = 1, 2  # tar-split, tar/storage/entry.go


def bring(found: Found, packing: Packing) -> None:
    """Pack what is lacking, the largest layer first. Raises Unreadable; what was packed until then counts."""
    if found.graph is None:
        raise Unreadable("it is in no graph driver's directory")
    root = found.graph.parent.parent.parent  # ROOT/overlay2/ID/diff
    database = root / "image" / "overlay2"
    chains = dict(zip(found.diff_ids, chain_ids(found.diff_ids), strict=True))
    lacking = {each: database / "layerdb" / "sha256" / chains[each][7:] for each in chains if packing.lacks(each)}
    for diff_id in sorted(lacking, key=lambda each: -_size(lacking[each])):
        packing.plain((diff_id,), _blocks(lacking[diff_id], root / "overlay2"))
    if packing.config is None:
        body = _read(database / "imagedb" / "content" / "sha256" / found.image_id[7:])
        if f"sha256:{hashlib.sha256(body).hexdigest()}" != found.image_id:
            raise Unreadable("the config has another digest")
        packing.document(body)


def chain_ids(diff_ids: tuple[str, ...]) -> list[str]:
    """The identity of each layer on those below it (image-spec, "Layer ChainID")."""
    chains: list[str] = []
    for diff_id in diff_ids:
        chains.append(_sha256(f"{chains[-1]} {diff_id}") if chains else diff_id)
    return chains


def _sha256(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _size(layer: Path) -> int:
    text = _read(layer / "size").strip()
    return int(text) if text.isdigit() else 0


def _blocks(layer: Path, driver: Path) -> Iterator[bytes]:
    """The layer's tar again, in pieces of some size."""
    held = bytearray()
    for piece in _pieces(layer, driver / _read(layer / "cache-id").decode() / "diff"):
        if len(held) + len(piece) < BLOCK:
            held += piece
            continue
        yield bytes(held)
        held.clear()
        yield piece
    yield bytes(held)


def _pieces(layer: Path, files: Path) -> Iterator[bytes]:
    try:
        with gzip.open(layer / "tar-split.json.gz") as lines:
            for line in lines:
                entry = json.loads(line)
                if entry["type"] == _SEGMENT:
                    yield base64.b64decode(entry["payload"])
                elif entry["type"] == _FILE and entry.get("size"):
                    yield from _content(files, entry)
    except (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError, AttributeError) as error:
        raise Unreadable(f"{layer}: {error}") from error


def _content(files: Path, entry: dict[str, Any]) -> Iterator[bytes]:
    """A file's bytes. Links are not followed: what lies behind one is left to the daemon."""
    name = base64.b64decode(entry["name_raw"]) if "name_raw" in entry else entry["name"].encode()
    parts = [part for part in name.split(b"/") if part not in (b"", b".")]
    if b".." in parts:
        raise Unreadable("a name leads outside")
    directory = os.open(files, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=directory)
            os.close(directory)
            directory = inner
        opened = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
    finally:
        os.close(directory)
    with os.fdopen(opened, "rb", buffering=0) as file:
        yield from _whole(file, int(entry["size"]))


def _whole(file: IO[bytes], size: int) -> Iterator[bytes]:
    while size > 0:
        block = file.read(min(BLOCK, size))
        if not block:
            raise Unreadable("a file is shorter than it was")
        size -= len(block)
        yield block


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
