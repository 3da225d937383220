"""Shared: what all transfers of a run have in common, and what one of them did."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from ecr_publish.model.digest import Digest
from ecr_publish.model.registry import Repository
from ecr_publish.oci.allowance import Allowance
from ecr_publish.oci.capabilities import Capabilities
from ecr_publish.oci.closure import Closure, closure, measured
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.documents import Documents
from ecr_publish.oci.lanes import Lanes, Moved
from ecr_publish.oci.manifest import Document
from ecr_publish.oci.manifests import Manifests
from ecr_publish.oci.standing import Standings
from ecr_publish.oci.wire import Wire


@dataclass(frozen=True, slots=True)
class Shared:
    """What all transfers of a run share."""

    lanes: Lanes
    documents: Documents
    standings: Standings
    capabilities: Capabilities

    def closure(self, wire: Wire, root: Document, allowance: Allowance | None = None) -> Closure:
        """Everything below a root in a repository. `allowance` as of `closure`. Raises BadImage, ImageMissing."""
        manifests, where = Manifests(wire), f"{wire.repository}@{root.digest.short}"

        def read(child: Descriptor) -> Document:
            """In its lane, so that the rest of a level is not read behind one that is larger than its index says."""
            return measured(child, self.documents.expect(manifests, child.digest), where)

        return closure(root, lambda wanted: self.lanes.do([partial(read, each) for each in wanted]), where, allowance)

    def known(self, repository: Repository, digest: Digest) -> Closure | None:
        """The same of an image whose manifests were all read before, without a request; None if not."""

        def read(wanted: tuple[Descriptor, ...]) -> list[Document]:
            return [self.documents.known(repository, each.digest) or _unread() for each in wanted]

        root = self.documents.known(repository, digest)
        try:
            return closure(root, read, f"{repository}@{digest.short}") if root else None
        except LookupError:
            return None


def _unread() -> Document:
    raise LookupError


@dataclass(frozen=True, slots=True)
class Copied:
    """What a push or copy did."""

    changed: bool
    moved: tuple[Moved, ...] = ()
    warnings: tuple[str, ...] = ()
