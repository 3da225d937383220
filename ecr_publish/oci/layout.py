"""An OCI image layout on disk (image-spec, "OCI Image Layout"), a directory or a tar: read, verified, never trusted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecr_publish.errors import BadImage, MachineFault
from ecr_publish.http.slice import Slice
from ecr_publish.model.digest import Digest, digest_of
from ecr_publish.oci.allowance import Allowance
from ecr_publish.oci.closure import Closure, closure
from ecr_publish.oci.content import BLOCK
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.entries import images, ref_name
from ecr_publish.oci.files import AGAIN, Files, InDirectory, InTar, bad_layout
from ecr_publish.oci.manifest import LARGEST_MANIFEST, OCI_INDEX, Document, Index, parse
from ecr_publish.oci.passage import verified

if TYPE_CHECKING:
    from ecr_publish.oci.members import Members

MOST_NAMES = 5  # of images in a message


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout directory, or with `members` an uncompressed tar of one. Every method raises BadImage for what is not as
    the layout says, MachineFault where the disk cannot be read."""

    directory: Path
    entries: tuple[Descriptor, ...]
    members: Members | None = None

    def root(self, reference: str | None = None) -> Descriptor:
        """The image: the only one that is no referrer, or the one whose ref.name or digest is `reference`."""
        if reference is None:
            found = images(self.entries, self.reader("say which image with reference:"))
            if len(found) == 1:
                return found[0]
            names = ", ".join(ref_name(entry) or str(entry.digest) for entry in found[:MOST_NAMES])
            names += f", and {len(found) - MOST_NAMES} more" if len(found) > MOST_NAMES else ""
            raise self._bad(f"it holds {len(found)} images ({names})", "say which with reference:")
        called = {each.digest: each for each in self.entries if reference in (ref_name(each), str(each.digest))}
        if len(called) > 1:
            raise self._bad(f"it holds {len(called)} images {reference!r}", "say which with reference: sha256:…")
        for entry in called.values():
            return entry
        raise self._bad(f"it holds no image {reference!r}", "check reference:")

    def document(self, digest: Digest) -> Document:
        """The manifest or index with that digest, whether index.json lists it or another index does."""
        listed = next((entry for entry in self.entries if entry.digest == digest), None)
        found = self.manifest(digest, listed.media_type if listed else None)
        if listed and listed.size != len(found.body):
            raise self.damaged(listed, f"it has {len(found.body)} bytes, index.json says {listed.size}")
        return found

    def path(self, digest: Digest) -> Path:
        """Where a blob of a directory lies. Raises BadImage if it is missing or a symbolic link."""
        return InDirectory(self.directory).path(digest)

    def manifest(self, digest: Digest, media_type: str | None = None) -> Document:
        """A manifest or index, its bytes verified."""
        with self._readable(digest):
            body = self._files.open(digest).content(LARGEST_MANIFEST + 1)
        if len(body) > LARGEST_MANIFEST:
            raise self._bad(f"the manifest {digest} has more than 4 MiB", "ECR takes no such manifest")
        if digest_of(body) != digest:
            raise self._bad(f"the blob {digest} has other bytes", AGAIN)
        return parse(body, media_type, f"{self.directory}: {digest.short}")

    def reader(self, hint: str) -> Callable[[Descriptor], Document]:
        """Reads one manifest after the other, no more together than an Allowance; the hint says what else to do."""
        allowance = Allowance(f"layout {self.directory}", hint)

        def read(entry: Descriptor) -> Document:
            document = self.manifest(entry.digest, entry.media_type)
            allowance.take(len(document.body))
            return document

        return read

    def json(self, descriptor: Descriptor) -> dict[str, Any]:
        """A small JSON blob such as a config, verified."""
        if descriptor.size > LARGEST_MANIFEST:
            raise self._bad(f"the config {descriptor.digest} has more than 4 MiB", AGAIN)
        try:
            value = json.loads(b"".join(self.blocks(descriptor)))
        except (ValueError, RecursionError) as error:
            raise self._bad(f"the blob {descriptor.digest} is not JSON", AGAIN) from error
        if not isinstance(value, dict):
            raise self._bad(f"the blob {descriptor.digest} is no JSON object", AGAIN)
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
        with self._readable(blob.digest), self.slice(blob) as found:
            yield from found.blocks(BLOCK, start)

    def damaged(self, blob: Descriptor, what: str) -> BadImage:
        """The error for a blob that is not what its descriptor says."""
        return self._bad(f"the blob {blob.digest}: {what}", AGAIN)

    def closure(
        self, digest: Digest, absent: frozenset[Digest] = frozenset(), allowance: Allowance | None = None
    ) -> Closure:
        """Everything that the image is made of; all blobs but the absent ones are there, with their sizes."""
        found = closure(
            self.document(digest),
            lambda wanted: (self.manifest(each.digest, each.media_type) for each in wanted),
            str(self.directory),
            allowance,
        )
        for blob in (each for each in found.blobs if each.digest not in absent):
            with self._readable(blob.digest):
                size = self._files.size(blob.digest)
            if size != blob.size:
                raise self.damaged(blob, f"it has {size} bytes, its descriptor says {blob.size}")
        return found

    def slice(self, blob: Descriptor) -> Slice:
        """The blob as part of an open file, for the caller to close."""
        with self._readable(blob.digest):
            found = self._files.open(blob.digest)
        if found.length != blob.size:
            found.file.close()
            raise self.damaged(blob, f"it has {found.length} bytes, its descriptor says {blob.size}")
        return found

    @property
    def _files(self) -> Files:
        return InDirectory(self.directory) if self.members is None else InTar(self.members)

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
        return bad_layout(self.directory, what, hint)


def open_layout(path: Path) -> Layout:
    """Read `oci-layout` and `index.json` of a directory, or of an uncompressed tar. Raises BadImage."""
    try:
        found = _members(path)
        marker, index = (_beginning(path, found, name) for name in ("oci-layout", "index.json"))
        version = json.loads(marker)
    except (OSError, ValueError, RecursionError) as error:
        what = "this is no OCI layout: oci-layout or index.json is missing or not readable"
        raise bad_layout(
            path, what, "name the directory or tar that holds oci-layout, index.json and blobs/"
        ) from error
    if not isinstance(version, dict) or version.get("imageLayoutVersion") != "1.0.0":
        raise bad_layout(path, "its version is not 1.0.0", "make it with another tool")
    document = parse(index, OCI_INDEX, f"{path / 'index.json'}")
    if not isinstance(document, Index) or not document.children:
        raise bad_layout(path, "index.json lists no image", AGAIN)
    return Layout(path, document.children, found)


def _members(path: Path) -> Members | None:
    """Of a tar; None for a directory, which is what most layouts are: then nothing that reads tars is loaded."""
    if not path.is_file():
        return None
    from ecr_publish.oci.members import members

    return members(path)


def _beginning(path: Path, found: Members | None, name: str) -> bytes:
    """As much of a document as any may have and one byte more; of a pipe, that nobody writes into, nothing."""
    if found is not None:
        return found.document(name, LARGEST_MANIFEST + 1)
    with os.fdopen(os.open(path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb", buffering=0) as file:
        return file.read(LARGEST_MANIFEST + 1) or b""
