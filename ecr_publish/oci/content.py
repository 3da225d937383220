"""Content: where a blob's bytes come from, and the check that they are what was promised."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Protocol

from ecr_publish.errors import PublishError
from ecr_publish.oci.descriptor import Descriptor

BLOCK = 1 << 20

Moved = Callable[[int], None]  # is told how many bytes of the blob have passed


class Content(Protocol):
    """A layout, or a repository of a registry. Safe from threads; each reading is independent."""

    def read(self, blob: Descriptor, start: int = 0) -> Iterator[bytes]:
        """The blob's bytes from `start`, in blocks, unverified. Raises BadImage, MachineFault, Unavailable, …."""

    def damaged(self, blob: Descriptor, what: str) -> PublishError:
        """The error for bytes that are not what the descriptor says."""


class Passage:
    """A blob on its way: read in parts, hashed as it passes, resumable from what was acknowledged.

    The last block of all is given only after every byte was hashed and the digest agrees: whoever sends them to a
    registry has not finished the request yet, so wrong bytes never become a blob anywhere.
    """

    def __init__(self, content: Content, blob: Descriptor, moved: Moved) -> None:
        self._content, self._blob, self._moved = content, blob, moved
        self._hash = hashlib.sha256()  # of the acknowledged bytes
        self.acknowledged = 0
        self._reached = (0, self._hash)  # how far the latest part was read, to its end

    def part(self, end: int) -> Iterator[memoryview]:
        """The bytes from what is acknowledged up to `end`; anew for each attempt."""
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
        """The receiver says that it has everything up to `end`: later parts begin there. False where that cannot be,
        for not all of it was given."""
        reached, running = self._reached
        if reached != end:
            return False
        self.acknowledged, self._hash = end, running
        return True

    def skip(self, end: int) -> None:
        """The receiver says that it has a part of the last, broken attempt: read on to there without sending."""
        running = self._hash.copy()  # the source's own link may break here: then this is done again
        for piece in self._pieces(end):
            running.update(piece)
        self.acknowledged, self._hash = end, running

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
    return Passage(content, blob, lambda _: None).part(blob.size)
