"""Presence: which blobs a repository has already. One Protocol, so that another way of asking can stand beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from ecr_publish.model.digest import Digest
from ecr_publish.oci.blobs import Blobs
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.wire import Wire

Ask = Callable[[], frozenset[Digest]]  # one request; those of its blobs that are there


class Presence(Protocol):
    """One way of asking."""

    def asks(self, wire: Wire, blobs: tuple[Descriptor, ...]) -> Sequence[Ask]:
        """Questions that may go side by side; together their answers are those of the blobs that the repository has.
        A blob that is said to be there will not be sent."""


class HeadPresence:
    """One HEAD per blob: needs nothing but the registry itself."""

    def asks(self, wire: Wire, blobs: tuple[Descriptor, ...]) -> Sequence[Ask]:
        """A question for each blob."""
        return [partial(_has, Blobs(wire), blob.digest) for blob in blobs]


def _has(blobs: Blobs, digest: Digest) -> frozenset[Digest]:
    return frozenset({digest} if blobs.has(digest) else ())
