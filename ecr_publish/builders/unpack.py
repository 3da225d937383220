"""Tars from elsewhere, read within bounds: nothing leaves our directory, nothing grows without end."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from ecr_publish.errors import BadImage

MOST_MEMBERS = 100_000
# Names and extended headers are read at once; no layer, manifest or name needs more.
LARGEST_HEADER = 4 << 20
# Deflate reaches some 1,000 on zeros, real images 3: what unpacks to more is meant to fill the disk.
LARGEST_RATIO = 200
ALWAYS_ALLOWED = 1 << 30
BLOCK = 1 << 20


class Bounded:
    """A readable file that gives at most `most` bytes in all and takes no unreasonable request."""

    def __init__(self, file: IO[bytes] | gzip.GzipFile, most: int, where: str) -> None:
        self._file, self._most, self._where, self._given = file, most, where, 0

    def read(self, size: int = -1) -> bytes:
        """As of a file. Raises BadImage beyond the bounds."""
        if size < 0 or size > LARGEST_HEADER:
            raise _bad(self._where, f"it asks for {size} bytes of memory at once")
        data = self._file.read(size)
        self._given += len(data)
        if self._given > self._most:
            raise _bad(self._where, f"it unpacks to more than {self._most} bytes")
        return data

    def seek(self, position: int) -> int:
        """As of a file."""
        return self._file.seek(position)

    def tell(self) -> int:
        """As of a file."""
        return self._file.tell()


@dataclass(frozen=True, slots=True)
class Reading:
    """A tar being read, once and in order."""

    tar: tarfile.TarFile
    most: int  # bytes that all members may have together
    where: str

    def members(self) -> Iterator[tarfile.TarInfo]:
        """The members. Raises BadImage for too many, or as soon as one says that it is too large."""
        total = 0
        for number, member in enumerate(self.tar):
            total += member.size
            if number >= MOST_MEMBERS:
                raise _bad(self.where, f"it has more than {MOST_MEMBERS} entries")
            if total > self.most:
                raise _bad(self.where, f"it unpacks to more than {self.most} bytes")
            yield member
            # tarfile keeps every member it has seen.
            self.tar.members = []  # type: ignore[attr-defined]


def most_of(size: int) -> int:
    """The most bytes that `size` compressed ones may become."""
    return max(ALWAYS_ALLOWED, LARGEST_RATIO * size)


@contextmanager
def opened(path: Path) -> Iterator[Reading]:
    """The tar, decompressed if need be. Raises BadImage for no tar, one that is cut off, or beyond the bounds."""
    where = str(path)
    try:
        with path.open("rb") as raw:
            most = most_of(path.stat().st_size)
            # Headers and padding come on top of what the members say.
            file = Bounded(_decompressed(raw), 2 * most, where)
            with tarfile.open(fileobj=file, mode="r:") as tar:  # type: ignore[call-overload]
                yield Reading(tar, most, where)
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise _bad(where, f"it is no tar, or is cut off: {error}") from error
    except OSError as error:
        if error.errno is not None:
            raise
        # What gzip and bz2 raise for damaged streams.
        raise _bad(where, f"it is damaged: {error}") from error


def unpacked(archive: Path, directory: Path) -> dict[str, str]:
    """Unpack; returns the symbolic links inside (name -> target, both within the archive), which are not made.

    Raises BadImage for absolute or `..` paths, links that lead outside, devices, sparse files, or no tar at all.
    """
    links: dict[str, str] = {}
    with opened(archive) as reading:
        for member in reading.members():
            _member(reading.tar, member, directory, links, reading.where)
    return links


def _member(tar: tarfile.TarFile, member: tarfile.TarInfo, directory: Path, links: dict[str, str], where: str) -> None:
    name = _inside(member.name, where)
    try:
        if member.isdir():
            (directory / name).mkdir(parents=True, exist_ok=True)
        elif member.issym() or member.islnk():
            above = PurePosixPath(name).parent if member.issym() else PurePosixPath()
            links[name] = _inside(_joined(above, member.linkname), where)
        elif member.isreg() and not member.issparse():
            _written(tar, member, directory / name)
        else:
            raise _bad(where, f"{member.name!r} is a device or another special file")
    except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
        raise _bad(where, f"{member.name!r} is a file and a directory at once") from error


def _written(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source = tar.extractfile(member)
    assert source is not None
    with target.open("wb") as file:
        while block := source.read(BLOCK):
            file.write(block)
        if file.tell() != member.size:
            raise EOFError(f"{member.name} ends early")


def _decompressed(raw: IO[bytes]) -> IO[bytes]:
    begin = raw.read(6)
    raw.seek(0)
    if begin.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]
    if begin.startswith(b"BZh"):
        return bz2.BZ2File(raw)
    if begin == b"\xfd7zXZ\x00":
        return lzma.LZMAFile(raw)
    return raw


def _joined(above: PurePosixPath, link: str) -> str:
    parts: list[str] = list(above.parts)
    if link.startswith("/"):
        return link
    for part in PurePosixPath(link).parts:
        if part == "..":
            if not parts:
                return "../" + link
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _inside(name: str, where: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise _bad(where, f"{name!r} leads outside")
    return str(path)


def _bad(where: str, what: str) -> BadImage:
    return BadImage(what=what, where=where, hint="make it again, and look at where it came from")
