"""The files of a layout: of a directory, or of a tar that was not unpacked."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ecr_publish.errors import BadImage
from ecr_publish.http.slice import Slice
from ecr_publish.model.digest import Digest

if TYPE_CHECKING:
    from ecr_publish.oci.members import Members, Span

AGAIN = "make the layout again"


class Files(Protocol):
    """Both raise BadImage for what is not there or is no plain file, OSError for what cannot be read."""

    def size(self, digest: Digest) -> int:
        """The bytes that a blob has."""

    def open(self, digest: Digest) -> Slice:
        """A blob, for the caller to close its file."""


@dataclass(frozen=True, slots=True)
class InDirectory:
    """The files of a layout directory."""

    directory: Path

    def path(self, digest: Digest) -> Path:
        """Where a blob lies. Raises BadImage if it is missing or a symbolic link, which could lead anywhere."""
        path = self.directory / "blobs" / "sha256" / digest.hex
        if any(each.is_symlink() for each in (path, path.parent, path.parent.parent)):
            hint = "copy the files themselves into the layout"
            raise bad_layout(self.directory, f"the blob {digest} is behind a symbolic link", hint)
        if not path.is_file():
            raise bad_layout(self.directory, f"the blob {digest} is missing", AGAIN)
        return path

    def size(self, digest: Digest) -> int:
        """See Files."""
        return self.path(digest).stat().st_size

    def open(self, digest: Digest) -> Slice:
        """See Files. A symbolic link or device put there meanwhile is refused by the kernel."""
        file = os.fdopen(os.open(self.path(digest), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb", buffering=0)
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            file.close()
            raise bad_layout(self.directory, f"the blob {digest} is no regular file", AGAIN)
        return Slice(file, 0, found.st_size)


@dataclass(frozen=True, slots=True)
class InTar:
    """The files of a layout in a tar. Its links are not followed: no tool makes any."""

    members: Members

    def size(self, digest: Digest) -> int:
        """See Files."""
        return self._span(digest).size

    def open(self, digest: Digest) -> Slice:
        """See Files."""
        return self.members.open(self._span(digest))

    def _span(self, digest: Digest) -> Span:
        name = f"blobs/sha256/{digest.hex}"
        if name in self.members.files:
            return self.members.files[name]
        what = "behind a link" if name in self.members.links else "missing"
        raise bad_layout(self.members.path, f"the blob {digest} is {what}", AGAIN)


def bad_layout(place: Path, what: str, hint: str) -> BadImage:
    """The error for a layout."""
    return BadImage(what=what, where=f"layout {place}", hint=hint)
