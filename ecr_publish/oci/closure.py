"""Closure: everything that one image is made of, found from its root down, within bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ecr_publish.errors import BadImage
from ecr_publish.model.digest import Digest
from ecr_publish.oci.allowance import Allowance
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.manifest import Document, Index, Manifest

DEEPEST = 4  # indexes in indexes; no tool makes more than one inside another
MOST_BLOBS = 100_000

Fetch = Callable[[tuple[Descriptor, ...]], Iterable[Document]]  # the documents of descriptors, in their order


@dataclass(frozen=True, slots=True)
class Closure:
    """`waves` are manifests, each wave needing only earlier ones; the last holds the root alone. `blobs` are configs
    and layers, each digest once."""

    root: Document
    waves: tuple[tuple[Document, ...], ...]
    blobs: tuple[Descriptor, ...]

    @property
    def documents(self) -> dict[Digest, Document]:
        """All manifests by digest."""
        return {document.digest: document for wave in self.waves for document in wave}

    @property
    def size(self) -> int:
        """Stored bytes of all blobs and manifests, each counted once."""
        return sum(blob.size for blob in self.blobs) + sum(len(each.body) for each in self.documents.values())


def closure(root: Document, fetch: Fetch, where: str, allowance: Allowance | None = None) -> Closure:
    """Follow the root down, one level of documents at a time, each document fetched once. `allowance` is that of
    several images which are kept together.

    Raises BadImage: nested too deeply (or containing itself), too many or too large manifests or blobs, a foreign
    layer, a size that is not the right one, two sizes for one digest; and what `fetch` raises.
    """
    allowance = allowance or Allowance(where)
    allowance.take(len(root.body))
    found: dict[Digest, Document] = {root.digest: root}
    level: tuple[Document, ...] = (root,)
    for _ in range(DEEPEST + 1):
        wanted = {child.digest: child for each in level for child in children(each) if child.digest not in found}
        if not wanted:
            break
        for child in wanted.values():
            allowance.take(child.size)
        read = fetch(tuple(wanted.values()))  # each measured as soon as it is read
        level = tuple(measured(child, document, where) for child, document in zip(wanted.values(), read, strict=True))
        found.update({document.digest: document for document in level})
    return Closure(root, _waves(found, where), _blobs(found.values(), where))


def children(document: Document) -> tuple[Descriptor, ...]:
    """What must be in the repository before the document: an index's entries."""
    match document:
        case Index(children=listed):
            return listed
        case Manifest():
            return ()


def measured(child: Descriptor, document: Document, where: str) -> Document:
    """The document, if it has the size that its descriptor says, for that is what was allowed. Raises BadImage."""
    if child.size != len(document.body):
        raise _bad(where, f"it gives {child.digest} {child.size} bytes, it has {len(document.body)}")
    return document


def _waves(found: dict[Digest, Document], where: str) -> tuple[tuple[Document, ...], ...]:
    waves: list[tuple[Document, ...]] = []
    placed: set[Digest] = set()
    rest = list(found.values())
    while rest:
        wave = tuple(each for each in rest if all(child.digest in placed for child in children(each)))
        if not wave or len(waves) > DEEPEST:
            raise _bad(where, f"its indexes are nested more than {DEEPEST} deep, or contain each other")
        waves.append(wave)
        placed.update(each.digest for each in wave)
        rest = [each for each in rest if each.digest not in placed]
    return tuple(waves)


def _blobs(documents: Iterable[Document], where: str) -> tuple[Descriptor, ...]:
    blobs: dict[Digest, Descriptor] = {}
    for document in documents:
        for blob in document.blobs if isinstance(document, Manifest) else ():
            if blob.foreign:
                raise BadImage(
                    what=f"the layer {blob.digest} is foreign: its bytes lie elsewhere ({blob.media_type})",
                    where=where,
                    hint="build with layers that are stored in the registry; ECR keeps no foreign ones",
                )
            if blobs.setdefault(blob.digest, blob).size != blob.size:
                raise _bad(where, f"it gives the blob {blob.digest} two sizes")
    if len(blobs) > MOST_BLOBS:
        raise _bad(where, f"it has more than {MOST_BLOBS} blobs")
    return tuple(blobs.values())


def _bad(where: str, what: str) -> BadImage:
    return BadImage(what=what, where=where, hint="make the image again; no tool is known to make such a one")
