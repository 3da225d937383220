"""Tars from elsewhere that have to be unpacked or decompressed, within bounds."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ecr_publish.builders.blobs import GZIP_MAGIC, ZSTD_MAGIC
from ecr_publish.builders.inflation import Damaged, Unzstd, most_of
from ecr_publish.oci.members import Headers, bad, inside, is_link, listed, regular, target

BLOCK = 1 << 20


class Bounded(Headers):
    """A readable file that gives at most `most` bytes in all and takes no unreasonable request."""

    def __init__(self, file: IO[bytes], most: int, where: str) -> None:
        super().__init__(file, where)
        self._most, self._given = most, 0

    def read(self, size: int = -1) -> bytes:
        """As of a file. Raises BadImage beyond the bounds."""
        data = super().read(size)
        self._given += len(data)
        if self._given > self._most:
            raise bad(self._where, f"it unpacks to more than {self._most} bytes")
        return data


@dataclass(frozen=True, slots=True)
class Reading:
    """A tar being read, once and in order."""

    file: Bounded
    most: int  # bytes that all members may have together
    where: str

    def members(self) -> Iterator[tarfile.TarInfo]:
        """The members. Raises BadImage for too many, or as soon as one says that it is too large."""
        total = 0
        for member in listed(self.file, self.where):
            total += member.size
            if total > self.most:
                raise bad(self.where, f"it unpacks to more than {self.most} bytes")
            yield member


@contextmanager
def opened(path: Path) -> Iterator[Reading]:
    """The tar, decompressed if need be. Raises BadImage for no tar, one that is cut off, or beyond the bounds."""
    most = most_of(path.stat().st_size)
    with path.open("rb") as raw, _whole(str(path)):
        # Headers and padding come on top of what the members say.
        yield Reading(Bounded(_decompressed(raw), 2 * most, str(path)), most, str(path))


@contextmanager
def decompressed(path: Path, directory: Path) -> Iterator[Path]:
    """The tar as it is, or decompressed into a temporary file in `directory`. Raises BadImage, OSError."""
    if not is_compressed(path):
        yield path
        return
    with tempfile.NamedTemporaryFile(dir=directory, prefix=".plain-") as plain:
        with path.open("rb") as raw, _whole(str(path)):
            bounded = Bounded(_decompressed(raw), most_of(path.stat().st_size), str(path))
            while block := bounded.read(BLOCK):
                plain.write(block)
        plain.flush()
        yield Path(plain.name)


def is_compressed(path: Path) -> bool:
    """Whether a tar has to be decompressed to be read. Raises OSError."""
    with path.open("rb") as file:
        return _decompressed(file) is not file


def unpacked(archive: Path, directory: Path) -> None:
    """Unpack. Raises BadImage for absolute or `..` paths, links, devices, sparse files, or no tar at all."""
    with opened(archive) as reading:
        for member in reading.members():
            _member(reading, member, directory)


def _member(reading: Reading, member: tarfile.TarInfo, directory: Path) -> None:
    name = inside(member.name, reading.where)
    try:
        if member.isdir():
            (directory / name).mkdir(parents=True, exist_ok=True)
        elif is_link(member):
            target(member, name, reading.where)
            raise bad(reading.where, f"it holds links: {name!r}")
        else:
            regular(member, reading.where)
            _written(reading, member, directory / name)
    except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
        raise bad(reading.where, f"{member.name!r} is a file and a directory at once") from error


def _written(reading: Reading, member: tarfile.TarInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    left = member.size
    reading.file.seek(member.offset_data)
    with target.open("wb") as file:
        while left and (block := reading.file.read(min(BLOCK, left))):
            left -= file.write(block)
    if left:
        raise bad(reading.where, f"it is cut off within {member.name!r}")


@contextmanager
def _whole(where: str) -> Iterator[None]:
    """What the decompressors raise for damaged streams."""
    try:
        yield
    except (EOFError, zlib.error, lzma.LZMAError, Damaged) as error:
        raise bad(where, f"it is damaged or cut off: {error}") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise bad(where, f"it is damaged: {error}") from error


def _decompressed(raw: IO[bytes]) -> IO[bytes]:
    begin = raw.read(6)
    raw.seek(0)
    if begin.startswith(GZIP_MAGIC):
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]
    if begin.startswith(b"BZh"):
        return bz2.BZ2File(raw)
    if begin == b"\xfd7zXZ\x00":
        return lzma.LZMAFile(raw)
    if begin.startswith(ZSTD_MAGIC):
        return Unzstd(raw)  # type: ignore[return-value]
    return raw
