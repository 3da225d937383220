"""An OCI image layout on disk (image-spec, "OCI Image Layout"): read, verified, never trusted."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ecr_publish.errors import BadImage, MachineFault
from ecr_publish.model.digest import Digest, digest_of
from ecr_publish.oci.closure import Closure, closure
from ecr_publish.oci.content import BLOCK
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.entries import images, ref_name
from ecr_publish.oci.manifest import LARGEST_MANIFEST, OCI_INDEX, Document, Index, parse
from ecr_publish.oci.passage import verified

_AGAIN = "make the layout again"


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout directory. Every method raises BadImage for what is not as the layout says, MachineFault where the disk
    cannot be read."""

    directory: Path
    entries: tuple[Descriptor, ...]

    def root(self, reference: str | None = None) -> Descriptor:
        """The image: the only one that is no referrer, or the one whose ref.name or digest is `reference`."""
        if reference is None:
            found = images(self.entries, lambda each: self.manifest(each.digest, each.media_type))
            if len(found) == 1:
                return found[0]
            names = ", ".join(ref_name(entry) or str(entry.digest) for entry in found)
            raise self._bad(f"it holds {len(found)} images ({names})", "say which with reference:")
        for entry in self.entries:
            if reference in (ref_name(entry), str(entry.digest)):
                return entry
        raise self._bad(f"it holds no image {reference!r}", "check reference:")

    def document(self, digest: Digest) -> Document:
        """The manifest or index with that digest, whether index.json lists it or another index does."""
        listed = next((entry for entry in self.entries if entry.digest == digest), None)
        return self.manifest(digest, listed.media_type if listed else None)

    def path(self, digest: Digest) -> Path:
        """Where a blob lies. Raises BadImage if it is missing or a symbolic link, which could lead anywhere."""
        path = self.directory / "blobs" / "sha256" / digest.hex
        if any(each.is_symlink() for each in (path, path.parent, path.parent.parent)):
            raise self._bad(f"the blob {digest} is behind a symbolic link", "copy the files themselves into the layout")
        if not path.is_file():
            raise self._bad(f"the blob {digest} is missing", _AGAIN)
        return path

    def manifest(self, digest: Digest, media_type: str | None = None) -> Document:
        """A manifest or index, its bytes verified."""
        with self._readable(digest), self._opened(digest) as file:
            body = file.read(LARGEST_MANIFEST + 1)
        if len(body) > LARGEST_MANIFEST:
            raise self._bad(f"the manifest {digest} has more than 4 MiB", "ECR takes no such manifest")
        if digest_of(body) != digest:
            raise self._bad(f"the blob {digest} has other bytes", _AGAIN)
        return parse(body, media_type, f"{self.directory}: {digest.short}")

    def json(self, descriptor: Descriptor) -> dict[str, Any]:
        """A small JSON blob such as a config, verified."""
        if descriptor.size > LARGEST_MANIFEST:
            raise self._bad(f"the config {descriptor.digest} has more than 4 MiB", _AGAIN)
        try:
            value = json.loads(b"".join(self.blocks(descriptor)))
        except (ValueError, RecursionError) as error:
            raise self._bad(f"the blob {descriptor.digest} is not JSON", _AGAIN) from error
        if not isinstance(value, dict):
            raise self._bad(f"the blob {descriptor.digest} is no JSON object", _AGAIN)
        return value

    def check(self, descriptor: Descriptor) -> None:
        """Verify size and digest of a blob by reading it through."""
        for _ in self.blocks(descriptor):
            pass

    def blocks(self, descriptor: Descriptor) -> Iterator[memoryview]:
        """The blob in blocks of 1 MiB; the last one is given only if all bytes have the digest."""
        return verified(self, descriptor)

    def read(self, blob: Descriptor, start: int = 0) -> Iterator[bytes]:
        """The blob's bytes from `start`, unverified; its size is looked at first."""
        with self._readable(blob.digest), self.file(blob) as file:
            file.seek(start)
            while block := file.read(BLOCK):
                yield block

    def damaged(self, blob: Descriptor, what: str) -> BadImage:
        """The error for a blob that is not what its descriptor says."""
        return self._bad(f"the blob {blob.digest}: {what}", _AGAIN)

    def closure(self, digest: Digest, absent: frozenset[Digest] = frozenset()) -> Closure:
        """Everything that the image is made of; all blobs but the absent ones are there, with their sizes."""
        found = closure(
            self.document(digest),
            lambda wanted: [self.manifest(each.digest, each.media_type) for each in wanted],
            str(self.directory),
        )
        for blob in (each for each in found.blobs if each.digest not in absent):
            if (size := self.path(blob.digest).stat().st_size) != blob.size:
                raise self.damaged(blob, f"it has {size} bytes, its descriptor says {blob.size}")
        return found

    def file(self, blob: Descriptor) -> IO[bytes]:
        """The blob as an open file of its size, unbuffered, for the caller to close."""
        with self._readable(blob.digest):
            file = self._opened(blob.digest)
            size = os.fstat(file.fileno()).st_size
        if size != blob.size:
            file.close()
            raise self.damaged(blob, f"it has {size} bytes, its descriptor says {blob.size}")
        return file

    def _opened(self, digest: Digest) -> IO[bytes]:
        """A symbolic link or device put there meanwhile is refused by the kernel."""
        file = os.fdopen(os.open(self.path(digest), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb", buffering=0)
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise self._bad(f"the blob {digest} is no regular file", _AGAIN)
        return file

    @contextmanager
    def _readable(self, digest: Digest) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise MachineFault(
                what=f"the blob {digest} cannot be read: {error.strerror}", where=f"layout {self.directory}",
                hint="check the disk and the permissions",
            ) from error  # fmt: skip

    def _bad(self, what: str, hint: str) -> BadImage:
        return BadImage(what=what, where=f"layout {self.directory}", hint=hint)


def open_layout(directory: Path) -> Layout:
    """Read `oci-layout` and `index.json`. Raises BadImage."""
    try:
        marker = json.loads(_beginning(directory / "oci-layout"))
        index = _beginning(directory / "index.json")
    except (OSError, ValueError, RecursionError) as error:
        raise BadImage(
            what="this is no OCI layout: oci-layout or index.json is missing or not readable",
            where=f"layout {directory}",
            hint="name the directory that holds oci-layout, index.json and blobs/",
        ) from error
    if not isinstance(marker, dict) or marker.get("imageLayoutVersion") != "1.0.0":
        raise BadImage(what="its version is not 1.0.0", where=f"layout {directory}", hint="make it with another tool")
    document = parse(index, OCI_INDEX, f"{directory / 'index.json'}")
    if not isinstance(document, Index) or not document.children:
        raise BadImage(what="index.json lists no image", where=f"layout {directory}", hint=_AGAIN)
    return Layout(directory, document.children)


def _beginning(path: Path) -> bytes:
    """As much of a document as any may have and one byte more; of a pipe, that nobody writes into, nothing."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb", buffering=0) as file:
        return file.read(LARGEST_MANIFEST + 1) or b""
