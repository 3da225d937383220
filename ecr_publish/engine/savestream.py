"""`docker save`, read as it comes: what is lacking is packed, the rest passes by, and it is left when all is had.

Two forms. Engines before 25 write `ID/layer.tar` members that do not say which layer they are; later ones, and all with
the containerd store, write blobs under their digest (which is the diffID where a layer is not compressed).
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ecr_publish.builders.blobs import media_type
from ecr_publish.builders.packing import Packing, Unreadable, beginning
from ecr_publish.engine.found import Found
from ecr_publish.model.digest import Digest
from ecr_publish.model.layer import StoredBlob

BLOCK = 1 << 20
LARGEST_JSON, MOST_JSON = 4 << 20, 64 << 20  # bytes of one document, and of all together
_BLOB = re.compile(r"blobs/sha256/([0-9a-f]{64})")


class SaveStream:
    """The archive of one image. `spool` is a directory for layers that may turn out not to be needed."""

    def __init__(self, found: Found, packing: Packing, spool: Path) -> None:
        self._found, self._packing, self._spool = found, packing, spool
        self._documents: dict[str, bytes] = {}

    def bring(self, blocks: Iterator[bytes]) -> None:
        """Read on until everything is had. Raises Unreadable where the archive is not what the engine says."""
        try:
            with tarfile.open(fileobj=_Reading(blocks), mode="r|", bufsize=BLOCK) as tar:  # type: ignore[call-overload]
                for member in tar:
                    if member.isreg():
                        self._member(tar, member)
                    if self._is_whole():
                        break
                    tar.members = []
        except (tarfile.TarError, EOFError) as error:
            raise Unreadable(f"the engine's archive cannot be read: {error}") from error
        self._settle()

    def _member(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        content = tar.extractfile(member)
        assert content is not None
        first, blocks = beginning(iter(lambda: content.read(BLOCK), b""))
        named = _BLOB.fullmatch(member.name)
        digest = f"sha256:{named[1]}" if named else ""
        if member.name.endswith("layer.tar"):
            self._unnamed(blocks)
        elif digest in self._found.diff_ids:  # also one that looks like JSON: a tar begins with a file's name
            self._named(digest, member.size, first, blocks)
        elif first[:1] in (b"{", b"[") and member.size <= LARGEST_JSON:
            self._documents[member.name] = b"".join(blocks)
            if sum(map(len, self._documents.values())) > MOST_JSON:
                raise Unreadable("the engine's archive holds more documents than an image has")
        elif named:
            self._named(digest, member.size, first, blocks)

    def _named(self, digest: str, size: int, first: bytes, blocks: Iterator[bytes]) -> None:
        """A blob that is a layer: the diffID of a plain one is its digest, a compressed one has to wait for its."""
        if digest in self._found.diff_ids:
            if self._packing.needs(digest):
                self._packing.plain((digest,), blocks)
        elif (stored := media_type(first)) is not None:
            self._packing.stored(digest, StoredBlob(Digest(digest), size, stored), blocks)

    def _unnamed(self, blocks: Iterator[bytes]) -> None:
        """A layer that does not say which: packed on its way where all are lacking, else hashed aside first."""
        if not self._packing.absent:
            self._packing.plain(self._found.diff_ids, blocks)
            return
        with tempfile.TemporaryFile(dir=self._spool) as aside:
            total = hashlib.sha256()
            for block in blocks:
                total.update(block)
                aside.write(block)
            diff_id = f"sha256:{total.hexdigest()}"
            if diff_id in self._found.diff_ids and self._packing.needs(diff_id):
                aside.seek(0)
                self._packing.plain((diff_id,), iter(lambda: aside.read(BLOCK), b""))

    def _is_whole(self) -> bool:
        """Whether nothing that follows is needed: only an image id that is the config's digest can tell."""
        lacking = any(self._packing.lacks(each) for each in self._found.diff_ids)
        return not lacking and (self._packing.config is not None or self._config_by_id() is not None)

    def _config_by_id(self) -> bytes | None:
        wanted = self._found.image_id[7:]
        body = self._documents.get(f"{wanted}.json") or self._documents.get(f"blobs/sha256/{wanted}")
        return body if body is not None and self._is_shown(_json(body)) else None  # else it is a manifest's id

    def _settle(self) -> None:
        """Give compressed layers their diffIDs, by the order in which the archive's list names them, and the config."""
        body = self._config_by_id()
        if body is None:
            image = self._listed()
            body = self._documents.get(str(image.get("Config")))
            for diff_id, name in zip(self._found.diff_ids, image.get("Layers") or (), strict=False):
                stored = self._packing.layers.get(f"sha256:{str(name).rpartition('/')[2]}")
                if stored is not None:
                    self._packing.layers[diff_id] = stored
        if self._packing.config is None and body is not None:
            self._packing.document(body)
        missing = [each for each in self._found.diff_ids if self._packing.lacks(each)]
        if missing or self._packing.config is None:
            raise Unreadable(f"the engine's archive lacks {missing[0] if missing else 'the config'}")

    def _listed(self) -> dict[str, Any]:
        """The list's entry for the image that the engine showed: an index's archive may hold other platforms too."""
        listed = _json(self._documents.get("manifest.json", b"[]"))
        if not isinstance(listed, list) or not listed:
            raise Unreadable("the engine's archive lists no image")
        for each in listed:
            if isinstance(each, dict) and self._is_shown(_json(self._documents.get(str(each.get("Config")), b""))):
                return each
        raise Unreadable("the engine's archive lists no image with the layers that the engine names")

    def _is_shown(self, config: Any) -> bool:
        rootfs = config.get("rootfs") if isinstance(config, dict) else None
        diff_ids = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
        return isinstance(diff_ids, list) and tuple(diff_ids) == self._found.diff_ids


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


class _Reading:
    """Blocks as a file that tarfile reads from."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._held = blocks, b""

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        parts, have = [self._held], len(self._held)
        while have < size and (block := next(self._blocks, b"")):
            parts.append(block)
            have += len(block)
        data = b"".join(parts)
        self._held = data[size:]
        return data[:size]
