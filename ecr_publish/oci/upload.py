"""Upload: one blob into one repository, streamed, verified, and taken up again after a broken link.

One POST and one PUT for most blobs; large ones go in parts, so that a broken link costs one part and not the whole. A
part takes a round trip of its own: on a fast line it is larger, and lost in no more time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from ecr_publish.errors import DigestMismatch, RegistryRefused, Unavailable
from ecr_publish.http.slice import Shrunk, Unreadable
from ecr_publish.oci.blobs import Blobs
from ecr_publish.oci.content import Content
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.passage import Moved, Passage, passage
from ecr_publish.oci.session import Session, SessionLost, opened
from ecr_publish.oci.wire import Wire

if TYPE_CHECKING:
    from ecr_publish.ports.clock import Clock

PART = 100 << 20  # bytes of the first part, and the least of the others; also the largest blob that is sent whole
AT_RISK = 5.0  # seconds of sending that a broken link may cost, where more than the least passes in that time


class _GivenUp(Exception):
    """A part, or the end after all parts, was tried often enough: to begin anew would send again what has arrived."""

    def __init__(self, error: Unavailable) -> None:
        super().__init__(error)
        self.error = error


class Upload:
    """The sending of one blob; what is larger than `part` bytes goes in parts of at least that."""

    def __init__(self, wire: Wire, blob: Descriptor, content: Content, moved: Moved, *, part: int = PART) -> None:
        self._wire, self._blob, self._content, self._moved = wire, blob, content, moved
        self._part = part

    def send(self, location: str | None = None) -> bool:
        """Send it; False if it turned out to be there already, after an attempt whose answer was lost.

        `location` is a session that is open already (after a refused mount). Raises BadImage or DigestMismatch if the
        content is not the blob's: it does not become a blob then.
        """
        sessions, attempts = [Session(self._wire, location)] if location else [], [0]

        def attempt() -> bool:
            attempts[0] += 1
            if attempts[0] > 1 and self._arrived():
                return False
            session = sessions.pop() if sessions else opened(self._wire)
            try:
                if self._blob.size > self._part:
                    return self._in_parts(session)
                self._whole(session)
            except SessionLost as lost:
                raise Unavailable(
                    what="the registry no longer knows this upload",
                    where=f"PUT {self._wire.repository}",
                    hint="run again: it starts anew",
                ) from lost
            return True

        try:
            return self._wire.retry(attempt)
        except _GivenUp as end:
            raise end.error from end.error.__cause__

    def _whole(self, session: Session) -> None:
        way = passage(self._content, self._blob, self._moved)
        with self._verified(way):
            session.finish(self._blob.digest, partial(way.part, self._blob.size), self._blob.size)

    def _in_parts(self, session: Session) -> bool:
        """PATCH after PATCH, each taken up where the registry stands, then an empty PUT. Each is tried again by itself:
        what was acknowledged is sent a second time only if the registry has lost it."""
        way = passage(self._content, self._blob, self._moved)
        with self._verified(way):
            try:
                most = self._part
                while way.acknowledged < self._blob.size:
                    pace = _Pace(self._wire.retry.clock, way.acknowledged)
                    self._wire.retry(part := _Part(session, way, self._blob.size, most))
                    most = self._part if part.broken else max(self._part, pace.within(AT_RISK, way.acknowledged))
                return self._wire.retry(_End(partial(session.finish, self._blob.digest), self._arrived))
            except Unavailable as error:
                raise _GivenUp(error) from error

    def _arrived(self) -> bool:
        """By one attempt: whoever asks does so within an attempt that is retried itself."""
        return Blobs(self._wire).has_once(self._blob.digest)

    @contextmanager
    def _verified(self, way: Passage) -> Iterator[None]:
        """A file that could not be sent, or that the registry takes for something else, is looked at: is it bad?"""
        try:
            yield
        except Shrunk as error:
            raise self._content.damaged(self._blob, "it became shorter while it was sent") from error
        except Unreadable as error:
            way.check()  # says so with the file's place, if it is so still
            raise Unavailable(
                what=f"the blob {self._blob.digest} could not be read: {error}",
                where=f"PUT {self._wire.repository}",
                hint="run again; check the disk",
            ) from error
        except (DigestMismatch, RegistryRefused):
            way.check()
            raise


class _Pace:
    """How fast a part passed, from now on."""

    def __init__(self, clock: Clock, start: int) -> None:
        self._clock, self._start, self._begun = clock, start, clock.monotonic()

    def within(self, seconds: float, end: int) -> int:
        """The bytes that pass in that time; 0 where no time has passed."""
        passed = self._clock.monotonic() - self._begun
        return int((end - self._start) / passed * seconds) if passed > 0 else 0


class _Part:
    """The next part of an upload: sent, and after a broken link aligned and sent again."""

    def __init__(self, session: Session, way: Passage, size: int, most: int) -> None:
        self._session, self._way, self._size, self._most = session, way, size, most
        self.broken = False

    def __call__(self) -> None:
        if self.broken:
            self._session.align(self._way, self._size)
            if self._way.acknowledged == self._size:
                return  # only its answer was lost
        try:
            self._session.patch(self._way, min(self._way.acknowledged + self._most, self._size))
        except Unavailable:
            self.broken = True
            raise


class _End:
    """The end of an upload in parts; after a broken link only if it did not go through: its answer may be lost."""

    def __init__(self, finish: Callable[[], None], arrived: Callable[[], bool]) -> None:
        self._finish, self._arrived = finish, arrived
        self._broken = False

    def __call__(self) -> bool:
        """False if it had gone through."""
        if self._broken and self._arrived():
            return False
        self._broken = True
        self._finish()
        return True
