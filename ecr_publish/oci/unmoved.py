"""Unmoved: that nobody else wrote a tag since the look by which its write was decided, made sure before the write."""

from __future__ import annotations

from ecr_publish.errors import TagTaken
from ecr_publish.model.digest import Digest
from ecr_publish.oci.looks import Look, moved_meanwhile
from ecr_publish.oci.manifests import Manifests
from ecr_publish.oci.plan import PutTag
from ecr_publish.oci.wire import Wire


class AlreadyWritten(Exception):
    """The tag names what was to be written: of a write that failed, only the answer was lost."""


class Unmoved:
    """The guard of one tag's write: a write may wait for its pace, and is repeated when it fails, and somebody else may
    write the tag in that time. Called before each attempt. Raises TagTaken if so, AlreadyWritten if the tag names the
    image by now, and what the look itself meets."""

    def __init__(self, wire: Wire, operation: PutTag) -> None:
        self._manifests = Manifests(wire, wire.once)  # who writes repeats it, with this look
        self._clock, self._operation, self._last = wire.retry.clock, operation, operation.over
        self.met: TagTaken | None = None  # what it raised, in contrast to what the registry refused

    def __call__(self) -> None:
        """Look at the tag if its write is over something that was seen there, but not a moment ago."""
        now = self._clock.monotonic()
        if self._last is None or self._last.is_fresh(now):
            return
        present = self._manifests.head(self._operation.tag)
        try:
            if is_written(self._operation, present):
                raise AlreadyWritten
        except TagTaken as met:
            self.met = met
            raise
        self._last = Look(present, now)


def is_written(operation: PutTag, present: Digest | None) -> bool:
    """Whether the tag names the digest by now. Raises TagTaken if it names another one than was seen before."""
    seen, wanted = operation.over.digest if operation.over else None, operation.document.digest
    if present not in (seen, wanted):
        raise moved_meanwhile(operation.repository, operation.tag, seen, present=present, wanted=wanted)
    return present == wanted
