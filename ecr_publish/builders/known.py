"""Known layers: what came out when a diffID was compressed, so that it need not be compressed to learn its digest.

One small file per diffID below the user's cache directory. Nothing of a registry is in it: whether a layer is there is
asked anew each time, and bytes that are sent are hashed. Losing it costs time; what is damaged, of another user, or by
another compressor is not looked at.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from ecr_publish.errors import BadReference
from ecr_publish.model.digest import Digest
from ecr_publish.model.layer import StoredBlob

MOST = 20_000  # entries; 4 KiB of disk each. The oldest half goes when there are more
LARGEST = 1024  # bytes of one entry


class Known(Protocol):
    """What is known of layers and configs, by a key that says everything that decides about their stored bytes."""

    def get(self, key: str) -> StoredBlob | None:
        """What it became, None if that is not known."""

    def put(self, key: str, blob: StoredBlob) -> None:
        """Remember it. What cannot be remembered is no error."""


class Nothing:
    """Knows nothing and learns nothing."""

    def get(self, key: str) -> StoredBlob | None:
        """None."""
        return None

    def put(self, key: str, blob: StoredBlob) -> None:
        """Not kept."""


class KnownOnDisk:
    """Files in `directory`. Safe from threads and from other processes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "layers"

    def get(self, key: str) -> StoredBlob | None:
        """What the entry says, if it is whole, of this key, and this user's own."""
        try:
            with self._path(key).open("rb") as file:
                if os.fstat(file.fileno()).st_uid != os.geteuid():
                    return None
                entry = json.loads(file.read(LARGEST))
            found = StoredBlob(Digest(entry["digest"]), int(entry["size"]), str(entry["mediaType"]))
        except (OSError, ValueError, KeyError, TypeError, BadReference, RecursionError):
            return None
        return found if entry.get("check") == self._check(key, found) else None

    def put(self, key: str, blob: StoredBlob) -> None:
        """Write the entry whole or not at all."""
        entry = {"digest": str(blob.digest), "size": blob.size, "mediaType": blob.media_type}
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._tidied()
            with tempfile.NamedTemporaryFile("w", dir=self.directory, prefix=".new-", delete=False) as file:
                json.dump(entry | {"check": self._check(key, blob)}, file)
            Path(file.name).replace(self._path(key))
        except OSError:
            return  # a full or read-only disk: the layer is compressed again next time

    def _path(self, key: str) -> Path:
        return self.directory / hashlib.sha256(key.encode()).hexdigest()

    def _check(self, key: str, blob: StoredBlob) -> str:
        """Against entries that were cut off, mixed up or changed by accident; who can write here can do anything."""
        words = "\n".join((key, str(blob.digest), str(blob.size), blob.media_type))
        return hashlib.sha256(words.encode()).hexdigest()

    def _tidied(self) -> None:
        entries = list(os.scandir(self.directory))
        if len(entries) > MOST:
            for entry in sorted(entries, key=lambda each: each.stat().st_mtime)[: len(entries) // 2]:
                Path(entry.path).unlink(missing_ok=True)


def known(environment: Mapping[str, str]) -> Known:
    """What this user's cache knows: below XDG_CACHE_HOME, or ~/.cache (XDG Base Directory Specification: a relative
    path there is to be ignored)."""
    cache, home = environment.get("XDG_CACHE_HOME", ""), environment.get("HOME", "")
    base = Path(cache) if cache.startswith("/") else Path(home, ".cache")
    return KnownOnDisk(base / "ecr-publish") if base.is_absolute() else Nothing()
