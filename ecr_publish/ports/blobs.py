"""Blobs on their way to a repository, while the image that they belong to is still being read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ecr_publish.model.digest import Digest
    from ecr_publish.model.layer import StoredBlob
    from ecr_publish.model.registry import Repository
    from ecr_publish.model.target import Target


class LayerAvailability(Protocol):
    """Which blobs a repository has, by the registry's API: an alternative to asking for each over `/v2`."""

    def ready(self, target: Target) -> bool:
        """Whether asking costs no more than the call itself: its client is loaded."""

    def available(self, target: Target, repository: Repository, digests: tuple[Digest, ...]) -> frozenset[Digest]:
        """Those of at most 100 digests that are there. Raises NotAuthorised, RepositoryMissing, Throttled,
        Unavailable."""


class Receiver(Protocol):
    """A repository, while the image that goes there is still being read. Safe from threads."""

    def has(self, blobs: tuple[StoredBlob, ...]) -> frozenset[Digest]:
        """Those that are there: they need not be read."""

    def take(self, blob: StoredBlob) -> None:
        """Begin to send a blob of the layout; returns at once. A failure is raised by a later call, or at the end."""


@dataclass(slots=True)
class Sending:
    """An image on its way: `receiver` takes blobs; `sent_bytes` is what it sent, `mounted_blobs` how many a neighbour
    gave. Both are known when the block has ended."""

    receiver: Receiver
    sent_bytes: int = 0
    mounted_blobs: int = 0
