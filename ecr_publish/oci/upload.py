"""Upload: one blob into one repository, streamed, verified, and taken up again after a broken link.

One POST and one PUT for most blobs; large ones go in parts, so that a broken link costs one part and not the whole.
Source: distribution-spec, "Pushing blobs". ECR answers a PATCH with 201, takes only contiguous parts of at least
5 MiB, may tell a Range that stays at its first part, and tells nothing of a session that is asked for: what we know
ourselves was acknowledged counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from ecr_publish.errors import (
    DigestMismatch,
    ImageMissing,
    NotAuthorised,
    PublishError,
    RegistryRefused,
    RepositoryMissing,
    Unavailable,
)
from ecr_publish.http.answer import Answer
from ecr_publish.http.failures import Cut
from ecr_publish.http.slice import Shrunk
from ecr_publish.model.registry import EcrRegistry
from ecr_publish.oci.blobs import Blobs
from ecr_publish.oci.content import Content
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.passage import Moved, Passage, passage
from ecr_publish.oci.wire import Body, Request, Wire

PART = 100 << 20  # bytes; also the largest blob that is sent whole
_RECEIVED = re.compile(r"(?:bytes=)?0-(\d+)")
_OCTETS = {"Content-Type": "application/octet-stream"}


class _SessionLost(Exception):
    """The registry has forgotten the upload session, or does not agree about how far it is."""


class Upload:
    """The sending of one blob; `part` is the most that one request carries, in bytes."""

    def __init__(self, wire: Wire, blob: Descriptor, content: Content, moved: Moved, *, part: int = PART) -> None:
        self._wire, self._blob, self._content, self._moved = wire, blob, content, moved
        self._part = part

    def send(self, session: str | None = None) -> bool:
        """Send it; False if it turned out to be there already, after an attempt whose answer was lost.

        `session` is one that is open already (after a refused mount). Raises BadImage or DigestMismatch if the content
        is not the blob's: it does not become a blob then.
        """
        sessions, attempts = [session] if session else [], [0]

        def attempt() -> bool:
            attempts[0] += 1
            if attempts[0] > 1 and Blobs(self._wire).has(self._blob.digest):
                return False
            location = sessions.pop() if sessions else start(self._wire)
            try:
                self._whole(location) if self._blob.size <= self._part else self._in_parts(location)
            except _SessionLost as lost:
                raise Unavailable(
                    what="the registry no longer knows this upload",
                    where=f"PUT {self._wire.repository}",
                    hint="run again: it starts anew",
                ) from lost
            return True

        return self._wire.retry(attempt)

    def _whole(self, location: str) -> None:
        way = passage(self._content, self._blob, self._moved)
        with self._verified(way):
            self._finish(location, partial(way.part, self._blob.size), self._blob.size)

    def _in_parts(self, location: str) -> None:
        """PATCH after PATCH, each taken up where the registry stands, then an empty PUT."""
        way = passage(self._content, self._blob, self._moved)
        retry = replace(self._wire.retry, attempts=3)
        with self._verified(way):
            while way.acknowledged < self._blob.size:
                location = retry(_Part(self._patch, self._align, location, way))
            self._finish(location, None, 0)

    @contextmanager
    def _verified(self, way: Passage) -> Iterator[None]:
        """A blob that the registry does not take for what it should be is looked at: is it our file, or the line?"""
        try:
            yield
        except Shrunk as error:
            raise self._content.damaged(self._blob, "it became shorter while it was sent") from error
        except (DigestMismatch, RegistryRefused):
            way.check()
            raise

    def _patch(self, location: str, way: Passage) -> str:
        """Send the next part; where to send what follows."""
        first, end = way.acknowledged, min(way.acknowledged + self._part, self._blob.size)
        headers = {**_OCTETS, "Content-Range": f"{first}-{end - 1}"}
        answer = self._wire.once(
            Request("PATCH", location, (201, 202, 204, 404, 416), headers, partial(way.part, end), end - first)
        )
        if answer.status in (404, 416):
            raise self._lost(answer)
        if not way.acknowledge(end):
            raise self._wire.odd("it accepts a part of an upload before all of it was sent")
        return self._wire.same_registry(answer.header("location") or location, "uploads")

    def _align(self, location: str, way: Passage) -> None:
        """After a broken link, learn how much of the part arrived. No answer, or one from before what was
        acknowledged, means nothing on ECR: then the part is sent again, and a registry that disagrees says 416."""
        answer = self._wire.once(Request("GET", location, (200, 202, 204, 400, 404, 405)))
        match = _RECEIVED.fullmatch(answer.header("range") or "")
        received = int(match[1]) + 1 if match and answer.status < 300 else 0
        if way.acknowledged < received <= self._blob.size:
            way.skip(received)

    def _finish(self, location: str, body: Body | None, length: int) -> None:
        joint = "&" if "?" in location else "?"
        request = Request("PUT", f"{location}{joint}digest={self._blob.digest}", (200, 201, 204, 404), _OCTETS, body,
                          length)  # fmt: skip
        answer = self._wire.once(request)
        if answer.status == 404:
            raise self._lost(answer)
        told = answer.header("docker-content-digest")
        if told is not None and told != str(self._blob.digest):
            raise DigestMismatch(
                what=f"the registry calls it {told}, it is {self._blob.digest}",
                where=f"PUT {self._wire.repository}",
                hint="nothing was tagged; look for a proxy that changes content",
            )

    def _lost(self, answer: Answer) -> Exception:
        """What a 404 or 416 in the middle of a session means: the session is gone, or the repository is."""
        error = self._wire.refusal(Request("PUT", "blobs/uploads/", ()), answer)
        return _SessionLost() if isinstance(error, ImageMissing) or answer.status == 416 else error


class _Part:
    """One part of an upload: sent, and after a broken link aligned and sent again."""

    def __init__(
        self,
        patch: Callable[[str, Passage], str],
        align: Callable[[str, Passage], None],
        location: str,
        way: Passage,
    ) -> None:
        self._patch, self._align, self._location, self._way = patch, align, location, way
        self._broken = False

    def __call__(self) -> str:
        if self._broken:
            self._align(self._location, self._way)
        try:
            return self._patch(self._location, self._way)
        except Unavailable:
            self._broken = True
            raise


def start(wire: Wire) -> str:
    """Open an upload session; its URL. ECR cuts the connection where the repository or the permission is missing
    (containers-roadmap#1970): then it is looked at before anything is said."""
    try:
        answer = wire.once(Request("POST", "blobs/uploads/", (202,), length=0))
    except Cut as error:
        raise _looked_at(wire, error) from error
    return wire.same_registry(answer.header("location"), "uploads")


def _looked_at(wire: Wire, cut: Cut) -> PublishError:
    try:
        wire.once(Request("GET", "tags/list?n=1", (200,)))
    except RepositoryMissing as missing:
        return missing
    except NotAuthorised as refused:
        return Unavailable(what=cut.what, where=cut.where, hint=f"{_MAYBE}; ecr:ListImages is refused: {refused.what}")
    except Unavailable:
        return cut
    if not isinstance(wire.repository.registry, EcrRegistry):
        return cut
    return Unavailable(what=cut.what, where=cut.where, hint=f"{_MAYBE}; the repository itself exists")


_MAYBE = "ECR cuts the connection like this where ecr:InitiateLayerUpload is not allowed; else it is the network"
