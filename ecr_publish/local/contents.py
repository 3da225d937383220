"""Contents: blobs by digest, in a directory that survives being killed at any point, or in one that goes with us."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import uuid
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO

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


class Contents:
    """Content-addressed files: a blob is complete or absent, whenever the process is killed."""

    def __init__(self, directory: Path | None) -> None:
        """In that directory blobs are flushed to the disk. Without one they lie in a temporary directory, so that no
        memory is taken, and are gone when this is closed."""
        self._durable = directory is not None
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        if directory is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="ecr-publish-local-")
            directory = Path(self._temporary.name)
        self._blobs, self._uploads = directory / "blobs" / "sha256", directory / "uploads"
        self._blobs.mkdir(parents=True, exist_ok=True)
        self._uploads.mkdir(parents=True, exist_ok=True)
        for left_over in self._uploads.iterdir():  # uploads of a process that was killed
            left_over.unlink()

    def upload(self) -> Upload:
        """A new upload."""
        return Upload(self._uploads, durable=self._durable)

    def keep(self, upload: Upload, digest: Digest | None = None) -> Digest:
        """Make an upload a blob under its digest (or the one given, by another algorithm).

        It is flushed to the disk, then renamed: a name in blobs/ is a promise.
        """
        digest = digest or upload.digest
        upload.end().replace(self._blobs / digest.hex)
        if self._durable:
            flush_directory(self._blobs)
        return digest

    def put(self, content: bytes, digest: Digest | None = None) -> Digest:
        """Keep small content."""
        upload = self.upload()
        upload.write(content)
        return self.keep(upload, digest)

    def size(self, digest: Digest) -> int:
        """Bytes. Raises KeyError if it is not here."""
        try:
            return (self._blobs / digest.hex).stat().st_size
        except FileNotFoundError as error:
            raise KeyError(digest) from error

    def open(self, digest: Digest) -> IO[bytes]:
        """The blob as a file of its own for reading. Raises KeyError if it is not here."""
        try:
            return (self._blobs / digest.hex).open("rb")
        except FileNotFoundError as error:
            raise KeyError(digest) from error

    def read(self, digest: Digest) -> bytes:
        """All bytes of a small blob."""
        with self.open(digest) as file:
            return file.read()

    def blocks(self, digest: Digest, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """The bytes from `first` to `last` (both inclusive) in blocks, of a file that is opened now: the blob may be
        removed before the first block is asked for."""
        return _blocks(self.open(digest), first, last)

    def remove(self, digest: Digest) -> None:
        """Forget a blob, if it is there; who reads it reads on. A name that comes back after a loss of power is
        collected at the next start."""
        (self._blobs / digest.hex).unlink(missing_ok=True)

    def collect(self, kept: Collection[str]) -> None:
        """Remove every blob whose hash (in hex) is not kept."""
        for path in self._blobs.iterdir():
            if path.name not in kept:
                path.unlink()

    def close(self) -> None:
        """Remove what was kept for this process only."""
        if self._temporary is not None:
            self._temporary.cleanup()


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


def flush_directory(directory: Path) -> None:
    """Make renames in a directory durable (POSIX: the directory itself must be flushed)."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
