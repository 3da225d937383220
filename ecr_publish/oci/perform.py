"""Performing a transfer plan: dumb, in the plan's order, side by side where the plan says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import assert_never

from ecr_publish.errors import PublishError, TagTaken
from ecr_publish.model.digest import Digest
from ecr_publish.model.events import How, Notify, Transferred
from ecr_publish.oci.blobs import Blobs
from ecr_publish.oci.content import Content
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.early import early
from ecr_publish.oci.lanes import Job, Lanes, Moved
from ecr_publish.oci.looks import Look
from ecr_publish.oci.manifest import OCI_INDEX, Index, parse
from ecr_publish.oci.manifests import Manifests
from ecr_publish.oci.plan import (
    BlobOperation,
    CopyBlob,
    ListReferrers,
    MountBlob,
    PutManifest,
    PutTag,
    TransferPlan,
    UploadBlob,
)
from ecr_publish.oci.unmoved import Unmoved, is_written
from ecr_publish.oci.wire import Wire


class Performer:
    """Performs the plans of one image into one repository, with bytes from `content`."""

    def __init__(self, lanes: Lanes, wire: Wire, content: Content, notify: Notify) -> None:
        self._lanes, self._wire, self._content, self._notify = lanes, wire, content, notify
        self._manifests, self._blobs = Manifests(wire), Blobs(wire)
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
        for tag in self._looked_again(plan.tags):
            self._put_tag(tag)
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
        if not added:
            return
        from ecr_publish.oci.attached import scheme_index, tag_of

        tag = tag_of(operation.subject)
        before = self._manifests.get(tag)
        if not isinstance(before, Index | None):
            raise TagTaken(
                what=f"the tag {tag} names an image, where clients keep the list of what points to {operation.subject}",
                where=f"{operation.repository}:{tag}",
                hint="see whose it is, and delete the tag or give the image another",
            )
        body = scheme_index(before, added)
        if before is None or before.body != body:
            self._manifests.put(parse(body, OCI_INDEX, str(operation.repository)), tag)

    def _put_tag(self, operation: PutTag) -> None:
        """Write a tag. An immutable repository may refuse even the same digest: that is read back before anything is
        said."""
        guard = Unmoved(self._wire, operation)
        try:
            self._manifests.put(operation.document, operation.tag, guard)
        except TagTaken as refused:
            if refused is guard.met:
                raise
            raise_taken(self._manifests, operation, refused)

    def _looked_again(self, operations: tuple[PutTag, ...]) -> tuple[PutTag, ...]:
        """Those that are still to be written. What was seen under a tag long ago is looked at again, side by side, for
        nobody's write is to be undone."""
        clock = self._wire.retry.clock
        old = [each for each in operations if each.over is not None and not each.over.is_fresh(clock.monotonic())]
        if not old:
            return operations
        now = clock.monotonic()
        found = self._lanes.do([partial(self._manifests.head, each.tag) for each in old])
        looks = {each.tag: Look(present, now) for each, present in zip(old, found, strict=True)}
        done = {each.tag for each in old if is_written(each, looks[each.tag].digest)}
        return tuple(replace(each, over=looks.get(each.tag, each.over)) for each in operations if each.tag not in done)

    def _told(self, blob: Descriptor, how: How, done: int) -> None:
        self._notify(Transferred(blob.digest.short, done, blob.size, how))


def raise_taken(manifests: Manifests, operation: PutTag, refused: PublishError) -> None:
    """Raise TagTaken with both digests, unless the tag names this very digest already: that is success."""
    wanted, present = operation.document.digest, manifests.head(operation.tag)
    if present != wanted:
        raise TagTaken(
            what=f"the tag {operation.tag} already names {present or 'another digest'}, this image is {wanted}, "
            "and the repository does not let it move",
            where=f"{operation.repository}:{operation.tag}",
            hint="release under a new version, or exempt the tag from the repository's immutability",
        ) from refused
