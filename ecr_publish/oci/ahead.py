"""Ahead: blobs that are sent while the image that they belong to is still being made."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ecr_publish.model.digest import Digest
from ecr_publish.model.events import How, Notify, Transferred
from ecr_publish.model.layer import StoredBlob
from ecr_publish.model.registry import Repository
from ecr_publish.oci.blobs import Blobs
from ecr_publish.oci.descriptor import Descriptor
from ecr_publish.oci.lanes import Job, Moved, Started, failure
from ecr_publish.oci.layout import Layout
from ecr_publish.oci.presence import Presence
from ecr_publish.oci.shared import Shared
from ecr_publish.oci.upload import Upload
from ecr_publish.oci.wire import Wire

AT_ONCE = 16  # blobs on their way: of many small ones, each takes a few round trips and next to no memory


class Ahead:
    """`ports.blobs.Receiver`: one repository, and the layout that the blobs lie in. After a failure no blob is begun;
    one that is under way comes to its end, as in the lanes."""

    def __init__(self, shared: Shared, wire: Wire, presence: Presence, layout: Path, notify: Notify) -> None:
        self._lanes, self._capabilities = shared.lanes, shared.capabilities
        self._wire, self._presence, self._notify = wire, presence, notify
        self._content = Layout(layout, ())
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="ahead")
        self._lock = threading.Lock()
        self._dropped = threading.Event()
        self._running: list[Future[list[Moved]]] = []
        self._taken: set[Digest] = set()
        self._arrived: set[Digest] = set()
        self._lacking: dict[Digest, int] = {}  # asked for, and not there; the lanes' moment before the question
        self._mounted_unread = 0

    def has(self, blobs: tuple[StoredBlob, ...]) -> frozenset[Digest]:
        """Those that are there, or that a neighbour has since this run and gives: they need not be read. What was seen
        to be lacking is not asked for again."""
        self._raise_failed()
        moment = self._lanes.moment()  # what another image brings from now on is not brought again
        asked = tuple(_descriptor(blob) for blob in blobs if blob.digest not in self._lacking)
        answers = self._lanes.do(self._presence.asks(self._wire, asked)) if asked else []
        found: frozenset[Digest] = frozenset().union(*answers)
        found |= self._given(blob for blob in asked if blob.digest not in found)
        with self._lock:
            self._lacking |= {blob.digest: moment for blob in asked if blob.digest not in found}
            self._arrived |= found
        return found

    def take(self, blob: StoredBlob) -> None:
        """Begin to send it, unless it is there: what is small may have come with another image."""
        self._raise_failed()
        with self._lock:
            if blob.digest in self._taken:
                return  # an image may have one layer twice
            self._taken.add(blob.digest)
            moment = self._lacking.get(blob.digest, self._lanes.moment())
            self._running.append(self._pool.submit(self._bring, _descriptor(blob), moment))

    def ended(self) -> tuple[int, int]:
        """Wait for all; the bytes that were sent, and how many blobs were mounted. Raises the first failure."""
        try:
            moved = [moved for each in Started(self._running).results() for moved in each]
            return sum(each.sent for each in moved), sum(each.mounted for each in moved) + self._mounted_unread
        finally:
            self.drop()

    def drop(self) -> None:
        """Begin nothing more, and wait for what has begun."""
        self._dropped.set()
        self._pool.shutdown(cancel_futures=True)

    @property
    def arrived(self) -> frozenset[Digest]:
        """The blobs that the repository has for certain."""
        return frozenset(self._arrived)

    @property
    def is_new(self) -> bool:
        """Whether it lacked any of them."""
        brought = any(moved.sent or moved.mounted for each in self._running for moved in each.result())
        return brought or self._mounted_unread > 0

    def _given(self, lacking: Iterable[Descriptor]) -> frozenset[Digest]:
        """Those that a neighbour gave. The first is asked for alone: where mounts are refused, that opens an upload
        that is left (reading the blob may take longer than it lives), and nothing more is asked for there."""
        wanted = tuple(blob for blob in lacking if self._home(blob) is not None)
        given: set[Digest] = set()
        for blobs in (wanted[:1], wanted[1:]):
            homes = {blob: home for blob in blobs if (home := self._home(blob)) is not None}
            sessions = self._lanes.do([partial(self._mount, blob, home) for blob, home in homes.items()])
            given |= {blob.digest for blob, session in zip(homes, sessions, strict=True) if session is None}
        with self._lock:
            self._mounted_unread += len(given)
        return frozenset(given)

    def _bring(self, blob: Descriptor, asked: int) -> list[Moved]:
        work = partial(self._send, blob)
        with self._end_of_all():
            moved = self._lanes.bring((Job((self._wire.repository, blob.digest), blob.size, work),), asked)
            with self._lock:
                self._arrived.add(blob.digest)
            self._content.path(blob.digest).unlink()  # an image may be as large as what is left of the disk
        return moved

    def _send(self, blob: Descriptor) -> Moved:
        with self._end_of_all():  # in the lane itself: before it takes up the next blob
            self._check()
            if blob.digest not in self._lacking and any(ask() for ask in self._presence.asks(self._wire, (blob,))):
                self._told(blob, How.THERE, blob.size)
                return Moved(reused=blob.size)
            self._check()
            home = self._home(blob)
            if home is None:
                return self._upload(blob)
            session = self._mount(blob, home)
            return Moved(reused=blob.size, mounted=True) if session is None else self._upload(blob, session)

    def _home(self, blob: Descriptor) -> Repository | None:
        return self._capabilities.home(self._wire.repository, blob.digest)

    def _mount(self, blob: Descriptor, home: Repository) -> str | None:
        """By the POST that an upload begins with in any case: the session that it has opened where the neighbour's is
        not given, None where it is."""
        session = Blobs(self._wire).mount(blob.digest, home)
        if session is None:
            self._told(blob, How.MOUNTED, blob.size)
        else:
            self._capabilities.saw_closed(self._wire.repository.registry)
        return session

    def _upload(self, blob: Descriptor, session: str | None = None) -> Moved:
        sent = Upload(self._wire, blob, self._content, partial(self._told, blob, How.SENT)).send(session)
        self._told(blob, How.SENT if sent else How.THERE, blob.size)
        return Moved(sent=blob.size) if sent else Moved(reused=blob.size)

    def _check(self) -> None:
        """Raises CancelledError where nobody wants the image any more: an image that does brings the blob itself."""
        if self._dropped.is_set():
            raise CancelledError

    @contextmanager
    def _end_of_all(self) -> Iterator[None]:
        """What fails within is told, and what has not begun by then is dropped."""
        try:
            yield
        except BaseException:
            self._dropped.set()
            raise

    def _told(self, blob: Descriptor, how: How, done: int) -> None:
        self._notify(Transferred(blob.digest.short, done, blob.size, how))

    def _raise_failed(self) -> None:
        for each in tuple(self._running):
            if each.done() and (error := failure(each)) is not None:
                raise error


def _descriptor(blob: StoredBlob) -> Descriptor:
    return Descriptor(blob.media_type, blob.digest, blob.size)
