"""Contents: blobs by digest, in memory or in a directory that survives being killed at any point."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import uuid
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Protocol

from ecr_publish.model.digest import Digest

BLOCK = 1 << 20


class Upload:
    """Bytes on their way in: hashed as they come, never held as a whole.

    Safe from threads: what is written after it was ended goes nowhere.
    """

    def __init__(self, directory: Path, *, durable: bool = False) -> None:
        self.id = str(uuid.uuid4())
        self._hash, self.size, self._directory, self._durable = hashlib.sha256(), 0, directory, durable
        self.file: IO[bytes] = (directory / self.id).open("w+b", buffering=0)
        self._lock = threading.Lock()

    def write(self, data: bytes) -> None:
        """Append."""
        with self._lock:
            if not self.file.closed:
                self._hash.update(data)
                self.size += len(data)
                _write_all(self.file, data)

    def sync(self) -> None:
        """Have it on the disk, where that is promised; takes as long as the disk does."""
        with self._lock:
            if self._durable and not self.file.closed:
                os.fsync(self.file.fileno())

    @property
    def digest(self) -> Digest:
        """Of everything so far."""
        return Digest("sha256:" + self._hash.hexdigest())

    def discard(self) -> None:
        """Forget it."""
        with self._lock:
            self.file.close()
        (self._directory / self.id).unlink(missing_ok=True)

    def end(self) -> Path:
        """Take no more, have it on the disk, and say where it lies."""
        self.sync()
        with self._lock:
            self.file.close()
        return self._directory / self.id


def _write_all(file: IO[bytes], data: bytes) -> None:
    """An unbuffered file may take less than it is given."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


class Contents(Protocol):
    """Where blobs lie."""

    def upload(self) -> Upload:
        """A new upload."""

    def keep(self, upload: Upload, digest: Digest | None = None) -> Digest:
        """Make an upload a blob under its digest (or the one given, by another algorithm); durable when it returns."""

    def put(self, content: bytes, digest: Digest | None = None) -> Digest:
        """Keep small content."""

    def blocks(self, digest: Digest, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """The bytes from `first` to `last` (both inclusive) in blocks."""

    def size(self, digest: Digest) -> int:
        """Bytes. Raises KeyError if it is not here."""

    def open(self, digest: Digest) -> IO[bytes]:
        """The blob as a file of its own for reading."""

    def remove(self, digest: Digest) -> None:
        """Forget a blob, if it is there; who reads it reads on."""

    def collect(self, kept: Collection[str]) -> None:
        """Remove every blob whose hash (in hex) is not kept."""


class _Common:
    def open(self, digest: Digest) -> IO[bytes]:
        """The blob as a file of its own."""
        raise KeyError(digest)

    def blocks(self, digest: Digest, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """The bytes in blocks, of a file that is opened now: it may be removed before the first is asked for."""
        return _blocks(self.open(digest), first, last)

    def read(self, digest: Digest) -> bytes:
        """All bytes of a small blob."""
        with self.open(digest) as file:
            return file.read()


def _blocks(file: IO[bytes], first: int, last: int | None) -> Iterator[bytes]:
    with file:
        file.seek(first)
        left = None if last is None else last - first + 1
        while left is None or left > 0:
            block = file.read(BLOCK if left is None else min(BLOCK, left))
            if not block:
                return
            left = None if left is None else left - len(block)
            yield block


class MemoryContents(_Common):
    """Gone when the process ends. Blobs lie in a temporary directory, so that memory stays flat."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="ecr-publish-local-")
        self._files: dict[Digest, Path] = {}

    def upload(self) -> Upload:
        """A new upload."""
        return Upload(Path(self._directory.name))

    def keep(self, upload: Upload, digest: Digest | None = None) -> Digest:
        """Keep it under its digest."""
        digest = digest or upload.digest
        path = Path(self._directory.name) / digest.hex
        upload.end().replace(path)
        self._files[digest] = path
        return digest

    def put(self, content: bytes, digest: Digest | None = None) -> Digest:
        """Keep small content."""
        upload = self.upload()
        upload.write(content)
        return self.keep(upload, digest)

    def size(self, digest: Digest) -> int:
        """Bytes."""
        return self._files[digest].stat().st_size

    def open(self, digest: Digest) -> IO[bytes]:
        """The blob as a file."""
        return self._files[digest].open("rb")

    def remove(self, digest: Digest) -> None:
        """Forget a blob."""
        path = self._files.pop(digest, None)
        if path is not None:
            path.unlink(missing_ok=True)

    def collect(self, kept: Collection[str]) -> None:
        """Nothing to do: it begins empty."""

    def close(self) -> None:
        """Remove everything."""
        self._directory.cleanup()


class DirectoryContents(_Common):
    """Content-addressed files; a blob is complete or absent, whenever the process is killed."""

    def __init__(self, directory: Path) -> None:
        self._blobs, self._uploads = directory / "blobs" / "sha256", directory / "uploads"
        self._blobs.mkdir(parents=True, exist_ok=True)
        self._uploads.mkdir(parents=True, exist_ok=True)
        for left_over in self._uploads.iterdir():  # uploads of a process that was killed
            left_over.unlink()

    def upload(self) -> Upload:
        """A new upload."""
        return Upload(self._uploads, durable=True)

    def keep(self, upload: Upload, digest: Digest | None = None) -> Digest:
        """Flush to the disk, then rename: a name in blobs/ is a promise."""
        digest = digest or upload.digest
        upload.end().replace(self._blobs / digest.hex)
        flush_directory(self._blobs)
        return digest

    def put(self, content: bytes, digest: Digest | None = None) -> Digest:
        """Keep small content."""
        upload = self.upload()
        upload.write(content)
        return self.keep(upload, digest)

    def size(self, digest: Digest) -> int:
        """Bytes."""
        try:
            return (self._blobs / digest.hex).stat().st_size
        except FileNotFoundError as error:
            raise KeyError(digest) from error

    def open(self, digest: Digest) -> IO[bytes]:
        """The blob as a file."""
        try:
            return (self._blobs / digest.hex).open("rb")
        except FileNotFoundError as error:
            raise KeyError(digest) from error

    def remove(self, digest: Digest) -> None:
        """Forget a blob. A name that comes back after a loss of power is collected at the next start."""
        (self._blobs / digest.hex).unlink(missing_ok=True)

    def collect(self, kept: Collection[str]) -> None:
        """Remove every blob that is not kept."""
        for path in self._blobs.iterdir():
            if path.name not in kept:
                path.unlink()

    def close(self) -> None:
        """Nothing to do: everything is on the disk."""


def flush_directory(directory: Path) -> None:
    """Make renames in a directory durable (POSIX: the directory itself must be flushed)."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
