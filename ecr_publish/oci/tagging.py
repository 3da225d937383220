"""Tagging: writes of tags, and of the lists of referrers under `sha256-<hex>`, that undo nobody else's."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ecr_publish.errors import PublishError, TagTaken
from ecr_publish.oci.attached import Attached, scheme_index, tag_of
from ecr_publish.oci.lanes import Lanes
from ecr_publish.oci.looks import Look
from ecr_publish.oci.manifest import OCI_INDEX, Index, parse
from ecr_publish.oci.manifests import Manifests
from ecr_publish.oci.plan import ListReferrers, PutTag
from ecr_publish.oci.unmoved import AlreadyWritten, Unmoved, is_written
from ecr_publish.oci.wire import Wire


class Tagging:
    """Writes tags of one repository."""

    def __init__(self, lanes: Lanes, wire: Wire) -> None:
        self._lanes, self._wire, self._manifests = lanes, wire, Manifests(wire)
        self._clock = wire.retry.clock

    def write(self, operations: tuple[PutTag, ...]) -> None:
        """In their order. Raises TagTaken, before the first of them is written if it can be known then; else its words
        say which are."""
        written: list[str] = []
        for each in self._looked_again(operations):
            try:
                self._put(each)
            except TagTaken as taken:
                if not written:
                    raise
                what = f"{taken.what}; written before it: {', '.join(written)}"
                raise TagTaken(what=what, where=taken.where, hint=taken.hint) from taken
            written.append(each.tag)

    def list(self, operation: ListReferrers, added: tuple[Attached, ...]) -> None:
        """Add referrers to the list of their subject. Read, added to and written in one attempt, which is repeated as a
        whole: others add theirs meanwhile. Raises TagTaken where there is no list under the tag."""
        self._wire.retry(partial(self._add, operation, added))

    def _add(self, operation: ListReferrers, added: tuple[Attached, ...]) -> None:
        tag, manifests = tag_of(operation.subject), Manifests(self._wire, self._wire.once)
        moment = self._clock.monotonic()
        before = manifests.get(tag)
        if not isinstance(before, Index | None):
            raise TagTaken(
                what=f"the tag {tag} names an image, where clients keep the list of what points to {operation.subject}",
                where=f"{operation.repository}:{tag}",
                hint="see whose it is, and delete the tag or give the image another",
            )
        body = scheme_index(before, added)
        if before and before.body == body:
            return
        document, over = parse(body, OCI_INDEX, str(operation.repository)), before.digest if before else None
        guard = Unmoved(self._wire, PutTag(operation.repository, document, tag, Look(over, moment)))
        try:
            manifests.put(document, tag, guard)
        except AlreadyWritten:
            return
        except TagTaken as refused:
            if refused is not guard.met:
                raise
            self._add(operation, added)  # it waited for its pace, and others wrote theirs

    def _put(self, operation: PutTag) -> None:
        """Write a tag. An immutable repository may refuse even the same digest: that is read back before anything is
        said."""
        guard = Unmoved(self._wire, operation)
        try:
            self._manifests.put(operation.document, operation.tag, guard)
        except AlreadyWritten:
            return
        except TagTaken as refused:
            if refused is guard.met:
                raise
            self._read_back(operation, refused)

    def _looked_again(self, operations: tuple[PutTag, ...]) -> tuple[PutTag, ...]:
        """Those that are still to be written. What was seen under a tag long ago is looked at again, side by side, for
        nobody's write is to be undone."""
        now = self._clock.monotonic()
        old = [each for each in operations if each.over is not None and not each.over.is_fresh(now)]
        if not old:
            return operations
        found = self._lanes.do([partial(self._manifests.head, each.tag) for each in old])
        looks = {each.tag: Look(present, now) for each, present in zip(old, found, strict=True)}
        done = {each.tag for each in old if is_written(each, looks[each.tag].digest)}
        return tuple(replace(each, over=looks.get(each.tag, each.over)) for each in operations if each.tag not in done)

    def _read_back(self, operation: PutTag, refused: PublishError) -> None:
        """Raise TagTaken with both digests, unless the tag names this very digest already: that is success."""
        wanted, present = operation.document.digest, self._manifests.head(operation.tag)
        if present != wanted:
            raise TagTaken(
                what=f"the tag {operation.tag} already names {present or 'another digest'}, this image is {wanted}, "
                "and the repository does not let it move",
                where=f"{operation.repository}:{operation.tag}",
                hint="release under a new version, or exempt the tag from the repository's immutability",
            ) from refused
