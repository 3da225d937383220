"""An OCI image layout on disk (image-spec, "OCI Image Layout"): read, verified, never trusted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecr_publish.errors import BadImage
from ecr_publish.model.digest import Digest, digest_of
from ecr_publish.oci.manifest import Descriptor, Document, Index, Manifest, parse

BLOCK = 1 << 20
DEEPEST = 4  # an index of indexes of indexes is not made by any tool


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout directory. Every method raises BadImage for what is not as the layout says."""

    directory: Path
    entries: tuple[Descriptor, ...]

    def root(self, reference: str | None = None) -> Descriptor:
        """The image: the only one, or the one whose ref.name or digest is `reference`."""
        if reference is None:
            if len(self.entries) == 1:
                return self.entries[0]
            names = ", ".join(_ref_name(entry) or str(entry.digest) for entry in self.entries)
            raise self._bad(f"it holds {len(self.entries)} images ({names})", "say which with reference:")
        for entry in self.entries:
            if reference in (_ref_name(entry), str(entry.digest)):
                return entry
        raise self._bad(f"it holds no image {reference!r}", "check reference:")

    def path(self, digest: Digest) -> Path:
        """Where a blob lies; a symbolic link is refused, for it could lead anywhere."""
        path = self.directory / "blobs" / "sha256" / digest.hex
        if path.is_symlink() or not path.is_file():
            raise self._bad(f"the blob {digest} is missing", "make the layout again")
        return path

    def manifest(self, digest: Digest, media_type: str | None = None) -> Document:
        """A manifest or index, its bytes verified."""
        path = self.path(digest)
        if path.stat().st_size > (4 << 20):
            raise self._bad(f"the manifest {digest} has more than 4 MiB", "ECR takes no such manifest")
        body = path.read_bytes()
        if digest_of(body) != digest:
            raise self._bad(f"the blob {digest} has other bytes", "make the layout again")
        return parse(body, media_type, f"{self.directory}: {digest.short}")

    def json(self, descriptor: Descriptor) -> dict[str, Any]:
        """A small JSON blob such as a config, verified."""
        self.check(descriptor)
        try:
            value = json.loads(self.path(descriptor.digest).read_bytes())
        except ValueError as error:
            raise self._bad(f"the blob {descriptor.digest} is not JSON", "make the layout again") from error
        if not isinstance(value, dict):
            raise self._bad(f"the blob {descriptor.digest} is no JSON object", "make the layout again")
        return value

    def check(self, descriptor: Descriptor) -> None:
        """Verify size and digest of a blob by reading it through."""
        for _ in self.blocks(descriptor):
            pass

    def blocks(self, descriptor: Descriptor) -> Iterator[bytes]:
        """The blob in blocks of 1 MiB. The last one is only given if all bytes have the digest: whoever is sending
        them can still break off."""
        path, digest = self.path(descriptor.digest), hashlib.sha256()
        if path.stat().st_size != descriptor.size:
            raise self._bad(
                f"the blob {descriptor.digest} has {path.stat().st_size} bytes, its descriptor says {descriptor.size}",
                "make the layout again",
            )
        with path.open("rb", buffering=0) as file:
            block = file.read(BLOCK)
            while block:
                digest.update(block)
                following = file.read(BLOCK)
                if not following and digest.hexdigest() != descriptor.digest.hex:
                    raise self._bad(f"the blob {descriptor.digest} has other bytes", "make the layout again")
                yield block
                block = following

    def closure(self, root: Descriptor) -> tuple[tuple[Document, ...], tuple[Descriptor, ...]]:
        """Everything that an image is made of: manifests, children before their index, and blobs, each once."""
        manifests: dict[Digest, Document] = {}
        blobs: dict[Digest, Descriptor] = {}
        self._gather(root, manifests, blobs, ())
        return tuple(manifests.values()), tuple(blobs.values())

    def _gather(
        self,
        descriptor: Descriptor,
        manifests: dict[Digest, Document],
        blobs: dict[Digest, Descriptor],
        above: tuple[Digest, ...],
    ) -> None:
        if descriptor.digest in above or len(above) > DEEPEST:
            raise self._bad("its indexes contain each other, or are nested too deeply", "make the layout again")
        if descriptor.digest in manifests:
            return
        document = self.manifest(descriptor.digest, descriptor.media_type)
        match document:
            case Index(children=children):
                for child in children:
                    self._gather(child, manifests, blobs, (*above, descriptor.digest))
            case Manifest():
                for blob in (document.config, *document.layers):
                    self._refuse_foreign(blob)
                    blobs[blob.digest] = blob
                    self.path(blob.digest)
        manifests[descriptor.digest] = document

    def _refuse_foreign(self, blob: Descriptor) -> None:
        if blob.foreign:
            raise self._bad(f"the layer {blob.digest} is foreign: it lies elsewhere", "ECR keeps no foreign layers")

    def _bad(self, what: str, hint: str) -> BadImage:
        return BadImage(what=what, where=f"layout {self.directory}", hint=hint)


def open_layout(directory: Path) -> Layout:
    """Read `oci-layout` and `index.json`. Raises BadImage."""
    try:
        marker = json.loads((directory / "oci-layout").read_bytes())
        index = (directory / "index.json").read_bytes()
    except (OSError, ValueError) as error:
        raise BadImage(
            what="this is no OCI layout: oci-layout or index.json is missing or not readable",
            where=f"layout {directory}",
            hint="name the directory that holds oci-layout, index.json and blobs/",
        ) from error
    if not isinstance(marker, dict) or marker.get("imageLayoutVersion") != "1.0.0":
        raise BadImage(what="its version is not 1.0.0", where=f"layout {directory}", hint="make it with another tool")
    document = parse(index, "application/vnd.oci.image.index.v1+json", f"{directory / 'index.json'}")
    if not isinstance(document, Index) or not document.children:
        raise BadImage(what="index.json lists no image", where=f"layout {directory}", hint="make the layout again")
    return Layout(directory, document.children)


def _ref_name(entry: Descriptor) -> str | None:
    return dict(entry.annotations).get("org.opencontainers.image.ref.name")
