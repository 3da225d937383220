"""Transfer: the blobs of one image brought into one repository, side by side, each asked for before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass

from ecr_publish.model.digest import Digest
from ecr_publish.model.events import Notify, Transferred
from ecr_publish.model.registry import Repository
from ecr_publish.oci.client import Client
from ecr_publish.oci.manifest import Descriptor

Blocks = Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Shipment:
    """A blob to bring, how to read it (anew for each attempt), and where in this registry it could be mounted from."""

    blob: Descriptor
    blocks: Blocks
    mount_from: Repository | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """Bytes sent, bytes that were there or mounted, and whether it was mounted."""

    sent: int = 0
    reused: int = 0
    mounted: bool = False


Sharing = Callable[[Client, Digest, Callable[[], Moved]], "Future[Moved]"]


class Transfer:
    """Brings all blobs of one image; the first failure is raised when nothing runs any more."""

    def __init__(self, client: Client, notify: Notify, share: Sharing) -> None:
        self._client, self._notify, self._share = client, notify, share

    def all(self, shipments: tuple[Shipment, ...]) -> tuple[Moved, ...]:
        """Biggest first, so that the longest is not left for last."""
        ordered = sorted(shipments, key=lambda each: -each.blob.size)
        futures = [self._share(self._client, each.blob.digest, self._work(each)) for each in ordered]
        wait(futures)
        return tuple(future.result() for future in futures)

    def _work(self, shipment: Shipment) -> Callable[[], Moved]:
        return lambda: self._bring(shipment)

    def _bring(self, shipment: Shipment) -> Moved:
        blob = shipment.blob
        session = None
        if shipment.mount_from is not None:
            session = self._client.mount(blob.digest, shipment.mount_from)
            if session is None:
                self._told(blob, blob.size)
                return Moved(reused=blob.size, mounted=True)
        if self._client.has_blob(blob.digest):
            self._told(blob, blob.size)
            return Moved(reused=blob.size)
        self._client.upload(blob, lambda: self._counted(shipment), session)
        return Moved(sent=blob.size)

    def _counted(self, shipment: Shipment) -> Iterator[bytes]:
        done = 0
        for block in shipment.blocks():
            yield block
            done += len(block)
            self._told(shipment.blob, done)

    def _told(self, blob: Descriptor, done: int) -> None:
        self._notify(Transferred(blob.digest.short, done, blob.size))
