"""Documents: manifests that were read in this run, by digest; what has a digest never changes."""

from __future__ import annotations

import threading

from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import Repository
from ecr_publish.oci.manifest import Document
from ecr_publish.oci.manifests import Manifests

MOST = 16 << 20  # bytes of manifests that are kept


class Documents:
    """The latest documents of each repository, verified when they were read. Safe from threads."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Repository, Digest], Document] = {}
        self._size = 0
        self._lock = threading.Lock()

    def get(self, manifests: Manifests, reference: str) -> Document | None:
        """What is under a tag or digest now; None if nothing."""
        document = manifests.get(reference)
        if document is not None:
            self._keep(manifests.repository, document)
        return document

    def expect(self, manifests: Manifests, digest: Digest) -> Document:
        """The document with that digest, asked for if it was not read before. Raises ImageMissing."""
        if (known := self.known(manifests.repository, digest)) is not None:
            return known
        document = manifests.expect(digest)
        self._keep(manifests.repository, document)
        return document

    def known(self, repository: Repository, digest: Digest) -> Document | None:
        """The document with that digest if it was read before; None if not."""
        with self._lock:
            return self._kept.get((repository, digest))

    def _keep(self, repository: Repository, document: Document) -> None:
        key = (repository, document.digest)
        with self._lock:
            if key in self._kept or len(document.body) > MOST:
                return
            self._kept[key] = document
            self._size += len(document.body)
            while self._size > MOST:
                self._size -= len(self._kept.pop(next(iter(self._kept))).body)
