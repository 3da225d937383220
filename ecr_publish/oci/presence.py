"""Presence: which blobs a repository has already. One Protocol, so that another way of asking can stand beside."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from ecr_publish.model.digest import Digest
from ecr_publish.oci.blobs import Blobs
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.lanes import Lanes
from ecr_publish.oci.wire import Wire


class Presence(Protocol):
    """One way of asking."""

    def present(self, wire: Wire, blobs: tuple[Descriptor, ...]) -> frozenset[Digest]:
        """Those of the blobs that the repository has. A blob that is said to be there will not be sent."""


class HeadPresence:
    """One HEAD per blob, side by side: needs nothing but the registry itself."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes

    def present(self, wire: Wire, blobs: tuple[Descriptor, ...]) -> frozenset[Digest]:
        """Those that answer."""
        asked = Blobs(wire)
        found = self._lanes.do([partial(asked.has, blob.digest) for blob in blobs])
        return frozenset(blob.digest for blob, there in zip(blobs, found, strict=True) if there)
