"""The members of a tar by name: where in the file each one lies, so that any can be read without the rest.

Only headers are read. Nothing leads out of the tar, nothing grows without end: names, links, kinds of files, numbers
and sizes are looked at here, once, for whoever reads the bytes afterwards.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from ecr_publish.errors import BadImage
from ecr_publish.http.slice import Slice

MOST_MEMBERS = 100_000
# Names and extended headers are read at once; no layer, manifest or name needs more.
LARGEST_HEADER = 4 << 20
_MOST_LINKS = 16  # from a link to a file


@dataclass(frozen=True, slots=True)
class Span:
    """`size` bytes from `start` of the tar."""

    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Members:
    """Of an uncompressed tar. Links are told, not made; a name that is there twice means the last one, as in any tar,
    and is among `twice`."""

    path: Path
    where: str  # as people know the tar
    files: dict[str, Span]
    links: dict[str, str]
    twice: frozenset[str]

    def find(self, name: str) -> Span | None:
        """Where a file lies, links followed inside of the tar."""
        for _ in range(_MOST_LINKS):
            if name not in self.links:
                return self.files.get(name)
            name = self.links[name]
        return None

    def open(self, span: Span) -> Slice:
        """Its bytes, for the caller to close. Raises OSError."""
        return Slice(self.path.open("rb", buffering=0), span.start, span.size)

    def document(self, name: str, most: int) -> bytes:
        """The first `most` bytes of a file that decides what the others mean, so that no two programs should find
        two of them. Raises BadImage if it is there twice, FileNotFoundError if not at all, OSError."""
        if name in self.twice:
            raise bad(self.where, f"{name} is there twice")
        span = self.find(name)
        if span is None:
            raise FileNotFoundError(name)
        return self.open(span).content(most)


def members(path: Path, where: str | None = None) -> Members:
    """Of the tar at `path`, which errors call `where`.

    Raises BadImage: no tar, one that is cut off, compressed, or with absolute or `..` names, links that lead outside,
    devices, sparse files, too many members or too large headers; OSError.
    """
    where, length = where or str(path), path.stat().st_size
    files: dict[str, Span] = {}
    links: dict[str, str] = {}
    twice: set[str] = set()
    with path.open("rb") as file:
        for member in listed(Headers(file, where), where):
            name = inside(member.name, where)
            if member.isdir():
                continue
            if files.pop(name, None) is not None or links.pop(name, None) is not None:
                twice.add(name)
            if is_link(member):
                links[name] = target(member, name, where)
                continue
            regular(member, where)
            if member.offset_data + member.size > length:
                raise bad(where, f"it is cut off within {member.name!r}")
            files[name] = Span(member.offset_data, member.size)
    return Members(path, where, files, links, frozenset(twice))


class Headers:
    """A readable file that takes no unreasonable request: tarfile reads a name of a gigabyte at once."""

    def __init__(self, file: IO[bytes], where: str) -> None:
        self._file, self._where = file, where
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        """As of a file. Raises BadImage beyond the bound."""
        if size < 0 or size > LARGEST_HEADER:
            raise bad(self._where, f"it asks for {size} bytes of memory at once")
        return self._file.read(size)


def listed(file: object, where: str) -> Iterator[tarfile.TarInfo]:
    """The members of an uncompressed tar in their order. Raises BadImage."""
    try:
        with tarfile.open(fileobj=file, mode="r:") as tar:  # type: ignore[call-overload]
            for number, member in enumerate(tar):
                if number >= MOST_MEMBERS:
                    raise bad(where, f"it has more than {MOST_MEMBERS} entries")
                if member.size < 0:
                    raise bad(where, f"{member.name!r} has a negative size")
                yield member
                tar.members = []  # tarfile keeps every member it has seen
    except (tarfile.TarError, EOFError, RecursionError, ValueError, OverflowError) as error:
        raise bad(where, f"it is no tar, or is cut off: {error}") from error


def is_link(member: tarfile.TarInfo) -> bool:
    """Symbolic or hard."""
    return member.issym() or member.islnk()


def target(member: tarfile.TarInfo, name: str, where: str) -> str:
    """The name that a link leads to: of a hard link from the tar's root, of a symbolic one from its directory."""
    above = PurePosixPath(name).parent if member.issym() else PurePosixPath()
    return inside(_joined(above, member.linkname), where)


def regular(member: tarfile.TarInfo, where: str) -> None:
    """Raise BadImage for what is no plain file."""
    if not member.isreg() or member.issparse():
        raise bad(where, f"{member.name!r} is a device, a sparse file or another special file")


def inside(name: str, where: str) -> str:
    """The name without `.` and doubled slashes. Raises BadImage for one that leads outside."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise bad(where, f"{name!r} leads outside")
    return str(path)


def bad(where: str, what: str) -> BadImage:
    """The error for this tar."""
    return BadImage(what=what, where=where, hint="make it again, and look at where it came from")


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
