"""Session: one upload at a registry, from its opening to the digest that ends it. Every method is one attempt.

Source: distribution-spec, "Pushing blobs". ECR answers a PATCH with 201, takes only contiguous parts of at least
5 MiB, may tell a Range that stays at its first part, and tells nothing of a session that is asked for: what we know
ourselves was acknowledged counts.
"""

from __future__ import annotations

import re
from functools import partial

from ecr_publish.errors import DigestMismatch, ImageMissing
from ecr_publish.http.answer import Answer
from ecr_publish.model.digest import Digest
from ecr_publish.oci.opening import posted
from ecr_publish.oci.passage import Passage
from ecr_publish.oci.wire import Body, Request, Wire

_RECEIVED = re.compile(r"(?:bytes=)?0-([0-9]{1,18})")
_OCTETS = {"Content-Type": "application/octet-stream"}


class SessionLost(Exception):
    """The registry has forgotten the upload session, or does not agree about how far it is."""


class Session:
    """An open upload; `location` is where its next request goes."""

    def __init__(self, wire: Wire, location: str) -> None:
        self._wire, self._location = wire, location

    def patch(self, way: Passage, end: int) -> None:
        """Send from what is acknowledged up to `end`. Raises SessionLost."""
        first = way.acknowledged
        headers = {**_OCTETS, "Content-Range": f"{first}-{end - 1}"}
        answer = self._wire.once(
            Request("PATCH", self._location, (201, 202, 204, 404, 416), headers, partial(way.part, end), end - first)
        )
        if answer.status in (404, 416):
            raise self._lost(answer)
        if not way.acknowledge(end):
            raise self._wire.odd("it accepts a part of an upload before all of it was sent")
        self._location = self._wire.same_registry(answer.header("location") or self._location, "uploads")

    def align(self, way: Passage, size: int) -> None:
        """After a broken link, learn how much of the part arrived. No answer, or one from before what was
        acknowledged, means nothing on ECR: then the part is sent again, and a registry that disagrees says 416.
        `0-0` is one byte or none: Docker's registry says it of a session that has nothing yet."""
        answer = self._wire.once(Request("GET", self._location, (200, 202, 204, 400, 404, 405)))
        match = _RECEIVED.fullmatch(answer.header("range") or "")
        last = int(match[1]) if match and answer.status < 300 else 0
        if last and way.acknowledged <= last < size:
            way.skip(last + 1)

    def finish(self, digest: Digest, body: Body | None = None, length: int = 0) -> None:
        """End it, perhaps with all of the blob. Raises SessionLost; DigestMismatch for another digest than ours."""
        joint = "&" if "?" in self._location else "?"
        location = f"{self._location}{joint}digest={digest}"
        answer = self._wire.once(Request("PUT", location, (200, 201, 204, 404), _OCTETS, body, length))
        if answer.status == 404:
            raise self._lost(answer)
        told = answer.header("docker-content-digest")
        if told is not None and told != str(digest):
            raise DigestMismatch(
                what=f"the registry calls it {told}, it is {digest}",
                where=f"PUT {self._wire.repository}",
                hint="nothing was tagged; look for a proxy that changes content",
            )

    def _lost(self, answer: Answer) -> Exception:
        """What a 404 or 416 in the middle of a session means: the session is gone, or the repository is."""
        error = self._wire.refusal(Request("PUT", "blobs/uploads/", ()), answer)
        return SessionLost() if isinstance(error, ImageMissing) or answer.status == 416 else error


def opened(wire: Wire) -> Session:
    """A new session, by one attempt."""
    return Session(wire, wire.same_registry(posted(wire, (202,)).header("location"), "uploads"))
