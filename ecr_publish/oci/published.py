"""What a published image looks like from outside: its children, which of them a scanner can read, and its size."""

from __future__ import annotations

from ecr_publish.model.digest import Digest
from ecr_publish.model.image import Child, PublishedImage
from ecr_publish.model.registry import Repository
from ecr_publish.oci.closure import Closure
from ecr_publish.oci.manifest import Document, Index, Manifest


def published(image: Closure, repository: Repository, tags: tuple[str, ...]) -> PublishedImage:
    """The image with its children; indexes inside an index are opened, their children stand in their place."""
    children = tuple(_children(image.root, image.documents))
    return PublishedImage(repository, image.root.digest, tags, children, image.root.media_type, image.size)


def _children(document: Document, documents: dict[Digest, Document]) -> list[Child]:
    if isinstance(document, Manifest):
        return []
    found: dict[Digest, Child] = {}
    for each in document.children:
        below = documents[each.digest]
        inner = (
            _children(below, documents)
            if isinstance(below, Index)
            # by content alone: a platform, annotation or artifactType that the index's author writes beside a runnable
            # image would hide it from the scan. BuildKit's attestations and other artifacts have no file systems
            else [Child(each.digest, each.platform, below.is_image)]
        )
        found.update({child.digest: child for child in inner})
    return list(found.values())
