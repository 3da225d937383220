"""Passages: a blob on its way to a registry, in parts, taken up again from what was acknowledged, and verified.

What comes from another machine is hashed as it passes. A file of this machine is not: the kernel sends it without
showing it to us, and the receiver hashes it in any case before it calls it a blob (distribution-spec, DIGEST_INVALID;
Amazon ECR API, CompleteLayerUpload, InvalidLayerException). Where it refuses, the file is read to say whose fault it
is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Protocol

from ecr_publish.http.slice import Slice
from ecr_publish.oci.content import BLOCK, Content
from ecr_publish.oci.descriptor import Descriptor

Moved = Callable[[int], None]  # is told how many bytes of the blob have passed


class Passage(Protocol):
    """The bytes of one blob for one upload; `acknowledged` is how many of them the receiver has for certain."""

    acknowledged: int

    def part(self, end: int) -> Iterator[memoryview | Slice]:
        """The bytes from what is acknowledged up to `end`; anew for each attempt. Raises what `Content.read` does."""

    def acknowledge(self, end: int) -> bool:
        """The receiver says that it has everything up to `end`: later parts begin there. False where that cannot be,
        for not all of it was given."""

    def skip(self, end: int) -> None:
        """The receiver says that it has a part of the last, broken attempt: go on from there."""

    def check(self) -> None:
        """The receiver says that these are not the blob's bytes. Raises `Content.damaged` if it is right."""


def passage(content: Content, blob: Descriptor, moved: Moved) -> Passage:
    """The way for this blob: what is read at once is hashed at once, larger files are left to the kernel."""
    if blob.size > BLOCK and (found := content.slice(blob)) is not None:
        found.file.close()
        return Untouched(content, blob, moved)
    return Hashed(content, blob, moved)


class Untouched:
    """A file of this machine, opened anew for each part."""

    def __init__(self, content: Content, blob: Descriptor, moved: Moved) -> None:
        self._content, self._blob, self._moved = content, blob, moved
        self.acknowledged = self._reached = 0

    def part(self, end: int) -> Iterator[Slice]:
        """Slices of 1 MiB: progress is told, and a stop heeded, after each."""
        whole = self._content.slice(self._blob)
        assert whole is not None, "a file became something else"
        with whole:
            for start in range(self.acknowledged, end, BLOCK):
                reached = min(start + BLOCK, end)
                yield Slice(whole.file, whole.start + start, reached - start)
                self._moved(reached)
        self._reached = end

    def acknowledge(self, end: int) -> bool:
        """See Passage."""
        if self._reached != end:
            return False
        self.acknowledged = end
        return True

    def skip(self, end: int) -> None:
        """See Passage."""
        self.acknowledged = end

    def check(self) -> None:
        """Read all of it; who is told of progress may end that."""
        for _ in verified(self._content, self._blob):
            self._moved(self.acknowledged)


class Hashed:
    """A blob that is hashed as it passes.

    The last block of all is given only after every byte was hashed and the digest agrees: whoever sends them to a
    registry has not finished the request yet, so wrong bytes never become a blob anywhere.
    """

    def __init__(self, content: Content, blob: Descriptor, moved: Moved) -> None:
        self._content, self._blob, self._moved = content, blob, moved
        self._hash = hashlib.sha256()  # of the acknowledged bytes
        self.acknowledged = 0
        self._reached = (0, self._hash)  # how far the latest part was read, to its end

    def part(self, end: int) -> Iterator[memoryview]:
        """See Passage. Raises `Content.damaged` in place of the last block where the digest does not agree."""
        running, position, held = self._hash.copy(), self.acknowledged, memoryview(b"")
        for piece in self._pieces(end):
            running.update(piece)
            position += len(piece)
            if held:
                yield held
                self._moved(position - len(piece))
            held = piece
        if end == self._blob.size and running.hexdigest() != self._blob.digest.hex:
            raise self._content.damaged(self._blob, "it has other bytes")
        self._reached = (end, running)
        if held:
            yield held
            self._moved(position)

    def acknowledge(self, end: int) -> bool:
        """See Passage."""
        reached, running = self._reached
        if reached != end:
            return False
        self.acknowledged, self._hash = end, running
        return True

    def skip(self, end: int) -> None:
        """Read on to there without sending."""
        running = self._hash.copy()  # the source's own link may break here: then this is done again
        for piece in self._pieces(end):
            running.update(piece)
        self.acknowledged, self._hash = end, running

    def check(self) -> None:
        """It was checked on the way: what the receiver got is not what was sent."""

    def _pieces(self, end: int) -> Iterator[memoryview]:
        position, closing = self.acknowledged, self._blob.size
        source = self._content.read(self._blob, position)
        for block in source:
            view = memoryview(block)[: end - position]
            position += len(view)
            yield view
            if position == end and end < closing:
                return
            if position == end and next(source, b"") != b"":
                raise self._content.damaged(self._blob, f"it has more than {closing} bytes")
            if position == end:
                return
        if position < end:
            raise self._content.damaged(self._blob, f"it ends after {position} of {closing} bytes")


def verified(content: Content, blob: Descriptor) -> Iterator[memoryview]:
    """All bytes of a blob in blocks; the last one is given only if all of them have the digest."""
    return Hashed(content, blob, lambda _: None).part(blob.size)
