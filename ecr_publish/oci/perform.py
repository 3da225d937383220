"""Performing a transfer plan: dumb, in the plan's order, side by side where the plan says so."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import assert_never

from ecr_publish.model.digest import Digest
from ecr_publish.model.events import How, Notify, Transferred
from ecr_publish.oci.blobs import Blobs
from ecr_publish.oci.content import Content
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.early import early
from ecr_publish.oci.lanes import Job, Lanes, Moved
from ecr_publish.oci.manifests import Manifests
from ecr_publish.oci.plan import (
    BlobOperation,
    CopyBlob,
    ListReferrers,
    MountBlob,
    PutManifest,
    TransferPlan,
    UploadBlob,
)
from ecr_publish.oci.tagging import Tagging
from ecr_publish.oci.wire import Wire


class Performer:
    """Performs the plans of one image into one repository, with bytes from `content`."""

    def __init__(self, lanes: Lanes, wire: Wire, content: Content, notify: Notify) -> None:
        self._lanes, self._wire, self._content, self._notify = lanes, wire, content, notify
        self._manifests, self._blobs = Manifests(wire), Blobs(wire)
        self._tagging = Tagging(lanes, wire)
        self._listed: list[Digest] = []  # referrers that the registry says it lists itself
        self.closed = False  # set where the registry did not give a neighbour's blob
        self.unmountable = False  # set where the registry answered a mount by an upload session

    def perform(self, plan: TransferPlan, asked: int) -> tuple[Moved, ...]:
        """Do it all; `asked` is the lanes' moment before presence was asked for. Raises TagTaken and what the
        registry refuses; nothing is tagged unless everything below it was written."""
        moved = self._lanes.bring(tuple(self._job(each) for each in plan.blobs), asked)
        for blob in plan.present:
            self._told(blob, How.THERE, blob.size)
        for wave in plan.manifests:
            puts = [partial(self._put, each) for each in wave]
            self._lanes.do(puts) if len(puts) > 1 else puts[0]()
        for each in plan.lists:
            self._list(each)
        self._tagging.write(plan.tags)
        return (*moved, *(Moved(reused=blob.size) for blob in plan.present))

    def _job(self, operation: BlobOperation) -> Job:
        key = (operation.repository, operation.blob.digest)
        return Job(key, operation.blob.size, self._work(operation))

    def _work(self, operation: BlobOperation) -> Callable[[], Moved]:
        match operation:
            case UploadBlob(blob=blob) | CopyBlob(blob=blob):
                return lambda: self._send(blob, None)
            case MountBlob():
                return lambda: self._mount(operation)
            case _:
                assert_never(operation)

    def _mount(self, operation: MountBlob) -> Moved:
        blob = operation.blob
        session = self._blobs.mount(blob.digest, operation.source)
        if session is None:
            self._told(blob, How.MOUNTED, blob.size)
            return Moved(reused=blob.size, mounted=True)
        if operation.otherwise == CopyBlob(operation.repository, blob, operation.source):
            self.unmountable = True
            if self._blobs.has(blob.digest):
                self._told(blob, How.THERE, blob.size)
                return Moved(reused=blob.size)
        else:
            self.closed = True  # it is known to be missing: only the neighbour's was not given
        return self._send(blob, session)

    def _send(self, blob: Descriptor, session: str | None) -> Moved:
        from ecr_publish.oci.upload import Upload

        with early(self._content, blob, self._lanes) as content:
            sent = Upload(self._wire, blob, content, partial(self._told, blob, How.SENT)).send(session)
        self._told(blob, How.SENT if sent else How.THERE, blob.size)
        return Moved(sent=blob.size) if sent else Moved(reused=blob.size)

    def _put(self, operation: PutManifest) -> None:
        document = operation.document
        if self._manifests.put(document, str(document.digest)) and document.subject is not None:
            self._listed.append(document.digest)

    def _list(self, operation: ListReferrers) -> None:
        """Where the registry said of each referrer that it lists it itself, nothing."""
        added = tuple(each for each in operation.attached if each.document.digest not in self._listed)
        if added:
            self._tagging.list(operation, added)

    def _told(self, blob: Descriptor, how: How, done: int) -> None:
        self._notify(Transferred(blob.digest.short, done, blob.size, how))
