"""Early: a blob of a registry that is asked for while the place where it goes is being opened."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial

from ecr_publish.errors import PublishError
from ecr_publish.oci.blobs import Blobs, Opened
from ecr_publish.oci.content import Content
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.lanes import Lanes


class Early:
    """`Content` of a repository. The first reading of the blob takes up what was begun, and meets its failure; later
    ones ask anew."""

    def __init__(self, blobs: Blobs, begun: Future[Opened]) -> None:
        self._blobs, self._begun = blobs, [begun]

    def read(self, blob: Descriptor, start: int = 0) -> Iterator[bytes]:
        """The blob's bytes from `start`, unverified, one attempt. Raises Unavailable where the link breaks."""
        if start or not self._begun:
            yield from self._blobs.read(blob, start)
            return
        with self._begun.pop().result() as blocks:
            yield from blocks

    def slice(self, blob: Descriptor) -> None:
        """It is on another machine."""

    def damaged(self, blob: Descriptor, what: str) -> PublishError:
        """The error for other bytes than the digest promises."""
        return self._blobs.damaged(blob, what)

    def drop(self) -> None:
        """Let go of what nobody has read."""
        for begun in self._begun:
            if not begun.cancel():
                with suppress(PublishError), begun.result():
                    pass


@contextmanager
def early(content: Content, blob: Descriptor, lanes: Lanes) -> Iterator[Content]:
    """The content for one upload of the blob: begun, if it is another registry's."""
    if not isinstance(content, Blobs):
        yield content
        return
    begun = Early(content, lanes.beside(partial(content.opened, blob)))
    try:
        yield begun
    finally:
        begun.drop()
